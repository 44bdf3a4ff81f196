"""Footer links, ``/u/<token>``: at the foot of a mail, and in its header (RFC 2369, RFC 8058).

A link may only reduce what is done with somebody's data, and only by POST: mail programs and
scanners open every address of a mail. It signs nobody in. To see or change anything, a code goes to
the mailbox, as for everyone who asks.
"""

from collections.abc import Sequence

from flask import Blueprint, Response, abort, request
from flask_babel import get_locale, refresh
from flask_babel import gettext as _

from portal.consent.links import DoesNotOpen, Link
from portal.consent.sources import BY_LINK, BY_ONE_CLICK
from portal.domain.register import Purpose, in_language
from portal.domain.rights import Goal
from portal.rights.mailings.pause import MONTHS, NotNow
from portal.rights.mailings.stop import Stopped
from portal.rights.mailings.undo import LASTS, TooLate
from portal.rights.requests.progress import Seen
from portal.rights.requests.queued import one_more_until
from portal.web.context import services, use_question
from portal.web.footer_forms import DataForm, LessForm, PauseForm, TopicForm, UndoForm
from portal.web.forms import NoFields
from portal.web.guards import is_one_click
from portal.web.pages import go, render
from portal.web.signin import ask_for

BY_CODE = frozenset({Goal.VIEW, Goal.COPY, Goal.ERASE})
"""What a link leads on to, once the mailbox is proven for it."""

blueprint = Blueprint("footer", __name__, url_prefix="/u")


@blueprint.get("/")
def without_token() -> Response:
    """For mail that is the same for everyone: she says herself who she is."""
    site = {"site": request.args["site"]} if "site" in request.args else {}
    return go("signin.ask", goal=Goal.LESS, **site)


@blueprint.get("/<token>")
def show(token: str) -> Response:
    """What can be stopped. No CRM is asked, and nothing is changed."""
    opened = _opened(token)
    if opened is None:
        return _no_link()
    link, purpose = opened
    rights, locale = services().rights, str(get_locale())
    topics = rights.stopping.topics(link, purpose)
    group = services().register.group(purpose.group) if topics and purpose.group else None
    return render(
        "footer/show.html",
        link_token=token,
        description=in_language(purpose.description, locale),
        frequencies=rights.often.of_link(link, purpose),
        months=MONTHS if rights.pausing.can_be_paused(purpose) else (),
        group=in_language(group.label, locale) if group else None,
        topics=_labels(topics),
        others=[one for one in topics if one is not purpose],
        **_told(link, [purpose]),
    )


@blueprint.post("/<token>")
def stop(token: str) -> Response:
    """Stop it: for a person on our page, or for her mail program by one click (RFC 8058)."""
    one_click = is_one_click()
    if not one_click:
        NoFields.posted()
    opened = _opened(token)
    if opened is None:
        return _plain(_("This link does not work (any more)"), 404) if one_click else _no_link()
    link, purpose = opened
    source = BY_ONE_CLICK if one_click else BY_LINK
    stopped = services().rights.stopping.stop(link, purpose, str(get_locale()), source)
    if one_click:
        return _plain(_("Stopped"))
    return _after(stopped, link, [purpose])


@blueprint.post("/<token>/all")
def stop_all(token: str) -> Response:
    """Stop all that stand under one heading with it, by one click of a person."""
    NoFields.posted()
    opened = _opened(token)
    if opened is None:
        return _no_link()
    link, purpose = opened
    stopping = services().rights.stopping
    topics = stopping.topics(link, purpose) or abort(400)
    return _after(stopping.stop_these(link, topics, str(get_locale())), link, topics)


@blueprint.post("/<token>/topic")
def stop_topic(token: str) -> Response:
    """Stop another of them, and leave the one that the link is about."""
    form = TopicForm.posted()
    opened = _opened(token)
    if opened is None:
        return _no_link()
    link, purpose = opened
    stopping = services().rights.stopping
    topics = [one for one in stopping.topics(link, purpose) if one.id == form.topic.data]
    if not topics:
        abort(400)
    return _after(stopping.stop_these(link, topics, str(get_locale())), link, topics)


@blueprint.post("/<token>/less")
def less(token: str) -> Response:
    """Less often, and never more."""
    form = LessForm.posted()
    opened = _opened(token)
    if opened is None:
        return _no_link()
    link, purpose = opened
    often, locale = services().rights.often, str(get_locale())
    choices = often.of_link(link, purpose)
    chosen = next((one for one in choices if one.id == form.frequency.data), None)
    if chosen is None:
        abort(400)
    request_id = often.by_link(link, purpose, chosen, locale)
    if request_id is None:
        return render("footer/already.html", **_told(link, [purpose]))
    return render(
        "footer/less.html",
        often=in_language(chosen.label, locale),
        **_progress(request_id),
        **_told(link, [purpose]),
    )


