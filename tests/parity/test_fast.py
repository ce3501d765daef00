"""The compiled engine against the reference, bit for bit, on random programs of both arithmetics."""

import numpy as np
import pytest

from lsm_sim.backend import Request
from lsm_sim.bins import equal_bins, windows
from lsm_sim_fast import worker
from tests.programs import ARITHMETICS, random_program, random_stimulus

BLOCKS, SEEDS_PER_BLOCK = 24, 50  # for each arithmetic: 2400 programs in all


def random_request(rng, program, stimulus):
    """Ask for a random part of everything that can be asked for."""
    n_bins = int(rng.integers(1, 5))
    longest = int(stimulus.n_steps.max())
    bins = [None, equal_bins(stimulus.n_steps, n_bins), windows(stimulus.n_steps, int(rng.integers(1, longest + 1)))]
    some_steps = np.flatnonzero(rng.random(longest + 5) < rng.choice([0.0, 0.1, 1.0]))
    everyone = np.arange(program.n_neurons)
    return Request(
        spikes=bool(rng.random() < 0.8),
        bins=bins[rng.integers(3)],
        neurons=everyone if rng.random() < 0.7 else rng.choice(everyone, rng.integers(0, 4)),
        steps=None if rng.random() < 0.7 else some_steps,
        excursions=program.arithmetic == "loihi" and bool(rng.random() < 0.7),
        n_threads=int(rng.integers(1, 3)),
        progress=False,
    )


def parts(outcome):
    """Return an outcome as a flat dict of arrays."""
    out = {}
    if outcome.spikes is not None:
        out |= {name: getattr(outcome.spikes, name) for name in ("step", "channel", "offsets", "n_steps")}
    if outcome.counts is not None:
        out["counts"] = outcome.counts
    for variable in ("u", "v"):
        for b, values in enumerate(getattr(outcome, variable) or ()):
            out[f"{variable} of sample {b}"] = values
    if outcome.excursions is not None:
        out |= {f"excursion {name}": getattr(outcome.excursions, name) for name in ("count", "step", "neuron")}
    return out


def assert_same(got, expected, context):
    """Every bit of every part; -0.0 counts as 0.0 because no spike can tell them apart."""
    got, expected = parts(got), parts(expected)
    assert got.keys() == expected.keys(), context
    for name, values in expected.items():
        assert got[name].dtype == values.dtype, f"{context}: type of {name}"
        np.testing.assert_array_equal(got[name], values, err_msg=f"{context}: {name}")


def run(engine, program, stimulus, request):
    with engine.compile(engine.legalise(program)) as runner:
        return runner(stimulus, request)


@pytest.mark.parametrize("block", range(BLOCKS))
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_every_bit_is_that_of_the_reference(arithmetic, block, fast, reference, monkeypatch):
    if block % 2:
        monkeypatch.setattr(worker, "_BUFFER", 1)  # so that the kernel returns before almost every step with spikes
    for seed in range(block * SEEDS_PER_BLOCK, (block + 1) * SEEDS_PER_BLOCK):
        rng = np.random.default_rng(seed)
        program = random_program(rng, arithmetic)
        stimulus = random_stimulus(rng, program, max_samples=3, max_steps=80)
        request = random_request(rng, program, stimulus)
        got, expected = (run(engine, program, stimulus, request) for engine in (fast, reference))
        assert_same(got, expected, f"{arithmetic}, seed {seed}")
