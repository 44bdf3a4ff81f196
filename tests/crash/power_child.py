"""A portal whose every write is watched by strace, until the power is cut in the imagination.

    strace … python -m tests.crash.power_child FOLDER SEED [SYNCHRONOUS]

What people ask and what is acknowledged goes into ``asked.jsonl``, as in every run of the rig.
"""

import logging
import sqlite3
import sys
from pathlib import Path
from random import Random

from sqlalchemy import event

from portal import faults
from tests.crash.asking import Run
from tests.crash.crm import PEOPLE, append_line
from tests.crash.process import ACKNOWLEDGED
from tests.crash.scenarios import phone
from tests.crash.world import World

BEGINS = "watched from here"
ROUNDS = 6
CHECKPOINT_AFTER = 40
"""Pages in the log; the product leaves SQLite's own thousand, which no short test comes to."""
CHECKPOINTS = ("PASSIVE", "RESTART", "TRUNCATE")


def live(world: World, chance: Random) -> None:
    """Requests, work, and every sort of checkpoint in between."""
    run = Run(world)
    run.attend()
    faults.listen(lambda point: run.acknowledged() if point == ACKNOWLEDGED else None)
    for number in range(ROUNDS):
        for person in PEOPLE:
            if chance.random() < 0.5:
                run.decide(person, "newsletter", bool(number % 2), site="both")
            else:
                run.correct(person, "phone", phone(chance), site="both", may_end=MAY_END)
        run.work()
        run.person_looks()
        if number % 2:
            run.seal()
        if number < len(CHECKPOINTS):
            with world.portal.database.engine.connect() as connection:
                connection.rollback()
                pragma = f"PRAGMA wal_checkpoint({CHECKPOINTS[number]})"
                connection.connection.cursor().execute(pragma)
        elif number == len(CHECKPOINTS):
            world.let_go()  # the last one out folds the log in and takes it away
    run.erase("bob", site="both")
    run.work()


MAY_END = {"confirmed", "conflict"}


def main(folder: Path, seed: int, synchronous: str | None) -> None:
    logging.disable(logging.CRITICAL)
    world = World(folder)

    def set_up(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_AFTER}")
        if synchronous is not None:
            connection.execute(f"PRAGMA synchronous={synchronous}")

    event.listen(world.portal.database.engine, "connect", set_up)
    world.reset()
    append_line(world.asked, {BEGINS: True})
    live(world, Random(seed))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None)
