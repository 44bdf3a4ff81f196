"""Deleting and taking along: what is said beforehand is what is done, and it is all of it."""

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest

from portal.demo.settings import CONFIG
from portal.rights.copies.tables import neutral
from tests.portals import MARIJKE, Office, StartOffice, Visitor, logged
from tests.witness import Witness, changes

HENDRIK = "hendrik.bosman@example.com"
FORMULAS = ("=1+1", "+31 6", "-2", "@SUM(A1)", "\t=1", "\r=1", "\0=1", "\n=1", "\uff1d1")


def copy_of(office: Office, email: str = MARIJKE) -> tuple[Visitor, zipfile.ZipFile]:
    visitor = office.visitor().sign_in(office, email, goal="copy")
    made = visitor.submit(visitor.get("/me/export"), "/me/export", kind="copy")
    assert made.status == 303, made.text
    answer = visitor.submit(visitor.get(made.location), made.location, form="zip")
    assert answer.response.mimetype == "application/zip", answer.text
    assert "attachment" in answer.response.headers["Content-Disposition"]
    return visitor, zipfile.ZipFile(io.BytesIO(answer.response.get_data()))


def erase(office: Office, email: str = MARIJKE) -> tuple[Visitor, str, str]:
    """The visitor, the text of the review, and where the request is."""
    visitor = office.visitor().sign_in(office, email, goal="erase")
    review = visitor.get("/me/erase")
    answer = visitor.submit(review, "/me/erase")
    assert answer.status == 303, answer.text
    return visitor, review.text, answer.location


def test_an_erasure_does_what_the_review_said_and_touches_nobody_else(office: Office) -> None:
    witness = Witness(f"sqlite:///{office.crm_file}")
    before = witness.look()
    over = "contact_id = 1 AND ordered_on < '2019-01-01'"
    orders = office.crm(f"SELECT * FROM orders WHERE NOT ({over})")

    visitor, review, place = erase(office)
    office.work()

    changed = changes(before, witness.look())
    witness.close()
    assert "We must keep invoices for 7 years" in review
    assert office.crm("SELECT * FROM orders") == orders
    assert office.crm("SELECT * FROM contacts WHERE email = ?", MARIJKE) == []
    assert {(table, key) for table, key, _ in changed if table == "contacts"} == {("contacts", "1")}
    assert "Marijke" not in str([new for _, new in changed.values()])
    (row,) = office.crm("SELECT * FROM contacts WHERE id = 1")
    assert not any(row[name] for name in ("first_name", "last_name", "email", "phone", "street"))
    for table in ("subscriptions", "notes"):
        assert office.crm(f"SELECT * FROM {table} WHERE contact_id = 1") == []
    page = visitor.get(place).text
    assert "Kept, because the law says so" in page
    assert "delivered" in office.events()


def test_who_was_erased_is_held_nowhere_afterwards_and_told_so(office: Office) -> None:
    erase(office)
    office.next_mail() if len(office.mails()) > 1 else None
    office.visitor().ask()

    assert "nothing is held under this e-mail address any more" in office.mails()[-1].text


def test_an_erasure_while_the_crm_is_away_is_not_taken_for_done(office: Office) -> None:
    visitor = office.visitor().sign_in(office, goal="erase")
    review = visitor.get("/me/erase")
    for adapter in office.portal.adapters.values():
        adapter.close()
    away = office.crm_file.with_name("away")
    office.crm_file.rename(away)

    answer = visitor.submit(review, "/me/erase")

    assert answer.status == 503
    assert "Nothing was changed" in answer.text
    away.rename(office.crm_file)
    office.work()
    assert office.contact()["first_name"] == "Marijke"


def test_two_records_of_one_person_are_both_erased(office: Office) -> None:
    erase(office, HENDRIK)
    office.work()

    assert office.crm("SELECT * FROM contacts WHERE email = ?", HENDRIK) == []
    assert office.crm("SELECT * FROM contacts WHERE last_name = 'Bosman'") == []


def test_a_copy_holds_every_value_that_the_page_shows_in_three_forms(office: Office) -> None:
    _, archive = copy_of(office)
    told = json.loads(archive.read("my-data.json"))
    (record,) = told["systems"][0]["records"]
    values = {field["id"]: field.get("value") for field in record["fields"]}

    contact = office.contact()
    for name in ("first_name", "last_name", "phone", "street", "city", "birth_date"):
        assert values[name] == contact[name]
    assert all(field["why"] and field["ground"] for field in record["fields"])
    page = archive.read("my-data.html").decode()
    table = list(csv.reader(io.StringIO(archive.read("my-data.csv").decode("utf-8-sig"))))
    assert contact["street"] in page
    assert contact["street"] in {row[6] for row in table}
    purposes = {one["id"] for one in told["purposes"]}
    assert purposes == {"newsletter", "offers", "partners", "workshops"}


