"""Made-up people from four countries, the same ones for the same seed.

Names come from Faker; streets, towns and phone numbers are our own lists, because Faker's Dutch
streets and towns do not sound like any. Mail addresses are at domains that nobody can own
(RFC 2606 §3).
"""

import random
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from faker import Faker

NAMES_PER_POOL = 240
MAIL_DOMAINS = ("example.com", "example.net", "example.org", "mail.example", "post.example")
LETTERS = "ABCDEGHJKLMNPRTVWXZ"


@dataclass(frozen=True, slots=True)
class Person:
    """One contact as the nursery would have typed it in."""

    first_name: str
    last_name: str
    email: str
    phone: str | None
    street: str
    house_number: str
    postal_code: str
    city: str
    country: str
    language: str
    birth_date: date | None

    @property
    def postal_address(self) -> str:
        """Name and home address, as an invoice has them."""
        street = f"{self.street} {self.house_number}"
        if self.country in {"FR", "GB"}:
            street = f"{self.house_number} {self.street}"
        place = f"{self.postal_code} {self.city}"
        return f"{self.first_name} {self.last_name}, {street}, {place}, {self.country}"


@dataclass(frozen=True, slots=True)
class Land:
    """Where a share of the customers lives; towns come with the start of their postal code."""

    country: str
    language: str
    faker: str
    share: int
    streets: str
    """Divided by ``|``."""
    towns: tuple[tuple[str, str], ...]
    postal_code: str
    """``#`` a digit, ``@`` a letter, after the town's own part."""
    phones: tuple[str, ...]


LANDS = (
    Land(
        "NL",
        "nl",
        "nl_NL",
        70,
        (
            "Dorpsstraat|Kerkstraat|Molenweg|Schoolstraat|Lindelaan|Beatrixstraat|Julianalaan|"
            "Kastanjelaan|Beukenlaan|Meidoornstraat|Nieuwstraat|Stationsweg|Prins Bernhardlaan|"
            "Wilhelminastraat|Burgemeester Vosstraat|Havenkade|Korenbloemstraat|Merelhof|"
            "Oude Dijk|Parallelweg|Vlierstraat|Zandpad|Zonnebloemlaan|Van Goghstraat"
        ),
        (
            ("Utrecht", "35"),
            ("Amersfoort", "38"),
            ("Tiel", "40"),
            ("Culemborg", "41"),
            ("Nijmegen", "65"),
            ("Arnhem", "68"),
            ("Zwolle", "80"),
            ("Deventer", "74"),
            ("Leiden", "23"),
            ("Gouda", "28"),
            ("Breda", "48"),
            ("'s-Hertogenbosch", "52"),
            ("Groningen", "97"),
            ("Assen", "94"),
            ("Alkmaar", "18"),
            ("Middelburg", "43"),
        ),
        "## @@",
        ("06-1000####", "06 1000 ####", "+31 6 1000 ####", "061000####"),
    ),
    Land(
        "DE",
        "de",
        "de_DE",
        15,
        (
            "Hauptstraße|Bahnhofstraße|Gartenstraße|Lindenweg|Schulstraße|Bergstraße|Am Mühlbach|"
            "Goethestraße|Kirchplatz|Rosenweg|Waldstraße|Zum Eichenhof|Feldweg|Ringstraße"
        ),
        (
            ("Münster", "481"),
            ("Kleve", "475"),
            ("Oldenburg", "261"),
            ("Köln", "509"),
            ("Düsseldorf", "402"),
            ("Osnabrück", "490"),
            ("Bocholt", "463"),
        ),
        "##",
        ("0171 39200##", "+49 171 39200##", "0171/39200##"),  # the regulator keeps them for films
    ),
    Land(
        "FR",
        "fr",
        "fr_FR",
        8,
        (
            "rue de l'Église|rue des Tilleuls|chemin du Moulin|avenue de la Gare|rue Victor Hugo|"
            "place de la Mairie|impasse des Lilas|rue du Faubourg|allée des Roses|rue Pasteur"
        ),
        (
            ("Lille", "590"),
            ("Arras", "620"),
            ("Amiens", "800"),
            ("Rouen", "760"),
            ("Reims", "511"),
        ),
        "##",
        ("06 39 98 ## ##", "+33 6 39 98 ## ##"),  # kept for films by the regulator
    ),
    Land(
        "GB",
        "en",
        "en_GB",
        7,
        (
            "High Street|Church Lane|Station Road|Mill Lane|Orchard Close|The Green|Park Avenue|"
            "Victoria Road|Elm Grove|Rose Cottage Lane|Queens Road"
        ),
        (
            ("Norwich", "NR"),
            ("Ipswich", "IP"),
            ("Canterbury", "CT"),
            ("York", "YO"),
            ("Leeds", "LS"),
        ),
        "# #@@",
        ("07700 900###", "+44 7700 900###"),  # kept for films by the regulator
    ),
)


def invent(count: int, seed: int, today: date) -> list[Person]:
    """`count` people with different addresses; about one in five left no phone number."""
    luck = random.Random(seed)
    pools = {land.country: (*_names(land, seed), land.streets.split("|")) for land in LANDS}
    weights = [land.share for land in LANDS]
    taken: set[str] = set()
    people = []
    for _ in range(count):
        land = luck.choices(LANDS, weights)[0]
        first_names, last_names, streets = pools[land.country]
        first, last = luck.choice(first_names), luck.choice(last_names)
        town, area = luck.choice(land.towns)
        people.append(
            Person(
                first_name=first,
                last_name=last,
                email=_email(first, last, taken, luck),
                phone=None if luck.random() < 0.2 else _fill(luck.choice(land.phones), luck),
                street=luck.choice(streets),
                house_number=f"{luck.randint(1, 180)}{luck.choice(('', '', '', '', 'a', 'b'))}",
                postal_code=area + _fill(land.postal_code, luck),
                city=town,
                country=land.country,
                language=land.language,
                birth_date=_birthday(luck, today) if luck.random() < 0.45 else None,
            )
        )
    return people


def _names(land: Land, seed: int) -> tuple[Sequence[str], Sequence[str]]:
    faker = Faker(land.faker)
    faker.seed_instance(seed)
    return (
        [faker.first_name() for _ in range(NAMES_PER_POOL)],
        [faker.last_name() for _ in range(NAMES_PER_POOL)],
    )


def _fill(pattern: str, luck: random.Random) -> str:
    return "".join(
        str(luck.randint(0, 9)) if sign == "#" else luck.choice(LETTERS) if sign == "@" else sign
        for sign in pattern
    )


def _email(first: str, last: str, taken: set[str], luck: random.Random) -> str:
    given, family = _plain(first), _plain(last)
    local = luck.choice((f"{given}.{family}", f"{given[0]}.{family}", f"{given}{family}"))
    domain = luck.choice(MAIL_DOMAINS)
    number = 1
    address = f"{local}@{domain}"
    while address in taken:
        number += 1
        address = f"{local}{number}@{domain}"
    taken.add(address)
    if luck.random() < 0.04:  # typed on a phone, or with Caps Lock on
        return luck.choice((address.capitalize(), address.upper(), address.title()))
    return address


def _plain(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    return "".join(sign for sign in decomposed if sign.isascii() and sign.isalnum()).lower()


def _birthday(luck: random.Random, today: date) -> date:
    return today - timedelta(days=luck.randint(19 * 365, 88 * 365))
