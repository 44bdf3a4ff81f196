"""Letters, made from templates in the reader's language."""

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any

from babel.dates import format_time
from babel.support import NullTranslations, Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from portal.domain.addresses import Email
from portal.mail.smtp import Letter

PACKAGE = Path(__file__).parent.parent
TEMPLATES = PACKAGE / "templates" / "mail"
TRANSLATIONS = PACKAGE / "translations"


class LetterWriter:
    """Writes letters; ``contact`` (who helps) stands under each of them."""

    def __init__(self, contact: object, zone: tzinfo) -> None:
        self._contact = contact
        self._zone = zone

    def write(
        self, name: str, *, to: Email, locale: str, asked_at: datetime, words: Mapping[str, Any]
    ) -> Letter:
        """The letter of the templates ``<name>.txt`` and ``<name>.html``.

        The text template's first line is the subject.
        """
        environment = _environment(locale)
        context = {
            "contact": self._contact,
            "locale": locale,
            "asked_at": format_time(
                asked_at.astimezone(self._zone), "short", locale=locale, tzinfo=self._zone
            ),
            **words,
        }
        subject, _, text = environment.get_template(f"{name}.txt").render(context).partition("\n")
        html = environment.get_template(f"{name}.html").render({**context, "subject": subject})
        return Letter(to=to, subject=subject.strip(), text=text.strip() + "\n", html=html)


@cache
def _environment(locale: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    translations: NullTranslations = Translations.load(TRANSLATIONS, [locale])
    install: Callable[..., None] = environment.install_gettext_translations  # type: ignore[attr-defined]  # added by the extension
    install(translations, newstyle=True)
    return environment
