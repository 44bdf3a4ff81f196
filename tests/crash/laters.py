"""Scenarios of "stop now, erase later": left to wait, taken back, and asked for at once instead."""

from random import Random

from tests.crash.answers import How
from tests.crash.asking import Run
from tests.crash.scenario_table import phone, scenario


@scenario
def later(run: Run, chance: Random) -> None:
    """Everything is stopped in two systems, she corrects something; in time it is done."""
    run.crm_answers(How.OK, How.LOST)
    run.later("ann", site="both")
    run.work()
    run.correct("ann", "phone", phone(chance))
    run.work()
    run.pass_time(hours=48)
    run.work()
    run.seal()


@scenario
def changed_her_mind(run: Run, chance: Random) -> None:
    """Taken back when all was stopped; its moment passes, and a colleague of hers is not spared."""
    request_id = run.later("ann", site="both")
    run.later("bob", site="one")
    run.work()
    run.pass_time(hours=chance.randint(1, 40))
    run.keep("ann", request_id, site="both")
    run.work()
    run.pass_time(hours=48)
    run.work()
    run.seal()


@scenario
def changed_her_mind_while_away(run: Run, chance: Random) -> None:
    """Taken back before anything was stopped, and chosen once more after that."""
    run.crm_answers(*[How.AWAY] * chance.randint(1, 3))
    for _ in range(2):
        request_id = run.later("cleo")
        run.work()
        run.keep("cleo", request_id)
        run.work()
    run.pass_time(hours=49)
    run.work()


@scenario
def now_after_all(run: Run, chance: Random) -> None:
    """It waits, and then she asks for it at once: it is done once."""
    run.later("bob", site="both")
    if chance.random() < 0.5:
        run.work()
    run.erase("bob", site="both")
    run.work()
    run.pass_time(hours=49)
    run.work()
    run.seal()
