"""What must be true of erasures that wait: taken back they have no effect, left they have one."""

from collections.abc import Iterator

from tests.crash.asked import named
from tests.crash.crm import PEOPLE
from tests.crash.history import History


def ended_as_she_chose(history: History) -> Iterator[tuple[str, str]]:
    """One that she took back, or asked for at once, is let go everywhere; any other is done."""
    for one in history.stored:
        request = history.request_of(one)
        if one["do"] != "erase" or request is None or request["due_at"] is None:
            continue
        let_go = any(
            other["do"] in {"keep", "erase"} and other["person"] == one["person"]
            for other in history.stored
            if other["number"] > one["number"]
        )
        ends = {row["state"] for row in history.deliveries[request["id"]].values()}
        if let_go and ends != {"conflict"}:
            yield "extra", f"{named(one)} was let go, and ended as {sorted(ends)}"
        if not let_go and not ends <= {"confirmed", "retained"}:
            yield "lost", f"{named(one)} was not let go, and ended as {sorted(ends)}"
    yield from _nobody_stays_restricted(history)


def _nobody_stays_restricted(history: History) -> Iterator[tuple[str, str]]:
    """Restricted is who waits, and who was erased after that; nobody else."""
    last = {one["person"]: one["do"] for one in history.stored if one["do"] in {"keep", "erase"}}
    for name, crm in history.world.crms.items():
        rows = crm.state()
        for number, person in enumerate(PEOPLE, start=1):
            if last.get(person) != "erase" and rows[str(number)].get("restricted"):
                yield "state", f"{person} is restricted in {name} for no reason"
