"""What must be true after every crash, seen from outside: the portal's rows and the CRMs' files.

Each finding is (code, what). The codes are few, so that a report can count them:

lost       something that was acknowledged is not stored, or did not take effect
doubled    something took effect twice, or is told twice in the ledger
extra      an effect or a request that nobody asked for
half done  a request without all that belongs to it
order      effects of one person in one CRM in the wrong order
state      the CRM, or what the page says, is not as it must be at the end
payload    something is still sealed after its end
ledger     the chain does not verify
"""

from collections import Counter, defaultdict
from collections.abc import Iterator

from portal.domain.rights import Right
from portal.proof.ledger import Event
from portal.rights.requests.journaling import JOURNALED
from portal.store.journal import Journal, JournalDamaged
from portal.sync.schedule import JOB as SCHEDULE
from tests.crash.asked import (
    Row,
    content_of,
    named,
    protects,
    told_apart,
    wish,
)
from tests.crash.crm import read_lines
from tests.crash.ends import Ends, Finding
from tests.crash.waiting import ended_as_she_chose
from tests.crash.world import World


def findings(world: World) -> list[Finding]:
    """Everything that is wrong after the end; nothing, if all is well."""
    return list(dict.fromkeys(_Check(world).all()))


def stored_whole(world: World) -> list[Finding]:
    """What is wrong with what is stored, before any work is done on it: lost, or half written."""
    check = _Check(world)
    return [found for one in check.asked for found in check.stored_whole(one)]


