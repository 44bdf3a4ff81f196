"""N5: a correction is compared with what the CRM holds; nothing is overwritten unseen."""

from collections.abc import Callable
from pathlib import Path

import pytest

from portal.adapters.sql import writing
from portal.rights.deeds import doing
from portal.rights.held.seen import Seen
from tests.portals import Office, Page, StartOffice, Visitor
from tests.unseen import NEW, address, start_with_hidden_addresses

HERS, THEIRS, SAW = "06 10004820", "020 1234567", "06-1000482"
Check = Callable[[Office], None]


def check_page(visitor: Visitor, **typed: str) -> Page:
    checked = visitor.submit(visitor.get("/me/correct"), "/me/correct", **typed)
    assert checked.heading == "Is this right?", checked.text
    return checked


def save(visitor: Visitor, checked: Page) -> Page:
    return visitor.post("/me/correct", **{**checked.fields, "step": "save"})


def colleague(office: Office, column: str = "phone", value: str = THEIRS) -> None:
    office.crm(f"UPDATE contacts SET {column} = ? WHERE id = 1", value)


def check_n5_between_view_and_save(office: Office) -> None:
    """The page answers 409 and shows both; nothing was received, and nothing is overwritten."""
    visitor = office.visitor().sign_in(office)
    checked = check_page(visitor, phone=HERS)
    colleague(office)

    page = save(visitor, checked)
    office.work()
    assert page.status == 409
    assert THEIRS in page.text
    assert HERS in page.text
    assert office.contact()["phone"] == THEIRS
    assert "request_received" not in office.events()


def check_n5_between_save_and_delivery(office: Office) -> None:
    """Nothing is overwritten then either: both are shown, and she chooses."""
    visitor = office.visitor().sign_in(office)
    place = save(visitor, check_page(visitor, phone=HERS)).location
    colleague(office)
    office.work()

    assert office.contact()["phone"] == THEIRS
    choice = visitor.get(f"{place}/choose").text
    assert all(value in choice for value in (SAW, THEIRS, HERS))


def check_n5_of_what_she_did_not_see(office: Office) -> None:
    """What was read when she saved counts as seen: what changes after it is not overwritten."""
    visitor = office.visitor().sign_in(office)
    checked = check_page(visitor, **NEW)
    colleague(office, "street", "Was er al")
    place = save(visitor, checked).location
    colleague(office, "city", "Kwam erna")
    office.work()

    row = address(office)
    assert (row["street"], row["city"]) == ("Was er al", "Kwam erna")
    assert "Choose what it should be" in visitor.get(f"{place}/choose").text


ADDRESSES_ARE_HIDDEN = {check_n5_of_what_she_did_not_see}


@pytest.fixture
def started(start_office: StartOffice, tmp_path: Path) -> Callable[[Check], Office]:
    def start(check: Check) -> Office:
        if check in ADDRESSES_ARE_HIDDEN:
            return start_with_hidden_addresses(start_office, tmp_path)
        return start_office()

    return start


@pytest.mark.parametrize(
    "check",
    [
        check_n5_between_view_and_save,
        check_n5_between_save_and_delivery,
        check_n5_of_what_she_did_not_see,
    ],
)
def test_n5_a_correction_overwrites_nothing_that_was_not_seen(
    check: Check, started: Callable[[Check], Office]
) -> None:
    check(started(check))


def _the_page_does_not_look_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Seen, "collisions", lambda *_: [])


def _the_delivery_does_not_compare(patch: pytest.MonkeyPatch) -> None:
    """Neither before the call, nor in the adapter's transaction: each alone would be enough."""
    patch.setattr(doing, "_met", lambda *_: set())
    patch.setattr(writing, "_is_as_seen", lambda *_: True)


@pytest.mark.parametrize(
    ("check", "off"),
    [
        (check_n5_between_view_and_save, _the_page_does_not_look_again),
        (check_n5_between_save_and_delivery, _the_delivery_does_not_compare),
        (check_n5_of_what_she_did_not_see, _the_delivery_does_not_compare),
    ],
)
def test_n5_fails_without_its_safeguard(
    check: Check,
    off: Callable[[pytest.MonkeyPatch], None],
    started: Callable[[Check], Office],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative controls: each safeguard, switched off, is missed by its check."""
    off(monkeypatch)
    with pytest.raises(AssertionError):
        check(started(check))
