"""What somebody writes to a person: how much of it, and of which signs."""

import unicodedata

from flask_babel import gettext as _

from portal.rights.cases.casebook import LONGEST

CONTROL = {"Cc", "Cs", "Co", "Cn"}


def fault_of(text: str, longest: int = LONGEST) -> str | None:
    """What is wrong with it, in words; None: it can be taken as it is. Nothing is cut off."""
    if not text:
        return str(_("Write something first."))
    return fault_of_more(text, longest)


def fault_of_more(text: str, longest: int) -> str | None:
    """The same of what may be left empty."""
    if len(text.replace("\r\n", "\n")) > longest:
        return str(_("This is longer than %(most)s characters. Make it shorter.", most=longest))
    if any(unicodedata.category(char) in CONTROL and char not in "\r\n\t" for char in text):
        return str(_("There is a character in it that we cannot keep. Type it again."))
    return None
