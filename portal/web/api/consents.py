"""May mail be sent to them? For mailing tools that no adapter reaches."""

from flask import Response, abort

from portal.access.api_keys import Caller, Scope
from portal.adapters.contract import Ref
from portal.domain.addresses import Email, InvalidEmail
from portal.rights.mailings.mailable import Mailability
from portal.web.api.blueprint import blueprint
from portal.web.api.callers import needs
from portal.web.api.shapes import (
    ConsentsAsked,
    ConsentsTold,
    ErasureTold,
    PersonTold,
    PurposeTold,
    Who,
    sent,
    told,
)
from portal.web.context import services
from portal.web.problems import problem


@blueprint.get("/consents/<path:ref>")
@needs(Scope.CONSENTS_READ)
def consents_of(caller: Caller, ref: str) -> Response:
    """About one record. An address stands in no URL, since those are logged on their way."""
    (found,) = services().rights.mailable.all_of(caller.site, [as_ref(ref)])
    if found is None:
        abort(problem(404, "no_such_system", "This key's site looks in no system of that name."))
    return told(_told(found))


@blueprint.post("/consents")
@needs(Scope.CONSENTS_READ)
def consents_of_many(caller: Caller) -> Response:
    """About many at once; what is wrong with one is told in its own answer."""
    asked = [subject_asked(one) for one in sent(ConsentsAsked).asked]
    readable = [one for one in asked if one is not None]
    found = services().rights.mailable.all_of(caller.site, readable)
    answers = [
        _cannot("not_an_address")
        if one is None
        else _told(answer)
        if (answer := next(found)) is not None
        else _cannot("no_such_system")
        for one in asked
    ]
    return told(ConsentsTold(answers=answers))


def as_ref(text: str) -> Ref:
    """``<adapter>:<key>``; without a colon it names no adapter that there is."""
    adapter, _, key = text.partition(":")
    return Ref(adapter, key)


def subject_asked(who: Who) -> Email | Ref | None:
    """Whom it is about; None: what was sent is no address."""
    if who.ref is not None:
        return as_ref(who.ref)
    try:
        return Email.parse(who.email or "")
    except InvalidEmail:
        return None


def _cannot(error: str) -> PersonTold:
    return PersonTold.model_validate(
        {
            "error": error,
            "known": None,
            "away": [],
            "restricted": False,
            "erasure": None,
            "purposes": [],
        }
    )


def _told(found: Mailability) -> PersonTold:
    erasure = found.erasure
    return PersonTold(
        error=None,
        known=found.known,
        away=list(found.away),
        restricted=found.restricted,
        erasure=ErasureTold(state=erasure.state, at=erasure.at) if erasure else None,
        purposes=[
            PurposeTold(
                purpose=one.purpose.id,
                mailing=one.purpose.mailing,
                ground=one.purpose.ground,
                allowed=one.allowed,
                because=one.because,
                since=one.since,
                certain=one.certain,
            )
            for one in found.answers
        ],
    )
