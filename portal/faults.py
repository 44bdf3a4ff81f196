"""Points at which a test may let the process die, or the power fail.

They stand before and after everything that cannot be undone: each commit of the portal's database,
each call of an adapter, each acknowledgement. In production a point costs one comparison.
``tests/crash`` kills the process at every one of them, and a test sees to it that none is missing.
"""

from collections.abc import Callable

Listener = Callable[[str], None]


class _Points:
    listener: Listener | None = None


def fault(point: str) -> None:
    """The program is at this point."""
    if _Points.listener is not None:
        _Points.listener(point)


def listen(listener: Listener | None) -> None:
    """From now on tell this listener of every point; None: tell nobody."""
    _Points.listener = listener
