"""Each kind of field on the page and in the CRM: asked in its way, written in the CRM's."""

import re
from pathlib import Path

import pytest

from portal.demo.settings import CONFIG
from tests.portals import Office, Page, StartOffice, Visitor

FIELDS = """
[[fields]]
id = "member"
activity = "customers"
label = { nl = "Lid", en = "Member" }
category = "contact"
kind = "boolean"
tier = 1
editable = true

[[fields]]
id = "garden"
activity = "customers"
label = { nl = "Uw tuin", en = "Your garden" }
category = "contact"
kind = "choice"
options = { B = { nl = "Balkon", en = "Balcony" }, T = { nl = "Tuin", en = "Garden" } }
tier = 1
editable = true

[[fields]]
id = "work_email"
activity = "customers"
label = { nl = "E-mailadres van uw werk", en = "Email address at work" }
category = "contact"
kind = "email"
not_for_sign_in = true
tier = 1
editable = true

[[fields]]
id = "born_in"
activity = "customers"
label = { nl = "Geboren in", en = "Born in" }
category = "contact"
kind = "country"
tier = 1
editable = true

[[fields]]
id = "pots"
activity = "customers"
label = { nl = "Potten", en = "Pots" }
category = "contact"
kind = "number"
tier = 1
editable = true
"""
MAPPED = {
    "member": {"column": "member", "true": "J", "false": "N"},
    "garden": "garden",
    "work_email": "work_email",
    "born_in": {"column": "born_in", "form": "alpha3"},
    "pots": "pots",
}
COLUMNS = ("member CHAR(1)", "garden TEXT", "work_email TEXT", "born_in CHAR(3)", "pots INTEGER")


@pytest.fixture
def office(start_office: StartOffice, tmp_path: Path) -> Office:
    register = tmp_path / "register.toml"
    register.write_text((CONFIG / "register.toml").read_text("utf-8") + FIELDS, "utf-8")
    office = start_office(register=str(register), adapters={"crm": {"fields": MAPPED}})
    for column in COLUMNS:
        office.crm(f"ALTER TABLE contacts ADD COLUMN {column}")
    return office


@pytest.fixture
def visitor(office: Office) -> Visitor:
    return office.visitor().sign_in(office)


def save(office: Office, visitor: Visitor, **typed: str) -> Page:
    checked = visitor.submit(visitor.get("/me/correct"), "/me/correct", **typed)
    if checked.heading != "Is this right?":
        return checked
    place = visitor.post("/me/correct", **{**checked.fields, "step": "save"}).location
    office.work()
    page = visitor.get(place)
    assert "Yes, it is done" in page.text, "read back as it was wanted"
    return checked


def test_yes_and_no_are_kept_in_the_letters_of_the_crm(office: Office, visitor: Visitor) -> None:
    for typed, kept, word in (("yes", "J", "yes"), ("no", "N", "no"), ("yes", "J", "yes")):
        save(office, visitor, member=typed)
        assert office.contact()["member"] == kept
        assert re.search(rf"Member</dt>\s*<dd>\s*{word}\s", visitor.get("/me").text)
        form = visitor.get("/me/correct").text
        assert re.search(rf'name="member" value="{typed}" checked', form)


def test_a_choice_is_shown_by_its_label_and_kept_by_its_value(
    office: Office, visitor: Visitor
) -> None:
    checked = save(office, visitor, garden="T")

    assert "<ins>Garden</ins>" in checked.text
    assert office.contact()["garden"] == "T"
    assert save(office, visitor, garden="X").status == 422


def test_a_language_is_a_word_and_is_kept_as_a_code(office: Office, visitor: Visitor) -> None:
    form = visitor.get("/me/correct")
    assert '<option value="nl" selected>Dutch</option>' in form.text
    assert '<option value=""></option>' not in form.text.partition('id="language"')[2][:60]
    assert "Dutch" in visitor.get("/me").text

    checked = save(office, visitor, language="fr")
    assert "<del>Dutch</del>" in checked.text
    assert "<ins>French</ins>" in checked.text
    assert office.contact()["language"] == "fr"


def test_a_country_is_chosen_by_its_name_and_kept_in_three_letters(
    office: Office, visitor: Visitor
) -> None:
    save(office, visitor, born_in="BE")
    assert office.contact()["born_in"] == "BEL"
    assert visitor.get("/me/correct").fields["born_in"] == "BE"


