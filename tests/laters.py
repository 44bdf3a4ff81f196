"""What tests of "stop now, erase later" share: choosing it, taking it back, and waiting."""

from datetime import timedelta

from portal.store.tables import Consent, Delivery, Job, Request
from tests.portals import MARIJKE, Page, Visitor
from tests.recovering import Recovering, file_of

WINDOW = timedelta(hours=48)
MAILINGS = ("newsletter", "offers", "workshops")


def later(recovering: Recovering, email: str = MARIJKE) -> tuple[Visitor, str]:
    """Sign in, choose to be erased later; she, and where the request is. Nothing is done yet."""
    visitor = recovering.office.visitor().sign_in(recovering.office, email, goal="erase")
    return visitor, choose_later(visitor)


def choose_later(visitor: Visitor) -> str:
    """In a session with the proof for it."""
    answer = visitor.submit(visitor.get("/me/erase"), "/me/erase", when="later")
    assert answer.status == 303, answer.text
    return answer.location


def keep(visitor: Visitor, place: str) -> Page:
    """She changed her mind."""
    token = visitor.get("/me/requests").fields["csrf_token"]
    return visitor.post(f"{place}/keep", csrf_token=token)


def back(recovering: Recovering) -> Visitor:
    """She comes back another time: a session that proves nothing afresh."""
    return recovering.office.visitor().sign_in(recovering.office)


def wait(recovering: Recovering, span: timedelta = WINDOW) -> None:
    """Time passes, and what is due is done."""
    recovering.office.clock.now += span
    recovering.office.work()


def mailings(recovering: Recovering) -> dict[str, bool]:
    """What the CRM says of hers."""
    rows = recovering.office.crm("SELECT mailing, active FROM subscriptions WHERE contact_id = 1")
    return {row["mailing"]: bool(row["active"]) for row in rows}


def is_restricted(recovering: Recovering) -> bool:
    return bool(recovering.office.contact()["restricted"])


def decisions(recovering: Recovering) -> list[tuple[str, bool, str]]:
    """The consent record, in order: purpose, given or not, what it came with."""
    with recovering.office.database.reading() as db:
        rows = db.query(Consent).order_by(Consent.id)
        return [(row.purpose, row.granted, row.source) for row in rows]


def erasures(recovering: Recovering) -> list[tuple[str, str | None]]:
    """State and cause of every delivery of an erasure."""
    with recovering.office.database.reading() as db:
        rows = (
            db.query(Delivery)
            .join(Request, Request.id == Delivery.request_id)
            .filter(Request.right == "erase")
            .order_by(Delivery.id)
        )
        return [(row.state, row.outcome.get("cause")) for row in rows]


def open_jobs(recovering: Recovering) -> list[str]:
    with recovering.office.database.reading() as db:
        jobs = db.query(Job).filter(Job.ended_at.is_(None), Job.kind != "schedule")
        return [job.kind for job in jobs]


def back_up(recovering: Recovering) -> None:
    made = recovering.run("backup", str(file_of(recovering, "portal.backup")))
    assert made.exit_code == 0, made.output


def put_back(recovering: Recovering) -> None:
    """The portal is stopped, its database is put back, the journal is replayed, and it starts."""
    recovering.office.close()
    done = recovering.run("restore", str(file_of(recovering, "portal.backup")), "--yes")
    assert done.exit_code == 0, done.output
    recovering.start_again()
    recovering.told("replay", "--journal")
    recovering.start_again()
    assert recovering.office.visitor().get("/").status == 200
