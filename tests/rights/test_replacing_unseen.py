"""A field of tier 2 is replaced by somebody who is not shown what it holds."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from portal.adapters.contract import Unreachable
from portal.rights.held.seen import SEALED_FOR
from tests.portals import Office, Page, StartOffice
from tests.unseen import (
    NEW,
    OLD,
    TOGETHER,
    WRITTEN,
    Watched,
    address,
    start_with_hidden_addresses,
)

DONE = "Yes, it is done"
HIDDEN = "We do not show what we have now"


@pytest.fixture
def office(start_office: StartOffice, tmp_path: Path) -> Office:
    return start_with_hidden_addresses(start_office, tmp_path)


@pytest.fixture(params=[None, "demo"])
def visitor(office: Office, request: pytest.FixtureRequest) -> Iterator[Watched]:
    """In a tab and in the frame; and never, whatever she does, is the old value sent to her."""
    watched = Watched(office.app, office.canary, frame=request.param)
    watched.sign_in(office)
    yield watched
    assert watched.was_shown(*OLD) == []
    for body in watched.bodies:
        for sealed in values_of(hidden_inputs(body), "seen"):
            told = office.portal.vault.unseal(sealed.encode(), SEALED_FOR)
            assert not any(old in str(told) for old in OLD), "and not in a sealed form either"


def hidden_inputs(body: str) -> list[tuple[str, str]]:
    """(name, value) of its hidden inputs."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', body)
    return [(name, unescape(value)) for name, value in found]


def values_of(inputs: list[tuple[str, str]], wanted: str) -> list[str]:
    return [value for name, value in inputs if name == wanted and value]


def fill(visitor: Watched, **typed: str) -> Page:
    return visitor.submit(visitor.get("/me/correct"), "/me/correct", **typed)


def save(visitor: Watched, checked: Page) -> Page:
    assert checked.heading == "Is this right?", checked.text
    return visitor.post("/me/correct", **{**checked.fields, "step": "save"})


def test_what_is_not_shown_is_named_with_a_way_to_replace_it(
    office: Office, visitor: Watched
) -> None:
    overview = visitor.get("/me")
    assert overview.text.count("Held, but not shown here") == len(TOGETHER) + 2
    assert overview.text.count('/me/correct#replace-street"') == len(TOGETHER)
    assert "/me/correct#replace-delivery_note" in overview.text

    form = visitor.get("/me/correct")
    assert form.text.count(HIDDEN) == 2, "the address, and what was agreed with the driver"
    assert [form.fields[name] for name in TOGETHER] == [""] * 4
    assert 'id="replace-street"' in form.text


def test_a_new_address_is_checked_written_and_confirmed_and_the_old_one_never_sent(
    office: Office, visitor: Watched
) -> None:
    checked = fill(visitor, **NEW)
    assert "becomes (we do not show what it was)" in checked.text
    assert "<ins>3512 LB</ins>" in checked.text
    assert "<del>" not in checked.text
    place = save(visitor, checked).location
    office.work()

    page = visitor.get(place)
    assert DONE in page.text
    assert "Street, House number, Postcode, Town" in page.text
    assert address(office) == WRITTEN


@pytest.mark.parametrize("left_out", TOGETHER)
def test_half_a_new_address_with_half_an_old_one_is_refused_with_words(
    office: Office, visitor: Watched, left_out: str
) -> None:
    page = fill(visitor, **{**NEW, left_out: ""})

    assert page.status == 422
    assert page.text.count('id="' + left_out + '-fault"') == 1
    assert "half a new one with half an old one would be wrong" in page.text
    kept = {name: page.fields[name] for name in TOGETHER}
    assert kept == {**NEW, left_out: ""}
    office.work()
    assert address(office)["street"] == "Lindelaan"


def test_what_is_left_empty_stays_as_it_is(office: Office, visitor: Watched) -> None:
    save(visitor, fill(visitor, phone="06 10004820"))
    office.work()

    assert office.contact()["phone"] == "06 10004820"
    assert address(office)["street"] == "Lindelaan"


def test_a_field_of_its_own_is_replaced_by_itself(office: Office, visitor: Watched) -> None:
    save(visitor, fill(visitor, delivery_note="Bij de buren op nummer 16"))
    office.work()

    row = office.contact()
    assert row["delivery_note"] == "Bij de buren op nummer 16"
    assert row["street"] == "Lindelaan"
    assert visitor.was_shown("derde pot") == []


def test_a_change_after_she_saved_is_a_conflict_that_shows_neither_old_value(
    office: Office, visitor: Watched
) -> None:
    place = save(visitor, fill(visitor, **NEW)).location
    office.crm("UPDATE contacts SET street = 'Geheim Pad' WHERE id = 1")
    office.work()
    assert address(office)["street"] == "Geheim Pad", "nothing is overwritten"

    choice = visitor.get(f"{place}/choose")
    assert "We do not show what is there now." in choice.text
    assert "Use mine:" in choice.text
    assert "Nieuwe Gracht" in choice.text
    new = visitor.submit(choice, f"{place}/choose", **{"use-street": "mine"}).location
    office.work()

    assert DONE in visitor.get(new).text
    assert address(office) == WRITTEN
    assert visitor.was_shown("Geheim") == []


def test_of_what_belongs_together_a_part_that_is_kept_keeps_all(
    office: Office, visitor: Watched
) -> None:
    place = save(visitor, fill(visitor, **NEW)).location
    office.crm("UPDATE contacts SET street = 'Geheim Pad' WHERE id = 1")
    office.work()

    choice = visitor.get(f"{place}/choose")
    assert "It belongs together with other data" in choice.text
    visitor.submit(choice, f"{place}/choose", **{"use-street": "now"})
    office.work()

    assert address(office) == {
        "street": "Geheim Pad",
        "house_number": "14",
        "postal_code": "4001 KB",
        "city": "Tiel",
    }


def test_what_was_not_read_is_not_written_over(
    office: Office, visitor: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = fill(visitor, **NEW)
    (adapter,) = office.portal.adapters.values()

    def away(*_: Any) -> None:
        raise Unreachable("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(adapter, "find", away)
        page = save(visitor, checked)
    assert page.status == 503
    assert "Nothing was saved yet" in page.text
    assert "request_received" not in office.events()

    again = save(visitor, page)
    office.work()
    assert DONE in visitor.get(again.location).text
    assert address(office) == WRITTEN


def test_whoever_may_see_it_corrects_it_like_any_other_field(
    start_office: StartOffice, tmp_path: Path
) -> None:
    office = start_with_hidden_addresses(start_office, tmp_path)
    visitor = office.visitor().sign_in(office)
    with office.database.unit("test") as unit:
        unit.session.execute(text("UPDATE sessions SET tier = 2"))
        unit.commit()

    form = visitor.get("/me/correct")
    assert form.fields["street"] == "Lindelaan"
    assert HIDDEN not in form.text
    checked = visitor.submit(form, "/me/correct", street="Lindehof")
    assert "<del>Lindelaan</del>" in checked.text
    visitor.post("/me/correct", **{**checked.fields, "step": "save"})
    office.work()

    assert address(office) == {
        "street": "Lindehof",
        "house_number": "14",
        "postal_code": "4001 KB",
        "city": "Tiel",
    }
