"""Operators for a test: an account, her phone, and her way to the desk."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyotp
from sqlalchemy import select

from portal.desk.factors import new_secret
from portal.desk.operators import Operators
from portal.desk.sessions import AtTheDesk
from portal.store.tables import LedgerEntry
from tests.portals import Office, Page, Visitor
from tests.storing import FakeClock

PASSWORD = "correct horse battery staple"
SIGN_IN = "/operator/signin"


@dataclass
class Person:
    """Somebody who may sit at the desk, with all that she proves it by."""

    name: str
    password: str
    secret: str
    recovery_codes: Sequence[str]

    def code(self, clock: FakeClock) -> str:
        """What her phone shows now."""
        return pyotp.TOTP(self.secret).at(clock())

    def fields(self, clock: FakeClock, **other: str) -> dict[str, str]:
        """The form of the sign-in, filled in."""
        right = {"name": self.name, "password": self.password, "code": self.code(clock)}
        return {**right, **other}


def operators_of(office: Office) -> Operators:
    portal = office.portal
    return Operators(portal.database, portal.vault, portal.ledger, office.clock)


def add_operator(office: Office, name: str = "anna", password: str = PASSWORD) -> Person:
    secret = new_secret()
    codes = operators_of(office).add(name, password, secret)
    return Person(name, password, secret, codes)


def try_to_sign_in(
    office: Office,
    person: Person,
    *,
    visitor: Visitor | None = None,
    network: str = "192.0.2.1",
    **other: str,
) -> Page:
    """Send the form of the sign-in from a network."""
    visitor = visitor or office.visitor()
    return visitor.send(
        SIGN_IN,
        data=person.fields(office.clock, **other),
        environ_base={"REMOTE_ADDR": network},
    )


def sit_down(office: Office, person: Person) -> Visitor:
    """A browser in which an operator is signed in."""
    visitor = office.visitor()
    answer = try_to_sign_in(office, person, visitor=visitor)
    assert answer.status == 303, answer.text
    office.clock.advance(seconds=30)  # so that her phone shows another code for the next one
    return visitor


def token_of(visitor: Visitor, cookie: str = "operator") -> str:
    found = visitor.client.get_cookie(cookie)
    assert found is not None
    return found.value


def ledger(office: Office) -> list[LedgerEntry]:
    """What the ledger says, in order."""
    with office.database.reading() as db:
        return list(db.scalars(select(LedgerEntry).order_by(LedgerEntry.id)))


def at_the_desk(office: Office, person: Person) -> AtTheDesk:
    """The same, past the pages."""
    found = office.portal.services.desk.sessions.current(token_of(sit_down(office, person)))
    assert found is not None
    return found
