"""E5: what is done with *this* person's data, from the register, and what is not shown is named."""

from pathlib import Path
from typing import Any

from portal.domain.register import Register
from tests.portals import MARIJKE, Office, StartOffice, Visitor
from tests.rights.copying import HENDRIK, REGISTER, SHARED, make, told, wants_a_copy

TRANSFER = """
  [[activities.transfers]]
  country = "US"
  to = "Cloud Inc"
  safeguard = { nl = "Modelcontract", en = "Standard clauses" }
"""
SECOND = {
    "adapter": "sql",
    "label": {"nl": "De kassa", "en": "The till"},
    "location": {"entity": "Tills BV", "hosting": "US", "backup": "US"},
    "table": "contacts",
    "email": "email",
    "fields": {"orders_elsewhere": "city"},
}


def with_register(start_office: StartOffice, folder: Path, text: str, **changed: Any) -> Office:
    path = folder / "register.toml"
    path.write_text(text, "utf-8")
    return start_office(register=str(path), **changed)


def about(visitor: Visitor) -> str:
    page = visitor.get("/me/about")
    assert page.status == 200, page.text
    return page.text


def test_e5_every_activity_of_which_something_is_held_is_told_with_all_that_the_law_asks(
    office: Office,
) -> None:
    visitor = office.visitor().sign_in(office)
    page = about(visitor)

    for told_of in (
        "Customer records",
        "To recognise you, deliver your order",
        "Until 2 years after your last order",
        "Orders and invoices",
        "Dutch General State Taxes Act (AWR), article 52",
        "From you: with your order",
        "Your name and how we reach you: Customer number, First name",
    ):
        assert told_of in page
    assert visitor.get("/me").text.count('href="/me/about"') >= 1


def test_e5_recipients_are_named_and_the_keepers_of_the_systems_too(office: Office) -> None:
    page = about(office.visitor().sign_in(office))
    receivers = page.partition("Who receives your data")[2].partition("</section>")[0]

    for name in ("De Snelle Egel", "Stichting Serverschuur", "Kwartjes", "Belastingdienst"):
        assert receivers.count(name) == 1, "by name, and once"
    assert "Brings" not in receivers
    assert "Delivers your parcel." in receivers
    assert "Our customer file" in page.partition("Where it is kept")[2].partition("</section>")[0]


def test_e5_what_is_not_held_is_not_told(office: Office) -> None:
    """Without orders, nobody is told that the tax office receives them."""
    office.crm("DELETE FROM orders WHERE contact_id = 1")
    office.crm("UPDATE contacts SET birth_date = NULL WHERE id = 1")
    page = about(office.visitor().sign_in(office))

    assert "Orders and invoices" not in page
    assert "Belastingdienst" not in page
    assert "Date of birth" not in page
    assert "Customer records" in page


def test_e5_a_mailing_that_was_never_hers_is_not_told(office: Office) -> None:
    office.crm("DELETE FROM subscriptions WHERE contact_id = 1")
    office.crm("UPDATE contacts SET birth_date = NULL WHERE id = 1")
    page = about(office.visitor().sign_in(office))

    assert "Newsletter and invitations" not in page
    assert "Offers for customers" in page, "which goes on until she says no"


def test_e5_what_a_computer_decides_is_told_to_whom_it_is_decided_about(office: Office) -> None:
    office.crm(
        "INSERT OR REPLACE INTO subscriptions (contact_id, mailing, active, changed_at, source) "
        "VALUES (1, 'offers', 1, '2024-01-01', 'x')"
    )
    page = about(office.visitor().sign_in(office))
    decided = page.partition("What a computer decides")[2].partition("</section>")[0]

    assert "A computer picks which offer you get" in decided
    assert "No decision about you" not in page


def test_e5_where_no_computer_decides_the_page_says_so(
    start_office: StartOffice, tmp_path: Path
) -> None:
    lines = [line for line in REGISTER.splitlines() if not line.startswith("automated")]
    office = with_register(start_office, tmp_path, "\n".join(lines))
    page = about(office.visitor().sign_in(office))

    assert "No decision about you is made by a computer alone" in page


