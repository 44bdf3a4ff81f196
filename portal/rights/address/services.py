"""What a change of address offers to the pages."""

from dataclasses import dataclass

from portal.rights.address.answering import AnsweringOld
from portal.rights.address.asking import AskingAddress
from portal.rights.address.proving import ProvingNew


@dataclass(frozen=True, slots=True)
class ChangingAddress:
    """One service for each who has something to say."""

    asking: AskingAddress
    """Whoever is signed in."""
    proving: ProvingNew
    """The new mailbox."""
    answering: AnsweringOld
    """The old one."""
