"""Keeps the translations in step with the pages.

``python tools/translations.py check`` says what is missing, ``update`` adds new sentences to every
.po file, ``compile`` makes the .mo files that the portal reads. English is written in the code, so
there is no English file.
"""

import io
import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
TRANSLATIONS = ROOT / "portal" / "translations"
REQUIRED = ("nl",)
"""Languages that must be complete."""

METHODS = [("**.py", "python"), ("templates/**.html", "jinja2"), ("templates/**.txt", "jinja2")]
NOISE = re.compile(
    rb'"(Report-Msgid|POT-Creation|PO-Revision|Last-Trans|Language-Team|Project-Id|Generated-By)'
)
"""Header lines that would change with every update, or name nobody."""

KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "_l": None,
    "_n": (1, 2),
    "_p": ((1, "c"), 2),
    "gettext": None,
    "lazy_gettext": None,
    "lazy_ngettext": (1, 2),
    "lazy_pgettext": ((1, "c"), 2),
    "ngettext": (1, 2),
    "npgettext": ((1, "c"), 2, 3),
    "pgettext": ((1, "c"), 2),
}


def extract() -> Catalog:
    """Every sentence that the code and the templates say to a person."""
    catalog = Catalog(project="subscriber-portal", charset="utf-8")
    found = extract_from_dir(
        ROOT / "portal",
        METHODS,
        keywords=KEYWORDS,
        options_map={"templates/**": {"silent": "false"}},
    )
    for file, line, message, comments, context in found:
        catalog.add(message, None, [(file, line)], auto_comments=comments, context=context)
    return catalog


def po_files() -> list[Path]:
    """One file per language."""
    return sorted(TRANSLATIONS.glob("*/LC_MESSAGES/messages.po"))


def read(po: Path) -> Catalog:
    """The catalog of one language; its folder says which."""
    with po.open("rb") as source:
        return read_po(source, locale=po.parent.parent.name)


def shortcomings(template: Catalog, po: Path) -> list[str]:
    """What is wrong with one language, one line each."""
    catalog, wrong = read(po), []
    name = po.relative_to(ROOT)
    for message in template:
        if not message.id:
            continue
        known = catalog.get(message.id, message.context)
        texts = (
            ()
            if known is None
            else known.string
            if isinstance(known.string, list | tuple)
            else (known.string,)
        )
        place = "{}:{}".format(*message.locations[0])
        if known is None or not texts or not all(texts):
            wrong.append(f"{name}: not translated ({place}): {message.id!r}")
        elif known.fuzzy:
            wrong.append(f"{name}: fuzzy: {message.id!r}")
    wrong += [
        f"{name}: no page says this any more: {message.id!r}"
        for message in catalog
        if message.id and template.get(message.id, message.context) is None
    ]
    for message, errors in catalog.check():
        wrong.extend(f"{name}: {message.id!r}: {error}" for error in errors)
    return wrong


def check() -> int:
    """Prints every shortcoming; 1 if there is one."""
    template = extract()
    wrong = [
        f"{TRANSLATIONS.relative_to(ROOT)}/{language}: missing"
        for language in REQUIRED
        if not (TRANSLATIONS / language / "LC_MESSAGES" / "messages.po").exists()
    ]
    for po in po_files():
        wrong += shortcomings(template, po)
    for line in wrong:
        print(line)
    return 1 if wrong else 0


def update() -> int:
    """Adds new sentences, untranslated, and drops those that no page says any more."""
    template = extract()
    for po in po_files():
        catalog = read(po)
        catalog.update(template, no_fuzzy_matching=True)
        text = io.BytesIO()
        write_po(text, catalog, width=100, ignore_obsolete=True, include_lineno=False)
        po.write_bytes(
            b"".join(line for line in text.getvalue().splitlines(True) if not NOISE.match(line))
        )
    return check()


def compile_all() -> int:
    """Makes each .mo that is older than its .po."""
    for po in po_files():
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime_ns > po.stat().st_mtime_ns:
            continue
        with mo.open("wb") as target:
            write_mo(target, read(po))
    return 0


if __name__ == "__main__":
    commands = {"check": check, "update": update, "compile": compile_all}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        sys.exit(f"usage: translations.py {'|'.join(commands)}")
    sys.exit(commands[sys.argv[1]]())
