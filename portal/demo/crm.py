"""The nursery's own CRM: a SQLite file of the kind that a handy nephew builds.

Kwekerij De Late Merel does not exist, and neither does anybody in its files.
"""

import random
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from portal.demo.people import Person, invent

TODAY = date(2026, 6, 1)
"""The day of the data: fixed, so that the same seed makes the same file on any day."""

SCHEMA = Path(__file__).with_name("crm.sql")

WORDING = {
    "newsletter": {
        "nl": "Ja, stuur mij elke maand de nieuwsbrief met tuintips.",
        "de": "Ja, bitte senden Sie mir jeden Monat den Newsletter mit Gartentipps.",
        "fr": "Oui, envoyez-moi chaque mois la lettre avec des conseils de jardinage.",
        "en": "Yes, send me the monthly newsletter with gardening tips.",
    },
    "workshops": {
        "nl": "Ja, nodig mij uit voor workshops en open dagen.",
        "de": "Ja, bitte laden Sie mich zu Workshops und offenen Tagen ein.",
        "fr": "Oui, invitez-moi aux ateliers et aux journées portes ouvertes.",
        "en": "Yes, invite me to workshops and open days.",
    },
}

PLANTS = (
    ("Lavendel 'Hidcote', 6 stuks", "23.70"),
    ("Hortensia 'Annabelle'", "17.95"),
    ("Klimroos 'New Dawn'", "21.50"),
    ("Fruitboom: appel 'Elstar', halfstam", "49.00"),
    ("Tulpenbollen, mengsel van 50", "14.95"),
    ("Bijenmengsel, zaad voor 10 m²", "8.50"),
    ("Siergrassen, pakket van 9", "38.25"),
    ("Tuinaarde, 4 zakken van 40 liter", "27.80"),
    ("Vaste planten voor schaduw, pakket", "54.60"),
    ("Kruidenkist met 8 soorten", "24.95"),
    ("Leiperen, set van 2", "112.00"),
    ("Workshop snoeien, 1 plaats", "35.00"),
)
NOTES = (
    "Belde over de levertijd van de bollen. Komen in week 39.",
    "Pot kwam gebroken aan. Nieuwe gestuurd, geen kosten.",
    "Vraagt om bezorging na 17 uur.",
    "Wil graag advies over een haag op zware klei.",
    "Cadeaubon per post gestuurd.",
)

MARIJKE = Person(
    first_name="Marijke",
    last_name="de Vries",
    email="marijke.devries@example.org",
    phone="06-1000482",  # one digit short: hers to correct
    street="Lindelaan",
    house_number="14",
    postal_code="4001 KB",
    city="Tiel",
    country="NL",
    language="nl",
    birth_date=date(1949, 3, 8),
)
DELIVERY_NOTES = {MARIJKE.email: "De sleutel van de schuur ligt onder de derde pot links."}
"""Not for everybody who reads her mail."""
SHARED_MAILBOX = "familie.jansen@example.net"
"""Two people of one household, with one address."""
STANDS_TWICE = "hendrik.bosman@example.com"
"""One person with two records: he ordered once more as a guest."""


class _Contact(NamedTuple):
    person: Person
    number: int | None
    source: str
    created: datetime
    changed: datetime


def subscriber_to_be() -> str:
    """The address of the subscriber whom the demo is about: she is known by all that there is."""
    return MARIJKE.email


def create_crm(path: Path, *, subscribers: int = 3000, seed: int = 2026) -> None:
    """Make the CRM in a new file; the same numbers make the same file.

    Of `subscribers` contacts, the first is Marijke de Vries, the next four are the two who share
    a mailbox and the one who stands twice (as far as there is room for them).

    Raises:
        FileExistsError: something is there already.
        ValueError: less than one subscriber was asked for.
    """
    if subscribers < 1:
        raise ValueError("a CRM without subscribers shows nothing")
    if path.exists():
        raise FileExistsError(f"{path.name} is there already")
    luck = random.Random(seed)
    contacts = _contacts(subscribers, seed, luck)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(SCHEMA.read_text("utf-8"))
        connection.executemany(_insert("contacts", 21), _contact_rows(contacts))
        connection.executemany(_insert("subscriptions", 7), _subscription_rows(contacts, luck))
        connection.executemany(_insert("orders", 7), _order_rows(contacts, luck))
        connection.executemany(_insert("notes", 4), _note_rows(contacts, luck))


def _insert(table: str, columns: int) -> str:
    return f"INSERT INTO {table} VALUES ({', '.join('?' * columns)})"  # noqa: S608  names of ours