def test_e5_a_field_of_which_something_else_holds_is_told_apart(office: Office) -> None:
    office.crm("UPDATE contacts SET birth_date = '1949-03-08' WHERE id = 1")
    page = about(office.visitor().sign_in(office))

    assert "Until you remove it." in page.partition("Newsletter and invitations")[2]


def test_e5_a_transfer_is_told_with_what_guards_it(
    start_office: StartOffice, tmp_path: Path
) -> None:
    text = REGISTER.replace(
        "  [[activities.recipients]]", f"{TRANSFER}\n  [[activities.recipients]]", 1
    )
    office = with_register(start_office, tmp_path, text)
    visitor = wants_a_copy(office)

    assert "Cloud Inc (United States): Standard clauses" in about(visitor)
    uses = {use["id"]: use for use in told(visitor, make(visitor))["about"]["uses"]}
    assert uses["customers"]["transfers"] == [
        {"to": "Cloud Inc", "country": "US", "safeguard": "Standard clauses"}
    ]
    assert uses["orders"]["transfers"] == []


# --- what is not shown ----------------------------------------------------------------------------


def two_systems(start_office: StartOffice, folder: Path) -> Office:
    """A second system, on a file of its own."""
    extra = REGISTER.replace(
        "# --- purposes",
        """
[[activities]]
id = "till"
name = { nl = "De kassa", en = "The till" }
why = { nl = "Voor de bon.", en = "For the receipt." }
ground = "contract"
retention = { nl = "Een jaar.", en = "A year." }

[[fields]]
id = "orders_elsewhere"
activity = "till"
label = { nl = "Winkel", en = "Shop" }
category = "contact"
tier = 1

# --- purposes""",
        1,
    )
    office = with_register(
        start_office,
        folder,
        extra,
        adapters={"till": {**SECOND, "url": "sqlite:///till.sqlite"}},
    )
    office.crm_file.with_name("till.sqlite").write_bytes(office.crm_file.read_bytes())
    return office


def take_away(office: Office) -> None:
    for adapter in office.portal.adapters.values():
        adapter.close()
    office.crm_file.with_name("till.sqlite").rename(office.crm_file.with_name("away"))


def test_e5_a_system_that_is_away_is_named_and_what_it_may_hold_is_told(
    start_office: StartOffice, tmp_path: Path
) -> None:
    office = two_systems(start_office, tmp_path)
    visitor = wants_a_copy(office)
    take_away(office)

    page = about(visitor)
    hidden = page.partition("What is not shown here")[2].partition("</section>")[0]
    assert "The till" in hidden
    assert "We could not look whether we hold something for this." in page
    assert "For the receipt." in page
    assert "Tills BV" in page
    assert "One of our systems does not answer just now" in visitor.get("/me").text

    copy = make(visitor)
    data = told(visitor, copy)
    assert {one["id"]: one["reached"] for one in data["systems"]} == {"crm": True, "till": False}
    assert [one["id"] for one in data["about"]["places"] if not one["reached"]] == ["till"]
    assert {u["id"]: u["certain"] for u in data["about"]["uses"]}["till"] is False
    read = visitor.get(f"{copy}/read").text
    assert "This system did not answer when the copy was made" in read
    csv = visitor.submit(visitor.get(copy), copy, form="csv").text
    assert "The till,,,,,,not reached" in csv


def test_e5_what_is_not_connected_is_named_everywhere_with_a_person_to_ask(office: Office) -> None:
    visitor = wants_a_copy(office)
    copy = make(visitor)

    for path in ("/me", "/me/about", f"{copy}/read"):
        page = visitor.get(path).text
        assert "The workshop binder" in page, path
        assert "send you a transcript within a week" in page, path
        assert "/me/questions" in page, path
    assert [one["label"] for one in told(visitor, copy)["about"]["elsewhere"]] == [
        "The workshop binder",
        "The camera at the till",
    ]


