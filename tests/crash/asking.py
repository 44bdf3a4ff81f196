"""What people ask of the portal, and the work that it does: one life of it, in one process."""

from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from portal.consent.links import Link
from portal.desk.sessions import AtTheDesk
from portal.rights.copies.telling import CopyKind
from portal.rights.correcting.typed import Around
from portal.sync.replay import dead_jobs
from tests.crash.answers import How, Keys
from tests.crash.crm import PEOPLE, append_line, read_lines
from tests.crash.world import World
from tests.storing import NOON

LONGEST_WAIT = timedelta(days=4)
"""After this on the clock, everything that can end by itself has ended."""
PATIENCE = 12
"""So often a person replays what was given up, and not for ever: some of it stays as it is."""


class Run:
    """One life of the portal: what the people ask, and the work that the portal does.

    What is asked is written down before it is asked, and once more when it is acknowledged, in a
    file that outlives the process, as the memory of those who asked would.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.clock = world.clock
        self._rights = world.portal.services.rights
        self._asking: list[int] = []
        self.keys: Keys = "honours"
        told = read_lines(world.asked)
        self.asked = sum("do" in line for line in told)
        plans = {line["adapter"]: line for line in told if "plan" in line}
        self.attended = any("attended" in line for line in told)
        if any("armed" in line for line in told):
            world.portal.schedule.arm()
        for name, crm in world.crms.items():
            line = plans.get(name, {"plan": [], "keys": "honours", "deaf": 0})
            crm.begin([How(one) for one in line["plan"]], keys=line["keys"], deaf=line["deaf"])

    def crm_answers(
        self,
        *plan: How,
        adapter: str = "crm",
        deaf: int = 0,
    ) -> None:
        """How this CRM answers, from its first call on, also after the portal has died."""
        line = {"adapter": adapter, "plan": list(plan), "keys": self.keys, "deaf": deaf}
        append_line(self.world.asked, line)
        self.world.crms[adapter].begin(plan, keys=self.keys, deaf=deaf)

    # --- the people ----------------------------------------------------------------------------

    def correct(self, person: str, field: str, value: str, *, site: str = "one", **how: Any) -> str:
        """Correct one field, as the page does it."""
        signed_in = self.world.people[person, site]
        correcting = self._rights.correcting
        seen = correcting.begin(self._rights.reading.of(signed_in))
        differences, faults = correcting.compare(seen, {field: value}, Around(date(2026, 6, 1)))
        wanted = {one.field.id: one.after for one in differences}
        assert wanted, f"nothing to correct: {faults}"
        adapters = self._holding("writable", field, site)
        content = {"values": {field: value}}
        with self._asks("write", person, content, adapters, how):
            return correcting.save(signed_in, seen, wanted, "en")

    def decide(
        self, person: str, purpose: str, granted: bool, *, site: str = "one", **how: Any
    ) -> str:
        """Withdraw a consent, or give it again."""
        signed_in = self.world.people[person, site]
        chosen = next(one for one in self.world.portal.register.purposes if one.id == purpose)
        adapters = self._holding("consents", purpose, site)
        content = {"purpose": purpose, "granted": granted}
        with self._asks("consent", person, content, adapters, how):
            return self._rights.deciding.decide(signed_in, chosen, granted, "en")

    def stop(self, person: str, purpose: str, *, site: str = "one", **how: Any) -> str | None:
        """Stop a mailing by the link at its foot; what takes it back."""
        signed_in = self.world.people[person, site]
        link = Link(site, purpose, signed_in.email)
        stopping = self._rights.stopping
        chosen = stopping.mailing(link)
        assert chosen is not None
        content = {"purpose": purpose, "granted": False}
        with self._asks("consent", person, content, self._holding("consents", purpose, site), how):
            stopped = stopping.stop(link, chosen, "en")
        assert stopped is not None
        return stopped.undo

    def undo(self, person: str, purpose: str, token: str, *, site: str = "one", **how: Any) -> None:
        """Take that back at once."""
        content = {"purpose": purpose, "granted": True}
        with self._asks("consent", person, content, self._holding("consents", purpose, site), how):
            self._rights.undoing.undo(token, "en")

    def erase(self, person: str, *, site: str = "one", **how: Any) -> str:
        """Erase everything."""
        signed_in = self.world.people[person, site]
        held = self._rights.reading.of(signed_in)
        self._rights.erasing.review(held)
        with self._asks("erase", person, {}, list(held.adapters), how):
            return self._rights.erasing.erase(signed_in, held, "en")

    def later(self, person: str, *, site: str = "one") -> str:
        """Stop everything now, and erase after two days: many requests, of one moment."""
        signed_in = self.world.people[person, site]
        held = self._rights.reading.of(signed_in)
        standings = self._rights.deciding.standings(signed_in, held)
        stopped = [one.purpose.id for one in standings if one.can_be_stopped]
        asked = [
            ("consent", {"purpose": one, "granted": False}, self._holding("consents", one, site))
            for one in stopped
        ]
        asked.append(("restrict", {"on": True}, list(held.adapters)))
        asked.append(("erase", {}, list(held.adapters)))
        with self._asks_at_once(person, asked):
            return self._rights.planning.plan(signed_in, held, standings, "en", timedelta(hours=48))

    def keep(self, person: str, request_id: str, *, site: str = "one") -> None:
        """She changed her mind."""
        signed_in = self.world.people[person, site]
        again = [one.id for one in self._rights.planning.given_again(signed_in, request_id)]
        asked: list[tuple[str, dict[str, Any], list[str]]] = [
            ("keep", {"on": False}, list(self._rights.reading.adapters_of(signed_in)))
        ]
        asked += [
            ("consent", {"purpose": one, "granted": True}, self._holding("consents", one, site))
            for one in again
        ]
        with self._asks_at_once(person, asked):
            self._rights.planning.keep(signed_in, request_id, "en")

    def colleague(self, person: str, field: str, value: str) -> None:
        """Somebody at the company changes the same."""
        self.world.crms["crm"].edit(str(PEOPLE.index(person) + 1), field, value)

    def choose(self, person: str, request_id: str, *, hers: bool, **how: Any) -> None:
        """Choose about what met another change, if it has: hers, or what stands there now."""
        signed_in = self.world.people[person, "one"]
        held = self._rights.reading.of(signed_in)
        waiting = self._rights.choosing.waiting(signed_in, request_id, held.adapters)
        if waiting is None:
            return
        seen = waiting.seen.ask(held, waiting.seen.collisions(held, waiting.wanted))
        if not hers:
            self._rights.choosing.choose(signed_in, waiting, seen, {}, "en")
            return
        adapters = sorted({adapter for adapter, _key in seen.places})
        with self._asks("write", person, {"values": dict(waiting.wanted)}, adapters, how):
            self._rights.choosing.choose(signed_in, waiting, seen, waiting.wanted, "en")

    def copy(self, person: str, *, site: str = "one") -> None:
        """Ask for a copy, which is made at once and goes to no CRM."""
        signed_in = self.world.people[person, site]
        held = self._rights.reading.of(signed_in)
        standings = self._rights.deciding.standings(signed_in, held)
        with self._asks("copy", person, {}, [], {}):
            self._rights.exporting.make(signed_in, CopyKind.COPY, held, standings, "en")

    def acknowledged(self) -> None:
        """The answer leaves: from now on the one who asked counts on it."""
        for number in self._asking:
            append_line(self.world.asked, {"acknowledged": number})

    def _holding(self, what: str, name: str, site: str) -> list[str]:
        adapters = self.world.portal.services.rights.reading.adapters_of(
            self.world.people[PEOPLE[0], site]
        )
        return [one for one, its in adapters.items() if name in getattr(its.capabilities, what)]

    def _asks(
        self,
        do: str,
        person: str,
        content: dict[str, Any],
        adapters: list[str],
        how: dict[str, Any],
    ) -> "_Asking":
        self.clock.advance(seconds=1)  # no two at the same moment: it is what they are found by
        may_end = how.pop("may_end", {"confirmed", "retained"})
        assert not how, how
        return _Asking(self, [self._note(do, person, content, adapters, may_end)])

    def _asks_at_once(
        self, person: str, asked: list[tuple[str, dict[str, Any], list[str]]]
    ) -> "_Asking":
        """Requests that are taken down together, or not at all."""
        self.clock.advance(seconds=1)
        let_go = {"erase": {"confirmed", "retained", "conflict"}}
        numbers = [
            self._note(do, person, content, adapters, let_go.get(do, {"confirmed"}))
            for do, content, adapters in asked
        ]
        return _Asking(self, numbers)

    def _note(
        self,
        do: str,
        person: str,
        content: dict[str, Any],
        adapters: list[str],
        may_end: set[str],
    ) -> int:
        self.asked += 1
        line = {
            "number": self.asked,
            "do": do,
            "at": self.clock.now.isoformat(),
            "person": person,
            "content": content,
            "adapters": adapters,
            "may_end": sorted(may_end),
            "waits": do == "erase" and "conflict" in may_end,
        }
        append_line(self.world.asked, line)
        return self.asked

    # --- the portal ----------------------------------------------------------------------------

    def work(self) -> None:
        """Do everything that is due now."""
        self.world.portal.worker.drain()

    def seal(self) -> None:
        """Chain the ledger, as the worker does when it has nothing else to do."""
        self.world.portal.ledger.seal(self.world.portal.database)

    def pass_time(self, **span: float) -> None:
        self.clock.advance(**span)
        append_line(self.world.asked, {"clock": self.clock.now.isoformat()})

    def resume(self, chance: Random) -> None:
        """The portal is started again: at once, while leases still run, or much later."""
        lines = read_lines(self.world.asked)
        times = [line.get("at") or line.get("clock") for line in lines]
        last = max((datetime.fromisoformat(one) for one in times if one), default=NOON)
        self.clock.now = last + timedelta(seconds=chance.choice([0, 1, 60, 100, 5000]))

    def arm(self) -> None:
        """From now on the portal has its duties, as it has them after every start."""
        append_line(self.world.asked, {"armed": True})
        self.world.portal.schedule.arm()

    def attend(self) -> None:
        """From now on a person looks at what was given up or paused, also after a restart."""
        append_line(self.world.asked, {"attended": True})
        self.attended = True

    def person_looks(self) -> bool:
        """Replay every dead letter and resume every adapter. False: there were none."""
        self.clock.advance(seconds=1)  # nobody is as quick as a clock that stands still
        portal, now = self.world.portal, self.clock.now
        operator = AtTheDesk(1, 1, "Ootje", 8, now, now)
        with portal.database.reading() as session:
            dead = [job.id for job in dead_jobs(session)]
        acts = portal.services.desk.acts
        done = [acts.replay(operator, one) is not None for one in dead]
        done += [acts.resume(operator, name) for name in portal.adapters]
        return any(done)

    def settle(self) -> None:
        """Work until every delivery has come to its end. Time passes by the clock alone."""
        last, looks = self.clock.now + LONGEST_WAIT, PATIENCE
        while True:
            self.work()
            self.seal()
            if self.clock.now > last:
                return
            if self.attended and looks and self.person_looks():
                looks -= 1
                continue
            if not self.open_deliveries() and not self._other_work():
                return
            self.clock.now = max(self._next_moment(), self.clock.now + timedelta(seconds=1))

    def open_deliveries(self) -> list[dict[str, Any]]:
        """Those that are not at their end."""
        return self.world.rows(
            "SELECT * FROM deliveries WHERE state NOT IN"
            " ('confirmed', 'retained', 'conflict', 'failed')"
        )

    def _other_work(self) -> bool:
        """Is a decision not in the journal yet, or to be done once more in a CRM?"""
        query = (
            "SELECT id FROM jobs WHERE ended_at IS NULL AND kind IN ('journal', 'reapply') LIMIT 1"
        )
        return bool(self.world.rows(query))

    def _next_moment(self) -> datetime:
        """When something can go on: a job is due, a lease ends, an adapter is asked again."""
        (row,) = self.world.rows(
            "SELECT min(max(due_at, coalesce(leased_until, due_at))) AS due FROM jobs"
            " WHERE ended_at IS NULL AND kind IN ('delivery', 'journal', 'reapply')"
        )
        (held,) = self.world.rows("SELECT max(held_until) AS until FROM adapter_states")
        moments = [
            datetime.fromisoformat(text).replace(tzinfo=self.clock.now.tzinfo)
            for text in (row["due"], held["until"])
            if text
        ]
        ahead = [one for one in moments if one > self.clock.now]
        return max(ahead) if ahead else self.clock.now + timedelta(minutes=10)


class _Asking:
    """While a request is made: what is acknowledged now is this one."""

    def __init__(self, run: Run, numbers: list[int]) -> None:
        self._run = run
        self._numbers = numbers

    def __enter__(self) -> None:
        self._run._asking = self._numbers

    def __exit__(self, *_: object) -> None:
        self._run._asking = []
