"""A register file is read as a whole, or every fault in it is told with its line."""

from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.domain.register import Ground, Kind, Register
from portal.domain.register_file import Problem, RegisterError, read_register
from tests.domain.register_example import LANGUAGES, REGISTER


def problems_of(text: str, languages: Sequence[str] = LANGUAGES) -> list[Problem]:
    with pytest.raises(RegisterError) as caught:
        read_register(text, languages)
    return caught.value.problems


def problems_or_none(text: str) -> list[Problem]:
    try:
        read_register(text, LANGUAGES)
    except RegisterError as error:
        return error.problems or [Problem(0, "", "")]
    return []


def changed(old: str, new: str, nth: int = 0) -> tuple[str, int]:
    """The example with one piece replaced, and the line on which that piece stood."""
    start = -1
    for _ in range(nth + 1):
        start = REGISTER.index(old, start + 1)
    text = REGISTER[:start] + new + REGISTER[start + len(old) :]
    return text, REGISTER[:start].count("\n") + 1


def test_the_example_is_read_in_full() -> None:
    """Everything the example says is in the register, in the order of the file."""
    register = read_register(REGISTER, LANGUAGES)
    assert isinstance(register, Register)
    assert [field.id for field in register.fields] == ["email", "phone", "orders"]
    assert register.activity("orders").ground is Ground.CONTRACT
    assert register.activity("orders").why["nl"] == "Om te leveren\nwat u bestelt."
    assert list(register.field("orders").columns) == ["placed", "total"]
    assert register.field("orders").kind is Kind.ROWS
    recipients = register.field("phone").recipients
    assert recipients is not None
    assert [one.role for one in recipients] == ["processor", "internal"]
    assert register.purpose("news").wording_version == "2"
    assert register.activity("orders").automated == {
        "nl": "De computer kiest.",
        "en": "A computer picks.",
    }
    assert register.activity("newsletter").automated is None
    assert register.field("phone").vcard == "tel"
    assert [one.label["en"] for one in register.elsewhere] == ["The binder"]


def test_a_field_is_explained_by_its_own_words_and_else_by_its_activity() -> None:
    """The phone number has its own reason, and the retention of its activity."""
    register = read_register(REGISTER, LANGUAGES)
    explained = register.explain(register.field("phone"))
    assert explained.why == {"nl": "Als er iets is.", "en": "When something comes up."}
    assert explained.retention == register.activity("orders").retention


def test_windows_line_ends_are_read_and_counted_as_one() -> None:
    """A file from Windows has the same lines."""
    text, line = changed('"phone"', '"Phone!"')
    assert problems_of(text.replace("\n", "\r\n"))[0].line == line


@pytest.mark.parametrize(
    ("old", "new", "nth", "path", "reason"),
    [
        ('id = "phone"', 'id = "Phone"', 0, "fields.1.id", "small letters"),
        ('id = "phone"', 'id = "email"', 0, "fields.1.id", "'email' stands twice"),
        ('activity = "orders"', 'activity = "order"', 0, "fields.1.activity", "mean orders?"),
        ('category = "contact"', 'category = "no"', 1, "fields.1.category", "no category 'no'"),
        ('activity = "newsletter"', 'activity = "x"', 1, "purposes.0.activity", "no activity 'x'"),
        ('ground = "contract"', 'ground = "because"', 0, "activities.1.ground", "one of"),
        ("tier = 1", "tier = 7", 1, "fields.1.tier", "at most 2"),
        ("tier = 1", 'tier = "one"', 1, "fields.1.tier", "whole number"),
        ("editable = true", 'editable = "perhaps"', 0, "fields.1.editable", "true or false"),
        ("editable = true", "editible = true", 0, "fields.1.editible", "did you mean editable?"),
        ('kind = "phone"', 'kind = "phon"', 0, "fields.1.kind", "must be one of"),
        ('label.nl = "Telefoon"', 'label.nl = " "', 0, "fields.1.label.nl", "empty"),
        ('label.nl = "Telefoon"', 'label.NL = "T"', 0, "fields.1.label.NL", "language code"),
        ('name = "Shop"', 'name = ""', 0, "fields.1.recipients.1.name", "must not be empty"),
        ('country = "US"', 'country = "us"', 0, "activities.1.transfers.0.country", "capitals"),
        ('role = "authority"', 'role = "boss"', 0, "activities.1.recipients.1.role", "one of"),
        ("max_length = 20", "max_length = 0", 0, "fields.1.max_length", "at least 1"),
        ("total = {", "Total = {", 0, "fields.2.columns.Total", "small letters"),
        ("wording_version", "wording_versions", 0, "purposes.0.wording_versions", "did you mean"),
    ],
)
def test_a_fault_is_told_with_its_line_and_path(
    old: str, new: str, nth: int, path: str, reason: str
) -> None:
    """One fault anywhere in the file gives its line, the path to it and what is wrong."""
    text, line = changed(old, new, nth)
    [problem] = [one for one in problems_of(text) if one.path == path]
    assert problem.line == line
    assert reason in problem.reason