def test_e5_what_needs_more_than_a_mailbox_is_named_as_withheld(office: Office) -> None:
    visitor = wants_a_copy(office)
    copy = make(visitor)
    data = told(visitor, copy)

    assert data["about"]["withheld"] == ["Agreed with the driver", "Orders"]
    for path in ("/me/about", f"{copy}/read"):
        page = visitor.get(path).text
        hidden = page.partition("What is not shown here")[2].partition("</section>")[0]
        assert "<li>Orders</li>" in hidden
        assert "Ask us" in hidden
        assert 'href="/me/more"' in page, "where she is told how to see it"
    numbers = office.crm("SELECT order_number FROM orders WHERE contact_id = 1")
    assert numbers
    assert not any(row["order_number"] in str(data) for row in numbers)


def test_e5_with_more_proof_nothing_is_withheld(office: Office) -> None:
    visitor = wants_a_copy(office)
    with office.database.unit("test") as unit:
        unit.session.connection().exec_driver_sql("UPDATE sessions SET tier = 2")
        unit.commit()
    data = told(visitor, make(visitor))

    assert data["about"]["withheld"] == []
    orders = office.crm("SELECT order_number FROM orders WHERE contact_id = 1")
    assert orders[0]["order_number"] in str(data)


def test_e5_several_records_are_told_one_by_one(office: Office) -> None:
    visitor = wants_a_copy(office, HENDRIK)
    copy = make(visitor)

    assert len(told(visitor, copy)["systems"][0]["records"]) == 2
    read = visitor.get(f"{copy}/read").text
    assert "Record 1" in read
    assert "Record 2" in read
    assert about(visitor).count(">Customer records<") == 1


def test_e5_of_several_people_nothing_is_told_that_could_be_the_others(office: Office) -> None:
    page = about(office.visitor().sign_in(office, SHARED))

    assert "Customer records" not in page
    assert "Belastingdienst" not in page
    assert "The workshop binder" in page
    assert "Autoriteit Persoonsgegevens" in page


# --- complaints and rights ------------------------------------------------------------------------


def test_e5_the_authority_of_the_installation_is_named(office: Office) -> None:
    visitor = wants_a_copy(office)

    assert "Autoriteit Persoonsgegevens" in about(visitor)
    authority = told(visitor, make(visitor))["about"]["authority"]
    assert authority["website"].startswith("https://www.autoriteitpersoonsgegevens.nl")
    assert authority["post"] == ["Postbus 93374", "2509 AJ Den Haag"]


def test_e5_a_site_names_another_authority(start_office: StartOffice) -> None:
    other = {"name": "APD", "website": "https://www.autoriteprotectiondonnees.be"}
    office = start_office(sites={0: {"authority": other}})
    page = about(office.visitor().sign_in(office))

    assert "APD" in page
    assert "Autoriteit Persoonsgegevens" not in page


def test_e5_without_an_authority_all_of_them_are_to_be_found(start_office: StartOffice) -> None:
    office = start_office(authority=None)
    visitor = wants_a_copy(office)

    assert "the country where you live or work" in about(visitor)
    assert "edpb.europa.eu" in visitor.get(f"{make(visitor)}/read").text


def test_e5_every_right_is_named_with_the_way_to_it(office: Office) -> None:
    page = about(office.visitor().sign_in(office)).partition('id="rights"')[2]

    for place in ("export", "correct", "erase", "consents", "object", "restrict", "questions"):
        assert f'href="/me/{place}"' in page


def test_e5_the_page_speaks_dutch(office: Office) -> None:
    visitor = office.visitor().sign_in(office)
    page = visitor.get("/me/about?lang=nl").text

    assert "De map met workshops" in page
    assert "Wat wij met uw gegevens doen" in page
    assert "Who receives" not in page


def test_a_register_of_before_says_nothing_of_elsewhere(
    start_office: StartOffice, tmp_path: Path
) -> None:
    text = REGISTER.partition("# --- elsewhere")[0]
    office = with_register(start_office, tmp_path, text)
    visitor = office.visitor().sign_in(office)

    assert isinstance(office.portal.register, Register)
    assert "What this page cannot look into" not in visitor.get("/me").text
    assert office.contact(MARIJKE)
    assert "The workshop binder" not in about(visitor)
