"""What people chose about each mailing, in numbers. It names nobody."""

from collections.abc import Sequence

from flask import Response
from flask_babel import get_locale

from portal.desk.chosen import Chosen
from portal.domain.register import in_language
from portal.web.context import services
from portal.web.operator.blueprint import blueprint
from portal.web.pages import render

DAYS = 30


@blueprint.get("/mailings", endpoint="mailings")
def show() -> Response:
    """Of the last days, and of all that is kept."""
    counting = services().desk.counting
    return render(
        "operator/mailings.html",
        days=DAYS,
        lately=_named(counting.of_the_last(DAYS)),
        in_all=_named(counting.in_all()),
    )


def _named(chosen: Sequence[Chosen]) -> list[tuple[str, Chosen]]:
    register, locale = services().register, str(get_locale())
    return [(in_language(register.purpose(one.purpose).label, locale), one) for one in chosen]
