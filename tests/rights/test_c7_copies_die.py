"""C7: a copy is hers alone, for a day, and then nothing opens what is left of it."""

from datetime import timedelta

import pytest

from portal.domain.terms import WORK
from portal.rights.copies import keeping
from portal.rights.copies.keeping import LIVING
from portal.store.files import LogCut
from portal.store.tables import Copy
from portal.store.vault import CannotUnseal
from tests.movings import HOURS, NEW, pending
from tests.portals import MARIJKE, Office
from tests.recovering import Recovering, file_of, must_fail
from tests.rights.copying import HENDRIK, make, take, told, wants_a_copy

FORMS = ("json", "csv", "vcard", "zip")


def rows(office: Office) -> list[Copy]:
    with office.database.reading() as db:
        return db.query(Copy).order_by(Copy.id).all()


def test_c7_a_copy_is_taken_as_often_as_she_likes_within_its_day(office: Office) -> None:
    visitor = wants_a_copy(office)
    copy = make(visitor)

    for form in (*FORMS, *FORMS):
        answer = take(visitor, copy, form)
        assert answer.status == 200
        assert answer.response.headers["Cache-Control"] == "no-store"
        assert answer.response.headers["Content-Disposition"].startswith("attachment")
    read = visitor.get(f"{copy}/read")
    assert "Marijke" in read.text
    assert read.response.headers["Cache-Control"] == "no-store"
    assert office.events().count("copy_taken") == 8
    assert len(office.mails()) == 1, "never mailed"


def test_c7_looking_takes_nothing_along_and_changes_nothing(office: Office) -> None:
    visitor = wants_a_copy(office)
    copy = make(visitor)
    before = office.events()

    for path in (copy, f"{copy}/read", "/me/export"):
        assert visitor.get(path).status == 200
    assert visitor.get(copy, query_string={"form": "json"}).response.mimetype == "text/html"

    assert office.events() == before


def test_c7_of_another_subscriber_or_site_there_is_no_such_copy(office: Office) -> None:
    copy = make(wants_a_copy(office))
    hendrik = wants_a_copy(office, HENDRIK)
    elsewhere = office.visitor()
    asked = elsewhere.ask(MARIJKE, goal="copy", site="other")
    elsewhere.submit(asked, "/signin/code", code=office.next_mail().code)
    assert "Wholesale" in elsewhere.get("/me").text

    for stranger in (hendrik, elsewhere):
        token = stranger.get("/me/export").fields["csrf_token"]
        assert stranger.get(copy).status == 404
        assert stranger.get(f"{copy}/read").status == 404
        assert stranger.post(copy, csrf_token=token, form="json").status == 404
        assert copy not in stranger.get("/me/export").text
    assert office.events().count("copy_taken") == 0


def test_c7_a_mailbox_that_is_hers_since_just_now_opens_no_copy_of_before(office: Office) -> None:
    pending(office)
    office.clock.advance(hours=HOURS - 1)
    copy = make(wants_a_copy(office))
    office.clock.advance(hours=1)
    office.work()
    office.next_mail()
    office.next_mail()
    other = wants_a_copy(office, NEW)

    page = other.get("/me/export")
    assert copy not in page.text
    assert other.get(copy).location == "/me/export"
    assert other.get(f"{copy}/read").location == "/me/export"
    taken = other.post(copy, csrf_token=page.fields["csrf_token"], form="json")
    assert (taken.status, taken.location) == (303, "/me/export")
    assert office.events().count("copy_taken") == 0


@pytest.mark.parametrize("reference", ["nothing", "a\0b", "x" * 300, "..", "read"])
def test_c7_a_made_up_reference_is_none(office: Office, reference: str) -> None:
    visitor = wants_a_copy(office)

    assert visitor.get(f"/me/export/{reference}").status == 404


def test_c7_another_session_of_hers_proves_the_mailbox_first(office: Office) -> None:
    copy = make(wants_a_copy(office))
    other = office.visitor().sign_in(office)
    token = other.get("/me").fields["csrf_token"]

    for answer in (
        other.get(copy),
        other.get(f"{copy}/read"),
        other.post(copy, csrf_token=token, form="json"),
    ):
        assert answer.status == 403
        assert "Send me the e-mail" in answer.text
        assert "Marijke" not in answer.text
    confirmed = other.submit(other.get(copy), "/me/confirm")
    done = other.submit(other.get(confirmed.location), "/confirm", code=office.next_mail().code)

    assert done.location == "/me/export"
    assert copy in other.get("/me/export").text, "where she finds it again"
    assert told(other, copy)["email"] == MARIJKE


def test_c7_the_session_that_made_it_opens_it_also_when_its_proof_is_old(office: Office) -> None:
    visitor = wants_a_copy(office)
    copy = make(visitor)
    office.clock.advance(minutes=6)

    assert told(visitor, copy)["email"] == MARIJKE
    page = visitor.get("/me/export")
    assert page.heading == "First, one more e-mail"
    assert copy in page.text


def test_c7_the_frame_never_shows_a_copy(office: Office) -> None:
    copy = make(wants_a_copy(office))
    frame = office.visitor(frame="demo").sign_in(office)

    for path in (copy, f"{copy}/read"):
        answer = frame.get(path)
        assert answer.status == 403
        assert "Marijke" not in answer.text
    assert frame.post(copy, form="json").status == 403
    assert frame.post("/me/export", kind="copy").status == 403


