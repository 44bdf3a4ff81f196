"""C8, C9: whatever a CRM holds, no form of a copy runs it, breaks off, or says another thing."""

import csv
import io
import json
import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from flask_babel import force_locale
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from portal.rights.copies.card import FOLD, cards, folded
from portal.rights.copies.export import as_json
from portal.rights.copies.tables import HEADER, neutral, one_table, tables
from portal.rights.copies.telling import exact
from portal.web.me.copy import _document
from tests.portals import Office
from tests.rights.copying import fields_of, files, make, take, told, wants_a_copy

LEADS = tuple("=+-@\uff1d\uff0b\uff0d\uff20\u2212")
HOSTILE = (
    "=1+1",
    "+31 6",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\0=1",
    "a\0=1",
    "\uff1d1",
    ' \u200e"=1',
    'x;"=1',
    'x; \u202e"-1;\t@y',
    "x\n\x01=1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://x";"y")',
    "<script>alert(1)</script>",
    "</dd></dl><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}",
    "\u202eevil\u2066",
    "a\r\nEND:VCARD\r\nBEGIN:VCARD",
    "a;b,c\\d\\n",
    "é" * 90,
    "\U0001f469\u200d\U0001f33e" * 40,
    "\ud800half",
    "\x7f\x80\x9f\u2028",
    "",
)
letters = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(
        st.sampled_from("=+-@;\t\r\n\0\"', \\:aé\u200e\u202e\ufeff\uff1d<>&\ud800"), max_size=12
    ),
    st.text(max_size=40),
)


def a_copy(value: Any, row: Any = None) -> dict[str, Any]:
    """A copy with this value in it, of each sort that a form makes something of."""
    of_all = {"activity": "a", "category": "C", "given": True, "recipients": [], "transfers": []}
    kinds = {"name": "given", "email": None, "phone": None, "text": "street", "date": "bday"}
    single = [
        {"id": kind, "label": kind, "kind": kind, "value": value, **of_all}
        | ({"card": card} if card else {})
        for kind, card in kinds.items()
    ]
    many = {
        "id": "orders",
        "label": "Orders",
        "kind": "rows",
        **of_all,
        "columns": {"what": "What"},
        "rows": [{"what": row if row is not None else value}],
    }
    return {
        "kind": "copy",
        "made_at": datetime(2026, 3, 2, tzinfo=UTC).isoformat(),
        "language": "en",
        "email": "marijke@example.org",
        "company": {"name": "Shop", "post": ["Street 1"], "phone": "1", "email": "s@example.org"},
        "systems": [
            {
                "id": "crm",
                "name": "CRM",
                "hosted_in": "NL",
                "hosted_by": "Shop",
                "reached": True,
                "records": [{"fields": [*single, many]}],
            }
        ],
        "purposes": [],
    }


def first_seen(cell: str) -> str:
    """The first letter that a spreadsheet may see: without what programs pass over or drop."""
    for char in cell:
        unseen = char.isspace() or char == '"' or unicodedata.category(char) in {"Cc", "Cf", "Cs"}
        if not unseen:
            return char
    return ""


# --- tables ---------------------------------------------------------------------------------------


@given(letters)
@example("\n" * 20_000 + "=1")
@example(";" + '"' * 20_000)
def test_c8_no_cell_of_a_table_is_a_formula_however_it_is_split(value: str) -> None:
    for text in (one_table(a_copy(value)), tables(a_copy(value))["crm-orders.csv"]):
        decoded = text.decode("utf-8-sig")
        for delimiter in ",;\t":
            for line in csv.reader(io.StringIO(decoded, newline=""), delimiter=delimiter):
                assert not [cell for cell in line if first_seen(cell) in LEADS]


@given(letters)
def test_c8_a_table_keeps_its_lines_and_columns_and_all_that_can_be_read(value: str) -> None:
    text = one_table(a_copy(value)).decode("utf-8-sig")
    header, *lines = csv.reader(io.StringIO(text, newline=""))

    assert tuple(header) == HEADER
    assert [line[3] for line in lines] == ["name", "email", "phone", "text", "date", "Orders"]
    assert {len(line) for line in lines} == {len(HEADER)}
    printable = [c for c in value if unicodedata.category(c) not in {"Cc", "Cs"}]
    kept = [c for c in lines[0][6] if unicodedata.category(c) not in {"Cc", "Cs"} and c != "'"]
    assert [c for c in kept if c != "?"] == [c for c in printable if c not in {"'", "?"}]


