"""A CRM that outlives its portal: what it was told and what it did are lines of one file.

A line is written by a single call of the kernel, so that a process that is killed has either had
its effect or not. Whoever opens the file again goes on from there, as a CRM on another machine
would. It can be told how to answer: see `How`.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

from portal.adapters.contract import (
    AdapterSettings,
    Capabilities,
    Change,
    Conflict,
    ConsentState,
    Erasure,
    ErasureKind,
    Evidence,
    FieldInfo,
    Outcome,
    Record,
    Ref,
    Refused,
    Retained,
    Unreachable,
)
from tests.crash.answers import TAKES_EFFECT, How, Keys, answer

FIELDS = ("first_name", "phone", "city")
PURPOSES = ("newsletter", "offers")
DOMAIN = "late-merel.test"
PEOPLE = ("ann", "bob", "cleo")


def address_of(person: str) -> str:
    return f"{person}@{DOMAIN}"


class CrashSettings(AdapterSettings):
    """Its section of `portal.toml`."""

    file: Path
    purposes: tuple[str, ...] = PURPOSES
    fields: tuple[str, ...] = FIELDS


class CrashCrm:
    """The adapter and the CRM in one."""

    Settings: ClassVar[type[AdapterSettings]] = CrashSettings
    proven: ClassVar[bool] = False

    def __init__(self, name: str, settings: CrashSettings) -> None:
        self.name = name
        self.settings: AdapterSettings = settings
        self.capabilities = Capabilities(
            fields=frozenset((*settings.fields, "email")),
            writable=frozenset(settings.fields),
            consents=frozenset(settings.purposes),
            restrict=True,
            erase=ErasureKind.ANONYMISED,
            categories=frozenset({"contact", "orders"}),
            idempotent=True,
        )
        self.file = settings.file
        self.plan: list[How] = []
        self.deaf = 0
        self.keys: Keys = "honours"
        self.when_stalled: Callable[[], None] = lambda: None
        self._fields, self._purposes = settings.fields, settings.purposes
        self.lines: list[dict[str, Any]] = []
        self._people: dict[str, dict[str, Any]] = {}

    # --- the CRM itself ------------------------------------------------------------------------

    def begin(self, plan: Sequence[How] = (), *, keys: Keys = "honours", deaf: int = 0) -> None:
        """Open the file, as it was left, and answer by this plan from the first call of all.

        ``deaf``: so many calls that read are not answered, at first.
        """
        self.plan, self.keys, self.deaf = list(plan), keys, deaf
        self.when_stalled = lambda: None
        self._people = {
            str(number): {
                "email": address_of(person),
                "values": {field: f"{person}'s {field}" for field in self._fields},
                "consents": dict.fromkeys(self._purposes, True),
                "orders": number,
            }
            for number, person in enumerate(PEOPLE, start=1)
        }
        self.lines = read_lines(self.file)
        for line in self.lines:
            if line["applied"]:
                self._apply(line)

    def edit(self, ref: str, field: str, value: str) -> None:
        """Somebody at the company changes a value."""
        self._note({"do": "edit", "ref": ref, "values": {field: value}, "applied": True})

    def import_person(self, person: str) -> str:
        """Somebody loads an old list; the new record's key."""
        ref = str(len(self._people) + 1)
        self._note({"do": "import", "ref": ref, "email": address_of(person), "applied": True})
        return ref

    def state(self) -> dict[str, dict[str, Any]]:
        """Every record as it is now, by key."""
        return json.loads(json.dumps(self._people))

    @property
    def calls(self) -> int:
        """Of those that write."""
        return sum("how" in line for line in self.lines)

    def _note(self, line: dict[str, Any]) -> None:
        descriptor = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(descriptor, json.dumps(line).encode() + b"\n")
        os.close(descriptor)
        self.lines.append(line)
        if line["applied"]:
            self._apply(line)

    def _apply(self, line: Mapping[str, Any]) -> None:
        if line["do"] == "import":
            self._people[line["ref"]] = {
                "email": line["email"],
                "values": {field: f"imported {field}" for field in self._fields},
                "consents": dict.fromkeys(self._purposes, True),
                "orders": 0,
            }
            return
        row = self._people[line["ref"]]
        match line["do"]:
            case "edit" | "write":
                row["values"] |= line["values"]
            case "consent":
                row["consents"][line["purpose"]] = line["granted"]
            case "erase":
                row |= {"email": "", "values": dict.fromkeys(self._fields, ""), "consents": {}}
            case "restrict":
                row["restricted"] = line["on"]

    # --- writing ------------------------------------------------------------------------------

    def write(self, ref: Ref, changes: Sequence[Change], *, key: str) -> Outcome:
        values = {change.field: change.value for change in changes}
        row = self._people[ref.key]["values"]

        def before() -> bool:
            """:raises Conflict: somebody else has changed it since."""
            now = {field: row[field] for field in values}
            changed = [one.field for one in changes if row[one.field] not in {one.seen, one.value}]
            if changed:
                raise Conflict("changed since", changed)
            return now == values

        seen = {change.field: change.seen for change in changes}
        return self._called("write", ref, key, {"values": values}, before, seen=seen)

    def set_consent(
        self, ref: Ref, purpose: str, granted: bool, evidence: Evidence, *, key: str
    ) -> Outcome:
        content = {"purpose": purpose, "granted": granted, "at": evidence.at.isoformat()}
        now = self._people[ref.key]["consents"]
        return self._called("consent", ref, key, content, lambda: now.get(purpose) is granted)

    def restrict(self, ref: Ref, on: bool, *, key: str) -> Outcome:
        now = self._people[ref.key]
        return self._called(
            "restrict", ref, key, {"on": on}, lambda: now.get("restricted", False) is on
        )

    def erase(self, ref: Ref, *, key: str) -> Erasure:
        self._called("erase", ref, key, {}, lambda: self.erased(ref))
        return self.erasure_plan(ref)

    def _called(
        self,
        do: str,
        ref: Ref,
        key: str,
        content: dict[str, Any],
        is_so: Callable[[], bool],
        **more: Any,
    ) -> Outcome:
        number = self.calls
        how = self.plan[number] if number < len(self.plan) else How.OK
        line = {"do": do, "ref": ref.key, "key": key, **content, **more, "how": how}
        if how not in TAKES_EFFECT:
            self._note({**line, "applied": False})
            return answer(how)
        known = [one for one in self.lines if one.get("key") == key and one["applied"]]
        if self.keys == "honours" and known:
            same = all(known[0].get(name) == told for name, told in content.items())
            self._note({**line, "applied": False, "again": "same" if same else "other"})
            if not same:
                raise Refused("this key was used for something else")
            outcome = Outcome.ALREADY
        else:
            try:
                so = is_so()
            except Conflict:
                self._note({**line, "applied": False, "conflict": True})
                raise
            applied = not (so and self.keys == "compares")
            self._note({**line, "applied": applied})
            outcome = Outcome.DONE if applied else Outcome.ALREADY
        if how in {How.STALLED, How.STALLED_LOST}:
            self.when_stalled()
        answer(how)
        return outcome

    # --- reading ------------------------------------------------------------------------------

    def _listen(self) -> None:
        if self.deaf > sum(line["do"] == "unheard" for line in self.lines):
            self._note({"do": "unheard", "applied": False})
            raise Unreachable("no answer")

    def ping(self) -> None:
        self._listen()

    def find(self, email: str) -> list[Ref]:
        self._listen()
        return [Ref(self.name, ref) for ref, row in self._people.items() if row["email"] == email]

    def read(self, ref: Ref) -> Record | None:
        self._listen()
        row = self._people.get(ref.key)
        if row is None or not row["email"]:
            return None
        consents = {one: ConsentState(on) for one, on in row["consents"].items()}
        values = {**row["values"], "email": row["email"]}
        restricted = bool(row.get("restricted"))
        return Record(ref, row["email"], values, consents, version=None, restricted=restricted)

    def erasure_plan(self, ref: Ref) -> Erasure:
        orders = self._people[ref.key]["orders"]
        law = {"en": "Invoices are kept for 7 years.", "nl": "Rekeningen bewaren wij 7 jaar."}
        kept = [Retained("orders", "17(3)(b)", law, date(2033, 12, 31), orders)] if orders else []
        return Erasure(["contact"], kept, ErasureKind.ANONYMISED)

    def erased(self, ref: Ref) -> bool:
        return not self._people[ref.key]["email"]

    def fields(self) -> list[FieldInfo]:
        return [FieldInfo(name, "TEXT", name) for name in self._fields]

    def scan(self) -> Iterator[tuple[Ref, str]]:
        for ref, row in list(self._people.items()):
            if row["email"]:
                yield Ref(self.name, ref), row["email"]

    def close(self) -> None:
        """There is nothing to let go of."""


def read_lines(file: Path) -> list[dict[str, Any]]:
    """The lines of a file that grows; a missing one has none."""
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_bytes().splitlines()]


def append_line(file: Path, line: dict[str, Any]) -> None:
    """By one call of the kernel: a process that is killed has written all of it or nothing."""
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, json.dumps(line).encode() + b"\n")
    os.close(descriptor)
