"""A change of address takes effect whole or not at all, wherever the portal dies."""

from collections.abc import Callable

import pytest

from portal.faults import listen
from tests.movings import (
    NEW,
    address,
    change,
    changed,
    deliveries,
    ends,
    open_sessions,
    pending,
    recalls,
    says,
    subject_of,
)
from tests.portals import MARIJKE, Letter, Office
from tests.recovering import Died

pytestmark = pytest.mark.slow

Step = Callable[[Office, Letter], None]


def by_its_time(office: Office, _mail: Letter) -> None:
    """Its moment comes."""
    office.clock.advance(hours=24)
    office.work()


def by_a_yes(office: Office, mail: Letter) -> None:
    """The old mailbox lets it through."""
    says(office, mail, "yes")
    office.work()


def by_taking_it_back(office: Office, mail: Letter) -> None:
    """The old mailbox takes back what took effect."""
    says(office, mail, "back")
    office.work()


def dies_at(number: int, office: Office, mail: Letter, step: Step) -> bool:
    """Does the portal die at this point of the step? False: there are not so many."""
    left = [number]

    def die(_point: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Died

    listen(die)
    try:
        step(office, mail)
    except Died:
        return True
    finally:
        listen(None)
    return False


def is_whole(office: Office) -> None:
    """Either all of it is so in the portal, or nothing."""
    done = ends(office) == ["effective"]
    assert (subject_of(office, NEW) is not None) is (done and not change(office).reverted_at)
    assert (change(office).addresses_sealed is None) is done
    assert ("other_address" in recalls(office)) is done
    assert bool(deliveries(office)) is done
    if done and not change(office).reverted_at:
        assert open_sessions(office) == 0


@pytest.mark.parametrize("step", [by_its_time, by_a_yes, by_taking_it_back])
def test_r1_killed_at_each_point_a_change_of_address_is_whole_and_comes_to_its_end(
    office: Office, step: Step
) -> None:
    """Each time it dies one point later: until something is committed, it begins at the same."""
    back = step is by_taking_it_back
    mail = changed(office)[0] if back else pending(office)
    number = 1
    while dies_at(number, office, mail, step):
        is_whole(office)
        office.clock.advance(minutes=5)  # the lease of what it had in hand ends
        number += 1
    is_whole(office)

    assert address(office) == (MARIJKE if back else NEW)
    assert deliveries(office) == [("confirmed", None)] * (2 if back else 1)
    assert office.contact(address(office))["version"] == (3 if back else 2), "written once"
    assert number >= 10
