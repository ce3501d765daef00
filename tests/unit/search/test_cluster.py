"""Searches whose trials are evaluated by a cluster: one of this process in the quick tests, a real one in the slow ones."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import pytest

from lsm_sim import DescriptionError, RunError
from lsm_sim.search import Range, cluster, optimise
from lsm_sim.search.objectives import Evaluation
from lsm_sim.support.parallel.dask_cluster import EndedWorkersError
from tests.unit.search.killing import rows
from tests.unit.search.models import SPACE, model, samples
from tests.unit.search.test_killed import Unpicklable, running

X, Y, GROUPS = samples()
QUICK = {"n_trials": 4, "cv": 3, "sampler": "random", "progress": False, "prune": False}
ADDRESS = "tcp://127.0.0.1:9"  # where nobody listens


class Pool:
    """Does each task in this process when it is waited for, the last one first."""

    def __init__(self, function, shared, at_once):
        self.at_once, self.function, self.shared = at_once, function, shared
        self.tasks, self.most = {}, 0

    def submit(self, task):
        number = max(self.tasks, default=-1) + 1
        self.tasks[number] = task
        return number

    def first_done(self, handles):
        self.most = max(self.most, len(handles))
        return handles[-1]

    def result(self, number):
        return self.function(self.shared, self.tasks[number], 1)


@pytest.fixture
def pools(monkeypatch):
    """Put pools of this process in place of clusters, with two tasks at once; they are returned in a list."""
    made = []

    @contextlib.contextmanager
    def pool(function, shared, _address, _n_threads):
        made.append(Pool(function, shared, 2))
        yield made[-1]

    monkeypatch.setattr(cluster, "dask_pool", pool)
    return made


@pytest.mark.parametrize(
    "changes", [{}, pytest.param({"scale": "channel"}, marks=pytest.mark.slow)], ids=["whole trials", "single folds"]
)
def test_a_cluster_finds_what_one_process_finds(pools, changes):
    how = QUICK | {"objectives": ["accuracy", "spikes", "neurons"]}
    found = optimise(model(**changes), X, Y, SPACE, **how, dask=ADDRESS)
    assert rows(found) == rows(optimise(model(**changes), X, Y, SPACE, **how))
    assert pools[0].most == 3  # one more than the workers do at once
    assert len(pools[0].tasks) == (12 if changes else 4)
    assert found.trials[0].seconds > 0


@pytest.mark.slow
def test_folds_after_the_one_at_which_a_trial_is_pruned_are_not_evaluated(pools):
    how = QUICK | {"prune": True, "n_trials": 14}
    found = optimise(model(scale="channel"), X, Y, SPACE, **how, dask=ADDRESS)
    assert {trial.state for trial in found.trials} == {"complete", "pruned"}
    assert len(pools[0].tasks) == sum(len(trial.folds) for trial in found.trials) < 3 * 14
    assert [t.parameters for t in found.trials] == [
        t.parameters for t in optimise(model(scale="channel"), X, Y, SPACE, **how).trials
    ]


@pytest.mark.slow
@pytest.mark.usefixtures("pools")
def test_a_trial_whose_settings_fit_badly_or_that_ends_workers_fails_alone(monkeypatch):
    space = SPACE | {"liquid__neurons__exc__v_reset": Range(0.0, 2.0)}  # the threshold is 1
    expected = optimise(model(), X, Y, space, **QUICK)  # some are above it
    assert {trial.state for trial in expected.trials} == {"complete", "fail"}
    found = optimise(model(), X, Y, space, **QUICK, dask=ADDRESS)
    assert rows(found) == rows(expected)
    assert [trial.why for trial in found.trials] == [trial.why for trial in expected.trials]

    def ends(pool, number):
        if number == 1:
            raise EndedWorkersError("dask: a task ended several workers")
        return pool.function(pool.shared, pool.tasks[number], 1)

    monkeypatch.setattr(Pool, "result", ends)
    found = optimise(model(), X, Y, SPACE, **QUICK, dask=ADDRESS)
    assert [(t.place, t.why) for t in found.trials if t.state == "fail"] == [(1, "dask: a task ended several workers")]


@pytest.mark.usefixtures("pools")
def test_a_scheduler_that_stops_keeps_finished_trials_and_the_parameters_of_others(tmp_path, monkeypatch):
    path = tmp_path / "s.db"
    real = Pool.result

    def stops(pool, number):
        if number == 3:
            raise RunError("dask: the scheduler at tcp://127.0.0.1:9 stopped")
        return real(pool, number)

    monkeypatch.setattr(Pool, "result", stops)
    with pytest.raises(RunError, match=r"the scheduler at .* stopped"):
        optimise(model(), X, Y, SPACE, **QUICK, storage=path, dask=ADDRESS)
    assert running(path) == 3
    resumed = optimise(model(), X, Y, SPACE, **QUICK, storage=path)
    assert rows(resumed) == rows(optimise(model(), X, Y, SPACE, **QUICK))
    assert running(path) == 0


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"dask": "nowhere"}, "expected an address such as"),
        ({"dask": ADDRESS, "workers": 2}, "workers: got a number beside dask"),
    ],
    ids=str,
)
def test_wrong_clusters_are_refused_before_a_storage_is_made(tmp_path, how, message):
    with pytest.raises(DescriptionError, match=message):
        optimise(model(), X, Y, SPACE, **QUICK, storage=tmp_path / "s.db", **how)
    assert not (tmp_path / "s.db").exists()


def test_workers_need_no_optuna():
    code = "import sys, lsm_sim.search.parts; sys.exit('optuna' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def dies_once(self, folds=None):
    """Kill the first process that comes here."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(os.environ["DIED"], os.O_CREAT | os.O_EXCL))
        os.kill(os.getpid(), signal.SIGKILL)
    return SCORES(self, folds)


