"""What the two mailboxes say of a change of address: the new is proven, the old one may stop it.

No session is needed: each mail alone suffices, and opens nothing but its own answer. Looking at a
page changes nothing; in the frame these pages do not exist.
"""

from flask import Blueprint, Response, abort, session
from flask import request as web_request
from flask_babel import gettext as _
from flask_babel import refresh
from wtforms import StringField

from portal.access.mailed import Refusal
from portal.rights.address.answering import Answer, OldPage, Stage
from portal.rights.address.proving import NewPage
from portal.web.context import framed, services, use_question, who
from portal.web.forms import LinkForm
from portal.web.me.address import days_of, hours_of
from portal.web.pages import go, render
from portal.web.remembered import nonce_for

blueprint = Blueprint("address", __name__, url_prefix="/address")

ANSWERS = {
    Stage.WAITING: (Answer.YES, Answer.NO),
    Stage.UNDER_WAY: (Answer.NO,),
    Stage.CHANGED: (Answer.BACK, Answer.LEAVE),
}
"""What can be said at which stage. Neither is chosen beforehand, and a scanner chooses nothing."""


class AnswerForm(LinkForm):
    """What the old mailbox says, by its link or its code."""

    answer = StringField()


# --- the new mailbox ---------------------------------------------------------------------------


@blueprint.get("/new")
def new() -> Response:
    """Where the code goes. The address alone brings it back after a reload or a lost tab."""
    return _new_page(_looked_new(web_request.args.get("t", "")), LinkForm(formdata=None))


@blueprint.post("/new", endpoint="prove_new")
def prove() -> Response:
    """Prove the new mailbox by the link, or by the code of the same mail."""
    form = LinkForm.posted()
    page = _looked_new(form.t.data or "")
    code = (form.code.data or "").strip()
    proving = services().rights.changing.proving
    if page.due_at is not None:
        return go("address.new", t=page.reference)  # in another window it was proven already
    if form.token.data:
        answer = proving.by_link(page.reference, form.token.data, nonce_for(page.reference))
    elif code:
        answer = proving.by_code(page.reference, code)
    else:
        form.code.errors = [_("Enter the code from the e-mail.")]
        return _new_page(page, form, 422)
    if answer is Refusal.NEEDS_CODE:
        return _new_page(page, LinkForm(formdata=None), needs_code=True)
    if answer is Refusal.WRONG_CODE:
        form.code.errors = [_("That is not the code. Look at the newest e-mail and try again.")]
        return _new_page(page, form, 422)
    if answer is Refusal.NO_LONGER:
        return render("address/no_longer.html", 410)
    return go("address.new", t=page.reference)


def _looked_new(reference: str) -> NewPage:
    page = services().rights.changing.proving.look(reference)
    if page is None or framed():
        abort(410)
    _speak(page.site, page.locale)
    return page


def _new_page(
    page: NewPage, form: LinkForm, status: int = 200, *, needs_code: bool = False
) -> Response:
    limits = services().settings.limits
    form.t.data, form.token.data = page.reference, ""
    return render(
        "address/new.html",
        status,
        form=form,
        page=page,
        needs_code=needs_code,
        asked_here=nonce_for(page.reference) is not None,
        minutes=limits.token_lifetime // 60,
        mails_per_hour=limits.change_mails_hour,
        hours=hours_of(limits.address_wait),
        days=days_of(limits.address_back),
    )


# --- the old mailbox ---------------------------------------------------------------------------


@blueprint.get("/old")
def old() -> Response:
    """What can be answered. A scanner that looks changes nothing."""
    return _old_page(_looked_old(web_request.args.get("t", "")), AnswerForm(formdata=None))


@blueprint.post("/old", endpoint="answer_old")
def answer() -> Response:
    """Take the answer of the old mailbox."""
    form = AnswerForm.posted()
    page = _looked_old(form.t.data or "")
    code = (form.code.data or "").strip()
    chosen = form.answer.data or ""
    if page.stage not in ANSWERS:
        return _old_page(page, form)
    if chosen not in ANSWERS[page.stage]:
        if chosen in set(Answer):  # of an earlier stage, in another window
            return _old_page(page, AnswerForm(formdata=None), 409)
        if chosen:
            abort(400)
        form.answer.errors = [_("Choose one of the two.")]
        return _old_page(page, form, 422, keep=form.token.data or "")
    answering, wanted = services().rights.changing.answering, Answer(chosen)
    if form.token.data:
        said = answering.by_link(page.reference, form.token.data, wanted)
    elif code:
        said = answering.by_code(page.reference, code, wanted)
    else:
        form.code.errors = [_("Enter the code from the e-mail.")]
        return _old_page(page, form, 422)
    if said is Refusal.WRONG_CODE:
        form.code.errors = [_("That is not the code. Look at the newest e-mail and try again.")]
        return _old_page(page, form, 422)
    if isinstance(said, Refusal):
        return render("address/no_longer.html", 410)
    if said in {Stage.STOPPED, Stage.TAKEN_BACK} and who() is not None:
        session.clear()  # every session of hers has ended, this browser's too
    return render("address/answered.html", stage=said)


def _looked_old(reference: str) -> OldPage:
    page = services().rights.changing.answering.look(reference)
    if page is None or framed():
        abort(410)
    _speak(page.site, page.locale)
    return page


def _old_page(page: OldPage, form: AnswerForm, status: int = 200, *, keep: str = "") -> Response:
    if page.stage not in ANSWERS:
        gone = 410 if page.stage is Stage.OVER else 200
        return render("address/answered.html", gone, stage=page.stage)
    form.t.data, form.token.data = page.reference, keep
    return render(
        "address/old.html",
        status,
        form=form,
        page=page,
        answers=ANSWERS[page.stage],
        kept=bool(keep),
    )


def _speak(site_id: str, locale: str) -> None:
    """From here on it is about this site, in the language in which she asked."""
    try:
        site = services().settings.site(site_id)
    except KeyError:
        abort(410)  # asked before that site was taken out of the settings
    use_question(site, locale)
    refresh()
