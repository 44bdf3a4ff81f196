"""R5: nothing that cannot be undone is without its fault point, and no point is never met."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import portal
from portal.adapters.contract import Adapter, Location
from portal.adapters.watched import Watched
from portal.faults import listen
from tests.crash.crm import CrashCrm, CrashSettings
from tests.crash.process import Order
from tests.crash.rig import Rig
from tests.crash.scenarios import SCENARIOS

HOUSE = Path(portal.__file__).parent
COMMITS_ITSELF = ("store/database.py", "adapters/sql/", "demo/")
"""The unit of work itself, and the databases that are not the portal's own."""
MAKES_ADAPTERS = "adapters/registry.py"
AROUND_ADAPTERS = ("adapters/watched.py", "adapters/shadow.py")
"""What stands around an adapter that was made, and calls it or does not."""
WITHOUT_SCENARIO = {
    "session touched": "signing in and staying in: nothing that a CRM hears of",
    "signed out": "as above",
    "sessions expired": "as above",
    "sign-in asked": "as above; mail is sent at least once, by rule",
    "confirmation asked": "as above",
    "unknown counted": "as above",
    "proof made": "as above",
    "link redeemed": "as above",
    "code counted": "as above",
    "code redeemed": "as above",
    "operator added": "who runs the portal: nothing that a CRM hears of",
    "operator removed": "as above",
    "operator session touched": "as above",
    "operator sign-in judged": "as above",
    "operator sign-in tried": "as above",
    "operator signed out": "as above",
    "asked a person": "one commit: a question that is not acknowledged is sent once more",
    "case looked at": "a look, noted in the ledger",
    "case answered": "one commit: what was not noted is noted when the button is pressed again",
    "case closed": "as above",
    "case released": "as above",
    "case written down": "as above",
    "person tried": "a try that is counted, whatever becomes of it",
    "person opened": "signing in and staying in: nothing that a CRM hears of",
    "operator looked": "a look, noted in the ledger",
    "operator cleared": "as above",
    "api key added": "who may ask: nothing that a CRM hears of",
    "api key removed": "as above",
    "api key used": "when it was last used, to the hour",
    "api call counted": "as above",
    "handed over": "one commit: the website signs anew what was not answered",
    "handover redeemed": "signing in: nothing that a CRM hears of",
    "feed put in order": "places are given again to what has none; nothing is told before that",
    "operator paused": "one commit: a gate that is shut twice is shut",
    "lease renewed": "by a thread of its own, and in the name of who holds the lease",
    "mailings stopped": "one commit: who is not told so clicks again, and a stop twice is a stop",
    "own stop taken back": "one commit, as by a link: there a scenario dies",
    "signal heeded": "one commit: it comes with each request, until a session has heeded it",
    "break begun": "one commit; its end is one too, with the end of its job",
    "break begun by a link": "as above",
    "frequency chosen": "one commit, as a decision is",
    "frequency chosen by a link": "as above",
    "sweep": "a command of its own; tests/rights/test_n11_restore_replay.py lets it die everywhere",
    "swept": "as above",
    "replay": "as above",
    "replayed": "as above",
    "journal replayed": "as above",
    "journal replay finished": "as above",
    "second erasures remembered again": "as above: the replay goes on, and a second time is once",
    "journal begun anew": "as above",
    "links pushed": "a command of its own: the fields themselves say how far it came",
    "gate passed by a command": "a gate that is passed twice is passed",
    "command was answered": "as above",
    "command was not answered": "as above",
    "command was asked for patience": "as above",
    "planned erasure begun": "after a replay; tests/rights/test_n7_after_a_restore.py lets it die",
    "copy taken": "one commit, before the file is handed over: she presses once more",
    "copies expired": "a chore of one commit, which is done anew until it is done",
    "restricted": "one commit, like any request; what follows from it is the delivery's",
    "restriction taken back": "as above",
    "marketing objected to": "as above",
    "other use objected to": "as above",
    "lifting asked": "one commit: a job for a letter, which plans the rest with its own end",
    "address change asked": "one commit, and mail; nothing that a CRM hears of",
    "code for a new address made": "as above",
    "new address proven": "as above",
    "old mailbox answered": "one commit; tests/crash/test_change_of_address.py lets it die",
    "database restored": "in a copy of a back-up, which is put in its place afterwards",
}
"""Units of work that no scenario comes by, each with the reason."""
NOT_CALLED_YET = {"ping", "fields"}
"""Calls of an adapter that no request leads to."""


def sources() -> Iterator[tuple[str, ast.Module]]:
    for file in sorted(HOUSE.rglob("*.py")):
        yield file.relative_to(HOUSE).as_posix(), ast.parse(file.read_text("utf-8"))


def calls(tree: ast.AST, method: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=name)) if name == method:
                yield node


def receiver(call: ast.Call) -> str:
    assert isinstance(call.func, ast.Attribute)
    return ast.unparse(call.func.value)


