"""The fast backend in many processes at once: on an empty cache of Numba, in workers of joblib, and in their threads."""

import os
import subprocess
import sys

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim.backend import Request, compiled
from lsm_sim.dynamics import ARITHMETICS
from lsm_sim.testing import random_program, random_stimulus
from tests.cases import ROOT

pytestmark = pytest.mark.slow
PROCESSES = int(os.environ.get("LSM_SIM_PROCESSES", "2"))  # each compiles for 5 s
LIMIT = 900  # seconds; enough for 8 processes on 2 busy cores

PRINT = "import sys; from tests.unit.backends.test_fast_many_processes import digests; print(digests('fast', int(sys.argv[1]), None))"
NESTED = """
import json
from joblib import Parallel, delayed
from tests.unit.backends.test_fast_many_processes import digests

def outer(backend):
    with_threads = Parallel(n_jobs=3, prefer="threads")(delayed(digests)("fast") for _ in range(3))
    return with_threads + Parallel(n_jobs=2, backend=backend)(delayed(digests)("fast") for _ in range(2))

for backend in ("loky", "multiprocessing"):
    for found in Parallel(n_jobs=2, backend=backend)(delayed(outer)(backend) for _ in range(2)):
        print(*found)
"""


def digests(backend, first=0, progress=False):
    """Return the sums of all spikes of two programs, weighted so that none can be missing or in another place.

    ``first`` is the program that runs first; the order of the sums is always the same.
    """
    found = ["", ""]
    for seed in (first, 1 - first):
        arithmetic = ARITHMETICS[seed]
        rng = np.random.default_rng(seed)
        program = random_program(rng, arithmetic, max_neurons=200, max_inputs=20)
        stimulus = random_stimulus(rng, program, max_samples=20)
        with compiled(program, backend) as run:
            spikes = run(stimulus, Request(progress=progress, n_threads=2)).spikes
        key = (spikes.step.astype(np.int64) * 1009 + spikes.channel) * (spikes.sample + 1)
        found[seed] = f"{spikes.n_events}:{key.sum()}"
    return ",".join(found)


def test_processes_on_an_empty_cache_agree_with_the_reference(tmp_path):
    """They say so and compile for different types at the same time, and use what the other has compiled afterwards, without a word."""
    variables = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", PRINT]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen([*command, str(k % 2)], cwd=ROOT, env=variables, **pipes) for k in range(PROCESSES)]
    try:
        told = [process.communicate(timeout=LIMIT) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert [out.strip() for out, _ in told] == [digests("reference")] * PROCESSES
    said = [err for _, err in told if err]  # a process that begins late may find everything compiled
    assert said
    assert all(err.startswith("fast: compiling for this processor") for err in said), said
    assert list(tmp_path.rglob("*.nbc"))
    again = subprocess.run(
        [*command, "0"], cwd=ROOT, env=variables, capture_output=True, text=True, timeout=LIMIT, check=True
    )
    assert again.stdout.strip() == digests("reference")
    assert again.stderr == ""


def test_joblib_in_joblib_agrees_with_the_reference():
    command = [sys.executable, "-c", NESTED]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, done.stderr
    found = done.stdout.split()
    assert set(found) == {digests("reference")}
    assert len(found) == 2 * 2 * 5


@pytest.mark.parametrize("inner", [1, 2])
def test_cross_validation_in_processes_gives_the_scores_of_one(inner):
    from sklearn.model_selection import cross_val_score

    rng = np.random.default_rng(0)
    X, y = rng.random((24, 20, 4)), np.repeat([0, 1], 12)
    X[y == 1] *= 0.4
    liquid = lsm.Liquid(
        inputs=[lsm.Inputs("in", 4)],
        neurons=[lsm.Neurons("a", 30)],
        synapses=[
            lsm.Synapses("in", "a", lsm.FixedProbability(0.5), weight=1.0),
            lsm.Synapses("a", "a", lsm.FixedProbability(0.1), weight=0.1),
        ],
    )
    model = lsm.LiquidClassifier(liquid, lsm.encode.Rate(frame=0.02), n_threads=inner)
    alone = cross_val_score(model, X, y, cv=3)
    np.testing.assert_array_equal(cross_val_score(model, X, y, cv=3, n_jobs=3), alone)
