"""How far long work is: a bar on a terminal, a line now and then elsewhere; on the error output."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from portal.cli.shared import err

LINE_EVERY = 100_000
"""Records between two plain lines of progress."""

Say = Callable[[int], str]
"""What a plain line says after so many records."""


@contextmanager
def progress(
    name: str, expected: int | None, say: Say | None = None, every: int = LINE_EVERY
) -> Iterator[Callable[[int], None]]:
    """Tell what is called with the number of records seen so far."""
    if not err.is_terminal:
        yield _Lines(say or (lambda seen: f"{name}: {seen} records so far"), every)
        return
    columns = (
        TextColumn(name),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(name, total=expected)
        yield lambda seen: bar.update(task, completed=seen)


class _Lines:
    """Progress where there is no terminal."""

    def __init__(self, say: Say, every: int) -> None:
        self._say = say
        self._every = every
        self._next = every

    def __call__(self, seen: int) -> None:
        if seen >= self._next:
            err.print(self._say(seen))
            self._next = seen - seen % self._every + self._every
