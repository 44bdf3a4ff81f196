"""What people ask for while the portal dies. One function a scenario; its docstring says which.

A scenario is the same every time for one seed, up to the point where it is killed: no thread, no
time of day, chance from its own seed alone.
"""

from random import Random

from tests.crash import laters, troubles
from tests.crash.answers import How
from tests.crash.asking import Run
from tests.crash.crm import PEOPLE
from tests.crash.scenario_table import OVERTAKEN, SCENARIOS, phone, scenario

__all__ = ["SCENARIOS", "laters", "phone", "troubles"]


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
def stopped_by_a_link(run: Run, chance: Random) -> None:
    """Stopped by the link at a mail's foot, taken back at once, and stopped once more."""
    token = run.stop("ann", "newsletter", site="both")
    assert token is not None
    run.work()
    run.undo("ann", "newsletter", token, site="both")
    run.stop("bob", "offers")
    run.work()
    run.stop("ann", "newsletter", site="both")
    run.work()


@scenario
def on_two_sites(run: Run, chance: Random) -> None:
    """Withdrawn on a site with two systems, given again on one that knows one of them alone."""
    run.decide("ann", "newsletter", False, site="both")
    run.decide("ann", "newsletter", True, site="one")
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
def burst_of_likes(run: Run, chance: Random) -> None:
    """The same again and again: four equal withdrawals and three equal corrections."""
    value = phone(chance)
    for _ in range(4):
        run.decide("ann", "newsletter", False)
    for _ in range(3):
        run.correct("bob", "phone", value)
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
