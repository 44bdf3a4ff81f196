"""What is done with *this* person's data, and by whom: the third layer of Art. 15 GDPR.

All of it is the register's, and only as far as something is held about her, or as a system that
may hold something could not be looked into. Texts are in her language; what is made here goes into
the copy as it is (`portal.rights.copies.telling`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from portal.config import Settings
from portal.config.parts import Authority
from portal.domain.register import (
    Activity,
    Explanation,
    FieldEntry,
    Recipient,
    Register,
    Text,
    in_language,
)
from portal.rights.held.holdings import Holdings, may_see
from portal.rights.mailings.decide import Standing


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody who receives data about her, by name."""

    name: str
    role: str
    """``internal``, ``processor``, ``controller`` or ``authority``; ``host``: keeps a system."""
    why: Sequence[str]
    country: str | None


@dataclass(frozen=True, slots=True)
class Abroad:
    """Data that leaves the European Economic Area, and what guards it."""

    to: str
    country: str
    safeguard: str


@dataclass(frozen=True, slots=True)
class Sort:
    """One category of data, with the fields of it that are held."""

    label: str
    fields: Sequence[str]


@dataclass(frozen=True, slots=True)
class Apart:
    """A field of which something else holds than of its activity; None: the same."""

    label: str
    why: str | None
    ground: str | None
    retention: str | None
    retention_law: str | None
    source: str | None


@dataclass(frozen=True, slots=True)
class Use:
    """One activity, as far as it concerns her."""

    id: str
    name: str
    why: str
    ground: str
    retention: str
    retention_law: str | None
    source: str | None
    automated: str | None
    """None: nothing is decided by a computer alone."""
    data: Sequence[Sort]
    sends: Sequence[str]
    """Labels of the purposes that it sends her something for, or has."""
    recipients: Sequence[str]
    """Their names; who they are stands in `About.recipients`."""
    transfers: Sequence[Abroad]
    apart: Sequence[Apart]
    certain: bool
    """False: only a system that could not be looked into may hold something."""


@dataclass(frozen=True, slots=True)
class Place:
    """A system that holds something about her, or may."""

    id: str
    label: str
    entity: str
    hosting: str
    backup: str | None
    reached: bool


@dataclass(frozen=True, slots=True)
class NotConnected:
    """A system that this page cannot look into at all."""

    label: str
    what: str
    how: str


@dataclass(frozen=True, slots=True)
class About:
    """All of it. ``withheld``: labels of fields that are held and need more than a mailbox."""

    uses: Sequence[Use]
    recipients: Sequence[Receiver]
    places: Sequence[Place]
    elsewhere: Sequence[NotConnected]
    withheld: Sequence[str]
    authority: Authority | None
    """None: that of the country she lives in."""

    @property
    def decides(self) -> Sequence[Use]:
        """The uses in which a computer decides something alone."""
        return [use for use in self.uses if use.automated]


def about(
    register: Register,
    settings: Settings,
    site: str,
    held: Holdings,
    standings: Sequence[Standing],
    locale: str,
) -> About:
    """What is to be told of her data, of this site's systems, in this language."""
    if held.several_people:  # whose anything is, the mailbox alone does not say
        held = replace(held, records={}, away=())
    certain = {field.id for field in register.fields if _is_held(field, held)}
    possible = certain.union(*(held.adapters[name].capabilities.fields for name in held.away))
    of_her = [field for field in register.fields if field.id in possible]
    uses = [
        _use(register, activity, of_her, certain, standings, locale)
        for activity in register.activities
        if any(field.activity == activity.id for field in of_her)
        or any(_concerns(one, activity) for one in standings)
    ]
    places = list(_places(held, locale))
    return About(
        uses=uses,
        recipients=_receivers(register, of_her, standings, places, settings.contact.name, locale),
        places=places,
        elsewhere=[
            NotConnected(*(in_language(text, locale) for text in (one.label, one.what, one.how)))
            for one in register.elsewhere
        ],
        withheld=[
            in_language(field.label, locale)
            for field in of_her
            if field.id in certain and not may_see(field, held.tier)
        ],
        authority=settings.authority_of(site),
    )


def is_filled(value: object) -> bool:
    """Does a value say anything? An empty text and no rows at all do not."""
    return value is not None and value not in ("", (), [])


