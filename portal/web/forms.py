"""Forms that take exactly the fields they have."""

from collections.abc import Iterable, Mapping
from typing import ClassVar, Self

from flask import abort, request
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

from portal.domain.rights import Goal
from portal.web.context import framed, who

LONGEST = 10_000  # characters of any one field


class StrictForm(FlaskForm):
    """A form that takes exactly the fields it has."""

    class Meta(FlaskForm.Meta):
        """Whether a form carries a token is for those who know whose it is."""

        csrf = False

    longest: ClassVar[Mapping[str, int]] = {}
    """Characters of a field that may be longer than others."""

    @classmethod
    def posted(cls, *, also: Iterable[str] = ()) -> Self:
        """The form as it was sent.

        Unknown, doubled or oversized fields answer 400: no page of ours sends any, and what a
        second value of a field means is guessed differently by different programs. Fields that a
        form needs hidden must be there.
        """
        form = cls()
        known = {*form._fields, "csrf_token", *also}
        for name, values in request.form.lists():
            longest = form.longest.get(name, LONGEST)
            if name not in known or len(values) > 1 or len(values[0]) > longest:
                abort(400)
        for field in form:
            missing = isinstance(field, HiddenField) and field.name not in request.form
            if missing and field.flags.required:
                abort(400)
        return form


class PortalForm(StrictForm):
    """The base of a subscriber's forms. Signed in by a cookie, it carries the session's token."""

    class Meta(FlaskForm.Meta):
        """Without a session, or with a bearer token, a form token would only set a cookie."""

        @property
        def csrf(self) -> bool:
            return who() is not None and not framed()


GOALS = (
    (Goal.VIEW, _l("See what you know about me, and correct it")),
    (Goal.LESS, _l("Get fewer e-mails, or none")),
    (Goal.ADDRESS, _l("Change my e-mail address")),
    (Goal.COPY, _l("Get a copy of my data")),
    (Goal.ERASE, _l("Have my data deleted")),
    (Goal.QUESTION, _l("Ask something else")),
)
"""What one can come for, in the words of the first page. Another e-mail address is asked for on the
page that shows the present one; it stands here for who comes back with that goal."""


class AskForm(PortalForm):
    """What would you like to do, and where may we mail?"""

    site = HiddenField()
    goal = StringField(default=Goal.VIEW)
    email = StringField(_l("Your e-mail address"), validators=[Length(max=LONGEST)])


class CodeForm(PortalForm):
    """The code from the mail, for the transaction of a reference."""

    t = HiddenField(validators=[InputRequired()])
    code = StringField(_l("Code from the e-mail"))


class LinkForm(PortalForm):
    """The token of a link, which the page's script takes from the address; or else the code."""

    t = HiddenField(validators=[InputRequired()])
    token = HiddenField()
    code = StringField(_l("Code from the e-mail"))


class GoalForm(PortalForm):
    """Please mail me a confirmation for this goal."""

    goal = HiddenField(validators=[InputRequired()])


class NoFields(PortalForm):
    """A button."""
