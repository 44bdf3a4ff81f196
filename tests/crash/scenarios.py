"""What people ask for while the portal dies. One function a scenario; its docstring says which.

A scenario is the same every time for one seed, up to the point where it is killed: no thread, no
time of day, chance from its own seed alone.
"""

from collections.abc import Callable
from random import Random

from portal.sync import claims
from tests.crash.answers import How
from tests.crash.asking import Run
from tests.crash.crm import PEOPLE

Scenario = Callable[[Run, Random], None]
SCENARIOS: dict[str, Scenario] = {}
PHONES = ("010 2000{:04}", "06 1000{:04}", "+31 6 2000 {:04}")
OVERTAKEN = {"confirmed", "conflict", "failed"}
"""Where a correction may end when something that goes before it comes in between."""


def scenario(made: Scenario) -> Scenario:
    """Add it to the table, by its name with blanks."""
    SCENARIOS[made.__name__.strip("_").replace("_", " ")] = made
    return made


def phone(chance: Random) -> str:
    return chance.choice(PHONES).format(chance.randrange(10_000))


@scenario
def correction(run: Run, chance: Random) -> None:
    """One correction, in a CRM that knows keys."""
    run.correct("ann", "phone", phone(chance))
    run.work()
    run.seal()


@scenario
def correction_without_keys(run: Run, chance: Random) -> None:
    """One correction, in a CRM without keys: it is read and compared before it is written."""
    run.keys = "compares"
    run.crm_answers()
    run.correct("bob", "phone", phone(chance))
    run.work()


@scenario
def corrections_in_order(run: Run, chance: Random) -> None:
    """Three corrections of one person and one of another, all waiting side by side."""
    for field, value in (
        ("phone", phone(chance)),
        ("city", "Lindevoort"),
        ("first_name", "Annelies"),
    ):
        run.correct("ann", field, value)
    run.correct("bob", "city", "Merelbeke")
    run.work()


@scenario
def withdrawal_overtakes(run: Run, chance: Random) -> None:
    """A correction that the CRM does not answer, and a withdrawal that does not wait for it."""
    run.crm_answers(*[How.AWAY] * chance.randint(1, 2))
    run.correct("ann", "phone", phone(chance))
    run.work()
    run.decide("ann", "newsletter", False)
    run.work()


@scenario
def given_and_withdrawn(run: Run, chance: Random) -> None:
    """A consent withdrawn, given and withdrawn again before any of it is delivered."""
    for granted in (False, True, False):
        run.decide("ann", "newsletter", granted)
    run.work()


@scenario
def withdrawn_and_given(run: Run, chance: Random) -> None:
    """A consent withdrawn and given again, in a CRM without keys."""
    run.keys = "compares"
    run.crm_answers()
    run.decide("cleo", "newsletter", False)
    run.decide("cleo", "newsletter", True)
    run.work()


@scenario
def erasure(run: Run, chance: Random) -> None:
    """An erasure that keeps the invoices, and overtakes a correction."""
    run.correct("bob", "city", "Merelbeke", may_end=OVERTAKEN)
    run.erase("bob")
    run.work()
    run.seal()


@scenario
def met_another_change(run: Run, chance: Random) -> None:
    """Two corrections that a colleague was faster than: of one she keeps his, of the other hers."""
    for person, hers in (("ann", False), ("bob", True)):
        request_id = run.correct(person, "phone", phone(chance), may_end={"conflict", "confirmed"})
        run.colleague(person, "phone", "020 7654321")
        run.work()
        run.choose(person, request_id, hers=hers)
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
def burst_of_likes(run: Run, chance: Random) -> None:
    """The same again and again: four equal withdrawals and three equal corrections."""
    value = phone(chance)
    for _ in range(4):
        run.decide("ann", "newsletter", False)
    for _ in range(3):
        run.correct("bob", "phone", value)
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


@scenario
def duties(run: Run, chance: Random) -> None:
    """The portal's own duties come round between deliveries, and begin anew after each start."""
    run.arm()
    run.decide("ann", "newsletter", False)
    run.work()
    run.pass_time(hours=1)
    run.correct("bob", "phone", phone(chance))
    run.work()


@scenario
def a_copy(run: Run, chance: Random) -> None:
    """A copy is asked for, between two decisions."""
    run.decide("ann", "offers", False)
    run.copy("ann")
    run.decide("ann", "offers", True)
    run.work()


@scenario
def ledger_is_sealed(run: Run, chance: Random) -> None:
    """The ledger is chained again and again, while more is written into it."""
    for person in PEOPLE:
        run.decide(person, "newsletter", False)
        run.seal()
    run.work()
    run.seal()


@scenario
def mixed(run: Run, chance: Random) -> None:
    """Anything, by chance: who asks what, when the worker works, how the CRMs answer."""
    answers = [How.OK] * 8 + [How.AWAY, How.LOST, How.BUSY, How.GARBAGE, How.BROKEN, How.KEPT]
    run.attend()
    run.keys = chance.choice(["honours", "compares"])
    for adapter in ("crm", "mailing"):
        plan = [chance.choice(answers) for _ in range(8)]
        run.crm_answers(*plan, adapter=adapter)
    erased: set[str] = set()
    for _ in range(chance.randint(2, 6)):
        _anything(run, chance, erased)
        if chance.random() < 0.4:
            run.work()
            if chance.random() < 0.5:
                run.seal()
        if chance.random() < 0.3:
            run.pass_time(seconds=chance.choice([1, 30, 120, 4000]))
    run.work()


def _anything(run: Run, chance: Random, erased: set[str]) -> None:
    person = chance.choice(PEOPLE)
    site = chance.choice(["one", "both"])
    if person in erased:
        return
    what = chance.choices(["correct", "decide", "erase", "copy"], [4, 5, 1, 0.3])[0]
    if what == "correct":
        field, value = chance.choice(
            [("phone", phone(chance)), ("city", f"Oord {chance.random()}")]
        )
        run.correct(person, field, value, site=site, may_end=OVERTAKEN)
    elif what == "decide":
        purpose = chance.choice(["newsletter", "offers"])
        may_end = {"confirmed", "failed"}  # a consent that an erasure overtook
        run.decide(person, purpose, chance.random() < 0.4, site=site, may_end=may_end)
    elif what == "copy":
        run.copy(person, site=site)
    else:
        erased.add(person)
        run.erase(person, site="both")
