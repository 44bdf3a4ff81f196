"""Asking a person: a question, with a session or without one; and doors other than a mailbox."""

from collections.abc import Mapping
from typing import Any

from portal.access.ask import TooMany
from portal.access.limits import HOUR, Quotas
from portal.access.sessions import SignedIn
from portal.config.parts import Limits
from portal.domain.clock import Clock
from portal.domain.rights import Right
from portal.rights.cases.casebook import CaseKind, Cases
from portal.rights.requests.receiving import Requests, acknowledged
from portal.store.database import Database, Unit
from portal.store.vault import Vault


class AskingUs:
    """Takes what a person is to answer, and makes a case of it."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        requests: Requests,
        cases: Cases,
        limits: Limits,
        clock: Clock,
    ) -> None:
        self._database = database
        self._quotas = Quotas(vault)
        self._requests = requests
        self._cases = cases
        self._limits = limits
        self._clock = clock

    def as_subscriber(
        self,
        signed_in: SignedIn,
        message: str,
        locale: str,
        *,
        kind: CaseKind = CaseKind.QUESTION,
        right: Right = Right.QUESTION,
        deliveries: Mapping[str, Mapping[str, Any]] | None = None,
        details: Mapping[str, Any] | None = None,
        contact: str = "",
    ) -> str:
        """Somebody signed in asks: a request among hers, and its case; the request's id.

        She is reached under the address that she is signed in with.

        Args:
            signed_in: Who asks.
            message: What she wrote.
            locale: The language to answer in.
            kind: What a person is to do.
            right: Which right it is.
            deliveries: What is done by itself in the meantime, as in `Requests.receive`.
            details: Codes for the request.
            contact: How else she is reached, where others read that mailbox, too.

        Raises:
            TooMany: She has asked as often as one may in an hour; nothing was written.
        """
        mine = self._quotas.quota(
            self._limits.confirms_per_hour, HOUR, "ask us", signed_in.subject_id
        )

        def first(unit: Unit) -> None:
            if not self._quotas.hit(unit.session, self._clock(), [mine]):
                raise TooMany

        def along(unit: Unit, request_id: str) -> None:
            self._cases.open(
                unit,
                kind,
                site=signed_in.site,
                locale=locale,
                subject_id=signed_in.subject_id,
                request_id=request_id,
                message=message,
                contact=contact or signed_in.email.address,
                address=signed_in.email.address if contact else "",
            )

        return self._requests.receive(
            signed_in,
            right,
            deliveries or {},
            locale=locale,
            details=details,
            first=first,
            along=along,
        )

    def as_stranger(
        self,
        kind: CaseKind,
        *,
        site: str,
        locale: str,
        network: str,
        message: str,
        contact: str,
        address: str = "",
    ) -> str:
        """Somebody who shows nothing of who she is asks; the reference of the case.

        No address is looked up, so that the answer is the same whoever is known. It counts with
        the questions for a code, and like those a network and a site have their measure.

        Args:
            kind: What a person is to do.
            site: Where it came in.
            locale: The language to answer in.
            network: Of `portal.access.limits.network_of`.
            message: What she wrote.
            contact: How she can be reached.
            address: The e-mail address that it is about.

        Raises:
            TooMany: From that network, or on that site; nothing was written.
        """
        quotas = [
            self._quotas.quota(self._limits.asks_per_network_hour, HOUR, "network", network),
            self._quotas.quota(self._limits.asks_per_site_hour, HOUR, "site", site),
        ]
        with self._database.unit("asked a person") as unit:
            if not self._quotas.hit(unit.session, self._clock(), quotas):
                raise TooMany
            reference = self._cases.open(
                unit,
                kind,
                site=site,
                locale=locale,
                message=message,
                contact=contact,
                address=address,
            )
            unit.commit()
        acknowledged()
        return reference
