"""Dutch and English on the demo's own pages, which are too few for a catalogue."""

from flask import Request

LANGUAGES = ("nl", "en")


class Words:
    """What templates call as ``t("Nederlands", "English")``."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, dutch: str, english: str) -> str:
        """The one of the two that is wanted."""
        return dutch if self.language == "nl" else english


def preferred(request: Request) -> str:
    """The language that the browser asks for, as far as there is a choice; else English."""
    asked = request.args.get("lang")
    if asked in LANGUAGES:
        return asked
    return request.accept_languages.best_match(LANGUAGES, default="en") or "en"