class _Check(Ends):
    def all(self) -> Iterator[Finding]:
        for one in self.asked:
            yield from self._one(one)
        yield from self._nobody_asked()
        for adapter in self.effects:
            yield from self._keys(adapter)
            yield from self._effects(adapter)
            yield from self.order(adapter)
            yield from self.final_state(adapter)
        yield from ended_as_she_chose(self)
        yield from self._payloads()
        yield from self._duties()
        yield from self._journal()
        verified = self.world.portal.ledger.verify(self.world.portal.database)
        if not verified.ok or verified.unchained:
            yield "ledger", f"{verified.reason or 'entries are not chained'}"

    # --- requests ------------------------------------------------------------------------------

    def _one(self, one: Row) -> Iterator[Finding]:
        yield from self.stored_whole(one)
        request = self.request_of(one)
        for delivery in self.deliveries[request["id"]].values() if request else ():
            yield from self._delivery(one, delivery)

    def stored_whole(self, one: Row) -> Iterator[Finding]:
        """Is a request there, if it was acknowledged, with all that was committed with it?"""
        what = named(one)
        request = self.request_of(one)
        if request is None:
            if one["number"] in self.acknowledged - self.forgotten:
                yield "lost", f"{what} was acknowledged and is not stored"
            return
        deliveries = self.deliveries[request["id"]]
        if sorted(deliveries) != sorted(one["adapters"]):
            yield "half done", f"{what} has deliveries for {sorted(deliveries)}"
        if self.consents[request["id"]] != (one["do"] == "consent"):
            yield "half done", f"{what} is not in the consent record once"
        if one["number"] in self.again:
            return  # the journal keeps no ledger, and what is to be done again has other jobs
        if len(self.ledger[request["id"], Event.REQUEST_RECEIVED]) != 1:
            yield "half done", f"{what} is not in the ledger once"
        if one["do"] == "copy" and len(self.ledger[request["id"], Event.EXPORT_MADE]) != 1:
            yield "half done", f"{what} is not in the ledger as made"
        for delivery in deliveries.values():
            if delivery["follows"] is None and self._job_of(delivery) is None:
                yield "half done", f"{what} in {delivery['adapter']} has no job"

    def _delivery(self, one: Row, delivery: Row) -> Iterator[Finding]:
        what = f"{named(one)} in {delivery['adapter']}"
        if delivery["state"] not in one["may_end"]:
            code = "lost" if delivery["state"] in {"queued", "sent", "unconfirmed"} else "state"
            yield code, f"{what} ended as {delivery['state']} ({delivery['outcome'].get('cause')})"
            return
        if one["number"] in self.again:
            return  # it was not delivered by this portal: of that the ledger tells nothing
        told = [
            row
            for event in (Event.DELIVERED, Event.DROPPED)
            for row in self.ledger[delivery["request_id"], event]
            if row["facts"]["adapter"] == delivery["adapter"]
            and row["facts"]["state"] == delivery["state"]
        ]
        replayed = self.attended and delivery["state"] == "failed"  # each time it failed anew
        if not told or (len(told) > 1 and not replayed):
            yield "doubled" if told else "half done", f"{what} is told {len(told)} times"
        if delivery["follows"] is None:
            job = self._job_of(delivery)
            if job is None:
                return
            if not job["ended_at"]:
                yield "half done", f"{what} is at its end and its job is not"
            elif (job["end"] == "dead") is not (delivery["state"] == "failed"):
                yield "half done", f"{what} is {delivery['state']} and its job {job['end']}"

    def _job_of(self, delivery: Row) -> Row | None:
        return self.jobs.get(f"{delivery['request_id']}:{delivery['id']}")

    def _nobody_asked(self) -> Iterator[Finding]:
        asked = {told_apart(one["at"], one["do"], one["content"]) for one in self.asked}
        for found, row in self.requests.items():
            if found not in asked:
                yield "extra", f"a request to {row['right']} that nobody made"

    def _payloads(self) -> Iterator[Finding]:
        for row in self.jobs.values():
            open_still = row["ended_at"] is None and row["kind"] == "delivery"
            kept = row["payload_sealed"] is not None and row["end"] not in {"dead", "conflict"}
            if open_still or (kept and row["ended_at"] is not None):
                yield "payload", f"job {row['id']} ({row['end']}) is still sealed or open"

    def _journal(self) -> Iterator[Finding]:
        """What a restored back-up would forget is in the journal; twice is once to who reads it."""
        settings = self.world.portal.settings
        journal = Journal(settings.journal_file, self.world.portal.vault)
        try:
            lines = {line.request for line in journal.after(0)}
        except JournalDamaged as damage:
            yield "lost", f"the journal: {damage}"
            return
        for row in self.requests.values():
            if (row["id"] in lines) is not (Right(row["right"]) in JOURNALED):
                code = "extra" if row["id"] in lines else "lost"
                yield code, f"a request to {row['right']} and the journal do not agree"

    def _duties(self) -> Iterator[Finding]:
        armed = any("armed" in line for line in read_lines(self.world.asked))
        named = {row["key"] for row in self.jobs.values() if row["kind"] == SCHEDULE}
        wanted = {f"every:{name}" for name in self.world.portal.schedule._duties}
        if named != (wanted if armed else set()):
            yield "half done", f"the duties that have a job are {sorted(named)}"
        for row in self.jobs.values():
            if row["kind"] == SCHEDULE and row["ended_at"] is not None:
                yield "lost", f"the duty {row['key']} has ended"

    # --- effects -------------------------------------------------------------------------------

    def _keys(self, adapter: str) -> Iterator[Finding]:
        for key, times in Counter(line["key"] for line in self.effects[adapter]).items():
            if times > 1:
                yield "doubled", f"{times} effects in {adapter} under one key ({key[-4:]})"
        for line in read_lines(self.world.crms[adapter].file):
            if line.get("again") == "other":
                yield "doubled", f"a key was used again in {adapter} for something else"

    def _effects(self, adapter: str) -> Iterator[Finding]:
        counted = Counter(content_of(line) for line in self.effects[adapter])
        wanted: dict[str, list[Row]] = defaultdict(list)
        for one in self.asked:
            if adapter in one["adapters"] and (self._is_stored(one) or self._is_forgotten(one)):
                wanted[wish(one)].append(one)
        for content, times in counted.items():
            if content not in wanted:
                yield "extra", f"an effect in {adapter} that nobody asked for: {content}"
            elif times > self._at_most(adapter, wanted[content]) and not self._may_be_done_again(
                wanted[content][0]
            ):
                yield "doubled", f"{times} effects in {adapter} of {named(wanted[content][0])}"
        for content, alike in wanted.items():
            if not any(self._is_forgotten(one) for one in alike):
                yield from self._as_it_ended(adapter, alike, counted[content])

    def _at_most(self, adapter: str, alike: list[Row]) -> int:
        """An erasure that was let go while it waited has no effect: one is enough."""
        if alike[0]["do"] != "erase":
            return len(alike)
        return sum(self._ended_well(one, adapter) for one in alike)

    def _as_it_ended(self, adapter: str, alike: list[Row], effects: int) -> Iterator[Finding]:
        """Do those that ask for the same thing say of themselves what the CRM says of them?"""
        what = named(alike[0])
        if not effects and any(self._must_have_effect(one, adapter) for one in alike):
            yield "lost", f"{what} is done and had no effect in {adapter}"
        # A portal that is put back has forgotten how well what it still knows of went.
        if (
            effects
            and not self.put_back
            and not any(self._ended_well(one, adapter) for one in alike)
        ):
            yield "extra", f"{what} is not done, and had an effect in {adapter}"

    def _is_done_again(self, one: Row) -> bool:
        """After a restore: neither what cannot be done again, nor what an erasure has made moot."""
        is_erased = any(
            other["do"] == "erase" and other["person"] == one["person"] for other in self.stored
        )
        return one["do"] == "erase" or (protects(one) and not is_erased)

    def _must_have_effect(self, one: Row, adapter: str) -> bool:
        """Not what was overtaken, followed another, or was so already."""
        delivery = self._delivery_of(one, adapter)
        if delivery is None or not self._ended_well(one, adapter):
            return False
        if delivery["outcome"].get("cause") in {"superseded", "gone"} or delivery["follows"]:
            return False
        if (self.put_back or adapter in self.restored) and not self._is_done_again(one):
            return False
        if one["do"] != "consent":
            return bool(one["do"] != "keep")  # what was not restricted need not be freed
        same_purpose = [
            other
            for other in self.asked
            if (self._is_stored(other) or self._is_forgotten(other))
            and other["do"] == "consent"
            and other["person"] == one["person"]
            and other["content"]["purpose"] == one["content"]["purpose"]
        ]
        return len(same_purpose) == 1 and not one["content"]["granted"]
