"""What `portal check` says of the erasure journal."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

from portal.config import Settings
from portal.rights.lasting.recovery import Recovery, State
from portal.store.database import Database
from portal.store.files import sqlite_file
from portal.store.journal import Journal, JournalAway, JournalDamaged
from portal.store.vault import Keyring, Vault

Finding = tuple[bool, str, str]
"""All well? What was found, and what to do."""


def look_at_journal(settings: Settings) -> Iterator[Finding]:
    """Does it fit the database, is it sound, and does it lie where it should?

    Says nothing where there is no database yet; that has a line of its own.
    """
    journal = Journal(settings.journal_file, Vault(Keyring.load(settings.keys_file)))
    file = sqlite_file(settings.database)
    if file is not None and not file.exists():
        return
    with closing(Database(settings.database)) as database:
        if not database.is_current():
            return
        state = Recovery(database, journal, lambda: datetime.now(UTC)).look()
    if state is not State.OPEN:
        yield False, state.told, state.what_to_do
        return
    try:
        lines = len(journal.after(0))
    except (JournalAway, JournalDamaged) as error:
        yield False, f"{settings.journal_file}: {error}", State.DAMAGED.what_to_do
        return
    try:
        journal.try_to_write()
    except JournalAway as error:
        todo = f"make the folder {journal.path.parent} and let the portal write in it"
        yield False, f"{settings.journal_file} cannot be written ({error})", todo
        return
    yield True, f"{settings.journal_file}, {lines} requests, sound", ""
