"""Which process works on which trial: one table beside Optuna's, in the same SQLite file.

Each trial has a place, 0, 1, 2, ..., from which its parameters follow. A process takes a place in one transaction, so no two
processes have the same one, and no more are taken than asked for. While it works it writes the time every few seconds. A
place is free again if its process has ended, or, on another machine, has not written for two minutes; so no trial stays
unfinished for ever, and a trial that is tried again has the same parameters. A trial at which processes ended five times
is given up.
"""

from __future__ import annotations

import contextlib
import os
import platform
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MOST_ATTEMPTS = 5
_TABLE = "lsm_sim_places"
_WAIT = 60.0  # seconds for the lock of the file
_BEAT, _SILENT = 10.0, 120.0  # seconds between two beats; after which a process elsewhere counts as ended
_CLOCK = 2.0  # seconds by which the start of a process may seem to move, where clocks are set
_NOBODY = ""


@dataclass(frozen=True)
class Claim:
    """A place that this process has taken; ``attempts`` counts the processes that have, with this one."""

    place: int
    attempts: int

    @property
    def hopeless(self) -> bool:
        """Whether too many processes have ended here."""
        return self.attempts > MOST_ATTEMPTS


class Ledger:
    """The table of places in the file of a study."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._owner = owner()
        with self._writing() as db:
            db.execute(
                f"CREATE TABLE IF NOT EXISTS {_TABLE} (place INTEGER PRIMARY KEY, owner TEXT NOT NULL, beat REAL NOT NULL, "
                "attempts INTEGER NOT NULL, done INTEGER NOT NULL)"
            )

    def take(self, n_places: int) -> Claim | None:
        """Take the first free place below ``n_places``; None if all are done or taken."""
        with self._writing() as db:
            rows = db.execute(
                f"SELECT place, owner, beat, attempts FROM {_TABLE} WHERE NOT done AND place < ? ORDER BY place",
                (n_places,),
            )
            for place, name, beat, attempts in rows.fetchall():
                if not lives(name, beat):
                    db.execute(
                        f"UPDATE {_TABLE} SET owner = ?, beat = ?, attempts = ? WHERE place = ?",
                        (self._owner, time.time(), attempts + 1, place),
                    )
                    return Claim(place, attempts + 1)
            (n_taken,) = db.execute(f"SELECT COUNT(*) FROM {_TABLE}").fetchone()
            if n_taken >= n_places:
                return None
            db.execute(f"INSERT INTO {_TABLE} VALUES (?, ?, ?, 1, 0)", (n_taken, self._owner, time.time()))
            return Claim(n_taken, 1)

    def finish(self, claim: Claim) -> None:
        """Note that a trial is finished."""
        with self._writing() as db:
            db.execute(f"UPDATE {_TABLE} SET done = 1 WHERE place = ?", (claim.place,))

    def release(self, claim: Claim) -> None:
        """Give back a place whose trial is not finished, without counting the attempt."""
        with self._writing() as db:
            db.execute(
                f"UPDATE {_TABLE} SET owner = ?, attempts = attempts - 1 WHERE place = ? AND owner = ? AND NOT done",
                (_NOBODY, claim.place, self._owner),
            )

    def n_done(self) -> int:
        """Return how many trials are finished."""
        with self._open() as db:
            return int(db.execute(f"SELECT COUNT(*) FROM {_TABLE} WHERE done").fetchone()[0])

    @contextlib.contextmanager
    def beating(self, claim: Claim) -> Iterator[None]:
        """Write the time every few seconds while the block runs."""
        stop = threading.Event()

        def beat() -> None:
            while not stop.wait(_BEAT):
                with contextlib.suppress(sqlite3.Error), self._writing() as db:  # the next one may succeed
                    db.execute(
                        f"UPDATE {_TABLE} SET beat = ? WHERE place = ? AND owner = ?",
                        (time.time(), claim.place, self._owner),
                    )

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(sqlite3.connect(self._path, timeout=_WAIT, isolation_level=None)) as db:
            yield db

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction, which no other process interrupts."""
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")


def owner() -> str:
    """Return the name of this process: machine, number, start, and something random for a second search in it."""
    import psutil

    return f"{platform.node()}/{os.getpid()}/{psutil.Process().create_time():.2f}/{secrets.token_hex(4)}"


def lives(name: str, beat: float) -> bool:
    """Return whether the process of this name still works, judged by its last beat if it is on another machine."""
    import psutil

    node, *rest = name.rsplit("/", 3)
    if node != platform.node() or len(rest) != 3:
        return name != _NOBODY and time.time() - beat < _SILENT
    try:
        process = psutil.Process(int(rest[0]))
        started = abs(process.create_time() - float(rest[1])) < _CLOCK
        return bool(started and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
