"""Searches that are killed by SIGKILL at random moments and resumed, against one that was not.

python -m tests.unit.search.killing --kills 20 --workers 1
"""

from __future__ import annotations

import multiprocessing
import random
import resource
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import lsm_sim_fast  # noqa: F401  # imported here once, before processes are made
from lsm_sim.search import optimise, processes, reading  # noqa: F401
from tests.unit.search.models import SPACE, model, samples

WAIT = 120.0  # seconds


def search(n_trials, workers, storage=None):
    """Return what is found; with several workers nothing is pruned, because that depends on which trials are finished."""
    X, y, _ = samples()
    how = {"n_trials": n_trials, "cv": 3, "sampler": "tpe" if workers == 1 else "random", "prune": workers == 1}
    return optimise(model(), X, y, SPACE, **how, workers=workers, storage=storage, progress=False)


def run(storage, n_trials, workers, begun):
    """Run the search in a process of its own."""
    begun.set()
    search(n_trials, workers, storage)


def start(storage, n_trials, workers):
    """Start `run`, and wait until it begins; the modules are imported only once, in the process that the others come from."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.unit.search.killing"])
    begun = context.Event()
    process = context.Process(target=run, args=(storage, n_trials, workers, begun))
    process.start()
    assert begun.wait(WAIT)
    return process


def fill(storage, n_trials, size, said):
    """Run the search where no file may grow beyond ``size`` bytes, as on a full disk, and send what the error says."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    try:
        search(n_trials, 1, storage)
        said.send("no error")
    except Exception as error:
        said.send(f"{type(error).__name__}: {error}")


def full(storage, n_trials, size):
    """Return what a search says that `fill` runs in a process of its own."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.unit.search.killing"])
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=fill, args=(storage, n_trials, size, sending))
    process.start()
    sending.close()
    with receiving:
        text = receiving.recv()
    process.join()
    return text


def finished(storage):
    """Return the finished trials in a file, with values and parameters, after a check of the file."""
    if not storage.exists():
        return {}
    with closing(sqlite3.connect(storage, timeout=60)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
        if "trials" not in tables:
            return {}
        found = db.execute(
            "SELECT trial_id, number, state FROM trials WHERE state NOT IN ('RUNNING', 'WAITING')"
        ).fetchall()
        return {
            row: (
                db.execute("SELECT value FROM trial_values WHERE trial_id = ?", row[:1]).fetchall(),
                db.execute("SELECT param_name, param_value FROM trial_params WHERE trial_id = ?", row[:1]).fetchall(),
            )
            for row in found
        }


def killed(storage, n_trials, workers, n_kills, rng):
    """Kill the search at random moments; return how many trials were finished at each."""
    progress = []
    for _ in range(n_kills):
        n_more, before = rng.choice((0, 0, 1, 2, 3)), finished(storage)
        process = start(storage, n_trials, workers)
        end = time.time() + WAIT
        while process.is_alive() and time.time() < end and len(finished(storage)) < len(before) + n_more:
            time.sleep(0.02)
        time.sleep(rng.uniform(0.0, 0.8))
        before = finished(storage)
        process.kill()
        process.join()
        after = finished(storage)
        assert before.items() <= after.items(), "a finished trial is lost"
        progress.append(len(after))
    return progress


def rows(found):
    """Return what must not depend on how a search was run."""
    return [(t.place, t.state, dict(t.parameters), dict(t.values), t.folds) for t in found.trials]


def campaign(folder, n_trials, workers, n_kills, seed):
    """Kill and resume a search, let it end, and compare it with one that was not killed; return the progress at the kills."""
    rng = random.Random(seed)
    storage = Path(folder) / "study.db"
    progress = killed(storage, n_trials, workers, n_kills, rng)
    kept = finished(storage)
    process = start(storage, n_trials, workers)
    process.join(WAIT)
    assert process.exitcode == 0, f"seed {seed}"
    assert kept.items() <= finished(storage).items(), f"seed {seed}"
    resumed, whole = search(n_trials, workers, storage), search(n_trials, workers)
    assert [t.place for t in resumed.trials] == list(range(n_trials)), f"seed {seed}"
    assert not [t for t in resumed.trials if t.state in ("running", "fail")], f"seed {seed}"
    assert rows(resumed) == rows(whole), f"seed {seed}"
    assert resumed.best.place == whole.best.place, f"seed {seed}"
    return progress