@blueprint.post("/<token>/pause")
def pause(token: str) -> Response:
    """A break: stopped now, and given back on its day what was on."""
    form = PauseForm.posted()
    opened = _opened(token)
    if opened is None:
        return _no_link()
    link, purpose = opened
    pausing = services().rights.pausing
    if form.months.data not in {str(one) for one in MONTHS} or not pausing.can_be_paused(purpose):
        abort(400)
    try:
        paused = pausing.by_link(link, purpose, int(form.months.data), str(get_locale()))
    except NotNow:
        return render("footer/no_break.html", 409, link_token=token)
    return _stopped("footer/paused.html", paused, link)


@blueprint.post("/<token>/data")
def data(token: str) -> Response:
    """See all my data, take a copy or delete: a code for just that goes to the address.

    All else is as for whoever asks.
    """
    form = DataForm.posted()
    if form.goal.data not in BY_CODE:
        abort(400)
    opened = _opened(token)
    if opened is None:
        return _no_link()
    link, _purpose = opened
    return ask_for(link.email, Goal(form.goal.data))


@blueprint.get("/progress/<reference>")
def progress(reference: str) -> Response:
    """How far a stop is, or its undoing. Says nothing about anybody."""
    seen = services().rights.following.look(reference)
    if seen is None or not _use_site(seen.site):
        return _no_link()
    return render("footer/progress.html", seen=seen, reference=reference)


@blueprint.post("/undo")
def undo() -> Response:
    """Put back what one click turned off."""
    form = UndoForm.posted()
    try:
        put_back = services().rights.undoing.undo(form.undo.data or "", str(get_locale()))
    except TooLate as late:
        if late.site is not None:
            _use_site(late.site)
        return render("footer/too_late.html", 410)
    _use_site(put_back.site)
    return render(
        "footer/put_back.html",
        label=_labels(put_back.purposes),
        **_progress(put_back.request_id),
    )


def _opened(token: str) -> tuple[Link, Purpose] | None:
    """What a token names, of a site and a mailing that are there; its site is this page's."""
    try:
        link = services().links.open(token)
    except DoesNotOpen:
        return None
    purpose = services().rights.stopping.mailing(link)
    if purpose is None or not _use_site(link.site):
        return None
    return link, purpose


def _use_site(id: str) -> bool:
    try:
        site = services().settings.site(id)
    except KeyError:
        return False
    use_question(site)
    refresh()  # whatever was said before this spoke a language of the first site
    return True


def _after(stopped: Stopped | None, link: Link, asked: Sequence[Purpose]) -> Response:
    """What a click has stopped; or that all of what it was to stop was off."""
    if stopped is None:
        return render("footer/already.html", **_told(link, asked))
    return _stopped("footer/stopped.html", stopped, link)


def _stopped(template: str, stopped: Stopped, link: Link) -> Response:
    """What a click has stopped, for good or for a while, and the way back."""
    progress = _progress(stopped.request_id)
    seen, asks_first = progress["seen"], services().rights.pausing.asks_first
    return render(
        template,
        undo=stopped.undo,
        minutes=int(LASTS.total_seconds() // 60),
        until=seen.history.paused_until if isinstance(seen, Seen) else None,
        asks_first=any(asks_first(link, one) for one in stopped.purposes),
        **progress,
        **_told(link, stopped.purposes),
    )


def _told(link: Link, purposes: Sequence[Purpose]) -> dict[str, str]:
    return {"label": _labels(purposes), "masked": link.email.masked}


def _labels(purposes: Sequence[Purpose]) -> str:
    return ", ".join(in_language(one.label, str(get_locale())) for one in purposes)


def _progress(request_id: str) -> dict[str, object]:
    """How far it is, and the address under which it can be looked at again."""
    following = services().rights.following
    reference = following.reference(request_id)
    seen = following.look(reference)
    adapters, now = services().adapters, services().clock()
    return {
        "seen": seen,
        "reference": reference,
        "one_more_until": one_more_until((seen.history, *seen.along), adapters, now)
        if seen
        else None,
    }


def _no_link() -> Response:
    """The same for what was forged, cut or of a key or mailing that is gone: it tells nothing."""
    return render("footer/no_link.html", 404)


def _plain(words: str, status: int = 200) -> Response:
    """For a mail program: short, no redirect, no cookie."""
    return Response(f"{words}\n", status, content_type="text/plain; charset=utf-8")
