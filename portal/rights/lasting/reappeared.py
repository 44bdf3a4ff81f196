"""Somebody who was erased is in a system again: tell a person, note it, and erase her again."""

from collections.abc import Sequence

from portal.adapters.contract import Ref
from portal.domain.addresses import Email
from portal.domain.clock import Clock
from portal.proof.ledger import Event, Ledger
from portal.rights.lasting.reapply import erasure_again, reapply
from portal.store.database import Unit
from portal.sync.alarms import AlarmKind, raise_alarm
from portal.sync.outbox import Outbox


class Reappeared:
    """Reports one, from wherever it is found out."""

    def __init__(self, outbox: Outbox, ledger: Ledger, clock: Clock) -> None:
        self._outbox = outbox
        self._ledger = ledger
        self._clock = clock

    def report(
        self, unit: Unit, subject_id: str, addresses: Sequence[Email], ref: Ref, *, by: str
    ) -> bool:
        """Alarm, ledger note and the job that erases the record again, in one transaction.

        Args:
            unit: The unit of work to write in.
            subject_id: Who is back.
            addresses: Hers; more than one after a change of address.
            ref: The record.
            by: What found it: ``recheck`` or ``sweep``.

        Returns:
            False: it is known already, and the job waits.
        """
        again = erasure_again(addresses, ref)
        if not reapply(unit, self._outbox, subject_id, ref.adapter, again):
            return False
        facts = {"adapter": ref.adapter, "by": by}
        self._ledger.note(unit.session, Event.REAPPEARED, subject_id=subject_id, facts=facts)
        raise_alarm(
            unit.session,
            AlarmKind.REAPPEARED,
            f"reappeared:{ref.adapter}:{subject_id}",
            now=self._clock(),
            adapter=ref.adapter,
            subject_id=subject_id,
            facts={"by": by},
        )
        return True
