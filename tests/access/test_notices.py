"""Notices are promised by the unit of work that they tell of, and sent at least once."""

from datetime import timedelta

from sqlalchemy import select

from portal.access.notices import Notices
from portal.domain.addresses import Email
from portal.store.tables import Job
from tests.portals import Office, StartOffice
from tests.servers.mail import MailServer

WILMA = Email.parse("wilma@example.org")


def put(office: Office, *, site: str = "demo", commit: bool = True, **more: object) -> None:
    with office.database.unit("test") as unit:
        Notices(office.portal.outbox).put(
            unit,
            "unchecked",
            to=WILMA,
            site=site,
            locale="nl",
            at=office.clock(),
            words={"goal": "view"},
            **more,  # type: ignore[arg-type]
        )
        if commit:
            unit.commit()


def jobs(office: Office) -> list[tuple[str | None, str | None, bytes | None]]:
    with office.database.reading() as db:
        return [(job.end, job.cause, job.payload_sealed) for job in db.scalars(select(Job))]


def test_a_notice_goes_out_in_the_readers_language_and_its_job_is_wiped(office: Office) -> None:
    put(office)

    (letter,) = office.mails()
    assert letter.to == (WILMA.address,)
    assert "13:00" in letter.text
    assert "Kwekerij De Late Merel" in letter.text
    assert jobs(office) == [("done", None, None)]


def test_what_was_not_committed_is_not_told(office: Office) -> None:
    put(office, commit=False)

    assert office.mails() == []


def test_a_notice_whose_time_is_over_is_not_sent(office: Office) -> None:
    put(office, until=office.clock() + timedelta(hours=1))
    office.clock.advance(hours=1)

    assert office.mails() == []
    assert jobs(office) == [("dead", "too_late", None)]


def test_a_notice_of_a_site_that_is_gone_is_given_up(office: Office) -> None:
    put(office, site="gone")

    assert office.mails() == []
    assert jobs(office) == [("dead", "no_site", None)]


def test_a_notice_waits_for_a_mail_server_that_is_away(
    start_office: StartOffice, smtp_busy: MailServer
) -> None:
    office = start_office(mail=smtp_busy)
    put(office)
    assert office.mails() == []
    ((end, cause, payload),) = jobs(office)
    assert (end, cause) == (None, "unreachable")
    assert payload is not None
