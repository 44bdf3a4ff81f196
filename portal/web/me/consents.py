"""What we send you, why we may, and stopping it: by one click, which can be taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Response, abort
from flask_babel import get_locale
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired

from portal.consent.sources import BY_SIGNAL, NO_OPT_IN
from portal.domain.register import Frequency, Group, Purpose, in_language
from portal.rights.held.holdings import Holdings
from portal.rights.mailings.decide import STOPPABLE, Standing
from portal.rights.mailings.pause import MONTHS, NotNow
from portal.rights.mailings.undo import Offer, TooLate
from portal.rights.requests.history import History
from portal.rights.requests.queued import one_more_until
from portal.web.context import me, services
from portal.web.forms import NoFields, PortalForm
from portal.web.me.blueprint import blueprint
from portal.web.me.words import source_in_words
from portal.web.pages import go, render


class DecideForm(PortalForm):
    """Stop this, or start it again."""

    purpose = HiddenField(validators=[InputRequired()])
    granted = HiddenField(validators=[InputRequired()])


class TopicsForm(PortalForm):
    """Stop all that stand under one heading."""

    group = HiddenField(validators=[InputRequired()])


class LessForm(PortalForm):
    """So often from now on."""

    purpose = HiddenField(validators=[InputRequired()])
    frequency = StringField()


class PauseForm(PortalForm):
    """Stop it for so many months."""

    purpose = HiddenField(validators=[InputRequired()])
    months = StringField()


class UndoForm(PortalForm):
    """Take a stop back, by its request."""

    stop = HiddenField(validators=[InputRequired()])


@dataclass(frozen=True, slots=True)
class Told:
    """One purpose in the page's language."""

    label: str
    description: str
    wording: str
    source: str | None
    """Of what stands now, in words."""
    was_put_back: bool
    """It is on since a stop was taken back: she had said yes before."""
    by_signal: bool
    """Her browser has stopped it."""
    one_more_until: datetime | None
    frequency: str | None
    """How often it comes now, where a system tells."""
    frequencies: Sequence[Frequency]
    """What else can be chosen, because every system can keep to it."""
    can_pause: bool
    asks_first: bool
    """When a break is over, a system wants her own word."""
    break_is_over: bool
    """Her break has ended, and nothing has started again: it was turned off meanwhile, or she was
    asked and has not answered, or a system is away."""


@dataclass(frozen=True, slots=True)
class Section:
    """One purpose; or several that stand under one heading."""

    group: Group | None
    rows: Sequence[tuple[Standing, Told]]

    @property
    def can_stop_all(self) -> bool:
        """Is there more than one to stop?"""
        return self.group is not None and sum(one.can_be_stopped for one, _ in self.rows) > 1


@blueprint.get("/consents", endpoint="consents")
def show() -> Response:
    """Every purpose that can be stopped, and how it stands."""
    rights, signed_in = services().rights, me()
    held = rights.reading.of(signed_in)
    standings = rights.deciding.standings(signed_in, held)
    stops = _last_stops(rights.requests.all_of(signed_in))
    told = [(standing, _told(standing, stops, held)) for standing in standings]
    return render(
        "me/consents.html",
        sections=_sections(told),
        stoppable=[standing for standing in standings if standing.can_be_stopped],
        by_signal=[words.label for _, words in told if words.by_signal],
        offers=[(offer, _labels(offer)) for offer in rights.undoing.offered(signed_in)],
        form=DecideForm(formdata=None),
        held=held,
        months=MONTHS,
    )


@blueprint.post("/consents", endpoint="decide")
def decide() -> Response:
    """Take the decision down."""
    form = DecideForm.posted()
    purpose = _purpose(form.purpose.data)
    if form.granted.data not in {"yes", "no"}:
        abort(400)
    granted = form.granted.data == "yes"
    if not granted:
        return _stop([purpose])
    rights = services().rights
    held = rights.reading.of(me())
    if held.several_people and not held.is_doubtful:
        abort(403)  # either may stop for both; neither may consent for the other
    request_id = rights.giving.give(me(), purpose, str(get_locale()))
    return go("me.request", request_id=request_id)


@blueprint.post("/consents/less", endpoint="less")
def less() -> Response:
    """How often, from what every system can keep to."""
    form = LessForm.posted()
    rights = services().rights
    purpose = _purpose(form.purpose.data)
    choices = rights.often.choices(purpose, rights.reading.adapters_of(me()))
    chosen = next((one for one in choices if one.id == form.frequency.data), None)
    if chosen is None:
        abort(400)
    request_id = rights.often.choose(me(), purpose, chosen, str(get_locale()))
    return go("me.request", request_id=request_id)


