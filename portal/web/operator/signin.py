"""Getting to the desk, and away from it."""

from flask import Response, request
from flask_babel import gettext as _

from portal.access.limits import network_of
from portal.desk.signin import Opened, Refused
from portal.web.context import services
from portal.web.operator.blueprint import blueprint
from portal.web.operator.forms import Button, SignInForm
from portal.web.operator.who import at_the_desk, cookie_name, give_cookie, operator, take_cookie
from portal.web.pages import go, render


@blueprint.get("/signin", endpoint="signin")
def show() -> Response:
    """The form; whoever is in already goes on."""
    return go("operator.queue") if at_the_desk() else sign_in_page()


@blueprint.post("/signin", endpoint="sign_in")
def sign_in() -> Response:
    """Let an operator in, or say the one thing that everybody else is told."""
    form = SignInForm.posted()
    answer = services().desk.signing_in.sign_in(
        form.name.data or "",
        form.password.data or "",
        form.code.data or "",
        network_of(request.remote_addr),
    )
    if isinstance(answer, Opened):
        response = go("operator.queue")
        give_cookie(response, answer.token)
        return response
    if answer is Refused.TOO_MANY:
        return sign_in_page(429, form)
    return sign_in_page(422, form)


@blueprint.post("/signout", endpoint="signout")
def sign_out() -> Response:
    """End the session."""
    Button.posted()
    services().desk.sessions.end(operator())
    response = go("operator.signin")
    take_cookie(response)
    return response


def sign_in_page(status: int = 200, form: SignInForm | None = None) -> Response:
    """The form, with what was wrong. The name is kept, the secrets are not."""
    came_back = cookie_name() in request.cookies or request.method != "GET"
    faults = {
        401: _("You were away for too long. Sign in again; nothing was changed.")
        if came_back
        else None,
        422: _("That is not right. Check the name, the password and the code."),
        429: _("That was tried too often from here. Wait a quarter of an hour."),
    }
    return render(
        "operator/signin.html",
        status,
        name=form.name.data if form else "",
        fault=faults.get(status),
        status=status,
    )
