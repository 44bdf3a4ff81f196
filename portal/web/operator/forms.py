"""The desk's forms. Their token is checked by the guard, before any of them is read."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired

from portal.web.forms import StrictForm


class SignInForm(StrictForm):
    """A name, a password, and a code of the phone or a recovery code."""

    name = StringField(_l("Name"))
    password = PasswordField(_l("Password"))
    code = StringField(_l("Code"))


class ReplayForm(StrictForm):
    """Do this job once more."""

    job = HiddenField(validators=[InputRequired()])
    back = HiddenField()
    """``request``: the button stood on the page of the request."""


class Button(StrictForm):
    """A button; its address says what it does."""
