"""What a push of footer links has done in one system, in numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.adapters.contract import LinkToSet, Outcome


@dataclass(slots=True)
class Pushed:
    """What a run has done in one system. All but ``records`` count fields."""

    adapter: str
    dry_run: bool
    records: int = 0
    """Gone through."""
    already: int = 0
    """Are as they should be."""
    written: int = 0
    """Got a link, or another one; in a dry run and in shadow: would have."""
    taken_away: int = 0
    """Held a link that nobody is to have: of who was erased, or of no address."""
    left: int = 0
    """Were not written, for the record changed in between: the next run sees to them."""
    refused: int = 0
    """Cannot hold their link: too short, or forbidden there."""
    unconfirmed: int = 0
    """Were read back, and held something else."""
    unreadable: int = 0
    """Records whose address is none that mail can be sent to: they get no link."""
    suppressed: int = 0
    """Records of people who were erased: they get none either."""
    in_shadow: bool = False
    """Nothing was written, for the system is in shadow."""

    @property
    def is_whole(self) -> bool:
        """Does every field hold what it should, as far as that was read back?"""
        return not (self.refused or self.unconfirmed)

    def count(self, wanted: Sequence[LinkToSet], done: Sequence[Outcome | None]) -> None:
        """What became of these, in the same order."""
        for one, how in zip(wanted, done, strict=True):
            if how is None:
                self.left += 1
            elif how is Outcome.ALREADY:
                self.already += 1
            elif one.link is None:
                self.taken_away += 1
            else:
                self.written += 1
