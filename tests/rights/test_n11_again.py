"""N11: decisions, lines and back-ups that cross each other."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from portal.faults import listen
from portal.rights.lasting.reapply import Reapplying
from portal.sync.jobs import Again, Result, Task
from tests.recovering import HENDRIK, Died, Recovering, file_of


@contextmanager
def it_dies_at(point: str) -> Iterator[None]:
    """The process dies when it first comes by there."""

    def die(passed: str) -> None:
        if passed == point:
            raise Died

    listen(die)
    try:
        yield
    except Died:
        pass
    finally:
        listen(None)


def test_n11_the_last_decision_counts_and_not_the_last_line(recovering: Recovering) -> None:
    """A worker died with a line in hand: it is written after that of what she decided later."""
    recovering.decide(
        recovering.office.visitor().sign_in(recovering.office, HENDRIK), "newsletter", "no"
    )
    assert recovering.run("backup", str(file_of(recovering, "portal.backup"))).exit_code == 0
    visitor = recovering.office.visitor().sign_in(recovering.office)
    with recovering.crm_put_back():
        recovering.office.clock.advance(minutes=1)
        with it_dies_at("job claimed: after the commit"):
            recovering.decide(visitor, "newsletter", "yes")
        recovering.office.clock.advance(minutes=1)
        recovering.decide(visitor, "newsletter", "no")
        recovering.office.clock.advance(minutes=2)
        recovering.office.work()
    recovering.office.close()
    recovering.run("restore", str(file_of(recovering, "portal.backup")), "--yes")
    recovering.start_again()

    recovering.told("replay", "--journal")

    assert recovering.newsletter() == [0]


def test_n11_what_was_done_again_is_done_again_once_more(
    recovering: Recovering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The CRM was copied while a replay still waited for it, and is restored from that copy."""
    first = recovering.office.clock()
    with recovering.crm_put_back():
        recovering.office.clock.advance(hours=1)
        recovering.erase()
    with monkeypatch.context() as patch:
        patch.setattr(Reapplying, "run", it_waits)
        assert recovering.replay(first)["left"] == 1
    recovering.office.clock.advance(hours=1)
    second = recovering.office.clock()
    with recovering.crm_put_back():
        recovering.office.clock.advance(hours=1)
        recovering.office.work()
        assert not recovering.is_there()
    assert recovering.is_there()

    assert recovering.replay(second)["erasures"] == 1
    assert not recovering.is_there()


def it_waits(_handler: Reapplying, _task: Task) -> Result:
    return Again("unreachable", timedelta(minutes=5).total_seconds())