def test_a_copy_says_what_a_mailbox_alone_does_not_open(office: Office) -> None:
    _, archive = copy_of(office)
    (record,) = json.loads(archive.read("my-data.json"))["systems"][0]["records"]
    (orders,) = [field for field in record["fields"] if field["id"] == "orders"]

    assert orders["withheld"]
    assert "rows" not in orders
    everything = "".join(archive.read(name).decode("utf-8-sig") for name in archive.namelist())
    for row in office.crm("SELECT order_number FROM orders WHERE contact_id = 1"):
        assert row["order_number"] not in everything


def test_a_copy_is_in_the_ledger_and_in_no_file_of_its_own(office: Office) -> None:
    copy_of(office)

    assert office.events()[-2:] == ["export_made", "copy_taken"]
    assert not list(office.settings.instance.rglob("*.zip"))


@pytest.mark.parametrize("text", FORMULAS)
def test_c8_no_cell_of_a_copy_is_a_formula(text: str) -> None:
    assert neutral(text).startswith("'")
    assert neutral(f"x{text}").startswith("x")
    for cell in neutral(f"x;{text};y\n{text}").replace("\n", ";").split(";"):
        assert not cell.startswith(("=", "@", "+", "-"))


def test_c8_formulas_in_a_crm_are_neutral_in_the_table_and_exact_in_the_json(
    office: Office,
) -> None:
    office.crm("UPDATE contacts SET city = '=HYPERLINK(1)', street = '@x' WHERE id = 1")
    _, archive = copy_of(office)

    table = list(csv.reader(io.StringIO(archive.read("my-data.csv").decode("utf-8-sig"))))
    cells = {cell for row in table for cell in row}
    assert {"'=HYPERLINK(1)", "'@x"} <= cells
    assert not any(cell.startswith(("=", "@", "+", "-")) for cell in cells)
    told = json.loads(archive.read("my-data.json"))
    (record,) = told["systems"][0]["records"]
    assert {field["id"]: field.get("value") for field in record["fields"]}[
        "city"
    ] == "=HYPERLINK(1)"


def test_c9_no_value_is_in_the_ledger_the_portals_tables_or_the_log(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    erase(office)
    copy_of(office, HENDRIK)
    office.work()
    office.database.engine.dispose()

    stored = b"".join(path.read_bytes() for path in office.settings.instance.glob("portal.sqlite*"))
    ours = logged(caplog)
    for value in ("Marijke", MARIJKE, "Lindelaan", "06-1000482", "Bosman", HENDRIK):
        assert value.encode() not in stored
        assert value not in ours


def test_a_category_that_the_register_lost_is_told_by_its_own_name_and_breaks_no_page(
    start_office: StartOffice, tmp_path: Path
) -> None:
    """`portal check` says that it is missing; until then nobody is kept from erasing."""
    text = (CONFIG / "register.toml").read_text("utf-8")
    lost = text.replace('[[categories]]\nid = "notes"', '[[categories]]\nid = "remarks"')
    lost = lost.replace('category = "notes"', 'category = "remarks"')
    (tmp_path / "register.toml").write_text(lost, "utf-8")
    office = start_office(register=str(tmp_path / "register.toml"))

    visitor, review, place = erase(office)
    office.work()

    assert "<li>notes</li>" in review
    assert "<li>notes</li>" in visitor.get(place).text


def test_e5_a_copy_says_of_each_value_what_the_page_says_of_it(
    start_office: StartOffice, tmp_path: Path
) -> None:
    """Also where it goes outside the EU, and what guards it there (Art. 15(2) GDPR)."""
    transfer = (
        '  [[activities.transfers]]\n  country = "US"\n  to = "Cloud Inc"\n'
        '  safeguard = { nl = "Modelcontract", en = "Standard clauses" }\n\n'
    )
    recipients = "  [[activities.recipients]]"
    text = (CONFIG / "register.toml").read_text("utf-8")
    (tmp_path / "register.toml").write_text(
        text.replace(recipients, transfer + recipients, 1), "utf-8"
    )
    office = start_office(register=str(tmp_path / "register.toml"))
    _, archive = copy_of(office)

    (record,) = json.loads(archive.read("my-data.json"))["systems"][0]["records"]
    fields = {field["id"]: field for field in record["fields"]}
    assert fields["phone"]["transfers"] == [
        {"to": "Cloud Inc", "country": "US", "safeguard": "Standard clauses"}
    ]
    assert fields["birth_date"]["transfers"] == []
    page = archive.read("my-data.html").decode()
    assert "Cloud Inc (United States): Standard clauses" in page


def test_the_page_of_a_copy_is_for_reading_and_its_json_is_exact(office: Office) -> None:
    office.crm("UPDATE contacts SET birth_date = '1949-03-08', country = 'BE' WHERE id = 1")
    _, archive = copy_of(office)

    (record,) = json.loads(archive.read("my-data.json"))["systems"][0]["records"]
    values = {field["id"]: field.get("value") for field in record["fields"]}
    assert (values["birth_date"], values["country"]) == ("1949-03-08", "BE")
    page = archive.read("my-data.html").decode()
    assert "8 March 1949" in page
    assert "Belgium" in page
    assert "1949-03-08" not in page
