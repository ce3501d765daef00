"""Tasks in several processes: in order, the same results, and clear errors."""

import os
import signal
import socket
import time
from concurrent.futures import CancelledError
from pathlib import Path

import joblib
import numpy as np
import pytest

from lsm_sim.errors import DescriptionError, RunError
from lsm_sim.support.parallel import Work, dask_cluster, in_order, processes_of, start
from lsm_sim.support.parallel.dask_cluster import check_versions, own_versions


def square(shared, task, n_threads):
    time.sleep(0.02 * (task % 3 == 0))  # so that tasks end in another order
    return shared + task**2, n_threads


def own_number(shared, task, n_threads):  # noqa: ARG001
    return os.getpid()


def square_and_die_once(shared, task, n_threads):  # noqa: ARG001
    if task == 5 and not Path(shared).exists():
        Path(shared).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return task**2


def fail(shared, task, n_threads):  # noqa: ARG001
    raise DescriptionError(f"task {task} is wrong")


def test_one_process_takes_a_task_when_its_result_is_wanted():
    taken = []
    tasks = (taken.append(k) or k for k in range(5))
    results = in_order(square, 10, tasks, Work())
    assert next(results) == (10, None)
    assert taken == [0]


@pytest.mark.slow
def test_workers_give_the_results_in_order_and_take_few_tasks_ahead():
    taken = []
    tasks = (taken.append(k) or k for k in range(20))
    results = in_order(square, 10, tasks, Work(workers=2))
    first = next(results)
    assert len(taken) <= 4
    found = [first, *results]
    assert [value for value, _ in found] == [10 + k**2 for k in range(20)]
    assert len({n for _, n in found}) == 1


def wait_for_the_last(shared, task, n_threads):  # noqa: ARG001
    """Let task 0 wait until task 9 is done."""
    path = Path(shared)
    end = time.monotonic() + 60
    while task == 0 and not path.exists() and time.monotonic() < end:
        time.sleep(0.01)
    if task == 9:
        path.touch()
    return path.exists()


@pytest.mark.slow
def test_no_process_waits_for_a_long_task_of_another_one_if_tasks_are_a_list(tmp_path):
    found = [*in_order(wait_for_the_last, str(tmp_path / "done"), [*range(10)], Work(workers=2))]
    assert found == [True, *[False] * 8, True]


@pytest.mark.slow
def test_processes_that_are_started_early_are_those_of_the_next_tasks(tmp_path):
    start(Work(workers=3), write_own_number, str(tmp_path))
    start(Work(workers=1), write_own_number, "not called")
    found = {*in_order(own_number, None, [*range(30)], Work(workers=3))}
    assert found & {int(path.name) for path in tmp_path.iterdir()}


def write_own_number(folder):
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(0.2)


@pytest.mark.slow
def test_joblib_works_after_workers_and_workers_after_joblib():
    for _ in range(2):
        assert len([*in_order(square, 10, range(3), Work(workers=2))]) == 3
        assert joblib.Parallel(2)(joblib.delayed(abs)(-k) for k in range(3)) == [0, 1, 2]


@pytest.mark.slow
def test_the_processes_are_kept_for_the_next_call():
    first, second = ({*in_order(own_number, None, range(6), Work(workers=2))} for _ in range(2))
    assert len(first | second) <= 2


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_the_tasks_of_a_killed_worker_are_done_again(tmp_path):
    found = in_order(square_and_die_once, str(tmp_path / "died"), range(12), Work(workers=2))
    assert [*found] == [k**2 for k in range(12)]
    assert (tmp_path / "died").exists()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.filterwarnings("ignore")  # of a cluster whose worker is killed
def test_a_dask_cluster_of_two_processes_loses_nothing_with_a_worker(tmp_path):
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**options, local_directory=tmp_path) as cluster:
        work = Work(dask=cluster.scheduler_address)
        assert processes_of(work) == 2
        assert [*in_order(square, 10, range(6), work)] == [(10 + k**2, 1) for k in range(6)]
        assert [*in_order(square_and_die_once, str(tmp_path / "died"), range(8), work)] == [k**2 for k in range(8)]
        assert (tmp_path / "died").exists()


class Client:
    """A Dask client in this process; the first tasks lose what they share, with the worker that held it."""

    def __init__(self, n_lost, status="running"):
        self.n_lost, self.status, self.sent = n_lost, status, 0

    def scatter(self, shared, **_):
        self.sent += 1
        return Future(shared)

    def submit(self, do, function, shared, task, n_threads, **_):
        if self.n_lost:
            self.n_lost -= 1
            shared.status = "cancelled"
        return shared if shared.status == "cancelled" else Future(do(function, shared.value, task, n_threads))


class Future:
    def __init__(self, value):
        self.value, self.status = value, "finished"

    def result(self):
        if self.status == "cancelled":
            raise CancelledError
        return self.value


def test_what_a_cluster_has_lost_with_a_worker_is_sent_again(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setenv("LSM_SIM_THREADS", "1")  # which the function sets in a worker
    client = Client(n_lost=2)
    pool = dask_cluster.Cluster(client, "tcp://1", square, 10, 1, 2)
    handles = [pool.submit(k) for k in range(4)]
    assert [pool.result(handle) for handle in handles] == [(10 + k**2, 1) for k in range(4)]
    assert client.sent == 2
    for client in (Client(n_lost=99), Client(n_lost=1, status="connecting")):
        pool = dask_cluster.Cluster(client, "tcp://1", square, 10, 1, 2)
        with pytest.raises(RunError, match="the scheduler at tcp://1 stopped"):
            pool.result(pool.submit(0))


@pytest.mark.slow
def test_an_error_of_a_task_arrives_as_it_is():
    with pytest.raises(DescriptionError, match="task 0 is wrong"):
        next(in_order(fail, None, range(9), Work(workers=2)))  # others wait


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"workers": 0}, "expected a whole number >= 1"),
        ({"workers": 2, "dask": "tcp://127.0.0.1:8786"}, "omit one"),
        ({"dask": "localhost"}, "expected an address"),
        ({"dask": 8786}, "expected the address of a scheduler"),
    ],
)
def test_wrong_workers_are_named(arguments, message):
    with pytest.raises(DescriptionError, match=message):
        Work(**arguments)


def test_other_versions_are_named():
    own = own_versions()
    assert own["numpy"] == np.__version__
    check_versions(own, {"tcp://1": own})
    with pytest.raises(RunError, match=r"numba 0\.1 instead of .* on tcp://2.*scipy is missing instead of"):
        check_versions(own, {"tcp://1": own, "tcp://2": own | {"numba": "0.1", "scipy": None}})


def test_a_scheduler_that_is_not_there_is_one_sentence(monkeypatch):
    pytest.importorskip("distributed")
    assert dask_cluster.TIMEOUT < 30
    monkeypatch.setattr(dask_cluster, "TIMEOUT", 1.0)
    with socket.socket() as unused:  # bound, but nobody listens
        unused.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(RunError, match=f"no scheduler answers at {address}"):
            next(in_order(square, 1, range(3), Work(dask=address)))
