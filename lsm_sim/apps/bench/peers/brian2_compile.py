"""Compiling Brian2's code before anything is measured, in a process of its own: ``python -m lsm_sim.apps.bench.peers.brian2_compile``.

Cython's compiler leaves so many objects behind that Brian2, which collects garbage at every run, took three times as long for
the rest of the process (W: 298 ms per sample in place of 100). The compiled code stays in Cython's cache, whose key is the
text of the code, and that is the same for all networks.
"""

from __future__ import annotations

import functools
import subprocess
import sys

from lsm_sim import Spikes, lower
from lsm_sim.apps.bench import workloads
from lsm_sim.apps.bench.peers.brian2_network import PlainLoop
from lsm_sim.apps.bench.peers.brian2_one_run import OneRun


@functools.cache
def elsewhere() -> None:
    """Run this module once; where it fails, whoever needs the code compiles it and says what is wrong."""
    subprocess.run([sys.executable, "-m", __name__], capture_output=True, check=False)


def here(n_samples: int) -> None:
    """Run some samples of a small network in every way that compiles code in Cython."""
    program = lower(workloads.liquid(workloads.W_SMALL), workloads.DT)
    stimulus = Spikes.from_dense(workloads.stimulus(workloads.W_SMALL, n_samples), workloads.DT)
    PlainLoop(program).counts(stimulus, workloads.BINS)
    for replicas in (1, n_samples):
        OneRun(program, replicas).counts(stimulus, workloads.BINS)


if __name__ == "__main__":
    here(n_samples=2)