@given(letters)
def test_c8_a_neutral_cell_stays_as_it_is(value: str) -> None:
    once = neutral(value)

    assert neutral(once) == once or once.startswith("'")
    assert "\0" not in once


def test_c8_fails_without_the_apostrophe() -> None:
    """The check itself notices a formula."""
    assert first_seen(' \u200e"=1') in LEADS
    assert first_seen("\0=1") in LEADS


# --- JSON -----------------------------------------------------------------------------------------


@given(letters)
def test_c8_the_json_is_exact(value: str) -> None:
    assert json.loads(as_json(a_copy(value))) == a_copy(value)


@pytest.mark.parametrize(
    ("value", "told_as"),
    [
        (Decimal("1.10"), "1.10"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (date(1949, 3, 8), "1949-03-08"),
        (True, True),
        (0, 0),
        (None, None),
        (10**30, 10**30),
    ],
)
def test_c8_what_json_has_no_type_for_is_text_without_loss(value: Any, told_as: Any) -> None:
    assert exact(value) == told_as
    assert json.loads(json.dumps(exact(value), allow_nan=False)) == told_as


# --- vCard ----------------------------------------------------------------------------------------


def content_lines(raw: bytes) -> list[tuple[str, str]]:
    """(name, value) of each line, read as RFC 6350 §3.2 and §3.3 say."""
    text = raw.decode()
    assert text.endswith("\r\n")
    lines = text[:-2].split("\r\n")
    assert all(len(line.encode()) <= FOLD for line in lines)
    assert not any(set(line) & set("\r\n\0") for line in lines)
    unfolded: list[str] = []
    for line in lines:
        if line.startswith(" "):
            unfolded[-1] += line[1:]
        else:
            unfolded.append(line)
    return [
        (name.partition(";")[0], value) for name, _, value in (x.partition(":") for x in unfolded)
    ]


def unescaped(value: str) -> str:
    def letter(found: re.Match[str]) -> str:
        return "\n" if found[1] in "nN" else found[1]

    return re.sub(r"\\(.)", letter, value, flags=re.DOTALL)


def components(value: str) -> list[str]:
    """The parts of a structured value; a semicolon that is escaped parts nothing."""
    return [unescaped(part) for part in re.findall(r"(?:^|;)((?:\\.|[^\\;])*)", value, re.DOTALL)]


def dropped(value: str) -> str:
    """What of a value belongs on a card: all of it but what no text value may hold."""
    value = value.replace("\r\n", "\n").replace("\r", "\n").encode(errors="replace").decode()
    return "".join(
        c for c in value if c in "\t\n" or unicodedata.category(c) not in {"Cc", "Zl", "Zp"}
    )


@given(letters)
def test_c9_nothing_in_a_card_ends_a_line_or_begins_another(value: str) -> None:
    assume(dropped(value).strip())
    lines = content_lines(cards(a_copy(value)))
    names = [name for name, _ in lines]

    allowed = {"BEGIN", "VERSION", "KIND", "FN", "N", "EMAIL", "TEL", "ADR", "BDAY", "REV", "END"}
    assert set(names) <= allowed
    assert names[:2] == ["BEGIN", "VERSION"]
    assert names.count("BEGIN") == names.count("END") == names.count("FN") == 1
    assert ("VERSION", "4.0") in lines


@given(letters)
def test_c9_a_card_says_what_is_held(value: str) -> None:
    expected = dropped(value)
    assume(expected.strip())
    lines = dict(content_lines(cards(a_copy(value))))

    assert unescaped(lines["EMAIL"]) == expected
    assert unescaped(lines["FN"]) == expected
    assert components(lines["N"]) == ["", expected, "", "", ""]
    assert components(lines["ADR"]) == ["", "", expected, "", "", "", ""]


@given(st.text(max_size=300))
def test_c9_a_folded_line_has_no_letter_in_two(line: str) -> None:
    pieces = folded(line).encode(errors="replace").split(b"\r\n")

    for piece in pieces:
        piece.decode()
    if not set("\r\n") & set(line):
        assert max(map(len, pieces)) <= FOLD


def test_a_card_is_what_an_address_book_expects() -> None:
    copy = a_copy("x")
    of = {"activity": "a", "category": "C", "given": True, "recipients": [], "transfers": []}
    values = [
        ("name", "given", "Marijke"),
        ("name", "family", "de Vries; jr"),
        ("email", None, "m@example.org"),
        ("phone", None, "+31 6 10004820"),
        ("text", "street", "Lindelaan"),
        ("text", "street", "12, boven"),
        ("postal_code", None, "1234 AB"),
        ("text", "locality", "Zaltbommel"),
        ("country", None, "NL"),
        ("date", "bday", "1949-03-08"),
        ("text", "lang", "nl"),
        ("boolean", None, True),
    ]
    copy["systems"][0]["records"][0]["fields"] = [
        {"id": "f", "label": "F", "kind": kind, "value": value, **of}
        | ({"card": card} if card else {})
        for kind, card, value in values
    ]

    assert cards(copy).decode().split("\r\n") == [
        "BEGIN:VCARD",
        "VERSION:4.0",
        "KIND:individual",
        "FN:Marijke de Vries\\; jr",
        "N:de Vries\\; jr;Marijke;;;",
        "EMAIL:m@example.org",
        "TEL:+31 6 10004820",
        "ADR:;;Lindelaan 12\\, boven;Zaltbommel;;1234 AB;Netherlands",
        "BDAY:19490308",
        "LANG:nl",
        "REV:20260302T000000Z",
        "END:VCARD",
        "",
    ]


def test_a_record_of_which_nothing_belongs_on_a_card_has_none() -> None:
    assert cards(a_copy(None, row="x")) == b""


# --- the page -------------------------------------------------------------------------------------


class Elements(HTMLParser):
    """The elements of a page, and what stands in its ``bdi``."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.isolated: list[str] = []
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "bdi":
            self.isolated.append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "bdi":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.isolated[-1] += data


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(letters)
def test_c9_nothing_in_the_page_is_an_element_or_turns_the_text_around_it(
    office: Office, value: str
) -> None:
    plain = a_copy("plain")
    with office.app.test_request_context("/me"), force_locale("en"):
        page = Elements(_document(a_copy(value)).replace("\r\n", "\n").replace("\r", "\n"))
        harmless = Elements(_document(plain))

    if value:
        assert page.tags == harmless.tags
    assert page.attributes <= {*harmless.attributes, "class"}
    shown = value.replace("\r\n", "\n").replace("\r", "\n")
    if value and not value[:10].replace("-", "").isdigit():
        assert page.isolated[0] == shown, "isolated, so that its direction is its own"


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("nl", ["1 juni 2024", "2 maart 2026, 09:05"]),
        ("en", ["1 June 2024", "2 March 2026, 09:05"]),
    ],
)
def test_days_in_rows_are_read_in_her_language_and_taken_along_exactly(
    office: Office, language: str, shown: list[str]
) -> None:
    exactly = ["2024-06-01", "2026-03-02T09:05:00"]
    copy = {**a_copy(None), "language": language}
    record = copy["systems"][0]["records"][0]
    (field,) = [one for one in record["fields"] if "rows" in one]
    field["columns"] = {"ordered": "Ordered", "sent": "Sent"}
    field["rows"] = [dict(zip(field["columns"], exactly, strict=True))]

    with office.app.test_request_context("/me"):
        page = Elements(_document(copy))

    assert [one for one in page.isolated if one in {*shown, *exactly}] == shown
    data = json.loads(as_json(copy))["systems"][0]["records"][0]["fields"]
    assert [[*one["rows"][0].values()] for one in data if "rows" in one] == [exactly]
    assert ",".join(exactly) in next(
        table.decode("utf-8-sig") for name, table in tables(copy).items() if name != "my-data.csv"
    )


# --- all of it, through the door ------------------------------------------------------------------


@pytest.mark.parametrize("value", [one for one in HOSTILE if one and "\ud800" not in one])
def test_c9_a_hostile_value_in_a_crm_is_taken_along_in_every_form(
    office: Office, value: str
) -> None:
    office.crm("UPDATE contacts SET city = ?, last_name = ? WHERE id = 1", value, value)
    visitor = wants_a_copy(office)
    copy = make(visitor)

    assert fields_of(told(visitor, copy))["city"]["value"] == value
    for form in ("csv", "vcard", "zip"):
        assert take(visitor, copy, form).status == 200
    page = visitor.get(f"{copy}/read")
    assert page.status == 200
    assert "<script>alert" not in page.text
    assert "<img" not in page.text
    html = files(visitor, copy)["my-data.html"]
    assert "<script" not in html
    assert "<img" not in html
