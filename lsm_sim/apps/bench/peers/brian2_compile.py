"""Compile Brian2's code before the measurements, in a separate process: ``python -m lsm_sim.apps.bench.peers.brian2_compile``.

Cython's compiler leaves so many objects in memory that Brian2, which collects garbage at every run, was three times slower for
the rest of the process (W: 298 ms per sample instead of 100). The compiled code stays in Cython's cache, whose key is the
text of the code, which is the same for all networks.
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
    """Run this module once; if it fails, the peers compile the code themselves and report the error."""
    subprocess.run([sys.executable, "-m", __name__], capture_output=True, check=False)


def here(n_samples: int) -> None:
    """Run some samples of a small network with every peer that compiles code with Cython."""
    program = lower(workloads.liquid(workloads.W_SMALL), workloads.DT)
    stimulus = Spikes.from_dense(workloads.stimulus(workloads.W_SMALL, n_samples), workloads.DT)
    PlainLoop(program).counts(stimulus, workloads.BINS)
    for replicas in (1, n_samples):
        OneRun(program, replicas).counts(stimulus, workloads.BINS)


if __name__ == "__main__":
    here(n_samples=2)
