"""What tests of "erased stays erased" share: who is erased and comes back, and the commands."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from portal import compose
from portal.cli import commands, copies, mailings, recovery, restriction
from portal.faults import listen
from portal.store.tables import Alarm, LedgerEntry, Suppression
from tests.portals import MARIJKE, Office, Visitor

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
HENDRIK = "hendrik.bosman@example.com"


class Recovering:
    """An office, and the commands an operator types in its folder, at the office's own time."""

    def __init__(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        self.office = office
        at_its_time = partial(compose, clock=office.clock)
        monkeypatch.setattr(recovery, "compose", at_its_time)
        monkeypatch.setattr(mailings, "compose", at_its_time)
        monkeypatch.setattr(restriction, "compose", at_its_time)
        monkeypatch.setattr(copies, "utc_now", office.clock)

    # --- what the subscriber does ----------------------------------------------------------------

    def erase(self, email: str = MARIJKE) -> str:
        """Sign in, ask for erasure, let it be done; where the request is."""
        visitor = self.office.visitor().sign_in(self.office, email, goal="erase")
        answer = visitor.submit(visitor.get("/me/erase"), "/me/erase")
        assert answer.status == 303, answer.text
        self.office.work()
        return answer.location

    def decide(self, visitor: Visitor, purpose: str, granted: str) -> None:
        token = visitor.get("/me/consents").fields["csrf_token"]
        sent = visitor.post("/me/consents", csrf_token=token, purpose=purpose, granted=granted)
        assert sent.status == 303, sent.text
        self.office.work()

    def correct(self, visitor: Visitor, **typed: str) -> None:
        """Save a correction; it is not done yet."""
        checked = visitor.submit(visitor.get("/me/correct"), "/me/correct", **typed)
        saved = visitor.post("/me/correct", **{**checked.fields, "step": "save"})
        assert saved.status == 303, saved.text

    # --- what happens to the CRM -----------------------------------------------------------------

    def import_again(self, email: str = MARIJKE, *, opted_in_at: datetime | None = None) -> int:
        """Somebody loads an old list into the CRM; or she subscribes anew, at a time of her own."""
        at = (opted_in_at or LONG_AGO).strftime("%Y-%m-%d %H:%M:%S.%f")
        (row,) = self.office.crm("SELECT max(id) + 1 AS id FROM contacts")
        self.office.crm(
            "INSERT INTO contacts (id, email, first_name, last_name, language, source, updated_at) "
            "VALUES (?, ?, 'Again', 'Imported', 'nl', 'lijst', ?)",
            row["id"],
            email,
            at,
        )
        self.office.crm(
            "INSERT INTO subscriptions VALUES (?, 'newsletter', 1, ?, 'lijst', NULL, NULL)",
            row["id"],
            at,
        )
        return int(row["id"])

    def is_there(self, email: str = MARIJKE) -> bool:
        return bool(self.office.crm("SELECT id FROM contacts WHERE email = ?", email))

    def newsletter(self, mailing: str = "newsletter", email: str = MARIJKE) -> list[int]:
        return [
            row["active"]
            for row in self.office.crm(
                "SELECT active FROM subscriptions JOIN contacts ON contacts.id = contact_id "
                "WHERE email = ? AND mailing = ?",
                email,
                mailing,
            )
        ]

    @contextmanager
    def crm_put_back(self) -> Iterator[None]:
        """The CRM is afterwards as it was before."""
        kept = self.office.crm_file.with_name("crm.backup")
        shutil.copyfile(self.office.crm_file, kept)
        yield
        for adapter in self.office.portal.adapters.values():
            adapter.close()
        shutil.copyfile(kept, self.office.crm_file)
        kept.unlink()

    # --- what the operator types -----------------------------------------------------------------

    def run(self, *arguments: str) -> Result:
        found = CliRunner().invoke(
            commands, ["--instance", str(self.office.settings.instance), *arguments]
        )
        if found.exception is not None and not isinstance(found.exception, SystemExit):
            raise found.exception
        return found

    def told(self, *arguments: str) -> dict[str, Any]:
        """What a command says to a script."""
        found = self.run(*arguments, "--json")
        assert found.exit_code == 0, found.output
        answer: dict[str, Any] = json.loads(found.stdout)
        return answer

    def sweep(self, *options: str) -> dict[str, Any]:
        (found,) = self.told("sweep", *options)["adapters"]
        assert isinstance(found, dict)
        return found

    def replay(self, since: datetime, *options: str) -> dict[str, Any]:
        moment = since.isoformat()
        (found,) = self.told("replay", "--since", moment, "--adapter", "crm", *options)["adapters"]
        assert isinstance(found, dict)
        return found

    def start_again(self) -> "Recovering":
        """The portal is stopped, and another one is started in the same folder."""
        read = self.office._read
        self.office.close()
        self.office = Office(
            self.office.settings, self.office.clock, self.office.mail, self.office.canary
        )
        self.office._read = read
        return self

    # --- what is left of it ----------------------------------------------------------------------

    def stored(self) -> bytes:
        """All that the portal has on disk, the write-ahead log too; not the CRM's own file."""
        files = sorted(self.office.settings.instance.iterdir())
        ours = [path for path in files if path.is_file() and not path.name.startswith("crm")]
        return b"".join(path.read_bytes() for path in ours)

    def alarms(self) -> list[str]:
        with self.office.database.reading() as db:
            return [one.kind for one in db.query(Alarm).filter(Alarm.cleared_at.is_(None))]

    def suppressed(self) -> int:
        with self.office.database.reading() as db:
            return db.query(Suppression).filter(Suppression.lifted_at.is_(None)).count()

    def events(self, *of: str) -> list[str]:
        with self.office.database.reading() as db:
            rows = db.query(LedgerEntry).order_by(LedgerEntry.id)
            return [row.event for row in rows if not of or row.event in of]


@pytest.fixture
def recovering(office: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recovering]:
    found = Recovering(office, monkeypatch)
    yield found
    found.office.close()


Check = Callable[[Recovering], None]


def must_fail(check: Check, recovering: Recovering) -> None:
    """The check notices that its safeguard is off."""
    with pytest.raises(AssertionError):
        check(recovering)


class Died(BaseException):
    """The program ends here, and nothing in it may catch that."""


def let_it_die_everywhere(
    recovering: Recovering, *command: str, and_look: Callable[[], None] = lambda: None
) -> int:
    """Type a command until it ends well; each time it dies one fault point later. How often.

    ``and_look``: after each death.
    """
    for deaths in range(1, 500):
        left = [deaths]

        def die(_point: str, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise Died

        listen(die)
        try:
            CliRunner().invoke(
                commands, ["--instance", str(recovering.office.settings.instance), *command]
            )
        except Died:
            recovering.office.clock.advance(minutes=5)  # the lease of what it had in hand ends
            listen(None)
            and_look()
            continue
        finally:
            listen(None)
        return deaths - 1
    raise AssertionError("it never ended")


def file_of(recovering: Recovering, name: str) -> Path:
    return recovering.office.settings.instance / name