def test_c7_a_copy_of_more_than_a_mailbox_is_not_opened_by_a_mailbox(office: Office) -> None:
    visitor = wants_a_copy(office)
    copy = make(visitor)
    with office.database.unit("test") as unit:
        unit.session.query(Copy).update({Copy.tier: 2})
        unit.commit()

    assert visitor.get(copy).status == 403
    assert copy not in visitor.get("/me/export").text


def test_c7_after_its_day_it_is_gone_and_the_page_says_what_to_do(office: Office) -> None:
    visitor = wants_a_copy(office)
    copy = make(visitor)
    office.clock.advance(hours=23, minutes=59)
    visitor = wants_a_copy(office)
    assert visitor.get(copy).status == 200

    office.clock.advance(minutes=1)

    token = visitor.get("/me/export").fields["csrf_token"]
    for answer in (
        visitor.get(copy),
        visitor.get(f"{copy}/read"),
        visitor.post(copy, csrf_token=token, form="zip"),
    ):
        assert answer.status == 410
        assert answer.heading == "This copy is no more"
        assert "/me/export" in answer.text
    assert copy not in visitor.get("/me/export").text


def test_c7_its_row_is_emptied_in_a_day_and_forgotten_in_a_month(office: Office) -> None:
    make(wants_a_copy(office))
    worker = office.portal.worker
    worker._do_chores()
    assert rows(office)[0].key_sealed

    office.clock.advance(hours=24)
    worker._do_chores()

    (row,) = rows(office)
    assert row.key_sealed is None
    assert row.content_sealed is None
    assert office.events()[-1] == "copy_destroyed"
    events = len(office.events())
    worker._do_chores()
    assert len(office.events()) == events, "once"
    office.clock.now = row.expires_at + WORK + timedelta(seconds=1)
    office.portal.schedule.arm()
    office.work()
    assert rows(office) == []


def test_c7_the_oldest_makes_room_and_nobody_fills_the_disk(office: Office) -> None:
    visitor = wants_a_copy(office)
    made = [make(visitor) for _ in range(LIVING + 2)]

    assert [visitor.get(copy).status for copy in made] == [410, 410, *[200] * LIVING]
    assert sum(row.key_sealed is not None for row in rows(office)) == LIVING


def test_c7_a_copy_whose_key_file_is_another_is_over(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = wants_a_copy(office)
    copy = make(visitor)
    monkeypatch.setattr(keeping, "SEALED_FOR", "something else")

    assert visitor.get(copy).status == 410


# --- what is left on disk -------------------------------------------------------------------------


def check_c7(recovering: Recovering) -> None:
    """Made, taken, its day is over, the log is cut: neither key nor content is in any file."""
    office = recovering.office
    visitor = wants_a_copy(office)
    copy = make(visitor)
    told(visitor, copy)
    (row,) = rows(office)
    canaries = [bytes(row.key_sealed or b""), bytes(row.content_sealed or b"")]
    assert all(canaries)
    assert all(any(part in recovering.stored() for part in pieces(one)) for one in canaries)

    office.clock.advance(hours=24)
    office.portal.worker._do_chores()
    LogCut(office.settings.database, every=0)()

    stored = recovering.stored()
    assert not any(part in stored for one in canaries for part in pieces(one))
    for value in ("Marijke", MARIJKE, "Lindelaan"):
        assert value.encode() not in stored


def pieces(blob: bytes, size: int = 64) -> list[bytes]:
    """A large value lies in several pages of the file; each piece of it is looked for."""
    return [blob[at : at + size] for at in range(0, len(blob) - size, size)]


def test_c7_nothing_of_a_copy_is_left_in_any_file(recovering: Recovering) -> None:
    check_c7(recovering)


def test_c7_fails_without_the_destruction(
    recovering: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = recovering.office.portal.worker
    others = tuple(one for one in worker._chores if "Copies" not in repr(one))
    monkeypatch.setattr(worker, "_chores", others)
    must_fail(check_c7, recovering)


def test_c7_fails_without_wiping_the_pages(
    recovering: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LogCut, "__call__", lambda _: None)
    must_fail(check_c7, recovering)


def test_c7_a_backup_holds_no_copy_and_neither_its_key(recovering: Recovering) -> None:
    visitor = wants_a_copy(recovering.office)
    copy = make(visitor)
    (row,) = rows(recovering.office)
    backup = file_of(recovering, "portal.backup")

    assert recovering.run("backup", str(backup)).exit_code == 0

    stored = backup.read_bytes()
    for sealed in (row.key_sealed, row.content_sealed):
        assert not any(part in stored for part in pieces(bytes(sealed or b"")))
    assert visitor.get(copy).status == 200, "the portal's own is untouched"


def test_c7_no_copy_lies_open_in_the_database(recovering: Recovering) -> None:
    make(wants_a_copy(recovering.office))

    stored = recovering.stored()
    for value in ("Marijke", "Lindelaan", "06-1000482"):
        assert value.encode() not in stored


def test_c7_the_keys_of_the_portal_alone_do_not_open_it(office: Office) -> None:
    """Its own key is what opens it: that one gone, the key file helps nobody."""
    make(wants_a_copy(office))
    (row,) = rows(office)

    with pytest.raises(CannotUnseal):
        office.portal.vault.unseal(bytes(row.content_sealed or b""), keeping.SEALED_FOR)
