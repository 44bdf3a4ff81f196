"""Other doors: a person is asked without a code, and nothing is told of whom we know."""

import re
from typing import Any

import pytest
from sqlalchemy import event

from portal.store.tables import Case
from tests.portals import MARIJKE, STRANGER, Office, Page, Visitor

QUESTION = {"message": "Where do you keep my data?", "contact": "06 1234 5678", "name": "M."}
NO_MAILBOX = {**QUESTION, "address": "old@example.org"}


def knock(visitor: Visitor, path: str, **fields: str) -> Page:
    return visitor.submit(visitor.get(path), path, **fields)


def only(office: Office) -> Any:
    with office.database.reading() as db:
        (case,) = db.query(Case)
    return case


@pytest.mark.parametrize(
    ("path", "fields", "kind"),
    [("/question", QUESTION, "question"), ("/no-mailbox", NO_MAILBOX, "no_mailbox")],
)
def test_a_stranger_gets_a_number_and_a_day_and_the_clock_runs(
    office: Office, path: str, fields: dict[str, str], kind: str
) -> None:
    visitor = office.visitor()
    receipt = visitor.get(knock(visitor, path, **fields).location)

    case = only(office)
    assert (case.kind, case.site, case.subject_id) == (kind, "demo", None)
    assert case.reference in receipt.text
    assert "2 April 2026" in receipt.text
    assert "0345 - 00 01 23" in receipt.text
    assert not any(value in receipt.text for value in (*fields.values(),) if len(value) > 3)
    written = office.portal.services.rights.cases.written(case)
    assert written is not None
    assert (written.message, written.contact) == (fields["message"], "M., 06 1234 5678")
    assert written.address == fields.get("address", "")


def test_the_first_page_leads_to_the_question_and_to_whoever_cannot_open_a_mailbox(
    office: Office,
) -> None:
    visitor = office.visitor()
    first = visitor.get("/")
    assert "/no-mailbox?site=demo" in first.text
    asked = visitor.submit(first, "/signin", goal="question")
    assert asked.heading == "Ask us"
    assert visitor.submit(asked, "/question", **QUESTION).status == 303
    assert "/no-mailbox?site=demo" in visitor.ask().text
    assert "/no-mailbox?site=demo" in visitor.get("/me").text, "also where something went wrong"


def test_no_copy_of_an_identity_document_is_asked_for_and_there_is_nowhere_to_put_one(
    office: Office,
) -> None:
    page = office.visitor().get("/no-mailbox")

    assert "Do not send a copy of your passport" in page.text
    assert 'type="file"' not in page.text
    assert "multipart" not in page.text


def test_whether_an_address_is_known_shows_in_no_byte_and_in_no_statement(office: Office) -> None:
    told = []
    for address in (MARIJKE, STRANGER):
        statements: list[str] = []

        def note(
            _c: Any, _u: Any, statement: str, *_more: Any, kept: list[str] = statements
        ) -> None:
            kept.append(statement)

        visitor = office.visitor()
        event.listen(office.database.engine, "before_cursor_execute", note)
        try:
            answer = knock(visitor, "/no-mailbox", **{**NO_MAILBOX, "address": address})
        finally:
            event.remove(office.database.engine, "before_cursor_execute", note)
        receipt = visitor.get(answer.location).text
        number = answer.location.rpartition("/")[2].partition("?")[0]
        same = re.sub(r'nonce="[^"]+"', "", receipt).replace(number, "NUMBER")
        told.append((answer.status, same, statements))

    assert told[0] == told[1]
    assert office.mails() == [], "and nobody is mailed"


@pytest.mark.parametrize("missing", ["message", "contact", "address"])
def test_what_is_missing_is_said_beside_the_field_and_the_rest_stays(
    office: Office, missing: str
) -> None:
    page = knock(office.visitor(), "/no-mailbox", **{**NO_MAILBOX, missing: " "})

    assert page.status == 422
    assert f'id="{missing}-fault"' in page.text
    assert all(value in page.text for name, value in NO_MAILBOX.items() if name != missing)


@pytest.mark.parametrize("path", ["/question", "/no-mailbox"])
@pytest.mark.parametrize("value", ["a\0b", "x" * 4001])
def test_hostile_input_is_refused_with_the_form_kept(office: Office, path: str, value: str) -> None:
    fields = NO_MAILBOX if path == "/no-mailbox" else QUESTION
    for field in fields:
        assert knock(office.visitor(), path, **{**fields, field: value}).status == 422


def test_doors_have_the_measure_of_a_network_and_keep_what_was_typed(office: Office) -> None:
    visitor = office.visitor()
    for _ in range(20):
        assert knock(visitor, "/question", **QUESTION).status == 303

    page = knock(visitor, "/no-mailbox", **NO_MAILBOX)

    assert page.status == 429
    assert "That was often enough for now" in page.text
    assert NO_MAILBOX["message"] in page.text
    with office.database.reading() as db:
        assert db.query(Case).count() == 20


def test_a_receipt_that_does_not_exist_is_a_page_that_does_not_exist(office: Office) -> None:
    assert office.visitor().get("/received/ABCD-EF23-GH45").status == 404
    assert office.visitor().get("/received/%00").status == 404


def test_in_the_frame_the_doors_work_as_in_a_tab(office: Office) -> None:
    visitor = office.visitor(frame="demo")
    answer = visitor.submit(visitor.get("/question"), "/question", **QUESTION)

    assert "2 April 2026" in visitor.get(answer.location).text
