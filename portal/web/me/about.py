"""What we do with your data: purposes, recipients, retention, rights, for just this person."""

from flask import Response
from flask_babel import get_locale

from portal.rights.copies.about import about
from portal.web.context import me, services
from portal.web.me.blueprint import blueprint
from portal.web.me.held import held_or_503
from portal.web.pages import render


@blueprint.get("/about", endpoint="about")
def show() -> Response:
    """The register, as far as it is about her."""
    signed_in, held = me(), held_or_503()
    standings = services().rights.deciding.standings(signed_in, held)
    found = about(
        services().register,
        services().settings,
        signed_in.site,
        held,
        standings,
        str(get_locale()),
    )
    return render("me/about.html", about=found, held=held)
