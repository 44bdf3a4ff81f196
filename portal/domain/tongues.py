"""Languages by their names: a code is no word for a person."""

import re

from babel import Locale, UnknownLocaleError


def tongue_code(text: str) -> str:
    """``nl`` for ``nl``, ``NL``, ``nl-NL`` and ``nl_NL``; empty when it is no code."""
    found = re.fullmatch(r"([A-Za-z]{2,3})(?:[-_][A-Za-z]{2})?", text.strip())
    return found[1].lower() if found else ""


def tongue_name(code: str, locale: str) -> str | None:
    """The language in words of the locale's own, with a capital; None when it has no name."""
    try:
        name = Locale.parse(locale.replace("-", "_")).languages.get(tongue_code(code))
    except (UnknownLocaleError, ValueError):
        return None
    return name[:1].upper() + name[1:] if name else None
