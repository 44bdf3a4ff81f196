"""C4, C9: a correction is of the register's fields and no others, and no value is ever markup."""

import re
from collections.abc import Sequence
from html import escape
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.adapters.contract import Change, Outcome, Ref
from tests.portals import Office, Visitor

HERS = ("first_name", "last_name", "street", "house_number", "city", "delivery_note")
NOT_HERS = (
    "id",
    "email",
    "customer_number",
    "source",
    "restricted",
    "version",
    "orders",
    "notes",
    "newsletter",
    "offers",
    "consents",
    "tier",
    "subject_id",
    "phone[]",
    "phone.raw",
    "phone[value]",
    "birth_date-hour",
    "birth_date-day-day",
    "use-",
    "use-email",
    "__proto__",
    "PHONE",
)
PRINTED = st.characters(codec="utf-8", exclude_categories=("C", "Z"))
WORDS = st.text(PRINTED, min_size=1, max_size=20)
PAYLOADS = (
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    "</textarea></select></title><svg/onload=alert(1)>",
    '=HYPERLINK("http://evil.example","x")',
    "{{7*7}}${7*7}<%=7*7%>",
    "javascript:alert(1)",
)


@given(more=st.dictionaries(st.one_of(st.sampled_from(NOT_HERS), st.text(max_size=30)), WORDS))
@settings(max_examples=60)
def test_c4_a_form_with_any_other_key_is_refused_whole(
    session_office: Office, signed_in: Visitor, more: dict[str, str]
) -> None:
    form = signed_in.get("/me/correct")
    known = {*form.fields, "birth_date", *(f"use-{name}" for name in form.fields)}
    strange = {name: value for name, value in more.items() if name not in known}
    if not strange:
        return

    answer = signed_in.send(
        "/me/correct", data={**form.fields, "phone": "06 10004820", **strange, "step": "save"}
    )

    assert answer.status == 400, strange
    assert session_office.contact()["phone"] == "06-1000482"


@given(typed=st.dictionaries(st.sampled_from(HERS), WORDS, min_size=1))
@settings(max_examples=25)
def test_c4_the_adapter_sees_what_she_changed_of_the_register_and_nothing_else(
    session_office: Office, signed_in: Visitor, typed: dict[str, str]
) -> None:
    written: list[Change] = []
    (adapter,) = session_office.portal.adapters.values()

    def write(_ref: Ref, changes: Sequence[Change], *, key: str) -> Outcome:
        written.extend(changes)
        return Outcome.DONE

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adapter, "write", write)
        page = signed_in.submit(signed_in.get("/me/correct"), "/me/correct", **typed)
        if page.heading == "Is this right?":
            signed_in.post("/me/correct", **{**page.fields, "step": "save"})
        session_office.work()

    editable = {field.id for field in session_office.portal.register.editable}
    assert {change.field for change in written} <= set(typed) <= editable
    assert {change.field: change.value for change in written}.items() <= typed.items()


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("frame", [None, "demo"])
def test_c9_no_value_is_markup_on_any_page(office: Office, payload: str, frame: str | None) -> None:
    """First as the CRM holds it, in every column of text; then as she types it."""
    for column in ("first_name", "last_name", "phone", "street", "house_number", "postal_code"):
        office.crm(f"UPDATE contacts SET {column} = ? WHERE id = 1", payload)
    for column in ("city", "country", "birth_date", "source", "language", "customer_number"):
        office.crm(f"UPDATE contacts SET {column} = ? WHERE id = 1", payload)
    office.crm("UPDATE notes SET text = ? WHERE contact_id = 1", payload)
    visitor = office.visitor(frame=frame).sign_in(office)
    overview, form = visitor.get("/me"), visitor.get("/me/correct")
    checked = visitor.submit(form, "/me/correct", city=f"{payload}!", delivery_note=payload)
    assert checked.heading == "Is this right?", "what is odd and was left alone is no error"
    office.crm("UPDATE contacts SET city = ? WHERE id = 1", f"{payload}?")
    conflict = visitor.post("/me/correct", **{**checked.fields, "step": "save"})
    assert conflict.status == 409
    again = visitor.submit(conflict, "/me/correct", **{"use-city": "mine"})
    saved = visitor.post("/me/correct", **{**again.fields, "step": "save"})
    office.crm("UPDATE contacts SET delivery_note = ? WHERE id = 1", f"{payload}#")
    office.work()
    progress, choice = visitor.get(saved.location), visitor.get(f"{saved.location}/choose")
    wrong = visitor.submit(form, "/me/correct", phone=payload + "x", country="x")
    assert wrong.status == 422

    pages = (overview, form, checked, conflict, again, progress, choice, wrong)
    for page in pages:
        assert_harmless(page.text, payload)
    for page in (overview, form, checked, conflict, choice):
        assert shown_as_text(page.text, payload), page.heading


def assert_harmless(body: str, payload: str) -> None:
    assert payload not in body or not re.search("[<>\"']", payload)
    assert not re.search(r"<(script|img|svg)[^>]*(alert|onerror|onload)", body)
    assert "<script>" not in body, "ours all have a nonce"
    assert not re.search(r'(href|src|action)="javascript:', body)
    assert "49" not in re.findall(r"<dd>([^<]*)", body)


def shown_as_text(body: str, payload: str) -> bool:
    spellings: list[Any] = [escape(payload), escape(payload).replace("&#x27;", "&#39;")]
    return any(one.replace("&quot;", "&#34;") in body or one in body for one in spellings)
