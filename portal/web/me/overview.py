"""What we know about you, and why."""

from flask import Response
from flask_babel import get_locale

from portal.rights.held.overview import overview
from portal.web.context import current_site, me, services
from portal.web.me.blueprint import blueprint
from portal.web.me.held import held_or_503
from portal.web.pages import render


@blueprint.get("", strict_slashes=False, endpoint="overview")
def show() -> Response:
    """Everything that is held, with the reason for each value."""
    signed_in, held = me(), held_or_503()
    systems = (
        []
        if held.several_people
        else overview(services().register, held, str(get_locale()), current_site().country)
    )
    return render(
        "me/overview.html",
        systems=systems,
        held=held,
        email=signed_in.email.address,
        elsewhere=services().register.elsewhere,
        can_correct=bool(services().register.editable) and held.anything,
    )
