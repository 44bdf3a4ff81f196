"""C8, C9: what a system holds, or somebody types, is text: on every page, in every mail and file.

The walk and the forms are those of `tests.attack.test_c3_every_route`: nothing here is told which
pages or fields there are, so that a new one is met as well.
"""

import csv
import io
from collections.abc import Iterator
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.attack import world
from tests.attack.harvest import Harvest
from tests.attack.test_c3_every_route import GUESSED, LAST, collect
from tests.attack.world import sign_in
from tests.portals import MARIJKE, Office, Page, StartOffice
from tests.rights.copying import files, make, wants_a_copy

EVIL = """"'><i class=evil onfocus=evil()>{{ 7*7 }}${7*7}</i><script>evil()</script>"""
FORMULA = '=HYPERLINK("http://evil.example";"x")'
TEXTS = ("first_name", "last_name", "street", "house_number", "postal_code", "city", "source")
LEADS = tuple("=+-@\t\r")
SHUT = "customer_number", "source", "created_at", "email"
"""Columns that no form of hers may write; for the address she has another way."""


class Evil(HTMLParser):
    """Looks for what came to life: a tag or an attribute out of a value."""

    def __init__(self) -> None:
        super().__init__()
        self.alive: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if names.get("class") == "evil" or "onfocus" in names:
            self.alive.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def alive(html: str) -> list[str]:
    reader = Evil()
    reader.feed(html)
    return [*reader.alive, *(["a script"] if "evil()" in scripts(html) else [])]


def scripts(html: str) -> str:
    """What stands inside of script elements."""
    return " ".join(part.partition("</script")[0] for part in html.split("<script")[1:])


def poison(office: Office, value: str) -> None:
    """In every text that her system holds of her; what is sorted or looked up by stays as it is."""
    columns = ", ".join(f"{one} = ?1" for one in (*TEXTS, "delivery_note"))
    where = "contact_id = (SELECT id FROM contacts WHERE email = ?2)"
    for statement in (
        f"UPDATE contacts SET {columns} WHERE email = ?2",
        f"UPDATE notes SET text = ?1 WHERE {where}",
        f"UPDATE orders SET description = ?1, invoiced_to = ?1 WHERE {where}",
        f"UPDATE subscriptions SET source = ?1, wording = ?1 WHERE {where}",
    ):
        office.crm(statement, value, MARIJKE)


@pytest.fixture
def two_sites(start_office: StartOffice, tmp_path: Path) -> Office:
    return world.start(start_office, tmp_path)


def test_c9_what_a_system_holds_is_text_on_every_page_and_in_every_mail(two_sites: Office) -> None:
    poison(two_sites, EVIL)

    pages = collect(two_sites).pages

    shown = {path.rpartition("/")[2] for path, page in pages.items() if "i class=evil" in page.text}
    assert shown >= {"me", "correct", "read"}
    for path, page in pages.items():
        assert page.status < 500, path
        assert not alive(page.text), path
        assert "49" not in text_of(page).split("class=evil")[-1][:40], path
    for mail in two_sites.mail.messages:
        assert not alive(html_of(mail.message)), "a mail"


def text_of(page: Page) -> str:
    reader = Evil()
    if page.response.mimetype == "text/html":
        reader.feed(page.text)
    return reader.text


def html_of(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    return part.get_content() if part is not None else ""


@pytest.mark.parametrize("value", [EVIL, FORMULA, "a\r\nEND:VCARD\r\nBEGIN:VCARD"])
def test_c8_what_a_system_holds_is_text_in_every_file(office: Office, value: str) -> None:
    poison(office, value)
    visitor = wants_a_copy(office)

    taken = files(visitor, make(visitor))

    assert any(value.splitlines()[0][:20] in text for text in taken.values())
    for name, text in taken.items():
        if name.endswith(".csv"):
            cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
            assert not [cell for cell in cells if cell.startswith(LEADS)], name
        if name.endswith(".vcf"):
            assert text.splitlines().count("BEGIN:VCARD") == 1, name
        if name.endswith(".html"):
            assert not alive(text), name


def forms_with(office: Office, value: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Every form of hers, with one field after the other filled in so."""
    for form in collect(office).forms:
        fields = dict(form.fields)
        for name in fields:
            if name != "csrf_token" and form.action not in LAST:
                yield form.action, {**fields, name: value}


def test_c4_whatever_is_typed_into_whichever_field_is_text_and_moves_nothing_else(
    two_sites: Office,
) -> None:
    """Hidden fields too, and fields that no form has."""
    office = two_sites
    before = {name: office.contact()[name] for name in SHUT}
    orders = world.rows(office, "crm")["orders"]
    sent = list(forms_with(office, EVIL))
    visitor = sign_in(office, MARIJKE, "erase", "demo")
    own = visitor.get("/me").fields["csrf_token"]
    extra = dict.fromkeys((*SHUT, "restricted", "version", "subject_id", "tier"), EVIL) | GUESSED

    assert len(sent) > 100
    for action, fields in sent:
        answer = visitor.post(action, **{**extra, **fields, "csrf_token": own})
        assert answer.status < 500, action
        assert not alive(answer.text), action
    office.work()
    shown = Harvest(visitor).walk("/me", "/me/correct", "/me/consents", "/me/requests").pages

    assert {name: office.contact()[name] for name in SHUT} == before
    assert world.rows(office, "crm")["orders"] == orders
    for path, page in shown.items():
        assert page.status < 500, path
        assert not alive(page.text), path


def test_c9_a_value_that_comes_to_life_is_found(office: Office) -> None:
    """The control: were nothing escaped, her page would be found by what looks at it."""
    poison(office, EVIL)
    office.app.jinja_env.autoescape = False
    office.app.jinja_env.bytecode_cache = None

    assert alive(office.visitor().sign_in(office).get("/me").text)