def test_a_missing_key_is_told_at_its_table() -> None:
    """What is not there has no line; its table has."""
    text, line = changed('category = "contact"\nkind = "phone"', 'kind = "phone"')
    [problem] = problems_of(text)
    assert (problem.path, problem.reason) == ("fields.1.category", "is missing")
    assert text.splitlines()[problem.line - 1] == "[[fields]]"
    assert problem.line == line - 3


def test_a_missing_language_is_named() -> None:
    """Each text lacks no language of the sites; which one is missing is said in words."""
    text, line = changed('label = { nl = "E-mailadres", en', "label = { en")
    [problem] = problems_of(text)
    assert (problem.line, problem.path) == (line, "fields.0.label")
    assert problem.reason == "no Dutch text"


def test_every_text_is_asked_for_a_language_that_nothing_has() -> None:
    """A site in German makes every text of the register a problem, inner ones too."""
    paths = {problem.path for problem in problems_of(REGISTER, ["nl", "de"])}
    assert {"fields.1.recipients.1.why", "fields.2.columns.total", "purposes.0.wording"} <= paths
    assert "activities.1.recipients.1.why" not in paths  # left out altogether, as it may be


def test_a_text_that_is_not_per_language_says_how_to_write_it() -> None:
    """``label = "Phone"`` is told what to write instead."""
    text, line = changed('label.nl = "Telefoon"\nlabel.en = "Phone"', 'label = "Phone"')
    [problem] = problems_of(text)
    assert (problem.line, problem.path) == (line, "fields.1.label")
    assert "per language" in problem.reason


@pytest.mark.parametrize(
    ("old", "new", "path", "reason"),
    [
        ('kind = "phone"', 'kind = "email"', "fields.1.editable", "has its own way"),
        ("tier = 1\neditable", "tier = 2\neditable", "fields.1.editable", "tier 0 or 1"),
        ("editable = true", "editable = true\nshown = false", "fields.1.editable", "be shown"),
        ('kind = "phone"', 'kind = "rows"', "fields.1.columns", "needs columns"),
        ('kind = "rows"', 'kind = "text"', "fields.2.columns", "kind rows only"),
    ],
)
def test_what_does_not_go_together_is_refused(old: str, new: str, path: str, reason: str) -> None:
    """An address that could be corrected like a phone number would be a way to take it over."""
    text, _ = changed(old, new)
    assert [one for one in problems_of(text) if one.path == path and reason in one.reason]


GROUP = """
[[groups]]
id = "topics"
label = { nl = "Onze e-mails", en = "Our e-mails" }
"""
SECOND = """
[[purposes]]
id = "offers"
activity = "newsletter"
group = "topics"
label = { nl = "Aanbiedingen", en = "Offers" }
description = { nl = "Soms.", en = "Now and then." }
wording = { nl = "Stuur mij aanbiedingen.", en = "Send me offers." }
"""
GROUPED = REGISTER.replace('id = "news"', 'id = "news"\ngroup = "topics"') + SECOND + GROUP


def test_purposes_stand_under_one_heading() -> None:
    """Topics of one thing, by a group of their own."""
    register = read_register(GROUPED, LANGUAGES)
    assert [one.group for one in register.purposes] == ["topics", "topics"]
    assert register.group("topics").label == {"nl": "Onze e-mails", "en": "Our e-mails"}


@pytest.mark.parametrize(
    ("old", "new", "path", "reason"),
    [
        (SECOND, "", "groups.0.id", "one purpose has group = 'topics': it takes two"),
        ('group = "topics"', 'group = "topic"', "purposes.0.group", "did you mean topics?"),
        ('nl = "Onze e-mails", ', "", "groups.0.label", "no Dutch text"),
        (GROUP, GROUP + GROUP, "groups.1.id", "'topics' stands twice"),
    ],
)
def test_a_group_of_one_or_of_nothing_or_without_words_is_told(
    old: str, new: str, path: str, reason: str
) -> None:
    """A heading over one purpose would say nothing; one that is not there says less."""
    text = GROUPED.replace(old, new, 1)
    [problem] = [one for one in problems_of(text) if one.path == path]
    assert reason in problem.reason
    assert text.splitlines()[problem.line - 1].strip().startswith(("id", "group", "label"))


