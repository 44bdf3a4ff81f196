"""Less of a mailing: how often it comes, where every system that holds it can keep to that.

It neither starts nor stops anything. By a footer link it is never more than before.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from portal.access.sessions import SignedIn
from portal.access.subjects import Named, Whose, subject_of, take_turns
from portal.adapters.contract import Adapter
from portal.consent.links import Link
from portal.consent.record import ConsentRecord
from portal.consent.sources import BY_LINK, SOURCE
from portal.domain.addresses import Email
from portal.domain.clock import Clock
from portal.domain.register import Frequency, Purpose, in_language
from portal.domain.rights import Right
from portal.rights.deeds.frequency import frequency_in
from portal.rights.held.holdings import Holdings, Reading
from portal.rights.held.parts import hers
from portal.rights.mailings.decide import BY_EXCEPTION, holders_of, standing_of
from portal.rights.requests.receiving import Requests, acknowledged
from portal.store.database import Database, Unit
from portal.store.vault import Vault


def frequency(
    email: Email, purpose: Purpose, wanted: str, *, only_less: bool = False
) -> dict[str, Any]:
    """So often in every record of the address in which it is on."""
    return {
        "do": "often",
        "email": email.address,
        "purpose": purpose.id,
        "frequency": wanted,
        "order": [one.id for one in purpose.frequencies],
        "only_less": only_less,
        "by_exception": purpose.ground in BY_EXCEPTION,
    }


class Often:
    """Takes choices of how often."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        reading: Reading,
        requests: Requests,
        record: ConsentRecord,
        clock: Clock,
    ) -> None:
        self._database = database
        self._vault = vault
        self._reading = reading
        self._requests = requests
        self._record = record
        self._clock = clock

    @staticmethod
    def choices(purpose: Purpose, adapters: Mapping[str, Adapter]) -> list[Frequency]:
        """Those that every system which holds the purpose can keep to; the least comes last."""
        can = [
            adapters[name].capabilities.frequencies.get(purpose.id, frozenset())
            for name in holders_of(purpose, adapters)
        ]
        both = frozenset[str].intersection(*can) if can else frozenset[str]()
        kept = [one for one in purpose.frequencies if one.id in both]
        return kept if len(kept) > 1 else []

    @staticmethod
    def present(purpose: Purpose, held: Holdings) -> str | None:
        """How often it comes now: of several records the most often; None: nothing says it."""
        found = {frequency_in(record, purpose.id) for _, record in held.each()}
        return next((one.id for one in purpose.frequencies if one.id in found), None)

    def of_link(self, link: Link, purpose: Purpose) -> list[Frequency]:
        """What a footer link may choose: all but the most often."""
        return self.choices(purpose, self._reading.adapters_of(link))[1:]

    def choose(self, signed_in: SignedIn, purpose: Purpose, chosen: Frequency, locale: str) -> str:
        """Take hers down; the request's id."""
        # Whoever cannot show who she is may have less sent to all, and more to nobody.
        only_less = self._reading.of(signed_in).several_people
        with self._database.unit("frequency chosen") as unit:
            take_turns(unit.session, signed_in.subject_id)
            request_id = self._take_down(
                unit, signed_in, purpose, chosen, locale, SOURCE, only_less=only_less
            )
            unit.commit()
        acknowledged()
        return request_id

    def by_link(self, link: Link, purpose: Purpose, chosen: Frequency, locale: str) -> str | None:
        """The same for whoever holds the mail, and never more often than before; the request's id.

        None: it is off, and nothing was written.
        """
        held = self._reading.everywhere(link)
        with self._database.unit("frequency chosen by a link") as unit:
            db = unit.session
            subject_id = subject_of(db, self._vault, link.email, self._clock())
            take_turns(db, subject_id)
            own = self._record.latest(db, subject_id).get(purpose.id)
            standing = standing_of(purpose, held, own)
            if not standing.on and standing.certain:
                return None
            whose = Named(subject_id, link.email, link.site)
            request_id = self._take_down(
                unit, whose, purpose, chosen, locale, BY_LINK, only_less=True
            )
            unit.commit()
        acknowledged()
        return request_id

    def _take_down(
        self,
        unit: Unit,
        whose: Whose,
        purpose: Purpose,
        chosen: Frequency,
        locale: str,
        source: str,
        *,
        only_less: bool,
    ) -> str:
        payload = frequency(whose.email, purpose, chosen.id, only_less=only_less)
        deliveries = {
            name: {**payload, **part}
            for name in holders_of(purpose, self._reading.adapters_of(whose))
            if (part := hers(whose.opened, name)) is not None
        }
        details = {"purposes": [purpose.id], "frequency": chosen.id}
        by = {"by": source} if source != SOURCE else {}
        request_id = self._requests.write(
            unit, whose, Right.LESS, deliveries, locale, {**details, **by}
        )
        evidence = self._record.evidence(purpose, locale, source)
        self._record.choose(
            unit.session,
            subject_id=whose.subject_id,
            purpose=purpose,
            frequency=chosen.id,
            evidence=replace(evidence, wording=in_language(chosen.label, locale)),
            request_id=request_id,
        )
        return request_id
