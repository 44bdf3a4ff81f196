"""Correcting: what is seen, typed and saved is what stands in the CRM, and nothing else."""

import pytest

from tests.portals import Office, Page, Visitor
from tests.witness import Witness, changes

PARTS = ("day", "month", "year")
HENDRIK = "hendrik.bosman@example.com"


def correct(visitor: Visitor, **typed: str) -> Page:
    """Fill the form in, check it, and save it; the page that it ends on.

    A day is typed in its three inputs: day, month, year.
    """
    if "birth_date" in typed:
        parts = [*typed.pop("birth_date").split("-"), "", ""]
        typed |= {f"birth_date-{name}": part for name, part in zip(PARTS, parts, strict=False)}
    form = visitor.get("/me/correct")
    checked = visitor.submit(form, "/me/correct", **typed)
    if checked.status != 200 or "Yes, save" not in checked.text:
        return checked
    saved = visitor.post("/me/correct", **{**checked.fields, "step": "save"})
    assert saved.status == 303, saved.text
    return visitor.get(saved.location)


@pytest.fixture
def marijke(office: Office) -> Visitor:
    return office.visitor().sign_in(office)


def test_a_correction_changes_that_cell_and_is_read_back(office: Office, marijke: Visitor) -> None:
    witness = Witness(f"sqlite:///{office.crm_file}")
    before = witness.look()

    page = correct(marijke, phone="06 10004820")
    assert "Yes, it is done" not in page.text
    assert witness.look() == before, "first it is only received"
    office.work()

    changed = changes(before, witness.look())
    witness.close()
    assert {cell[2] for cell in changed} == {"phone", "version", "updated_at"}
    assert {cell[1] for cell in changed} == {"1"}
    assert changed[("contacts", "1", "phone")] == ("06-1000482", "06 10004820")
    assert "Phone" in marijke.get("/me/requests").text
    assert office.events()[-2:] == ["request_received", "delivered"]


def test_what_is_typed_and_not_good_is_kept_and_explained_beside_its_field(
    office: Office, marijke: Visitor
) -> None:
    page = correct(marijke, phone="none", birth_date="31-02-1949", city="Amsterdam")

    assert page.status == 422
    assert "Enter a phone number, like" in page.text
    assert "There is no such day." in page.text
    assert [page.fields[f"birth_date-{name}"] for name in PARTS] == ["31", "02", "1949"]
    assert page.fields["phone"] == "none"
    assert page.fields["city"] == "Amsterdam"
    office.work()
    assert office.contact()["city"] == "Tiel"


@pytest.mark.parametrize(
    ("field", "typed", "status"),
    [
        ("birth_date", "00-00-0000", 422),
        ("birth_date", "8-3-49", 422),
        ("birth_date", "8-3-2049", 422),
        ("birth_date", "8-3-1849", 422),
        ("birth_date", "8-maart", 422),
        ("birth_date", "08-03-1950", 200),
        ("birth_date", "8-March-1950", 200),
        ("postal_code", "4001", 422),
        ("postal_code", "4002kc", 200),
        ("language", "tlh", 422),
        ("language", "de", 200),
        ("phone", "06-1000483", 422),
        ("country", "Atlantis", 422),
        ("country", "be", 200),
        ("phone", "+31 6 " + "1" * 40, 422),
        ("city", "x" * 5000, 422),
        ("city", "Den\x00Haag", 422),
        ("city", "\u202eelieT", 422),
        ("city", "'s-Hertogenbosch", 200),
        ("city", "Łódź 🌷", 200),
        ("first_name", "", 422),
    ],
)
def test_a_value_is_taken_as_it_was_typed_or_not_at_all(
    office: Office, marijke: Visitor, field: str, typed: str, status: int
) -> None:
    before = office.contact()

    assert correct(marijke, **{field: typed}).status == status
    office.work()

    after = office.contact()
    assert (after[field] != before[field]) is (status == 200)


def test_a_form_that_was_changed_in_nothing_sends_nothing(office: Office, marijke: Visitor) -> None:
    page = correct(marijke)

    assert page.status == 200
    assert "request_received" not in office.events()


def test_a_blanked_field_is_blank_in_the_crm(office: Office, marijke: Visitor) -> None:
    correct(marijke, birth_date="")
    office.work()

    assert office.contact()["birth_date"] in {None, ""}


@pytest.mark.parametrize(
    "name", ["customer_number", "source", "email", "orders", "id", "newsletter", "restricted"]
)
def test_c4_a_field_that_is_not_hers_to_correct_is_refused(
    office: Office, marijke: Visitor, name: str
) -> None:
    form = marijke.get("/me/correct")
    before = office.contact()

    answer = marijke.submit(form, "/me/correct", **{name: "evil", "step": "save"})

    assert answer.status == 400
    office.work()
    assert office.contact() == before


def test_c3_what_somebody_else_was_shown_is_worth_nothing(office: Office, marijke: Visitor) -> None:
    hendrik = office.visitor().sign_in(office, HENDRIK)
    his = hendrik.get("/me/correct").fields["seen"]
    form = marijke.get("/me/correct")

    for seen in (his, form.fields["seen"][:-4], "", "x", "é"):
        answer = marijke.submit(form, "/me/correct", seen=seen, phone="06 10004820", step="save")
        assert answer.status == 400


def test_one_person_with_two_records_is_corrected_in_both(office: Office) -> None:
    hendrik = office.visitor().sign_in(office, HENDRIK)

    correct(hendrik, phone="06 99999999")
    office.work()

    rows = office.crm("SELECT phone FROM contacts WHERE email = ?", HENDRIK)
    assert [row["phone"] for row in rows] == ["06 99999999"] * 2


def test_a_mailbox_that_two_people_share_opens_neither_ones_data(office: Office) -> None:
    shared = office.visitor().sign_in(office, "familie.jansen@example.net")

    page = shared.get("/me")
    assert page.status == 200
    assert "Annelies" not in page.text
    assert "Wim" not in page.text
    assert "phone" not in shared.get("/me/correct").fields
    assert "Annelies" not in shared.get("/me/erase").text
    assert shared.submit(page, "/me/export").status == 403
