"""A worker hears at once of what another process wrote down, and hangs a broken bell up again."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import text

from portal.domain.clock import utc_now
from portal.store.database import Database
from portal.store.vault import Vault
from portal.sync import bells
from portal.sync.bells import bell_of, hung
from portal.sync.crew import Crew
from portal.sync.jobs import Finished, Result, Task
from tests.servers.databases import FreshDatabase
from tests.storing import add_subject
from tests.sync.engine import Engine


@pytest.fixture
def elsewhere(database: Database, vault: Vault) -> Engine:
    """Another process: it shares the database and nothing else, so it can wake nobody itself."""
    return Engine(Database(str(database.engine.url.render_as_string(False))), vault, utc_now)


class Counting(threading.Event):
    """An event that is set anew each time it was waited for."""

    def came(self) -> bool:
        came = self.wait(10)
        self.clear()
        return came


@pytest.mark.slow
def test_a_job_of_another_process_wakes_the_workers_long_before_they_look_themselves(
    database: Database, vault: Vault, elsewhere: Engine
) -> None:
    done = Counting()

    def do(_task: Task) -> Result:
        done.set()
        return Finished()

    here = Engine(database, vault, utc_now)
    here.handler.answers = [do] * 3
    crew = Crew(database, [here.worker])
    crew.start()
    try:
        for number in range(3):
            elsewhere.put(f"job-{number}")
            assert done.came(), "the worker's own look comes after half a minute only"
    finally:
        crew.stop()
        elsewhere.database.close()


@pytest.mark.slow
def test_a_bell_that_breaks_is_hung_up_again_and_rings_for_what_came_meanwhile(
    database: Database, elsewhere: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bells, "HANG_UP_AGAIN", 0.05)
    woken = Counting()
    real = bell_of(database)
    breaks = [True]

    class Breaking:
        def ring(self, wake: Callable[[], None], stopped: threading.Event) -> None:
            if breaks:
                breaks.clear()
                raise OSError("the line was cut")
            real.ring(wake, stopped)

    with hung(Breaking(), woken.set):
        assert woken.came()
        elsewhere.put("job")
        assert woken.came()
    elsewhere.database.close()


@pytest.mark.server
@pytest.mark.slow
def test_a_listener_whose_connection_the_server_ends_listens_again(
    fresh_database: FreshDatabase, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bells, "HANG_UP_AGAIN", 0.05)
    database = Database(fresh_database("postgresql"))
    database.migrate()
    woken = Counting()
    with hung(bell_of(database), woken.set):
        assert woken.came()
        with database.engine.connect() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE query LIKE 'LISTEN%' AND datname = current_database()"
                )
            )
        assert woken.came(), "it rings when it is hung up again"
        engine = Engine(database, vault, utc_now)
        add_subject(database, "ann")
        engine.put("job", ("ann", "crm"))
        assert woken.came()
    database.close()


@pytest.mark.slow
def test_a_transaction_that_is_rolled_back_rings_no_bell(
    database: Database, elsewhere: Engine
) -> None:
    woken = Counting()
    with hung(bell_of(database), woken.set):
        assert woken.came(), "it rings once when it is hung up"
        with elsewhere.database.unit("test") as unit:
            elsewhere.outbox.put(unit, "test", {}, key="never")
        assert not woken.wait(0.3)
    elsewhere.database.close()
