"""Searching finds the same people, in order, with one process or two, whatever becomes of those."""

import subprocess
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

import pytest

from portal.domain.addresses import Email
from portal.store import search as module
from portal.store.search import search
from portal.store.vault import Vault
from tests.storing import make_keyring, make_vault

SIZE = 50
PAGES = 60
WANTED = (0, 7, 49, 50, 1234, 2999)


class Sought:
    """Looks for some numbers; all are held in memory, or none is."""

    def __init__(self, vault: Vault, numbers: Sequence[int], *, few: bool = True) -> None:
        self._known = {
            digest: number for number in numbers for _, digest in vault.aliases(address(number))
        }
        self.held: Mapping[bytes, int] | None = self._known if few else None

    def among(self, digests: Sequence[bytes]) -> Mapping[bytes, int]:
        return {digest: self._known[digest] for digest in digests if digest in self._known}


def text(number: int) -> str:
    """One in ten is not plain, one holds the very sign that stands between them."""
    if number == 77:
        return "a\0b@example.org"
    return f"P{number}@{'bücher.example' if number % 10 == 0 else 'Example.org'}"


def address(number: int) -> Email:
    return Email.parse(text(number))


def pages() -> Iterator[tuple[list[str], list[str]]]:
    for start in range(0, SIZE * PAGES, SIZE):
        numbers = range(start, start + SIZE)
        yield [str(number) for number in numbers], [text(number) for number in numbers]


def joined(by: int) -> Iterator[tuple[list[str], list[str]]]:
    """Larger pages: more than an answer can name."""
    whole = [*pages()]
    for start in range(0, len(whole), by * 5):
        some = whole[start : start + by * 5]
        yield [key for keys, _ in some for key in keys], [one for _, texts in some for one in texts]


def found(
    vault: Vault, sought: Sought, of: Iterator[tuple[list[str], list[str]]] | None = None
) -> dict[str, int]:
    """By key; fails when a page is missing or out of order."""
    seen: list[str] = []
    hits: dict[str, int] = {}
    for page in search(of or pages(), vault.hasher, sought):
        seen += page.keys
        assert page.found is not None
        hits |= {page.keys[place]: known for place, known in page.found.items()}
    assert seen == [str(number) for number in range(SIZE * PAGES)]
    return hits


EXPECTED = {str(number): number for number in WANTED}


@pytest.mark.parametrize("generations", [1, 3])
@pytest.mark.parametrize("few", [True, False])
def test_one_process_finds_them(generations: int, few: bool) -> None:
    vault = make_vault(make_keyring(generations))
    assert found(vault, Sought(vault, WANTED, few=few)) == EXPECTED


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second process is begun at once, and does all that it can."""
    monkeypatch.setattr(module, "WORTH_A_PROCESS", 0)
    monkeypatch.setattr(module, "_enlarged", lambda _: 10_000_000)
    monkeypatch.setattr(module, "AT_MOST", 1000)
    monkeypatch.setattr("os.cpu_count", lambda: 2)


@pytest.mark.slow
@pytest.mark.parametrize("generations", [1, 3])
def test_two_processes_find_the_same(
    generations: int, two: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = make_vault(make_keyring(generations))
    here: list[int] = []
    look = module.look

    def looks(page: "module.Page[int]", *more: Any) -> None:
        here.append(len(page.texts))
        look(page, *more)

    monkeypatch.setattr(module, "look", looks)

    assert found(vault, Sought(vault, WANTED)) == EXPECTED
    assert here.count(SIZE) == 1, "but for the one page that cannot be sent"
    others = sum(here) - SIZE
    assert others <= SIZE * PAGES / 10 + len(WANTED), "what is not plain, and whom it has found"


@pytest.mark.slow
@pytest.mark.parametrize("room", [0, 1, 5000, 32_768])
def test_a_pipe_that_holds_little_is_enough(
    room: int, two: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_enlarged", lambda _: room)
    vault = make_vault()
    assert found(vault, Sought(vault, WANTED)) == EXPECTED
    assert found(vault, Sought(vault, WANTED), joined(10)) == EXPECTED


@pytest.mark.slow
def test_they_may_be_everybody(two: None) -> None:
    """Then an answer would not fit into a pipe, and the page is looked at here."""
    vault, everybody = make_vault(), [number for number in range(SIZE * PAGES) if number != 77]
    hits = found(vault, Sought(vault, everybody), joined(4))
    assert hits == {str(one): one for one in everybody}


@pytest.mark.slow
def test_those_who_cannot_be_held_are_looked_up_here(two: None) -> None:
    vault = make_vault()
    assert found(vault, Sought(vault, WANTED, few=False)) == EXPECTED


@pytest.mark.slow
@pytest.mark.parametrize("program", ["/nothing/there", "/bin/false", "/bin/cat"])
def test_a_second_process_that_cannot_be_had_costs_nothing_but_time(
    program: str, two: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", program)
    vault = make_vault()
    assert found(vault, Sought(vault, WANTED)) == EXPECTED


@pytest.mark.slow
def test_a_second_process_that_dies_over_a_page_costs_nothing_but_time(
    two: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    takes = module.Second.takes

    def killed(self: "module.Second[int]", page: "module.Page[int]") -> bool:
        taken = takes(self, page)
        if taken and self._process is not None and page.keys[0] >= "1000":
            self._process.kill()
        return taken

    monkeypatch.setattr(module.Second, "takes", killed)
    vault = make_vault()
    assert found(vault, Sought(vault, WANTED)) == EXPECTED


@pytest.mark.slow
def test_whoever_stops_in_the_middle_leaves_no_process_behind(
    two: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def popen(*arguments: Any, **more: Any) -> "subprocess.Popen[bytes]":
        begun.append(real(*arguments, **more))
        return begun[-1]

    monkeypatch.setattr(subprocess, "Popen", popen)
    monkeypatch.setattr(module, "AT_MOST", 1)
    vault = make_vault()
    walking = search(pages(), vault.hasher, Sought(vault, WANTED))
    assert isinstance(walking, Generator)
    next(walking)
    (second,) = begun
    assert second.poll() is None
    walking.close()
    assert second.poll() == 0


def test_the_second_process_is_told_no_key_where_others_can_read_it(
    two: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Arguments and environment of a process are there for everybody to see."""
    seen: list[Any] = []

    def popen(arguments: Any, **more: Any) -> Any:
        seen.extend((*arguments, more))
        raise FileNotFoundError

    monkeypatch.setattr(subprocess, "Popen", popen)
    vault = make_vault()
    found(vault, Sought(vault, WANTED))

    assert seen
    assert not any(key in str(seen) for key in vault.hasher.keys)
