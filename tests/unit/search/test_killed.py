"""Searches that are killed, and searches of several processes."""

import sqlite3
import time
from contextlib import closing

import psutil
import pytest
from sklearn.svm import LinearSVC

from lsm_sim import DescriptionError
from lsm_sim.search import optimise
from lsm_sim.search.ledger import MOST_ATTEMPTS, Ledger, lives, owner
from tests.unit.search.killing import campaign, finished, full, rows, search
from tests.unit.search.models import SPACE, model, samples

X, Y, GROUPS = samples()
QUICK = {"n_trials": 4, "cv": 2, "sampler": "random", "progress": False, "prune": False}


def running(path):
    """Return the number of trials that run, as Optuna says."""
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT COUNT(*) FROM trials WHERE state = 'RUNNING'").fetchone()[0]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1])
def test_a_search_that_is_killed_ends_with_the_trials_of_one_that_was_not(tmp_path, seed):
    """``python -m tests.unit.search`` does more of it, with several workers too."""
    assert len(campaign(tmp_path, 11, 1, 4, seed)) == 4


class TestTheLedger:
    @pytest.fixture
    def path(self, tmp_path):
        return tmp_path / "s.db"

    def test_gives_each_place_once(self, path):
        ledgers = [Ledger(path), Ledger(path)]
        claims = [ledgers[k % 2].take(5) for k in range(6)]
        assert [None if c is None else c.place for c in claims] == [0, 1, 2, 3, 4, None]

    def test_gives_back_what_was_released_and_what_an_ended_process_had(self, path):
        one, other = Ledger(path), Ledger(path)
        claim = one.take(3)
        one.release(claim)
        assert other.take(3) == claim
        other.finish(claim)
        node, _, *rest = owner().rsplit("/", 3)
        other._owner = "/".join([node, str(2**22 + 1), *rest])  # no process has this number
        assert other.take(3).place == 1
        taken = one.take(3)
        assert (taken.place, taken.attempts) == (1, 2)
        one.finish(taken)
        assert one.n_done() == 2
        assert one.take(3).place == 2

    def test_knows_which_processes_live(self):
        assert lives(owner(), 0.0)
        assert not lives("", time.time())
        node, pid, start, token = owner().rsplit("/", 3)
        assert not lives(f"{node}/{pid}/{float(start) - 1000:.2f}/{token}", time.time())  # the number was used again
        assert not lives(f"{node}/{2**22 + 1}/{start}/{token}", time.time())
        assert lives(f"elsewhere/{pid}/{start}/{token}", time.time() - 60)
        assert not lives(f"elsewhere/{pid}/{start}/{token}", time.time() - 600)

    def test_gives_up_a_trial_that_ends_its_process(self, tmp_path):
        path = tmp_path / "s.db"
        optimise(model(), X, Y, SPACE, **(QUICK | {"n_trials": 1}), storage=path)
        with closing(sqlite3.connect(path)) as db, db:
            db.execute(f"INSERT INTO lsm_sim_places VALUES (1, '', 0, {MOST_ATTEMPTS}, 0)")
        found = optimise(model(), X, Y, SPACE, **(QUICK | {"n_trials": 2}), storage=path)
        assert found.trials[1].why == f"its process ended {MOST_ATTEMPTS} times"
        assert found.trials[1].state == "fail"


class TestAnInterruptedTrial:
    def test_is_given_back_and_keeps_its_parameters(self, tmp_path, monkeypatch):
        path = tmp_path / "s.db"
        from lsm_sim.search import objectives

        real, calls = objectives.Evaluation.scores, []

        def interrupted(self):
            for score in real(self):
                calls.append(score)
                if len(calls) == 4:
                    raise KeyboardInterrupt
                yield score

        monkeypatch.setattr(objectives.Evaluation, "scores", interrupted)
        with pytest.raises(KeyboardInterrupt):
            optimise(model(), X, Y, SPACE, **QUICK, storage=path)
        assert running(path) == 1
        monkeypatch.undo()
        resumed, whole = (optimise(model(), X, Y, SPACE, **QUICK, storage=storage) for storage in (path, None))
        assert rows(resumed) == rows(whole)
        assert running(path) == 0


@pytest.mark.slow
class TestWorkers:
    def test_find_what_one_process_finds(self, tmp_path):
        whole = optimise(model(), X, Y, SPACE, **QUICK)
        several = optimise(model(), X, Y, SPACE, **QUICK, workers=2, storage=tmp_path / "s.db")
        assert rows(several) == rows(whole)
        assert not [p for p in psutil.Process().children() if "lsm_sim.search.processes" in " ".join(p.cmdline())]

    def test_say_what_is_wrong(self, tmp_path):
        with pytest.raises(DescriptionError, match="workers: the model cannot be sent"):
            optimise(model(readout=Unpicklable()), X, Y, {"features__bins": [1, 2]}, **QUICK, workers=2)


class Unpicklable(LinearSVC):  # type: ignore[misc]
    def __reduce__(self):
        raise TypeError("no")


@pytest.mark.slow
def test_a_full_disk_keeps_what_is_done(tmp_path):
    path = tmp_path / "s.db"
    search(4, 1, path)
    before = finished(path)
    said = full(path, 30, path.stat().st_size + 4096)
    assert "s.db: cannot be written" in said
    assert "finished trials are kept" in said
    assert before.items() <= finished(path).items()
    found = search(30, 1, path)
    assert rows(found) == rows(search(30, 1))
    assert running(path) == 0
