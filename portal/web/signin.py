"""Getting in and out: ask, code, link, confirmation, sign out."""

from flask import Blueprint, Response, abort, request, session
from flask_babel import get_locale, refresh
from flask_babel import gettext as _

from portal.access.ask import Purpose, TooMany
from portal.access.limits import network_of
from portal.access.redeem import Opened, Refusal, Waiting
from portal.access.sessions import Kind
from portal.access.subjects import HISTORY_TIER
from portal.domain.addresses import Email, InvalidEmail
from portal.domain.rights import FRESH_PROOF_GOALS, Goal
from portal.web import drafts
from portal.web.context import current_site, framed, me, services, use_question, who
from portal.web.doors import question_page
from portal.web.forms import GOALS, AskForm, CodeForm, GoalForm, LinkForm, NoFields
from portal.web.pages import HOME, go, hand_session_to_frame, render
from portal.web.remembered import nonce_for, remember
from portal.web.signal import heed

blueprint = Blueprint("signin", __name__)


@blueprint.get("/")
def ask() -> Response:
    """What would you like to do?"""
    form = AskForm(formdata=None)
    form.site.data = current_site().id
    if request.args.get("goal") in set(Goal):
        form.goal.data = request.args["goal"]
    return _ask_page(form)


@blueprint.post("/signin")
def signin() -> Response:
    """Take the question, and say the same to everyone."""
    form = AskForm.posted()
    try:
        goal = Goal(form.goal.data or Goal.VIEW)
    except ValueError:
        abort(400)
    if goal is Goal.QUESTION:
        return question_page()
    try:
        email = Email.parse(form.email.data or "")
    except InvalidEmail:
        form.email.errors = [_("Enter your e-mail address, like name@example.com.")]
        return _ask_page(form, 422)
    return ask_for(email, goal)


@blueprint.get("/signin/code")
def code_page() -> Response:
    """Where the code goes. The address alone brings it back after a reload or a lost tab."""
    waiting = _waiting(request.args.get("t", ""), "signin")
    return _code_page(waiting, CodeForm(formdata=None))


@blueprint.post("/signin/code")
def redeem_code() -> Response:
    """Sign in by the code."""
    form = CodeForm.posted()
    waiting = _waiting(form.t.data or "", "signin")
    code = (form.code.data or "").strip()
    if not code:
        form.code.errors = [_("Enter the code from the e-mail.")]
        return _code_page(waiting, form, 422)
    kind: Kind = "frame" if framed() else "tab"
    answer = services().redeeming.by_code(waiting.reference, code, kind, "signin")
    if isinstance(answer, Opened):
        return let_in(answer)
    if answer is Refusal.WRONG_CODE:
        form.code.errors = [_("That is not the code. Look at the newest e-mail and try again.")]
        return _code_page(waiting, form, 422)
    return _no_longer(waiting)


@blueprint.get("/enter")
def enter() -> Response:
    """The mailed link. Looking at it uses nothing up."""
    return _link_page(_waiting(request.args.get("t", ""), "signin"), LinkForm(formdata=None))


@blueprint.get("/confirm")
def confirm() -> Response:
    """The mailed link of a confirmation. Looking at it uses nothing up."""
    return _link_page(_waiting(request.args.get("t", ""), "confirm"), LinkForm(formdata=None))


@blueprint.post("/enter")
def redeem_link() -> Response:
    """Sign in by the link, or by the code of the same mail."""
    return _redeem_in_tab("signin")


@blueprint.post("/confirm")
def redeem_confirmation() -> Response:
    """Confirm by the link, or by the code of the same mail."""
    return _redeem_in_tab("confirm")


@blueprint.post("/me/confirm")
def ask_confirmation() -> Response:
    """Mail me one confirmation, for one goal."""
    form = GoalForm.posted()
    if me().tier == HISTORY_TIER:
        abort(403)  # there is nothing to copy or to delete
    if form.goal.data not in FRESH_PROOF_GOALS:
        abort(400)
    goal = Goal(form.goal.data)
    try:
        asked = services().asking.confirm(me(), goal, str(get_locale()))
    except TooMany:
        abort(429)
    if framed():
        return render("signin/confirm_mailed.html", goal=goal, email=me().email.masked)
    remember(asked)
    return go("signin.confirm", t=asked.reference)


