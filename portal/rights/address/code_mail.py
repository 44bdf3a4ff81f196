"""The mail to the new address: a code, or that the address is in use."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session as Db

from portal.access.ask import WITHOUT_MAIL
from portal.access.left import is_free
from portal.access.mailed import find
from portal.access.subjects import take_turns
from portal.domain.addresses import Email
from portal.mail.messages import LetterWriter
from portal.mail.smtp import Letter, Mailer, MailRefused, MailUnavailable
from portal.rights.address.means import NEW, End, Means, code_for
from portal.rights.cases.casebook import CaseKind
from portal.store.database import Unit
from portal.store.tables import AddressChange, Proof, SubjectAlias
from portal.store.vault import show_code
from portal.sync.gates import UNANSWERED
from portal.sync.jobs import Again, Finished, GaveUp, Handler, Result, Task, Verdict

JOB = "address_code"
PROOF = "proof"
"""What the address of a proof is sealed for, as in `portal.access.proof_mail`."""


class CodeMail(Handler):
    """Handler of the job that `AskingAddress` writes down.

    Whether the new address is held already is looked up here and not while she waits, so that
    neither her page nor its time tells. A system that does not answer is asked again when the
    change is to take effect.
    """

    def __init__(
        self, means: Means, writer: LetterWriter, mailer: Mailer, lifetime: timedelta
    ) -> None:
        self._means = means
        self._writer = writer
        self._mailer = mailer
        self._lifetime = lifetime

    def run(self, task: Task) -> Result:
        """Send the one mail that the new address gets."""
        means = self._means
        if means.clock() - task.created_at > WITHOUT_MAIL:
            return GaveUp("too_late", replayable=False)
        with means.database.reading() as db:
            change = db.get(AddressChange, task.payload["change"])
            proof = find(db, task.payload["change"], NEW)
        if change is None or proof is None or change.ended_at is not None:
            return Finished()
        if change.site not in means.site_names:
            return GaveUp("no_site", replayable=False)
        if task.payload.get("mute"):  # its page goes on to ask for a code, as for others
            return Finished(self._stamp(proof.id))
        new = means.addresses(change).new
        if is_taken(means, change, new):
            letter = self._write("address_in_use", change, new, {})
            record = self._taken(change.id)
        else:
            letter = self._write("address_code", change, new, self._secrets(proof, new))
            record = self._stamp(proof.id)
        try:
            self._mailer.send(letter)
        except MailUnavailable:
            return Again(UNANSWERED, verdict=Verdict.UNANSWERED)
        except MailRefused:
            return GaveUp("mail_refused", record, replayable=False)
        return Finished(record)

    def _secrets(self, proof: Proof, new: Email) -> dict[str, Any]:
        """Make the token and the code; only their hashes are stored, before the mail goes."""
        means = self._means
        token, hashed = means.vault.new_token(NEW, proof.site)
        code, code_hash = code_for(means)
        with means.database.unit("code for a new address made") as unit:
            unit.session.execute(
                update(Proof)
                .where(Proof.id == proof.id, Proof.used_at.is_(None))
                .values(
                    token_hash=hashed,
                    code_hash=code_hash,
                    email_sealed=means.vault.seal(new.address, PROOF),
                )
            )
            unit.commit()
        return {
            "code": show_code(code),
            "link": f"{means.public_url}/address/new?t={proof.reference}#{token}",
            "minutes": int(self._lifetime.total_seconds() // 60),
        }

    def _write(self, name: str, change: AddressChange, to: Email, words: dict[str, Any]) -> Letter:
        asked = self._means.told(change.asked_at, change.locale)
        site_name = self._means.site_names[change.site]
        return self._writer.write(
            name,
            to=to,
            locale=change.locale,
            asked_at=change.asked_at,
            words={"site_name": site_name, "asked": asked, **words},
        )

    def _stamp(self, proof_id: int) -> Callable[[Db], None]:
        """The code's life begins at the hand-off to the mail server."""

        def record(db: Db) -> None:
            now: datetime = self._means.clock()
            db.execute(
                update(Proof)
                .where(Proof.id == proof_id, Proof.used_at.is_(None))
                .values(mailed_at=now, expires_at=now + self._lifetime)
            )

        return record

    def _taken(self, change_id: str) -> Callable[[Db], None]:
        """Her page goes on to ask for a code. There is none; a person finds out whose it is."""

        def record(db: Db) -> None:
            change = db.get_one(AddressChange, change_id)
            take_turns(db, change.subject_id)
            db.refresh(change)
            if change.ended_at is not None:
                return
            close_taken(self._means, Unit(db, "job ended"), change)
            now: datetime = self._means.clock()
            db.execute(
                update(Proof)
                .where(Proof.reference == change.id)
                .values(mailed_at=now, expires_at=now + self._lifetime)
            )

        return record


def close_taken(means: Means, unit: Unit, change: AddressChange) -> None:
    """End a change whose new address is somebody's already: a person finds out whose."""
    open_case(means, unit, change, CaseKind.ADDRESS_IN_USE)
    means.close(unit.session, change, End.TAKEN)
    means.note(unit.session, change, "taken")


def open_case(means: Means, unit: Unit, change: AddressChange, kind: CaseKind) -> None:
    """A person goes on with a change that is open still. She is told so by mail, if at all."""
    means.cases.open(
        unit,
        kind,
        site=change.site,
        locale=change.locale,
        subject_id=change.subject_id,
        address=means.addresses(change).new.address,
        contact=means.addresses(change).old.address,
        received_at=change.asked_at,
    )


def is_taken(means: Means, change: AddressChange, new: Email) -> bool:
    """Is this address held in a system of the site, or another subscriber's to the portal?"""
    with means.database.reading() as db:
        if belongs_to_another(db, means, change, new):
            return True
    return means.directory.find(new, change.site).anything


def belongs_to_another(db: Db, means: Means, change: AddressChange, email: Email) -> bool:
    """Does the portal know another subscriber by this address, who has not left it?"""
    digests = or_(
        *(
            (SubjectAlias.key_version == version) & (SubjectAlias.digest == digest)
            for version, digest in means.vault.aliases(email)
        )
    )
    others = select(SubjectAlias).where(digests, SubjectAlias.subject_id != change.subject_id)
    return any(not is_free(db, one, change.site, means.clock()) for one in db.scalars(others))