def test_all_faults_are_told_at_once_in_the_order_of_the_file() -> None:
    """Shape, doubles, references and unknown keys: one reading, sorted by line."""
    text = REGISTER.replace('id = "news"', 'id = "NEWS"')
    text = text.replace('activity = "orders"', 'activity = "gone"')
    text = text.replace('id = "order_history"', 'id = "contact"')
    text = text.replace("required = true", "requird = true")
    problems = problems_of(text)
    assert [problem.path for problem in problems] == [
        "categories.1.id",
        "fields.0.requird",
        "fields.1.activity",
        "fields.2.activity",
        "fields.2.category",
        "purposes.0.id",
    ]
    assert [problem.line for problem in problems] == sorted(one.line for one in problems)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[[activities]]\nid = \n", 2),
        ("[[activities]]\nid = nieuws\n", 2),
        ('[[activities]]\nid = "a"\nid = "b"\n', 3),
        ('[[activities]]\nid = """never closed\n\n', 3),
        ("a = " + "[" * 5000 + "]" * 5000, 1),
        ("a = " + "9" * 5000, 1),
        ("a = 2026-13-45", 1),
        ("", 1),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(text: str, line: int) -> None:
    """Syntax errors stop the reading, and name a line of the file."""
    assert problems_of(text)[0].line == line


def test_a_list_with_one_faulty_item_is_not_called_empty() -> None:
    """The fault of the item is told, and nothing that follows from it."""
    text = REGISTER.replace('id = "order_history"', 'id = "order history"')
    text = text.replace('id = "contact"', 'id = "Contact"')
    assert "categories" not in {problem.path for problem in problems_of(text)}


def test_an_empty_file_lacks_all_its_parts() -> None:
    """Purposes may be missing; the rest may not."""
    assert {one.path for one in problems_of("")} == {"activities", "categories", "fields"}


SOURCE_LINES = REGISTER.splitlines(keepends=True)
PIECES = [
    "", "[[fields]]\n", "[fields]\n", "[activities.name]\n", 'id = "email"\n', "id = 3\n",
    'label = "x"\n', "label = { nl = 1 }\n", "= =\n", '"""\n', "x.y.z = []\n", "fields = 3\n",
    "kind = [1, { a = 2 }]\n", "\x00\n", "tier = inf\n", "tier = nan\n", "why = {}\n",
    "columns = { a = { nl = 'x' } }\n", "\u2028", "'a b'.\"c\\n\" = 1979-05-27\n", "[[[\n",
]  # fmt: skip


@given(
    at=st.integers(0, len(SOURCE_LINES) - 1),
    until=st.integers(0, 3),
    piece=st.sampled_from(PIECES) | st.sampled_from(SOURCE_LINES) | st.text(max_size=20),
)
@example(at=0, until=0, piece="fields = 3\n")
def test_any_change_of_a_register_loads_or_gives_problems_within_the_file(
    at: int, until: int, piece: str
) -> None:
    """Whatever happens to some lines, the reader answers, and points inside the file."""
    text = "".join([*SOURCE_LINES[:at], piece, *SOURCE_LINES[at + until :]])
    last = max(1, text.count("\n") + 1)
    assert all(1 <= one.line <= last and one.reason for one in problems_or_none(text))


@given(st.text(max_size=200))
def test_any_text_at_all_is_answered(text: str) -> None:
    """No text makes the reader fail in another way than by a `RegisterError`."""
    with pytest.raises(RegisterError) as caught:
        read_register(text, LANGUAGES)
    assert caught.value.problems


@pytest.mark.parametrize(
    ("old", "new", "path", "reason"),
    [
        ('vcard = "tel"', 'vcard = "phone"', "fields.1.vcard", "must be one of"),
        ('how = { nl = "Bel ons.", en = "Call us." }', "", "elsewhere.0.how", "is missing"),
        ('how = { nl = "Bel ons.", ', "how = { ", "elsewhere.0.how", "no Dutch text"),
        ('{ nl = "De computer kiest.", ', "{ ", "activities.1.automated", "no Dutch text"),
    ],
)
def test_a_fault_in_what_access_tells_of_is_told_with_its_line(
    old: str, new: str, path: str, reason: str
) -> None:
    text, line = changed(old, new)
    found = problems_of(text)

    assert [one.path for one in found] == [path]
    assert reason in found[0].reason
    assert found[0].line <= line


def test_two_systems_elsewhere_have_two_names() -> None:
    binder = REGISTER[REGISTER.index("[[elsewhere]]") :]
    (found,) = problems_of(REGISTER + "\n" + binder)

    assert (found.path, found.reason) == ("elsewhere.1.id", "'binder' stands twice")
