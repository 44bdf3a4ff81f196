"""Keeping a lease while a call takes long: a dead worker's ends, a slow one's does not."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)


class Renewal:
    """Looks every so often whether the same lease is still in hand, and renews it if so.

    A quick job costs nothing but two assignments.

    Args:
        renew: Renews the lease of a job, given both; False when it was lost. May raise.
        every: Seconds between two looks; a lease must last for more than two of them.
        most: How many renewals one lease gets: what takes longer than that hangs.
    """

    def __init__(self, renew: Callable[[int, str], bool], *, every: float, most: int = 30) -> None:
        self._renew = renew
        self._every = every
        self._most = most
        self._held: tuple[int, str] | None = None

    @contextmanager
    def of(self, job_id: int, lease: str) -> Iterator[None]:
        """This lease is in hand for as long as the block takes."""
        self._held = (job_id, lease)
        try:
            yield
        finally:
            self._held = None

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch from a thread of its own for as long as the block takes."""
        stopped = threading.Event()
        watch = threading.Thread(
            target=self._watch, args=(stopped,), name="portal-leases", daemon=True
        )
        watch.start()
        try:
            yield
        finally:
            stopped.set()
            watch.join()

    def _watch(self, stopped: threading.Event) -> None:
        seen, renewals = None, 0
        while not stopped.wait(self._every):
            held = self._held
            if held is None or held != seen:
                seen, renewals = held, 0
            elif renewals < self._most:
                renewals += 1
                self._keep(*held)

    def _keep(self, job_id: int, lease: str) -> None:
        try:
            if not self._renew(job_id, lease):
                log.warning("job %d: its lease was lost while it was in hand", job_id)
        except Exception as error:  # noqa: BLE001  the next renewal may succeed, the lease is long
            log.warning("a lease could not be renewed: %s", type(error).__name__)