def _is_held(field: FieldEntry, held: Holdings) -> bool:
    return any(is_filled(record.values.get(field.id)) for _, record in held.each())


def _concerns(standing: Standing, activity: Activity) -> bool:
    """Is anything sent to her for it, or is there a decision of hers about it?"""
    here = standing.purpose.activity == activity.id
    return here and (standing.on or standing.since is not None or not standing.certain)


def _use(
    register: Register,
    activity: Activity,
    of_her: Sequence[FieldEntry],
    certain: set[str],
    standings: Sequence[Standing],
    locale: str,
) -> Use:
    fields = [field for field in of_her if field.activity == activity.id]
    sends = [one for one in standings if _concerns(one, activity)]
    explained = _explained(register, activity, fields, sends)
    transfers = [one for part in explained for one in part.transfers or ()]
    return Use(
        id=activity.id,
        name=in_language(activity.name, locale),
        why=in_language(activity.why, locale),
        ground=activity.ground.value,
        retention=in_language(activity.retention, locale),
        retention_law=_said(activity.retention_law, locale),
        source=_said(activity.source, locale),
        automated=_said(activity.automated, locale),
        data=[
            Sort(in_language(category.label, locale), labels)
            for category in register.categories
            if (
                labels := [
                    in_language(field.label, locale)
                    for field in fields
                    if field.category == category.id
                ]
            )
        ],
        sends=[in_language(one.purpose.label, locale) for one in sends],
        recipients=list(dict.fromkeys(one.name for one in _named(explained))),
        transfers=list(
            dict.fromkeys(
                Abroad(one.to, one.country, in_language(one.safeguard, locale)) for one in transfers
            )
        ),
        apart=[_apart(field, locale) for field in fields if _has_own_words(field)],
        certain=any(field.id in certain for field in fields) or any(one.certain for one in sends),
    )


def _explained(
    register: Register,
    activity: Activity,
    fields: Sequence[FieldEntry],
    sends: Sequence[Standing],
) -> list[Explanation]:
    """What holds for each of the fields, and for what is sent: that of the activity itself."""
    return [*(register.explain(field) for field in fields), *([activity] if sends else [])]


def _named(explained: Sequence[Explanation]) -> Iterator[Recipient]:
    for one in explained:
        yield from one.recipients or ()


def _receivers(
    register: Register,
    of_her: Sequence[FieldEntry],
    standings: Sequence[Standing],
    places: Sequence[Place],
    company: str,
    locale: str,
) -> list[Receiver]:
    """Everybody by name, once, with all that they receive it for (CJEU C-154/21)."""
    found: dict[str, Receiver] = {}
    for activity in register.activities:
        fields = [field for field in of_her if field.activity == activity.id]
        sends = [one for one in standings if _concerns(one, activity)]
        for one in _named(_explained(register, activity, fields, sends)):
            before = found.get(one.name) or Receiver(one.name, one.role, (), one.country)
            why = in_language(one.why, locale)
            new = [why] if why and why not in before.why else []
            found[one.name] = replace(before, why=[*before.why, *new])
    for place in places:
        if place.entity not in found and place.entity != company:
            found[place.entity] = Receiver(place.entity, "host", [place.label], place.hosting)
    return list(found.values())


def _places(held: Holdings, locale: str) -> Iterator[Place]:
    for name, adapter in held.adapters.items():
        if name in held.away or held.records.get(name):
            location = adapter.settings.location
            yield Place(
                id=name,
                label=in_language(adapter.settings.label, locale),
                entity=location.entity,
                hosting=location.hosting,
                backup=location.backup,
                reached=name not in held.away,
            )


OWN_WORDS = ("why", "ground", "retention", "retention_law", "source")


def _has_own_words(field: FieldEntry) -> bool:
    return any(getattr(field, name) is not None for name in OWN_WORDS)


def _apart(field: FieldEntry, locale: str) -> Apart:
    return Apart(
        label=in_language(field.label, locale),
        why=_said(field.why, locale),
        ground=field.ground.value if field.ground else None,
        retention=_said(field.retention, locale),
        retention_law=_said(field.retention_law, locale),
        source=_said(field.source, locale),
    )


def _said(text: Text | None, locale: str) -> str | None:
    return in_language(text, locale) if text else None