@blueprint.post("/me/signout")
def signout() -> Response:
    """End the session."""
    NoFields.posted()
    signed_in = who()
    if signed_in:
        services().sessions.end(signed_in)
    if framed():
        return hand_session_to_frame("", "signin.ask", site=current_site().id)
    session.clear()
    return go("signin.ask", site=current_site().id)


def ask_for(email: Email, goal: Goal) -> Response:
    """Have a mail sent as far as the quotas allow, and go where its code is asked for."""
    asked = services().asking.ask(
        email,
        goal=goal,
        site=current_site().id,
        locale=str(get_locale()),
        network=network_of(request.remote_addr),
    )
    remember(asked)
    return go("signin.code_page", t=asked.reference)


def _ask_page(form: AskForm, status: int = 200) -> Response:
    goals = [one for one in GOALS if one[0] is not Goal.ADDRESS or form.goal.data == Goal.ADDRESS]
    return render("signin/ask.html", status, form=form, goals=goals)


def _waiting(reference: str, purpose: Purpose) -> Waiting:
    waiting = services().redeeming.waiting(reference, purpose)
    if waiting is None or (framed() and waiting.site != current_site().id):
        abort(410)
    try:
        site = services().settings.site(waiting.site)
    except KeyError:
        abort(410)  # asked before that site was taken out of the settings
    use_question(site, waiting.locale)
    refresh()  # whatever was said before this spoke the language of no question
    return waiting


def _redeem_in_tab(purpose: Purpose) -> Response:
    if framed():
        abort(403)  # these addresses are for a tab of its own
    form = LinkForm.posted()
    waiting = _waiting(form.t.data or "", purpose)
    code = (form.code.data or "").strip()
    redeeming = services().redeeming
    if form.token.data:
        nonce = nonce_for(waiting.reference)
        answer = redeeming.by_link(waiting.reference, form.token.data, nonce, purpose)
    elif code:
        answer = redeeming.by_code(waiting.reference, code, "tab", purpose)
    else:
        form.code.errors = [_("Enter the code from the e-mail.")]
        return _link_page(waiting, form, 422)
    if isinstance(answer, Opened):
        return let_in(answer)
    if answer is Refusal.NEEDS_CODE:
        return _link_page(waiting, LinkForm(formdata=None), needs_code=True)
    if answer is Refusal.WRONG_CODE:
        form.code.errors = [_("That is not the code. Look at the newest e-mail and try again.")]
        return _link_page(waiting, form, 422)
    return _no_longer(waiting)


def let_in(opened: Opened) -> Response:
    """On to what she came for, signed in."""
    typed = opened.goal is Goal.VIEW and drafts.waits()
    endpoint = "me.correct" if typed else HOME[opened.goal]
    if opened.tier == HISTORY_TIER:
        endpoint = "me.requests"
    signed_in = services().sessions.current(opened.token, "frame" if framed() else "tab")
    if signed_in is not None:
        heed(signed_in)
    if framed():
        return hand_session_to_frame(opened.token, endpoint)
    session.clear()  # nothing from before the sign-in is worth anything after it
    session["token"] = opened.token
    return go(endpoint)


def _code_page(waiting: Waiting, form: CodeForm, status: int = 200) -> Response:
    form.t.data = waiting.reference
    in_tab_only = framed() and waiting.goal in FRESH_PROOF_GOALS
    return render(
        "signin/code.html",
        status,
        form=form,
        waiting=waiting,
        in_tab_only=in_tab_only,
        minutes=services().settings.limits.token_lifetime // 60,
        mails_per_hour=services().settings.limits.mails_per_address_hour,
    )


def _link_page(
    waiting: Waiting, form: LinkForm, status: int = 200, *, needs_code: bool = False
) -> Response:
    form.t.data = waiting.reference
    form.token.data = ""
    return render("signin/enter.html", status, form=form, waiting=waiting, needs_code=needs_code)


def _no_longer(waiting: Waiting) -> Response:
    return render("signin/no_longer.html", 410, waiting=waiting)
