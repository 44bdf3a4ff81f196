"""Giving a consent on the page. It is confirmed by a mail, which tells how to stop it again.

A withdrawal never is, and neither is taking a stop back: that is no new "yes".
"""

from datetime import tzinfo

from babel.dates import format_date

from portal.access.notices import Notices
from portal.access.sessions import SignedIn
from portal.consent.links import FooterLinks, Link, NoLinkKey
from portal.consent.record import ConsentRecord
from portal.consent.sources import SOURCE
from portal.domain.clock import Clock
from portal.domain.register import Purpose, in_language
from portal.rights.held.holdings import Reading
from portal.rights.held.values import DAY
from portal.rights.mailings.decide import Deciding
from portal.rights.mailings.undo import LASTS
from portal.store.database import Unit

LETTER = "agreed"


class _GivenJustNow(Exception):
    """By the first of two clicks."""

    def __init__(self, request_id: str) -> None:
        super().__init__("it was given just now")
        self.request_id = request_id


class Giving:
    """Takes consents down."""

    def __init__(
        self,
        reading: Reading,
        deciding: Deciding,
        record: ConsentRecord,
        notices: Notices,
        links: FooterLinks,
        public_url: str,
        zone: tzinfo,
        clock: Clock,
    ) -> None:
        self._reading = reading
        self._deciding = deciding
        self._record = record
        self._notices = notices
        self._links = links
        self._public_url = public_url
        self._zone = zone
        self._clock = clock

    def give(self, signed_in: SignedIn, purpose: Purpose, locale: str) -> str:
        """Give it, with its proof and the mail that confirms it; the request's id.

        A double click is one click.

        Raises:
            Doubtful: See there; nothing was changed.
        """
        self._reading.must_be_hers(signed_in)

        def unless_just_now(unit: Unit) -> None:
            last = self._record.last(unit.session, signed_in.subject_id, purpose.id)
            if last is None or not last.granted or last.source != SOURCE:
                return
            if self._clock() - last.at < LASTS and last.request_id:
                raise _GivenJustNow(last.request_id)

        def confirmed(unit: Unit, _request_id: str) -> None:
            self._confirm(unit, signed_in, purpose, locale)

        try:
            return self._deciding.decide(
                signed_in, purpose, True, locale, first=unless_just_now, along=confirmed
            )
        except _GivenJustNow as given:
            return given.request_id

    def _confirm(self, unit: Unit, signed_in: SignedIn, purpose: Purpose, locale: str) -> None:
        now = self._clock()
        self._notices.put(
            unit,
            LETTER,
            to=signed_in.email,
            site=signed_in.site,
            locale=locale,
            at=now,
            words={
                "label": in_language(purpose.label, locale),
                "wording": in_language(purpose.wording, locale),
                "day": format_date(now.astimezone(self._zone).date(), DAY, locale=locale),
                "link": self._stop_link(signed_in, purpose),
            },
        )

    def _stop_link(self, signed_in: SignedIn, purpose: Purpose) -> str:
        try:
            token = self._links.mint(Link(signed_in.site, purpose.id, signed_in.email))
        except NoLinkKey:  # then she says herself who she is
            return f"{self._public_url}/u/?site={signed_in.site}"
        return f"{self._public_url}/u/{token}"
