"""What this wing offers to the pages."""

from dataclasses import dataclass

from portal.desk.acts import Acts
from portal.desk.casework import Casework
from portal.desk.chosen import Counting
from portal.desk.queue import Queue
from portal.desk.sessions import OperatorSessions
from portal.desk.signin import SigningIn
from portal.desk.timeline import Timelines


@dataclass(frozen=True, slots=True)
class Desk:
    """One service a matter."""

    signing_in: SigningIn
    sessions: OperatorSessions
    queue: Queue
    timelines: Timelines
    acts: Acts
    casework: Casework
    counting: Counting
