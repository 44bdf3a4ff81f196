"""What may be sent from the page of a footer link."""

from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired

from portal.domain.rights import Goal
from portal.web.forms import PortalForm


class DataForm(PortalForm):
    """What a code is to be mailed for."""

    goal = StringField(default=Goal.VIEW)


class LessForm(PortalForm):
    """So often, and no more often."""

    frequency = StringField()


class PauseForm(PortalForm):
    """For so many months."""

    months = StringField()


class TopicForm(PortalForm):
    """Stop this one, of those under one heading."""

    topic = HiddenField(validators=[InputRequired()])


class UndoForm(PortalForm):
    """Take this very stop back."""

    undo = HiddenField(validators=[InputRequired()])
