"""A choice of yes and no is corrected like everything else, also where none was made before."""

import re
from pathlib import Path

import pytest

from portal.demo.settings import CONFIG
from tests.portals import Office, Page, StartOffice, Visitor

FIELD = """
[[fields]]
id = "member"
activity = "customers"
label = { nl = "Lid", en = "Member of the club" }
category = "contact"
kind = "boolean"
tier = 1
editable = true
"""


@pytest.fixture
def office(start_office: StartOffice, tmp_path: Path) -> Office:
    """The CRM keeps the choice as a number that may be missing, as many do."""
    register = tmp_path / "register.toml"
    register.write_text((CONFIG / "register.toml").read_text("utf-8") + FIELD, "utf-8")
    office = start_office(
        register=str(register), adapters={"crm": {"fields": {"member": "member"}}}
    )
    office.crm("ALTER TABLE contacts ADD COLUMN member INTEGER")
    return office


def choice(page: Page) -> str | None:
    """Which of the two is chosen; there must be two."""
    radios = re.findall(r'<input type="radio"[^>]*name="member" value="(\w+)"([^>]*)>', page.text)
    assert [value for value, _rest in radios] == ["yes", "no"]
    return next((value for value, rest in radios if "checked" in rest), None)


def save(visitor: Visitor, **typed: str) -> Page:
    check = visitor.submit(visitor.get("/me/correct"), "/me/correct", **typed)
    return visitor.post("/me/correct", **{**check.fields, "step": "save"})


def test_a_choice_is_shown_and_changed_as_the_crm_keeps_it(office: Office) -> None:
    visitor = office.visitor().sign_in(office)
    assert choice(visitor.get("/me/correct")) is None

    for typed, kept in (("yes", 1), ("no", 0), ("yes", 1)):
        place = save(visitor, member=typed).location
        office.work()
        assert office.contact()["member"] == kept
        assert "Yes, it is done" in visitor.get(place).text
        assert choice(visitor.get("/me/correct")) == typed


def test_a_choice_that_was_not_made_stays_on_the_page_beside_a_fault(office: Office) -> None:
    """A browser sends nothing of it."""
    visitor = office.visitor().sign_in(office)
    page = visitor.submit(visitor.get("/me/correct"), "/me/correct", phone="none")

    assert page.status == 422
    assert choice(page) is None
    assert page.fields["phone"] == "none"


def test_a_choice_of_neither_is_a_fault_and_no_no(office: Office) -> None:
    visitor = office.visitor().sign_in(office)
    office.crm("UPDATE contacts SET member = 1 WHERE id = 1")
    page = visitor.submit(visitor.get("/me/correct"), "/me/correct", member="maybe")

    assert page.status == 422
    assert "Choose yes or no." in page.text
    assert 'id="member-fault"' in page.text
    assert office.contact()["member"] == 1
