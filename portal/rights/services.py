"""What this wing offers to the pages."""

from dataclasses import dataclass

from portal.rights.address.services import ChangingAddress
from portal.rights.ask_us import AskingUs
from portal.rights.cases import Cases
from portal.rights.choose import Choosing
from portal.rights.correct import Correcting
from portal.rights.decide import Deciding
from portal.rights.drafts import Drafts
from portal.rights.erase import Erasing
from portal.rights.export import Exporting
from portal.rights.feed import Feed
from portal.rights.give import Giving
from portal.rights.holdings import Reading
from portal.rights.later import Planning
from portal.rights.mailable import Mailable
from portal.rights.objecting import Objecting
from portal.rights.often import Often
from portal.rights.own import OwnRecords
from portal.rights.pause import Pausing
from portal.rights.progress import Following
from portal.rights.recipients import Recipients
from portal.rights.requests import Requests
from portal.rights.restrict import Restricting
from portal.rights.signal import Heeding
from portal.rights.stop import Stopping
from portal.rights.telling_apart import TellingApart
from portal.rights.undo import Undoing


@dataclass(frozen=True, slots=True)
class Rights:
    """One service a right."""

    reading: Reading
    correcting: Correcting
    drafts: Drafts
    choosing: Choosing
    deciding: Deciding
    stopping: Stopping
    giving: Giving
    heeding: Heeding
    often: Often
    pausing: Pausing
    undoing: Undoing
    restricting: Restricting
    objecting: Objecting
    erasing: Erasing
    planning: Planning
    exporting: Exporting
    requests: Requests
    own: OwnRecords
    recipients: Recipients
    following: Following
    mailable: Mailable
    feed: Feed
    cases: Cases
    telling_apart: TellingApart
    asking_us: AskingUs
    changing: ChangingAddress
