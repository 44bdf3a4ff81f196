"""E8: every decision is kept as it was taken, and any past state can be put together from it."""

import hashlib

from sqlalchemy import event, select

from portal.consent.record import history_of
from portal.consent.sources import Method
from portal.demo.settings import CONFIG
from portal.store.tables import Consent
from tests.footers import one_click, token_of
from tests.mailings import decide as decide_on_page
from tests.mailings import send, undo
from tests.portals import Office


def sha256(told: str) -> str:
    return hashlib.sha256(told.encode()).hexdigest()


def test_e8_the_history_tells_how_by_whom_to_which_words_and_under_which_statement(
    office: Office,
) -> None:
    marijke = office.visitor().sign_in(office)
    place = decide_on_page(marijke, "newsletter", "no").location
    undo(marijke, place)
    office.clock.advance(minutes=1)
    office.visitor().post(f"/u/{token_of(office, mailing='offers')}")
    one_click(office, token_of(office, mailing="workshops"))

    with office.database.reading() as db:
        (subject_id,) = set(db.scalars(select(Consent.subject_id)))
        entries = history_of(db, subject_id)
    assert [(one.purpose, one.granted, one.method, one.actor) for one in entries] == [
        ("workshops", False, Method.ONE_CLICK, "link"),
        ("offers", False, Method.FOOTER_LINK, "link"),
        ("newsletter", True, Method.UNDO, "subscriber"),
        ("newsletter", False, Method.PAGE, "subscriber"),
    ]
    statement = sha256((CONFIG / "register.toml").read_text("utf-8"))
    assert {one.statement_hash for one in entries} == {statement}
    assert all(one.wording_hash == sha256(one.wording) for one in entries)


def test_e8_she_sees_it_newest_first_in_the_language_of_each_decision(office: Office) -> None:
    marijke = office.visitor().sign_in(office)
    empty = marijke.get("/me/consents/history")
    assert "You have decided nothing here yet" in empty.text
    decide_on_page(marijke, "newsletter", "no")
    office.clock.advance(minutes=1)
    send(marijke, "/me/consents?lang=nl", purpose="offers", granted="no")

    page = marijke.get("/me/consents/history")
    assert page.text.index("Offers") < page.text.index("Newsletter")
    assert '<p lang="nl">“Omdat u bij ons kocht' in page.text
    assert '<p lang="en">“Yes, send me the monthly newsletter' in page.text
    assert "2 March 2026 13:01, on this page. By: you." in page.text
    assert sha256("Yes, send me the monthly newsletter with gardening tips.") in page.text
    assert "/me/consents/history" in marijke.get("/me/consents").text


def test_e8_a_stop_taken_back_is_called_that_and_no_new_permission(office: Office) -> None:
    marijke = office.visitor().sign_in(office)
    undo(marijke, decide_on_page(marijke, "newsletter", "no").location)
    office.work()
    office.clock.advance(minutes=1)
    page = office.visitor().post(f"/u/{token_of(office, mailing='offers')}")
    office.visitor().post("/u/undo", undo=page.fields["undo"])

    asked = marijke.get("/me/requests").text
    assert asked.count("A stop taken back") == 2
    assert "Permission given" not in asked
    history = marijke.get("/me/consents/history").text
    assert history.count("a stop taken back") == 2
    assert '<span class="tag good">on</span>' not in history


def test_e8_no_decision_is_ever_changed_or_removed(office: Office) -> None:
    """Whatever she does, the table is only added to."""
    seen: list[str] = []

    def listen(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if "consents" in statement and statement.lstrip().startswith("UPDATE"):
            seen.append(statement)

    event.listen(office.database.engine, "before_cursor_execute", listen)
    marijke = office.visitor().sign_in(office, goal="erase")
    undo(marijke, send(marijke, "/me/consents/stop").location)
    decide_on_page(marijke, "newsletter", "no")
    decide_on_page(marijke, "newsletter", "yes")
    marijke.submit(marijke.get("/me/erase"), "/me/erase")
    office.work()
    office.clock.advance(days=40)
    office.portal.schedule.arm()
    office.work()
    assert seen == []
    with office.database.reading() as db:
        numbers = db.scalars(select(Consent.id).order_by(Consent.id)).all()
    assert numbers == [*range(1, 9)], "three stops, three put back, a stop and a yes"