def _contacts(count: int, seed: int, luck: random.Random) -> list[_Contact]:
    hand_picked = _hand_picked()
    contacts = hand_picked[:count]
    number = 10_230
    for person in invent(max(0, count - len(hand_picked)), seed, TODAY):
        number += luck.randint(1, 4)
        age = luck.randint(20, 9 * 365)
        created = _days_ago(age, luck)
        changed = _days_ago(luck.randint(0, age - 1), luck)
        source = luck.choices(("webshop", "kassa", "beurs", "nieuwsbrief"), (60, 20, 5, 15))[0]
        contacts.append(
            _Contact(
                person,
                number if source in {"webshop", "kassa"} else None,
                source,
                created,
                changed,
            )
        )
    return contacts


def _hand_picked() -> list[_Contact]:
    long_ago, lately = _at(date(2017, 4, 22)), _at(date(2026, 3, 14))
    wim = replace(
        MARIJKE,
        first_name="Wim",
        last_name="Jansen",
        email=SHARED_MAILBOX,
        phone="06 1000 7731",
        house_number="3",
        birth_date=None,
    )
    annelies = replace(wim, first_name="Annelies", last_name="Jansen-Kuipers", phone=None)
    hendrik = replace(
        wim,
        first_name="Hendrik",
        last_name="Bosman",
        email=STANDS_TWICE,
        phone="+31 6 1000 2290",
        street="Zandpad",
        house_number="88a",
    )
    return [
        _Contact(MARIJKE, 10_114, "webshop", long_ago, lately),
        _Contact(wim, 10_118, "kassa", long_ago, long_ago),
        _Contact(annelies, 10_119, "webshop", long_ago, lately),
        _Contact(hendrik, 10_124, "webshop", long_ago, long_ago),
        _Contact(hendrik, None, "gastbestelling", lately, lately),
    ]


def _contact_rows(contacts: Iterable[_Contact]) -> Iterator[tuple[object, ...]]:
    for id_, contact in enumerate(contacts, 1):
        person = contact.person
        yield (
            id_,
            None if contact.number is None else f"K{contact.number}",
            person.email,
            person.first_name,
            person.last_name,
            person.phone,
            person.street,
            person.house_number,
            person.postal_code,
            person.city,
            person.country,
            None if person.birth_date is None else person.birth_date.isoformat(),
            person.language,
            contact.source,
            0,
            _text(contact.created),
            _text(contact.changed),
            1,
            DELIVERY_NOTES.get(person.email),
            None,
            None,
        )


def _subscription_rows(
    contacts: Iterable[_Contact], luck: random.Random
) -> Iterator[tuple[object, ...]]:
    for id_, contact in enumerate(contacts, 1):
        everything = contact.person is MARIJKE
        language = contact.person.language
        at = _text(contact.created)
        for mailing, chance in (("newsletter", 0.75), ("workshops", 0.3)):
            if everything or luck.random() < chance:
                active = everything or luck.random() < 0.9
                every = 30 if mailing == "newsletter" else None
                told = (at, contact.source, WORDING[mailing][language])
                yield id_, mailing, int(active), *told, every
        if everything or contact.number is not None:  # a customer, who did not say no
            active = everything or luck.random() < 0.85
            yield id_, "offers", int(active), at, "bestelling", None, None
        if id_ % 5 == 2:  # came with a list, long ago; when they said yes, nobody has kept
            yield id_, "partners", 1, None, None, None, None


def _order_rows(contacts: Iterable[_Contact], luck: random.Random) -> Iterator[tuple[object, ...]]:
    id_ = 0
    for contact_id, contact in enumerate(contacts, 1):
        buys = contact.number is not None or contact.source == "gastbestelling"
        count = 6 if contact.person is MARIJKE else luck.choice((0, 1, 1, 2, 3, 5)) if buys else 0
        days = (TODAY - contact.created.date()).days
        for _ in range(count):
            id_ += 1
            ordered = contact.created.date() + timedelta(days=luck.randint(0, max(0, days)))
            plant, price = luck.choice(PLANTS)
            total = Decimal(price) + Decimal("6.95")  # postage
            yield (
                id_,
                contact_id,
                f"{ordered.year}-{id_:05d}",
                ordered.isoformat(),
                float(total),
                plant,
                contact.person.postal_address,
            )


def _note_rows(contacts: Iterable[_Contact], luck: random.Random) -> Iterator[tuple[object, ...]]:
    id_ = 0
    for contact_id, contact in enumerate(contacts, 1):
        if contact.person is MARIJKE or luck.random() < 0.08:
            id_ += 1
            yield id_, contact_id, _text(contact.changed), luck.choice(NOTES)


def _days_ago(days: int, luck: random.Random) -> datetime:
    return _at(TODAY - timedelta(days=days)) + timedelta(minutes=luck.randint(0, 9 * 60))


def _at(day: date) -> datetime:
    return datetime.combine(day, time(8, 42))


def _text(moment: datetime) -> str:
    """As SQLAlchemy reads a DATETIME column of SQLite."""
    return moment.strftime("%Y-%m-%d %H:%M:%S.000000")
