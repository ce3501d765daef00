"""Brian2 as its users write it: a loop over samples, all samples in one run, and standalone C++ run once per sample."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from lsm_sim.apps.bench.peer import Counts, Peer, Ready, Settings, Task
from lsm_sim.apps.bench.peers import brian2_compile
from lsm_sim.apps.bench.peers.brian2_network import PlainLoop
from lsm_sim.apps.bench.peers.brian2_one_run import OneRun, batch, n_replicas
from lsm_sim.apps.bench.peers.brian2_standalone import Standalone
from lsm_sim.errors import BackendUnavailableError, UnsupportedError
from lsm_sim.support.environment import install


def peers(settings: Settings) -> list[Peer]:
    """Return the ways to run a data set in Brian2."""
    if importlib.util.find_spec("brian2") is None:
        raise BackendUnavailableError(f"not installed; install it with: {install('brian2')}")
    standalone = _left_out if settings.quick else _standalone
    return [
        Peer("Brian2, cython loop", _loop, "build once; restore, set the spikes and run for each sample", role="loop"),
        Peer("Brian2, one run", _one_run, "all samples in one run, separated by silent gaps", role="one run"),
        Peer("Brian2, one run of replicas", _replicas, "the same with several copies of the network"),
        Peer("Brian2, standalone", standalone, "C++ compiled once, run again for each sample with run_args"),
    ]


@contextmanager
def _loop(task: Task) -> Iterator[Ready]:
    brian2_compile.elsewhere()
    loop = PlainLoop(task.program)
    yield Ready(lambda n: loop.counts(task.stimulus[:n], task.counts.shape[1]))


@contextmanager
def _one_run(task: Task) -> Iterator[Ready]:
    brian2_compile.elsewhere()
    one_run = OneRun(task.program, replicas=1)
    yield Ready(lambda n: one_run.counts(task.stimulus[:n], task.counts.shape[1]), batch(task.program, replicas=1))


@contextmanager
def _replicas(task: Task) -> Iterator[Ready]:
    replicas = n_replicas(task.program, len(task.stimulus))
    if replicas == 1:
        raise UnsupportedError("copies of a network of this size are slower, or there is only one sample")
    brian2_compile.elsewhere()
    one_run = OneRun(task.program, replicas)
    yield Ready(lambda n: one_run.counts(task.stimulus[:n], task.counts.shape[1]), batch(task.program, replicas))


def _left_out(_task: Task) -> AbstractContextManager[Ready]:
    raise UnsupportedError("it compiles C++ for every network, which takes too long for a quick run")


@contextmanager
def _standalone(task: Task) -> Iterator[Ready]:
    with Standalone.building(task.program, task.dense.shape[1]) as standalone:

        def run(n: int) -> Counts:
            return standalone.counts(task.dense[:n], task.counts.shape[1])

        yield Ready(run)
