"""What was asked and what was done, in words that can be compared."""

import json
from typing import Any

from portal.domain.rights import LANE_OF_RIGHT, Lane, Right
from tests.crash.crm import PEOPLE

Row = dict[str, Any]


def may_overtake(first: Row, behind: Row) -> bool:
    """May this one have been done before that one, which was asked earlier?"""
    if behind.get("waits"):
        return True
    if not protects(first) or protects(behind):
        return False
    if first["do"] == "erase":
        return False  # what comes after an erasure fills in again
    same = first["content"].get("purpose") == behind["content"].get("purpose")
    return not (behind["do"] == "consent" and same)  # a consent after its withdrawal


def contradict(one: Row, other: Row) -> bool:
    """Does it matter which of the two is the last?"""
    if "erase" in {one["do"], other["do"]}:
        return True
    if one["do"] != other["do"]:
        return False
    if one["do"] == "write":
        return bool(one["content"]["values"].keys() & other["content"]["values"].keys())
    same = one["content"]["purpose"] == other["content"]["purpose"]
    return same and one["content"]["granted"] is not other["content"]["granted"]


def protects(one: Row) -> bool:
    """Does it go before everything else?"""
    if one["do"] == "consent" and not one["content"]["granted"]:
        return Right.WITHDRAW in LANE_OF_RIGHT
    if one["do"] == "restrict":
        return LANE_OF_RIGHT.get(Right.RESTRICT) is Lane.PROTECT
    return one["do"] == "erase"


def moment(text: str) -> str:
    """A time, as both SQLite and a file of lines have it, in one form."""
    return text.replace("T", " ").partition("+")[0].partition(".")[0]


DOES = {
    "rectify": "write",
    "withdraw": "consent",
    "object": "consent",
    "access": "copy",
}
"""Right → what is asked for, where the two have different names."""


def told_apart(at: str, do: str, content: Row) -> tuple[str, str, str]:
    """What one request is found by: of those that come together, each does something else."""
    return moment(at), do, content["purpose"] if do == "consent" else ""


def of_request(row: Row, details: Row) -> tuple[str, str, str]:
    """The same, of a row of the table."""
    do = DOES.get(str(row["right"]), str(row["right"]))
    purpose = (details.get("purposes") or [""])[0]
    return told_apart(row["received_at"], do, {"purpose": purpose})


def named(one: Row) -> str:
    """As a finding names it."""
    return f"request {one['number']} ({one['do']} of {one['person']})"


def person_of(line: Row) -> str:
    """Whose record an effect was on."""
    return PEOPLE[int(line["ref"]) - 1]


def wish(one: Row) -> str:
    """What a request is to do, such that its effect says the same (`_content`)."""
    more = {"at": one["at"]} if one["do"] == "consent" else {}
    do = "restrict" if one["do"] == "keep" else one["do"]  # it frees what was restricted
    return json.dumps([do, one["person"], {**one["content"], **more}], sort_keys=True)


def content_of(line: Row) -> str:
    """What an effect was, such that `wish` says the same of what was asked."""
    all_names = {
        "write": ("values",),
        "consent": ("purpose", "granted", "at"),
        "restrict": ("on",),
    }
    names = all_names.get(line["do"], ())
    return json.dumps(
        [line["do"], person_of(line), {name: line[name] for name in names}], sort_keys=True
    )
