"""What this wing offers to the pages."""

from dataclasses import dataclass

from portal.rights.address.services import ChangingAddress
from portal.rights.cases.casebook import Cases
from portal.rights.cases.recipients import Recipients
from portal.rights.copies.export import Exporting
from portal.rights.correcting.choose import Choosing
from portal.rights.correcting.correct import Correcting
from portal.rights.correcting.drafts import Drafts
from portal.rights.erasing.erase import Erasing
from portal.rights.erasing.later import Planning
from portal.rights.held.holdings import Reading
from portal.rights.held.telling_apart import TellingApart
from portal.rights.mailings.decide import Deciding
from portal.rights.mailings.give import Giving
from portal.rights.mailings.mailable import Mailable
from portal.rights.mailings.often import Often
from portal.rights.mailings.pause import Pausing
from portal.rights.mailings.signal import Heeding
from portal.rights.mailings.stop import Stopping
from portal.rights.mailings.undo import Undoing
from portal.rights.requests.ask_us import AskingUs
from portal.rights.requests.feed import Feed
from portal.rights.requests.own import OwnRecords
from portal.rights.requests.progress import Following
from portal.rights.requests.receiving import Requests
from portal.rights.restricting.objecting import Objecting
from portal.rights.restricting.restrict import Restricting


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
