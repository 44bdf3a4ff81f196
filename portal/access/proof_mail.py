"""The mail that proves a mailbox: look the address up, make the token, send it."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session as Db

from portal.access.ask import WITHOUT_MAIL
from portal.access.directory import Directory, Found
from portal.access.left import was_left
from portal.access.lifetimes import Lifetimes
from portal.access.limits import DAY, Quotas
from portal.access.subjects import HISTORY_TIER, MAILBOX_TIER, known_subject
from portal.domain.addresses import Email
from portal.domain.clock import Clock
from portal.mail.messages import LetterWriter
from portal.mail.smtp import Letter, Mailer, MailRefused, MailUnavailable
from portal.store.database import Database
from portal.store.tables import Proof, Request
from portal.store.vault import Vault, new_code, show_code
from portal.sync.gates import UNANSWERED
from portal.sync.jobs import Again, Finished, GaveUp, Handler, Result, Task, Verdict

SEALED_FOR = "proof"
PATHS = {"signin": "enter", "confirm": "confirm"}


class ProofMail(Handler):
    """Handler of the job that `portal.access.ask` writes down.

    To a known address goes a link and a code, to the address as the CRM has it and never as it was
    typed. To an unknown one goes the answer that nothing is held (Art. 15(1) GDPR asks for one),
    once a day; and when a CRM did not answer, that it could not be checked. Whoever is held nowhere
    any more and has asked for something before, such as to be erased, gets a link and a code to see
    that: her address is no more in any CRM, but what she typed has the same keyed hash, so it is
    the mailbox that was hers then.
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        directory: Directory,
        writer: LetterWriter,
        mailer: Mailer,
        *,
        public_url: str,
        site_names: Mapping[str, str],
        lifetimes: Lifetimes,
        unknown_per_day: int,
        clock: Clock,
    ) -> None:
        self._database = database
        self._vault = vault
        self._directory = directory
        self._writer = writer
        self._mailer = mailer
        self._public_url = public_url.rstrip("/")
        self._site_names = site_names
        self._lifetimes = lifetimes
        self._unknown_per_day = unknown_per_day
        self._quotas = Quotas(vault)
        self._clock = clock

    def run(self, task: Task) -> Result:
        """Send the one mail that this question deserves, or none."""
        if self._clock() - task.created_at > WITHOUT_MAIL:
            return GaveUp("too_late", replayable=False)
        with self._database.reading() as db:
            proof = db.scalar(select(Proof).where(Proof.reference == task.payload["reference"]))
        if proof is None or proof.used_at is not None:
            return Finished()
        if proof.site not in self._site_names:
            return GaveUp("no_site", replayable=False)
        stamp = self._stamp(proof)
        if task.payload["mute"]:
            return Finished(stamp)
        typed = Email.parse(task.payload["to"])
        letter = self._letter(proof, typed, self._directory.find(typed, proof.site))
        try:
            if letter is None:
                self._mailer.check()  # when the server is away, that looks as it does for others
            else:
                self._mailer.send(letter)
        except MailUnavailable:
            return Again(UNANSWERED, verdict=Verdict.UNANSWERED)
        except MailRefused:
            return GaveUp("mail_refused", stamp, replayable=False)
        return Finished(stamp)

    def _letter(self, proof: Proof, typed: Email, found: Found) -> Letter | None:
        if found.anything:
            stored = Email.parse(found.all()[0].email)
            return self._write(proof, "signin", stored, self._secrets(proof, stored))
        if found.away:
            return self._write(proof, "unchecked", typed, {})
        if proof.purpose == "signin" and self._has_asked_before(typed, proof.site):
            return self._write(proof, "history", typed, self._secrets(proof, typed, HISTORY_TIER))
        return self._write(proof, "unknown", typed, {}) if self._may_answer(typed) else None

    def _has_asked_before(self, typed: Email, site: str) -> bool:
        with self._database.reading() as db:
            subject_id = known_subject(db, self._vault, typed)
            # What she does under another address since is nothing to this mailbox.
            if subject_id is None or was_left(db, self._vault.aliases(typed)):
                return False
            asked = select(Request.id).where(Request.subject_id == subject_id, Request.site == site)
            return db.scalar(asked.limit(1)) is not None

    def _may_answer(self, typed: Email) -> bool:
        quota = self._quotas.quota(self._unknown_per_day, DAY, "unknown", typed.canonical)
        with self._database.unit("unknown counted") as unit:
            within = self._quotas.hit(unit.session, self._clock(), [quota])
            unit.commit()
        return within

    def _secrets(self, proof: Proof, stored: Email, tier: int = MAILBOX_TIER) -> dict[str, Any]:
        """Make the token and the code; only their hashes are stored, before the mail goes."""
        token, hashed = self._vault.new_token(proof.purpose, proof.site)
        code = new_code()
        with self._database.unit("proof made") as unit:
            unit.session.execute(
                update(Proof)
                .where(Proof.id == proof.id)
                .values(
                    token_hash=hashed,
                    code_hash=self._vault.hash_code(code),
                    email_sealed=self._vault.seal(stored.address, SEALED_FOR),
                    tier=tier,
                )
            )
            unit.commit()
        path = PATHS[proof.purpose]
        return {
            "code": show_code(code),
            "link": f"{self._public_url}/{path}?t={proof.reference}#{token}",
            "minutes": int(self._lifetime(proof).total_seconds() // 60),
        }

    def _write(self, proof: Proof, name: str, to: Email, words: Mapping[str, Any]) -> Letter:
        return self._writer.write(
            name,
            to=to,
            locale=proof.locale,
            asked_at=proof.asked_at,
            words={"site_name": self._site_names[proof.site], "goal": proof.goal, **words},
        )

    def _stamp(self, proof: Proof) -> Callable[[Db], None]:
        """Life begins at the hand-off, and looks the same for an address that has no mail."""
        proof_id, lifetime = proof.id, self._lifetime(proof)

        def record(db: Db) -> None:
            now: datetime = self._clock()
            db.execute(
                update(Proof)
                .where(Proof.id == proof_id)
                .values(mailed_at=now, expires_at=now + lifetime)
            )

        return record

    def _lifetime(self, proof: Proof) -> timedelta:
        return self._lifetimes.confirm if proof.purpose == "confirm" else self._lifetimes.signin
