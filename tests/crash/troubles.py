"""Scenarios in which the CRM is away, answers badly, or is slow."""

from random import Random

from portal.sync import claims
from tests.crash.answers import How
from tests.crash.asking import Run
from tests.crash.crm import PEOPLE
from tests.crash.scenario_table import phone, scenario


@scenario
def withdrawal_overtakes(run: Run, chance: Random) -> None:
    """A correction that the CRM does not answer, and a withdrawal that does not wait for it."""
    run.crm_answers(*[How.AWAY] * chance.randint(1, 2))
    run.correct("ann", "phone", phone(chance))
    run.work()
    run.decide("ann", "newsletter", False)
    run.work()


@scenario
def two_systems(run: Run, chance: Random) -> None:
    """A correction and a withdrawal in two CRMs, one of which is away at first."""
    run.crm_answers(How.AWAY, adapter="mailing")
    run.correct("ann", "phone", phone(chance), site="both")
    run.decide("ann", "newsletter", False, site="both")
    run.work()


@scenario
def erasure_in_two_systems(run: Run, chance: Random) -> None:
    """An erasure in two CRMs; one loses its answer, the other is busy."""
    run.crm_answers(How.LOST)
    run.crm_answers(How.BUSY, adapter="mailing")
    run.erase("ann", site="both")
    run.work()


@scenario
def answer_lost_before(run: Run, chance: Random) -> None:
    """The CRM is away, and then it is not."""
    run.crm_answers(How.AWAY, How.AWAY)
    run.correct("ann", "phone", phone(chance))
    run.work()
    run.pass_time(minutes=5)
    run.work()


@scenario
def answer_lost_after(run: Run, chance: Random) -> None:
    """The CRM does it and its answer is lost; with keys."""
    run.crm_answers(How.LOST)
    run.correct("ann", "phone", phone(chance))
    run.work()
    run.pass_time(minutes=5)
    run.work()


@scenario
def answer_lost_without_keys(run: Run, chance: Random) -> None:
    """The CRM does it and its answer is lost; without keys, so it must be read first."""
    run.keys = "compares"
    run.crm_answers(How.LOST, How.LOST)
    run.correct("ann", "phone", phone(chance))
    run.decide("ann", "offers", False)
    run.work()


@scenario
def all_sorts_of_answers(run: Run, chance: Random) -> None:
    """429, garbage before and after it is done, a yes that is none, reads that fail."""
    bad = [How.BUSY, How.GARBAGE, How.BROKEN, How.KEPT, How.LOST]
    chance.shuffle(bad)
    run.crm_answers(*bad[:3], deaf=1)
    run.decide("cleo", "newsletter", False)
    for _ in range(4):
        run.work()
        run.pass_time(seconds=60)


@scenario
def taken_over(run: Run, chance: Random) -> None:
    """A worker so slow that another takes its job over and ends it; then it comes back."""
    _take_over(run, How.STALLED, chance)


@scenario
def taken_over_and_lost(run: Run, chance: Random) -> None:
    """The same, and what the slow one brings back is that it got no answer."""
    _take_over(run, How.STALLED_LOST, chance)


def _take_over(run: Run, how: How, chance: Random) -> None:
    run.crm_answers(how)

    def somebody_else() -> None:
        run.clock.now += claims.LEASE
        run.work()

    run.world.crms["crm"].when_stalled = somebody_else
    run.correct("ann", "phone", phone(chance))
    run.decide("ann", "offers", False)
    run.work()


@scenario
def refused(run: Run, chance: Random) -> None:
    """A CRM that will not, once: the request ends as failed, and the next is not held up."""
    run.crm_answers(How.REFUSED)
    run.correct("ann", "phone", phone(chance), may_end={"failed", "confirmed"})
    run.work()
    run.correct("ann", "city", "Lindevoort")
    run.work()


@scenario
def dead_letter(run: Run, chance: Random) -> None:
    """A CRM says no, once before and once after it was done; a person replays both."""
    run.attend()
    run.crm_answers(How.REFUSED, How.REFUSED_AFTER)
    run.correct("ann", "phone", phone(chance))
    run.decide("bob", "newsletter", False)
    run.work()
    run.person_looks()
    run.work()


@scenario
def paused(run: Run, chance: Random) -> None:
    """A password that is wrong pauses the CRM for everybody, until a person has looked."""
    run.attend()
    run.crm_answers(How.LOCKED)
    run.correct("ann", "phone", phone(chance))
    run.decide("bob", "newsletter", False)
    run.work()
    run.person_looks()
    run.work()


@scenario
def braked(run: Run, chance: Random) -> None:
    """More withdrawals and erasures than a small CRM's share, until a person lets them go on."""
    run.attend()
    for person in PEOPLE:
        run.decide(person, "newsletter", False, site="both")
    run.erase("ann", site="both")
    run.erase("bob", site="both")
    run.work()
    run.person_looks()
    run.work()


@scenario
def breaker(run: Run, chance: Random) -> None:
    """So many calls without an answer that the CRM is left alone for a while."""
    run.crm_answers(*[How.AWAY] * 4, How.LOST)
    for person in PEOPLE:
        run.decide(person, "offers", False)
    for _ in range(3):
        run.work()
        run.pass_time(seconds=20)
    run.work()