SCORES = Evaluation.scores


def patched():
    """Run on a worker: put `dies_once` in place of the scores of an evaluation."""
    Evaluation.scores = dies_once


@contextlib.contextmanager
def local(tmp_path, monkeypatch):
    """Yield a scheduler and two worker processes on the loopback interface."""
    distributed = pytest.importorskip("distributed")
    monkeypatch.setenv("DIED", str(tmp_path / "died"))
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**options, local_directory=tmp_path) as own:
        yield own


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.filterwarnings("ignore")  # of a cluster whose worker is killed
def test_a_real_cluster_loses_no_trial_with_a_worker(tmp_path, monkeypatch):
    from distributed import Client

    expected = rows(optimise(model(), X, Y, SPACE, **QUICK))
    with local(tmp_path, monkeypatch) as own:
        address = own.scheduler_address
        with pytest.raises(DescriptionError, match="cannot be sent to other processes"):
            optimise(model(readout=Unpicklable()), X, Y, {"features__bins": [1, 2]}, **QUICK, dask=address)
        with Client(address, set_as_default=False) as client:
            client.run(patched)
        path = tmp_path / "s.db"
        assert rows(optimise(model(), X, Y, SPACE, **QUICK, storage=path, dask=address)) == expected
        assert (tmp_path / "died").exists()
        assert running(path) == 0


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.filterwarnings("ignore")  # of a cluster whose scheduler is killed
def test_a_real_scheduler_that_is_killed_is_one_sentence(tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    from benchmarks import cluster_faults  # trains a model

    path, run_cluster, at = tmp_path / "s.db", cluster.run_cluster, []
    with cluster_faults.cluster() as (address, processes):

        def killed(task, own_address, told):
            """Search, and kill the scheduler when five trials are finished."""
            finished = []

            def own_told():
                told()
                finished.append(None)
                if len(finished) == 5:
                    at.append(time.perf_counter())
                    processes[0].kill()

            run_cluster(task, own_address, own_told)

        monkeypatch.setattr(cluster, "run_cluster", killed)
        with pytest.raises(RunError, match=r"the scheduler at .* stopped"):
            optimise(model(), X, Y, SPACE, **(QUICK | {"n_trials": 400}), storage=path, dask=address)
        assert time.perf_counter() - at[0] < 30
    resumed = optimise(model(), X, Y, SPACE, **(QUICK | {"n_trials": 8}), storage=path)
    assert [trial.state for trial in resumed.trials[:8]] == ["complete"] * 8
    assert rows(resumed)[:8] == rows(optimise(model(), X, Y, SPACE, **(QUICK | {"n_trials": 8})))