@blueprint.post("/consents/pause", endpoint="pause")
def pause() -> Response:
    """A break of one, two or three months."""
    form = PauseForm.posted()
    rights, purpose = services().rights, _purpose(form.purpose.data)
    if form.months.data not in {str(one) for one in MONTHS}:
        abort(400)
    if not rights.pausing.can_be_paused(purpose):
        abort(400)
    try:
        request_id = rights.pausing.pause(me(), purpose, int(form.months.data), str(get_locale()))
    except NotNow:
        return render("me/no_break.html", 409)
    return go("me.request", request_id=request_id)


@blueprint.post("/consents/stop", endpoint="stop_everything")
def stop_everything() -> Response:
    """All of it by one click, which is taken back by one."""
    NoFields.posted()
    rights = services().rights
    held = rights.reading.of(me())
    standings = rights.deciding.standings(me(), held)
    return _stop([one.purpose for one in standings if one.can_be_stopped])


@blueprint.post("/consents/topics", endpoint="stop_topics")
def stop_topics() -> Response:
    """All under one heading by one click, which is taken back by one."""
    form = TopicsForm.posted()
    if form.group.data not in {group.id for group in services().register.groups}:
        abort(400)
    rights = services().rights
    standings = rights.deciding.standings(me(), rights.reading.of(me()))
    topics = [one for one in standings if one.purpose.group == form.group.data]
    return _stop([one.purpose for one in topics if one.can_be_stopped])


@blueprint.post("/consents/undo", endpoint="undo")
def undo() -> Response:
    """Put back what one click turned off."""
    form = UndoForm.posted()
    try:
        put_back = services().rights.undoing.undo_mine(
            me(), form.stop.data or "", str(get_locale())
        )
    except TooLate:
        return render("me/undo_too_late.html", 410)
    return go("me.request", request_id=put_back.request_id)


def _sections(told: Sequence[tuple[Standing, Told]]) -> list[Section]:
    """In the register's order; a group where the first of it stands."""
    together: dict[tuple[str | None, str], list[tuple[Standing, Told]]] = {}
    for standing, words in told:
        group, alone = standing.purpose.group, standing.purpose.id
        together.setdefault((group, "" if group else alone), []).append((standing, words))
    return [_section(rows) for rows in together.values()]


def _section(rows: Sequence[tuple[Standing, Told]]) -> Section:
    group = rows[0][0].purpose.group
    # Of a group that has only one purpose on this site, the heading would say nothing.
    return Section(services().register.group(group) if group and len(rows) > 1 else None, rows)


def _stop(purposes: Sequence[Purpose]) -> Response:
    request_id = services().rights.stopping.stop_mine(me(), purposes, str(get_locale()))
    return go("me.request", request_id=request_id) if request_id else go("me.consents")


def _purpose(id: str | None) -> Purpose:
    """One that can be stopped, and concerns this site; what is none answers 400."""
    try:
        purpose = services().register.purpose(id or "")
    except KeyError:
        abort(400)
    concerns = services().rights.deciding.concerns(me(), purpose.id)
    return purpose if purpose.ground in STOPPABLE and concerns else abort(400)


def _last_stops(histories: list[History]) -> dict[str, History]:
    """Purpose id → the last request that was about it; the newest come first."""
    found: dict[str, History] = {}
    for one in histories:
        for id in one.details.get("purposes", ()):
            found.setdefault(id, one)
    return found


def _told(standing: Standing, last: dict[str, History], held: Holdings) -> Told:
    locale, purpose = str(get_locale()), standing.purpose
    often, pausing = services().rights.often, services().rights.pausing
    present = often.present(purpose, held)
    choices = often.choices(purpose, held.adapters) if standing.on else []
    stop = last.get(purpose.id) if not standing.on else None
    until = standing.paused_until
    return Told(
        label=in_language(purpose.label, locale),
        description=in_language(purpose.description, locale),
        wording=in_language(purpose.wording, locale),
        source=source_in_words(standing.source) if standing.source else None,
        was_put_back=standing.source in NO_OPT_IN,
        by_signal=not standing.on and standing.source == BY_SIGNAL,
        one_more_until=one_more_until([stop], services().adapters, services().clock())
        if stop
        else None,
        frequency=next(
            (in_language(one.label, locale) for one in choices if one.id == present), None
        ),
        frequencies=[one for one in choices if one.id != present],
        can_pause=standing.on
        and standing.certain
        and not standing.paused_until
        and pausing.can_be_paused(purpose),
        asks_first=pausing.asks_first(me(), purpose),
        break_is_over=until is not None and until <= services().clock(),
    )


def _labels(offer: Offer) -> list[str]:
    return [in_language(purpose.label, str(get_locale())) for purpose in offer.purposes]
