"""Cases at the desk: shown escaped, read on the record, and closed."""

from portal.rights.cases.casebook import CaseKind
from portal.store.tables import Case
from tests.desks import add_operator, ledger, sit_down
from tests.portals import Office, Visitor

HOSTILE = "<script>alert(1)</script> {{7*7}} {% raw %} \u202e=cmd|' /C calc'!A0"


def ask(office: Office, message: str = HOSTILE) -> str:
    visitor = office.visitor()
    answer = visitor.submit(
        visitor.get("/question"), "/question", message=message, contact="<b>a@b.example</b>"
    )
    return answer.location.rpartition("/")[2].partition("?")[0]


def at_the_desk(office: Office) -> Visitor:
    return sit_down(office, add_operator(office))


def test_open_cases_stand_on_the_desk_the_most_urgent_first(office: Office) -> None:
    first = ask(office)
    office.clock.advance(days=3)
    second = ask(office)
    anna = at_the_desk(office)

    page = anna.get("/operator")

    assert page.heading == "2 things need you"
    assert page.text.index(first) < page.text.index(second)
    assert "28 days left" in page.text
    assert "31 days left" in page.text
    assert "alert(1)" not in page.text, "what was written is for whoever opens it"


def test_what_was_written_is_shown_as_it_was_written_and_does_nothing(office: Office) -> None:
    reference = ask(office)

    page = at_the_desk(office).get(f"/operator/cases/{reference}")

    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{7*7}} {% raw %}" in page.text
    assert "&lt;b&gt;a@b.example&lt;/b&gt;" in page.text
    assert "<script>alert" not in page.text


def test_c13_every_look_at_a_case_is_in_the_ledger_before_it_is_on_the_screen(
    office: Office,
) -> None:
    reference = ask(office)
    anna = at_the_desk(office)
    anna.get(f"/operator/cases/{reference}")

    (look,) = [one for one in ledger(office) if one.event == "case_looked"]
    assert look.facts == {"operator": 1, "case": reference, "kind": "question"}


def test_a_case_is_answered_and_closed_and_leaves_the_desk(office: Office) -> None:
    reference = ask(office)
    anna = at_the_desk(office)
    page = anna.get(f"/operator/cases/{reference}")
    answered = anna.submit(page, f"/operator/cases/{reference}/answered")
    page = anna.get(answered.location)
    assert "Noted:" in page.text
    fields = {"csrf_token": page.fields["csrf_token"]}
    assert anna.post(f"/operator/cases/{reference}/close", **fields).status == 422
    assert anna.post(f"/operator/cases/{reference}/close", **fields, outcome="no").status == 400

    closed = anna.post(f"/operator/cases/{reference}/close", **fields, outcome="done")

    page = anna.get(closed.location)
    assert "The case is closed." in page.text
    assert page.heading == "Nothing needs you"
    again = anna.post(f"/operator/cases/{reference}/close", **fields, outcome="done")
    assert "done=gone" in again.location
    events = [one.event for one in ledger(office) if one.event.startswith("case_")]
    assert events.count("case_closed") == events.count("case_answered") == 1


def test_whoever_is_no_operator_sees_no_case_and_closes_none(office: Office) -> None:
    reference = ask(office)
    stranger = office.visitor().sign_in(office)

    assert stranger.get(f"/operator/cases/{reference}").status == 401
    assert stranger.post(f"/operator/cases/{reference}/close", outcome="done").status in {400, 401}
    with office.database.reading() as db:
        assert db.query(Case).one().closed_at is None


def test_a_case_that_does_not_exist_is_not_there(office: Office) -> None:
    anna = at_the_desk(office)

    assert anna.get("/operator/cases/ABCD-EF23-GH45").status == 404
    assert anna.get("/operator/cases/%00").status == 404


def test_there_are_words_for_every_kind_of_case(office: Office) -> None:
    anna = at_the_desk(office)
    for kind in CaseKind:
        with office.database.unit("test") as unit:
            reference = office.portal.services.rights.cases.open(
                unit, kind, site="demo", locale="nl"
            )
            unit.commit()
        page = anna.get(f"/operator/cases/{reference}")
        assert f"<code>{kind}</code>" not in page.text
        assert '<div class="sheet"><p></p>' not in page.text