def unit_names() -> set[str]:
    names = set()
    for place, tree in sources():
        for call in calls(tree, "unit"):
            (name,) = call.args
            assert isinstance(name, ast.Constant), f"{place}:{call.lineno}: a name must be a text"
            names.add(str(name.value))
    return names


def commits_past_the_unit(place: str, tree: ast.Module) -> list[str]:
    """Commits of a session or a connection, and transactions that commit by themselves."""
    if place.startswith(COMMITS_ITSELF):
        return []
    found = [call for call in calls(tree, "commit") if not receiver(call).endswith("unit")]
    for node in ast.walk(tree):
        for item in node.items if isinstance(node, ast.With) else ():
            # ruff and this test read it alike: `with engine.begin():` ends in a commit
            found += [one for one in calls(item.context_expr, "begin") if not one.args]
    found += [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and "AUTOCOMMIT" in ast.unparse(node)
    ]
    return [f"{place}:{call.lineno}: {ast.unparse(call)}" for call in found]


@pytest.mark.slow
def test_r5_nothing_commits_but_the_unit_of_work() -> None:
    assert [line for place, tree in sources() for line in commits_past_the_unit(place, tree)] == []


@pytest.mark.parametrize(
    "line",
    [
        "session.commit()",
        "self._connection.commit()",
        "with engine.begin() as connection: pass",
        "engine.execution_options(isolation_level='AUTOCOMMIT')",
    ],
)
def test_r5_a_commit_past_the_unit_would_be_seen(line: str) -> None:
    assert commits_past_the_unit("sync/claims.py", ast.parse(line))
    assert not commits_past_the_unit("adapters/sql/database.py", ast.parse(line))


def test_r5_every_commit_of_a_unit_stands_between_its_two_points() -> None:
    """The unit is the one that commits, so it is enough to look at it."""
    tree = ast.parse((HOUSE / "store/database.py").read_text("utf-8"))
    (commit,) = (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        if node.name == "commit"
    )
    lines = [ast.unparse(one) for one in commit.body]
    place = lines.index("self.session.commit()")
    assert "before the commit" in lines[place - 1]
    assert "after the commit" in " ".join(lines[place + 1 :])


@pytest.mark.slow
def test_r5_adapters_are_made_in_one_place_alone() -> None:
    classes = {"SqlAdapter", *portal_adapter_classes()}
    for place, tree in sources():
        made = [
            node.lineno
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            if ast.unparse(node.func).rpartition(".")[2] in classes
        ]
        assert not made, f"{place}: {made}"
    registry = (HOUSE / MAKES_ADAPTERS).read_text("utf-8")
    assert "= Watched(made(" in registry


def portal_adapter_classes() -> set[str]:
    """Every class of the house that can be erased by, whatever it is called."""
    return {
        node.name
        for place, tree in sources()
        if place not in {"adapters/contract/adapter.py", *AROUND_ADAPTERS}
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        and {"erase", "find", "scan"}
        <= {one.name for one in node.body if isinstance(one, ast.FunctionDef)}
    }


def contract_methods() -> set[str]:
    named = {name for name in vars(Adapter) if not name.startswith("_")}
    return {name for name in named if callable(getattr(Adapter, name)) and name != "Settings"}


def test_r5_every_call_of_the_contract_is_watched_by_name() -> None:
    assert contract_methods() <= set(vars(Watched))


def test_r5_a_call_that_the_contract_does_not_name_is_watched_too(tmp_path: Path) -> None:
    class Extended(CrashCrm):
        cursor = "7"

        def changes_since(self, cursor: str) -> list[str]:
            points.append("the call")
            return [cursor]

    points: list[str] = []
    settings = CrashSettings(
        adapter="crash",
        label={"en": "A CRM"},
        location=Location(entity="Somebody", hosting="NL"),
        file=tmp_path / "crm.jsonl",
    )
    watched = Watched(Extended("crm", settings))
    listen(points.append)
    try:
        assert watched.changes_since("3") == ["3"]
    finally:
        listen(None)
    assert points == [
        "crm.changes_since: before the call",
        "the call",
        "crm.changes_since: after the call",
    ]
    assert watched.cursor == "7"


@pytest.mark.slow
def test_r5_the_scenarios_come_by_every_point(rig: Rig) -> None:
    met: set[str] = set()
    for name in SCENARIOS:
        for seed in range(3 if name == "mixed" else 1):
            outcome = rig.run(Order(name, seed))
            met |= {*outcome.points, *outcome.recovery_points}
    names = unit_names()
    commits = {
        f"{name}: {when} the commit"
        for name in names - set(WITHOUT_SCENARIO)
        for when in ("before", "after")
    }
    crm = {
        f"crm.{name}: {when} the call"
        for name in contract_methods() - NOT_CALLED_YET - {"close"}
        for when in ("before", "after")
    }
    missing = sorted({*commits, *crm, "request received: acknowledged"} - met)
    assert missing == []
    assert set(WITHOUT_SCENARIO) <= names, "a reason for a unit that is no more"
    needless = {name for name in WITHOUT_SCENARIO if f"{name}: before the commit" in met}
    assert not needless, "a reason for a unit that a scenario comes by"