def test_another_address_is_shown_in_its_own_letters_and_the_one_of_sign_in_stays_shut(
    office: Office, visitor: Visitor
) -> None:
    office.crm("UPDATE contacts SET work_email = 'jan@xn--bcher-kva.example' WHERE id = 1")
    form = visitor.get("/me/correct")
    assert form.fields["work_email"] == "jan@bücher.example"
    assert "email" not in form.fields

    assert save(office, visitor, work_email="jan@@x").status == 422
    save(office, visitor, work_email="Marijke@Tulpen.example")
    assert office.contact()["work_email"] == "Marijke@tulpen.example"
    assert save(office, visitor, email="thief@example.org").status == 400


def test_a_number_is_typed_with_a_comma_or_a_point(office: Office, visitor: Visitor) -> None:
    save(office, visitor, pots="12")
    assert office.contact()["pots"] == 12
    assert save(office, visitor, pots="a dozen").status == 422


@pytest.mark.parametrize(
    ("country", "typed", "kept"),
    [
        ("NL", "0031 (0)6 1000-4820", "06 10004820"),
        ("NL", "020-1234567", "020 123 4567"),
        ("BE", "0470 12 34 56", "+32 470 12 34 56"),
        ("DE", "0171/3920012", "+49 171 3920012"),
        ("GB", "07700 900123", "+44 7700 900123"),
    ],
)
def test_a_phone_number_is_of_the_country_in_the_same_form(
    office: Office, visitor: Visitor, country: str, typed: str, kept: str
) -> None:
    save(office, visitor, country=country, postal_code="", phone=typed)

    assert office.contact()["phone"] == kept


@pytest.mark.parametrize(
    ("country", "typed", "kept"),
    [("NL", "4002kc", "4002 KC"), ("DE", "D-10115", "10115"), ("GB", "nr12ab", "NR1 2AB")],
)
def test_a_postcode_is_of_the_country_in_the_same_form(
    office: Office, visitor: Visitor, country: str, typed: str, kept: str
) -> None:
    save(office, visitor, country=country, postal_code=typed)

    assert office.contact()["postal_code"] == kept


def test_a_wrong_postcode_is_told_how_one_of_that_country_looks(
    office: Office, visitor: Visitor
) -> None:
    page = save(office, visitor, country="DE", postal_code="4001 KC")

    assert page.status == 422
    assert "A postcode in Germany looks like 10115." in page.text
    assert page.fields["postal_code"] == "4001 KC"


ODD = {
    "phone": "call my son",
    "birth_date": "in the war",
    "country": "Holland",
    "language": "frisian",
    "postal_code": "?",
    "member": "x",
    "garden": "Z",
    "work_email": "none",
    "born_in": "Ned",
    "pots": "some",
}


def test_what_fits_no_kind_is_shown_as_it_stands_and_left_as_it_is(
    office: Office, visitor: Visitor
) -> None:
    for column, odd in ODD.items():
        office.crm(f"UPDATE contacts SET {column} = ? WHERE id = 1", odd)
    before = office.contact()
    overview, form = visitor.get("/me").text, visitor.get("/me/correct")
    for odd in ODD.values():
        assert odd in overview
    assert form.fields["birth_date"] == "in the war", "in one input, as it stands"

    save(office, visitor, city="Zaltbommel")

    after = office.contact()
    assert {name for name in after if after[name] != before[name]} == {
        "city",
        "version",
        "updated_at",
    }
    save(office, visitor, birth_date="27 maart 1949", phone="06 10004820")
    row = office.contact()
    assert (row["birth_date"], row["phone"]) == ("1949-03-27", "06 10004820")


def test_a_day_is_asked_in_three_inputs_in_the_order_of_the_language(
    office: Office, visitor: Visitor
) -> None:
    form = visitor.get("/me/correct").text

    inputs = re.findall(r'name="birth_date-(\w+)"[^>]*autocomplete="(bday-\w+)"', form)
    assert inputs == [("day", "bday-day"), ("month", "bday-month"), ("year", "bday-year")]
    both = visitor.submit(visitor.get("/me/correct"), "/me/correct", birth_date="1-1-1950")
    assert both.status == 400, "no page of ours asks for the same twice"


def test_the_same_number_written_otherwise_is_no_change(office: Office, visitor: Visitor) -> None:
    office.crm("UPDATE contacts SET phone = '06-1000 4820' WHERE id = 1")

    assert save(office, visitor, phone="+31 6 10004820").heading == "Nothing was changed"
    assert office.contact()["phone"] == "06-1000 4820"
