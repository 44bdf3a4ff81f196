"""Item 7: one click stops, and for ten minutes one click puts back exactly what it turned off."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, text

from portal.consent.sources import NO_OPT_IN
from portal.rights.mailings import stop
from portal.rights.mailings import undo as undoing
from portal.store.tables import Consent
from tests.footers import HENDRIK, rights
from tests.less_and_pause import begin
from tests.mailings import decide, decided, means, send, state, undo
from tests.portals import Office, Visitor

MAILINGS = ("newsletter", "offers", "workshops")


@pytest.fixture(params=[None, "demo"])
def marijke(office: Office, request: pytest.FixtureRequest) -> Visitor:
    """In a tab, and in the frame."""
    return office.visitor(frame=request.param).sign_in(office)


def test_c6_a_stop_is_taken_back_on_its_own_page_and_nobody_is_mailed(
    office: Office, marijke: Visitor
) -> None:
    before, mails = state(office), len(office.mails())
    place = decide(marijke, "newsletter", "no").location
    page = marijke.get(place)
    assert ">Undo</button>" in page.text
    assert "you can put it back as it was" in marijke.get("/me/consents").text
    office.work()
    assert state(office) == {**before, (1, "newsletter"): 0}

    back = undo(marijke, place)
    office.work()

    assert "Yes, it is done" in marijke.get(back.location).text
    assert state(office) == before
    assert len(office.mails()) == mails
    assert [one.source for one in decided(office)] == ["portal", "portal:undo"]
    assert ">Undo</button>" not in marijke.get(place).text


def held(office: Office) -> list[dict[str, object]]:
    """Everything that the CRM holds about her mailings, dates and sources and all."""
    rows = office.crm("SELECT * FROM subscriptions WHERE contact_id = 1 ORDER BY mailing")
    # The same moment, whether it was written with its fractions or without.
    return [{**row, "changed_at": str(row["changed_at"]).removesuffix(".000000")} for row in rows]


def test_c6_what_the_crm_holds_afterwards_is_what_it_held_before(
    office: Office, marijke: Visitor
) -> None:
    """Her consent is the one that she gave then; the record says that a stop was taken back."""
    office.crm("UPDATE subscriptions SET source = NULL WHERE mailing = 'workshops'")
    before = held(office)
    place = send(marijke, "/me/consents/stop").location
    office.work()
    assert held(office) != before

    undo(marijke, place)
    office.work()

    assert held(office) == before
    given = [one for one in decided(office) if one.granted]
    assert {(one.source, one.method) for one in given} == {("portal:undo", "undo")}
    assert len(decided(office)) == 6, "what was decided stays in the record"


def test_c6_a_break_that_is_taken_back_leaves_no_trace_in_the_crm_either(office: Office) -> None:
    visitor = office.visitor().sign_in(office)
    before = held(office)
    place = begin(visitor, "1").location
    office.work()
    undo(visitor, place)
    office.work()
    assert held(office) == before


def test_c6_the_evidence_is_another_and_fails_without_what_stood_there(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""
    monkeypatch.setattr(stop, "stood_before", lambda *_: {})
    visitor = office.visitor().sign_in(office)
    before = held(office)
    place = decide(visitor, "newsletter", "no").location
    office.work()
    undo(visitor, place)
    office.work()
    with pytest.raises(AssertionError):
        assert held(office) == before


def test_c6_everything_is_stopped_by_one_click_and_put_back_by_one(
    office: Office, marijke: Visitor
) -> None:
    before = state(office)
    assert all(before.values())
    assert ">Stop everything</button>" in marijke.get("/me/consents").text

    place = send(marijke, "/me/consents/stop").location
    office.work()
    assert not any(state(office).values())
    assert sorted(rights(office)) == ["object", "withdraw", "withdraw"]
    page = marijke.get(place)
    assert page.text.count(">Undo</button>") == 1
    assert "Stopped with it" in page.text
    assert ">Stop everything</button>" not in marijke.get("/me/consents").text

    assert undo(marijke, place).status in {200, 303}
    office.work()
    assert state(office) == before


def test_with_one_left_there_is_no_stop_everything(office: Office, marijke: Visitor) -> None:
    decide(marijke, "newsletter", "no")
    decide(marijke, "offers", "no")
    office.work()

    assert "Stop everything" not in marijke.get("/me/consents").text


def test_stop_everything_with_nothing_on_does_nothing(office: Office, marijke: Visitor) -> None:
    office.crm("UPDATE subscriptions SET active = 0")

    assert send(marijke, "/me/consents/stop").location.startswith("/me/consents")
    assert rights(office) == []


@given(
    former=st.dictionaries(
        st.tuples(st.sampled_from([4, 5]), st.sampled_from(MAILINGS)), st.sampled_from([0, 1])
    ),
    clicks=st.lists(st.sampled_from([*MAILINGS, "everything"]), min_size=1, max_size=3),
    delivered=st.booleans(),
)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_c6_whatever_stood_there_before_is_exactly_what_an_undo_restores(
    office: Office, former: dict[tuple[int, str], int], clicks: list[str], delivered: bool
) -> None:
    """Two records, three mailings, each on, off or unsaid; the last undone first."""
    office.clock.advance(days=1)
    office.crm(
        "DELETE FROM subscriptions WHERE contact_id IN (4, 5)",
    )
    for (record, mailing), active in former.items():
        office.crm(
            "INSERT INTO subscriptions VALUES (?, ?, ?, '2020-01-01 10:00:00', NULL, NULL, 91)",
            record,
            mailing,
            active,
        )
    with office.database.unit("test") as unit:
        unit.session.execute(delete(Consent))
        unit.commit()
    before = means(state(office, HENDRIK), (4, 5), MAILINGS)
    visitor = office.visitor().sign_in(office, HENDRIK)

    places = []
    for click in clicks:
        if click == "everything":
            answer = send(visitor, "/me/consents/stop")
        else:
            answer = decide(visitor, click, "no")
        if "/me/requests/" in answer.location:
            places.append(answer.location)
        if delivered:
            office.work()
    office.work()
    stopped = means(state(office, HENDRIK), (4, 5), MAILINGS)
    assert not any(on for (_, mailing), on in stopped.items() if mailing in clicks)
    for place in reversed(places):
        undo(visitor, place)
        if delivered:
            office.work()
    office.work()

    assert means(state(office, HENDRIK), (4, 5), MAILINGS) == before


def test_c6_a_double_click_is_one_stop_with_one_undo(office: Office, marijke: Visitor) -> None:
    before = state(office)
    places = {decide(marijke, "newsletter", "no").location for _ in range(3)}
    office.work()

    assert len(places) == 1
    assert rights(office) == ["withdraw"]
    undo(marijke, places.pop())
    office.work()
    assert state(office) == before


def test_c6_an_undo_works_once_and_for_ten_minutes(office: Office, marijke: Visitor) -> None:
    place = decide(marijke, "newsletter", "no").location
    assert undo(marijke, place).status in {200, 303}
    office.work()
    assert undo(marijke, place).status == 410

    place = decide(marijke, "newsletter", "no").location
    office.clock.advance(minutes=10)
    assert undo(marijke, place).status == 410
    office.work()
    assert state(office)[1, "newsletter"] == 0
    assert ">Undo</button>" not in marijke.get(place).text


def test_c6_what_was_decided_since_stands_and_the_rest_of_the_click_is_put_back(
    office: Office, marijke: Visitor
) -> None:
    before = state(office)
    place = send(marijke, "/me/consents/stop").location
    office.work()
    office.clock.advance(minutes=1)
    decide(marijke, "offers", "yes")
    again = decide(marijke, "offers", "no").location
    office.work()

    undo(marijke, place)
    office.work()
    assert state(office) == {**before, (1, "offers"): 0}
    undo(marijke, again)
    office.work()
    assert state(office) == before


def test_c6_nobody_undoes_the_stop_of_somebody_else(office: Office, marijke: Visitor) -> None:
    place = decide(marijke, "newsletter", "no").location
    hendrik = office.visitor().sign_in(office, HENDRIK)

    assert undo(hendrik, place).status == 410
    for made_up in ("", "x", "\0"):
        assert send(hendrik, "/me/consents/undo", stop=made_up).status == 410
    office.work()
    assert state(office)[1, "newsletter"] == 0


def test_of_a_system_that_is_away_it_is_not_known_what_to_put_back(
    office: Office, marijke: Visitor
) -> None:
    away = office.crm_file.with_name("away")
    for adapter in office.portal.adapters.values():
        adapter.close()
    office.crm_file.rename(away)
    place = decide(marijke, "newsletter", "no").location
    assert ">Undo</button>" not in marijke.get(place).text
    away.rename(office.crm_file)
    office.clock.advance(minutes=9)
    office.work()

    assert state(office)[1, "newsletter"] == 0
    assert undo(marijke, place).status == 410


def test_c6_what_takes_a_stop_back_is_sealed_and_forgotten(office: Office) -> None:
    marijke = office.visitor().sign_in(office)
    decide(marijke, "newsletter", "no")
    with office.database.reading() as db:
        (row,) = db.execute(text("SELECT * FROM recalls")).mappings()
    assert b"marijke" not in bytes(row["sealed"]).lower()
    office.clock.advance(hours=2)
    office.portal.schedule.arm()
    office.work()
    with office.database.reading() as db:
        assert not db.execute(text("SELECT * FROM recalls")).all()


def test_c6_fails_without_its_end(
    office: Office, marijke: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undoing, "LASTS", undoing.LASTS * 100)

    with pytest.raises(AssertionError):
        test_c6_an_undo_works_once_and_for_ten_minutes(office, marijke)


def test_an_undo_is_no_opt_in() -> None:
    assert {"portal:undo", "footer-undo"} <= NO_OPT_IN
