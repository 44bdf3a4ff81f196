"""The canary finds what it looks for; and after every term nothing of her is left."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import LargeBinary, select

from portal.rights.cases.casebook import Outcome
from portal.store.files import LogCut
from portal.store.tables import Case, Job, Operator, Table
from portal.sync.schedule import JOB as SCHEDULE
from tests import movings
from tests.attack import world
from tests.attack.test_c3_every_route import collect
from tests.canary import Canary
from tests.desks import add_operator
from tests.portals import MARIJKE, Office, StartOffice

OPERATORS = {"operators"}
"""Tables whose sealed columns are no subscriber's."""


def test_what_is_written_plainly_anywhere_is_found(office: Office, tmp_path: Path) -> None:
    canary = Canary()
    canary.of_the_crm(office.crm_file)
    instance, database = office.settings.instance, office.database
    assert canary.found_in(instance, database) == []

    note = instance / "note.txt"
    note.write_text(f"She is {MARIJKE}.")
    assert canary.found_in(instance, database) == [f"note.txt holds {MARIJKE!r}"]
    note.unlink()

    with office.database.unit("test") as unit:
        unit.session.add(
            Job(
                kind="x",
                lane=1,
                key="k",
                payload_sealed=MARIJKE.encode(),
                created_at=office.clock(),
                due_at=office.clock(),
                attempts=0,
            )
        )
        unit.commit()
    found = canary.found_in(instance, database)
    assert f"a back-up holds {MARIJKE!r}" in found
    with office.database.unit("test") as unit:  # the fixture's own canary need not sing
        unit.session.delete(unit.session.scalars(select(Job).where(Job.key == "k")).one())
        unit.commit()
    LogCut(office.settings.database, every=0)()


def test_after_every_term_nothing_sealed_is_left(start_office: StartOffice, tmp_path: Path) -> None:
    """She does all that can be done, is erased, and all terms go by."""
    office = world.start(start_office, tmp_path)
    collect(office)
    marks = world.marks(office, "crm")
    movings.came_in(office)
    gone = world.sign_in(office, MARIJKE, "erase", "demo")
    gone.submit(gone.get("/me/erase"), "/me/erase")
    office.portal.schedule.arm()
    office.work()
    assert len(sealed(office)) > 4, "there is something to forget"
    close_cases(office)

    for span in SPANS:
        office.clock.advance(seconds=span.total_seconds())
        office.work()
        for chore in office.portal.worker._chores:
            chore()

    assert sealed(office) == {}
    assert not any(mark in str(world.rows(office, "crm")) for mark in marks)


def close_cases(office: Office) -> None:
    """What an open case holds waits for a person, however long."""
    add_operator(office)
    casework = office.portal.services.desk.casework
    with office.database.reading() as db:
        number = db.scalars(select(Operator.id)).one()
        waiting = db.scalars(select(Case.reference).where(Case.closed_at.is_(None))).all()
    assert waiting
    assert all(casework.close(number, reference, Outcome.DONE) for reference in waiting)


SPANS = (
    *[timedelta(hours=1)] * 3,
    *[timedelta(days=1)] * 3,
    *[timedelta(days=25)] * 120,
)
"""Steps of time, up to the end of the years for which invoices are kept."""


def sealed(office: Office) -> dict[str, int]:
    """How many rows hold something sealed, by table and column."""
    found = {}
    with office.database.reading() as db:
        for table in Table.metadata.sorted_tables:
            for column in table.columns:
                if "sealed" not in column.name or table.name in OPERATORS:
                    continue
                assert isinstance(column.type, LargeBinary)
                query = select(column).where(column.is_not(None))
                if table.name == "jobs":  # of the portal's own duties
                    query = query.where(Job.kind != SCHEDULE)
                rows = db.execute(query).all()
                if rows:
                    found[f"{table.name}.{column.name}"] = len(rows)
    return found
