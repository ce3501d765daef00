"""Ctrl-C ends a long run within a second and leaves nothing running."""

import os
import signal
import subprocess
import sys
import time

import pytest

LONG_RUN = """
import sys, time
import numpy as np
import lsm_sim as lsm
from lsm_sim import ms

liquid = lsm.Liquid(
    [lsm.Inputs("in", 10)],
    [lsm.Neurons("n", 200)],
    [lsm.Synapses("in", "n", lsm.FixedProbability(0.3), weight=0.5)],
)
backend, n_samples, n_steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
stimulus = lsm.Spikes.from_events([], [], n_steps=[n_steps] * n_samples, n_channels=10, dt=1 * ms)
lsm.run(liquid, lsm.Spikes.from_dense(np.ones((5, 10)), 1 * ms), backend=backend)  # compiles what has to be compiled
print("running", flush=True)
try:
    lsm.run(liquid, stimulus, backend=backend, n_threads=2)
except KeyboardInterrupt:
    import threading
    print("interrupted with", threading.active_count(), "thread", flush=True)
    sys.exit(7)
print("ended too early", flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals are a thing of POSIX")
@pytest.mark.parametrize(
    ("backend", "n_samples", "n_steps"),
    [("fast", 2, 100_000_000), ("fast", 200_000, 2000), ("reference", 1, 10_000_000), ("reference", 10_000, 2000)],
    ids=["fast, long samples", "fast, many samples", "reference, a long sample", "reference, many samples"],
)
def test_ctrl_c_ends_a_run_within_a_second(backend, n_samples, n_steps):
    command = [sys.executable, "-c", LONG_RUN, backend, str(n_samples), str(n_steps)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "running\n"
            time.sleep(0.7)
            process.send_signal(signal.SIGINT)
            begin = time.perf_counter()
            assert process.stdout.readline() == "interrupted with 1 thread\n"
            assert time.perf_counter() - begin < 1
            assert process.wait(timeout=10) == 7
        finally:
            process.kill()
