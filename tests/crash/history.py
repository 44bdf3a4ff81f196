"""What is told of a run by the portal's rows, the CRMs' files and whoever asked."""

import json
from collections import Counter, defaultdict

from tests.crash.asked import Row, of_request, told_apart
from tests.crash.crm import PEOPLE, read_lines
from tests.crash.world import World


class History:
    """Everything that was written down, by all sides, of one run."""

    def __init__(self, world: World) -> None:
        self.world = world
        lines = read_lines(world.asked)
        self.acknowledged = {line["acknowledged"] for line in lines if "acknowledged" in line}
        self.asked = [line for line in lines if "do" in line]
        self.restored = {line["restored"] for line in lines if "restored" in line}
        """The CRMs that were put back to a copy."""
        self.put_back = any("forgotten" in line for line in lines)
        """Was the portal's own database?"""
        self.forgotten = {one for line in lines for one in line.get("forgotten", ())}
        """Requests that were stored, and neither in its copy nor in the journal."""
        self.again = {one for line in lines for one in line.get("again", ())}
        """Requests that are known from the journal only: the rest of them is lost."""
        self.attended = any("attended" in line for line in lines)
        self.requests = {
            of_request(row, json.loads(row["details"])): row
            for row in world.rows("SELECT * FROM requests")
        }
        self.deliveries: dict[str, dict[str, Row]] = defaultdict(dict)
        for row in world.rows("SELECT * FROM deliveries ORDER BY id"):
            row["outcome"] = json.loads(row["outcome"])
            self.deliveries[row["request_id"]][row["adapter"]] = row
        self.jobs = {row["key"]: row for row in world.rows("SELECT * FROM jobs")}
        self.ledger: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in world.rows("SELECT * FROM ledger ORDER BY id"):
            row["facts"] = json.loads(row["facts"])
            self.ledger[row["request_id"], row["event"]].append(row)
        self.consents = Counter(row["request_id"] for row in world.rows("SELECT * FROM consents"))
        self.effects = {
            name: [line for line in read_lines(crm.file) if line["applied"] and "how" in line]
            for name, crm in world.crms.items()
        }
        for name, lines_of_it in self.effects.items():
            # What is erased of an imported record, nobody asked for: it follows from what was.
            first = [line for line in lines_of_it if int(line["ref"]) <= len(PEOPLE)]
            self.effects[name] = first
        self.stored = [one for one in self.asked if self._is_stored(one)]

    def _is_stored(self, one: Row) -> bool:
        return self.request_of(one) is not None

    def _is_forgotten(self, one: Row) -> bool:
        return one["number"] in self.forgotten

    def _may_be_done_again(self, one: Row) -> bool:
        """A decision, after a later one was forgotten: that may have been done, and is undone."""
        return one["do"] == "consent" and any(
            other["do"] == "consent"
            and other["person"] == one["person"]
            and other["content"]["purpose"] == one["content"]["purpose"]
            for other in self.asked
            if self._is_forgotten(other)
        )

    def request_of(self, one: Row) -> Row | None:
        """The row of what was asked, if it is there."""
        return self.requests.get(told_apart(one["at"], one["do"], one["content"]))
