"""C8, C9: what a system holds, or somebody types, is text: on every page, in every mail and file.

The walk and the forms are those of `tests.attack.test_c3_every_route`: nothing here is told which
pages or fields there are, so that a new one is met as well.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.attack import world
from tests.attack.harvest import Harvest
from tests.attack.test_c3_every_route import LAST, collect
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
    """Hidden fields too."""
    office = two_sites
    before = shut(office)
    sent = list(forms_with(office, EVIL))
    visitor = sign_in(office, MARIJKE, "erase", "demo")
    own = visitor.get("/me").fields["csrf_token"]

    answers = Counter[int]()
    for action, fields in sent:
        answer = visitor.post(action, **{**fields, "csrf_token": own})
        assert not alive(answer.text), action
        answers[answer.status] += 1
        if action == "/me/correct" and answer.status == 200:
            visitor.post(action, **{**answer.fields, "step": "save"})  # yes, it is right
    office.work()
    shown = Harvest(visitor).walk("/me", "/me/correct", "/me/consents", "/me/requests").pages

    assert max(answers) < 500
    assert min(answers[200], answers[303]) > 5, "none was taken"
    assert office.contact()["last_name"] == EVIL
    assert "class=evil" in shown["/me"].text
    assert shut(office) == before
    for path, page in shown.items():
        assert page.status < 500, path
        assert not alive(page.text), path


def test_c4_fields_that_no_form_has_are_refused_with_all_the_rest(two_sites: Office) -> None:
    office = two_sites
    forms = [form for form in collect(office).forms if form.action.startswith("/me/")]
    before = shut(office), office.contact()
    visitor = sign_in(office, MARIJKE, "erase", "demo")
    own = visitor.get("/me").fields["csrf_token"]

    for form in forms:
        for name in (*SHUT, "restricted", "version", "subject_id", "tier"):
            if name not in form.names:
                fields = {**dict(form.fields), "csrf_token": own, name: "1"}
                assert visitor.post(form.action, **fields).status == 400, (form.action, name)
    office.work()

    assert (shut(office), office.contact()) == before


def shut(office: Office) -> list[object]:
    """What of hers no form of hers may write."""
    contact = office.contact()
    return [*(contact[name] for name in SHUT), world.rows(office, "crm")["orders"]]


def test_c9_a_value_that_comes_to_life_is_found(office: Office) -> None:
    """The control: were nothing escaped, her page would be found by what looks at it."""
    poison(office, EVIL)
    office.app.jinja_env.autoescape = False
    office.app.jinja_env.bytecode_cache = None

    assert alive(office.visitor().sign_in(office).get("/me").text)
