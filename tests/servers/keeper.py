"""Runs one test server and sees to it that it ends with the test session.

Started as ``python keeper.py SESSION_PID STOP_SIGNAL USER FOLDER -- COMMAND…``. The server stops
when the keeper is told to (SIGTERM) and also when the session's process is gone, however it
went; then FOLDER is removed too, since nobody else is left to do it.
"""

import os
import shutil
import signal
import subprocess
import sys
from types import FrameType

PATIENCE = 10.0
"""Seconds that a server gets to stop by itself."""


def alive(pid: int) -> bool:
    """Whether the process still runs; a signal of 0 only asks."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def keep(session: int, stop_signal: int, user: int | None, folder: str, command: list[str]) -> int:
    """Starts the server and waits until it or the session ends."""
    told_to_stop = False

    def tell(_signal: int, _frame: FrameType | None) -> None:
        nonlocal told_to_stop
        told_to_stop = True

    signal.signal(signal.SIGTERM, tell)
    groups: list[int] | None = None if user is None else []
    with subprocess.Popen(command, user=user, group=user, extra_groups=groups) as server:
        orphaned = False
        while not (told_to_stop or orphaned):
            try:
                return server.wait(timeout=0.25)
            except subprocess.TimeoutExpired:
                orphaned = not alive(session)
        server.send_signal(stop_signal)
        try:
            server.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            server.kill()
    if orphaned:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    session_pid, stop, user_id, shared_folder, _, *rest = sys.argv[1:]
    sys.exit(
        keep(
            int(session_pid),
            int(stop),
            int(user_id) if user_id else None,
            shared_folder,
            rest,
        )
    )
