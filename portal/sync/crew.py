"""The workers of one process, and the bell that wakes them."""

from collections.abc import Sequence
from contextlib import ExitStack

from portal.store.database import Database
from portal.sync.bells import bell_of, hung
from portal.sync.worker import Worker


class Crew:
    """Starts, wakes and stops workers together."""

    def __init__(self, database: Database, workers: Sequence[Worker]) -> None:
        self._database = database
        self._workers = tuple(workers)
        self._bell = ExitStack()

    def start(self) -> None:
        """Begin to work, each in a thread of its own."""
        for worker in self._workers:
            worker.start()
        self._bell.enter_context(hung(bell_of(self._database), self.wake))

    def wake(self) -> None:
        """There may be something to do."""
        for worker in self._workers:
            worker.wake()

    def stop(self, timeout: float = 30) -> bool:
        """Finish the jobs in hand, then stop. False: one is still busy after `timeout` seconds."""
        self._bell.close()
        # A list: every one is stopped, whatever the first one says.
        stopped = [worker.stop(timeout) for worker in self._workers]
        return all(stopped)
