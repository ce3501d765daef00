"""Runs that are cut at random steps and go on, on another engine and from files: every bit is that of one run.

Random cuts in the quick tests: 2 arithmetics * 10 * 10 programs * 10 cuts = 2000 on the fast engine and the reference, and 2 *
16 pairs of engines here; beside them those of tests/parity/test_conformance.py.
"""

import itertools

import numpy as np
import pytest

from lsm_sim import Spikes
from lsm_sim.backend import Request, compiled
from lsm_sim.dynamics import ARITHMETICS
from lsm_sim.engine.state import State
from lsm_sim.testing import random_program, some_needs
from lsm_sim.testing.programs import EXTRA_ARRAYS
from tests.conftest import available

CUTS, PROGRAMS = 10, 10
ENGINES = ("reference", "fast", "brian2", "lava")


def drawn(arithmetic, seed, every=False):
    """Return a program and a ragged batch that can be cut at 10 steps; with ``every``, the program has all that there is."""
    rng = np.random.default_rng(seed)
    needs = tuple(EXTRA_ARRAYS) if every else some_needs(rng, EXTRA_ARRAYS) if seed % 4 else ()
    program = random_program(rng, arithmetic, wide=False, max_inputs=4, needs=needs)
    lengths = rng.integers(20, 45, rng.integers(1, 4))
    stimulus = Spikes.from_dense([rng.random((n, program.n_inputs)) < 0.3 for n in lengths], program.dt)
    if every or seed % 3 == 0:
        payload = rng.integers(-9, 10, stimulus.n_events).astype(np.int32)
        stimulus = Spikes(
            stimulus.step,
            stimulus.channel,
            stimulus.offsets,
            stimulus.n_steps,
            stimulus.n_channels,
            stimulus.dt,
            stimulus.groups,
            payload,
        )
    return rng, program, stimulus


def keep(program):
    return Request(neurons=np.arange(program.n_neurons), progress=False, keep_state=True)


def assert_parts(parts, whole, label):
    """Compare runs one after the other with one run: spikes, traces and the state at the end."""
    spikes = Spikes.concatenate([part.spikes for part in parts], along="time")
    assert spikes == whole.spikes, f"{label}: {spikes.difference(whole.spikes)}"
    for name, rows in whole.traces.items():
        for b, expected in enumerate(rows):
            got = np.concatenate([part.traces[name][b] for part in parts])
            np.testing.assert_array_equal(got, expected, f"{label}: {name} of sample {b}")
    assert parts[-1].state == whole.state, f"{label}: another state at the end"


@pytest.mark.parametrize("first", range(0, 10 * PROGRAMS, PROGRAMS))
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_ten_cuts_in_each_of_ten_programs(arithmetic, first, fast, reference):
    for seed in range(first, first + PROGRAMS):
        rng, program, stimulus = drawn(arithmetic, seed)
        cuts = np.sort(rng.choice(np.arange(1, stimulus.n_steps.min()), CUTS, replace=False))
        assert cuts.size == CUTS
        edges = [0, *(cuts * program.dt), None]
        with compiled(program, reference) as slow, compiled(program, fast) as quick:
            whole, parts, state = slow(stimulus, keep(program)), [], None
            for start, stop in itertools.pairwise(edges):
                engine = quick if rng.random() < 0.7 else slow
                parts.append(engine(stimulus.crop(start, stop), keep(program), state))
                state = parts[-1].state
        assert_parts(parts, whole, f"{arithmetic}, seed {seed}, cut at {cuts.tolist()}")


def check_pairs(arithmetic, seed, folder):
    """Keep the state of each engine in a file, and go on from it on each engine."""
    rng, program, stimulus = drawn(arithmetic, seed, every=True)
    cut = int(rng.integers(1, stimulus.n_steps.min())) * program.dt
    label = f"{arithmetic}, seed {seed}, cut at {cut:g} s"
    with compiled(program, available("reference")) as run:
        whole = run(stimulus, keep(program))
    begun, data = {}, {}
    for name in ENGINES:
        with compiled(program, available(name)) as run:
            begun[name] = run(stimulus.crop(0, cut), keep(program))
        begun[name].state.save(folder / f"{name}.npz")
        data[name] = (folder / f"{name}.npz").read_bytes()
    for second in ENGINES:
        assert data[second] == data["reference"], f"{label}: the file of {second} has other bytes"
        with compiled(program, available(second)) as run:
            for first in ENGINES:
                ended = run(stimulus.crop(cut), keep(program), State.load(folder / f"{first}.npz"))
                assert_parts([begun[first], ended], whole, f"{label}, {first}, then {second}")
                ended.state.save(folder / "end.npz")
                whole.state.save(folder / "whole.npz")
                assert (folder / "end.npz").read_bytes() == (folder / "whole.npz").read_bytes(), label


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_a_state_in_a_file_goes_on_between_all_pairs_of_engines(arithmetic, tmp_path):
    check_pairs(arithmetic, 5, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 104))
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_the_same_for_more_programs(arithmetic, seed, tmp_path):
    check_pairs(arithmetic, seed, tmp_path)


@pytest.mark.parametrize("name", ["brian2", "lava"])
@pytest.mark.parametrize("arithmetic", [pytest.param("float64", marks=pytest.mark.slow), "loihi"])
def test_states_of_batches_that_run_in_parts(name, arithmetic, monkeypatch, reference):
    """Of five samples two run together, in the order of their lengths, and shorter than the longest delay."""
    monkeypatch.setattr("lsm_sim_brian2.rounds.MOST_REPLICAS", 2)
    monkeypatch.setattr("lsm_sim_lava.runner.copies", lambda *_args, **_others: 2)
    rng, program, _ = drawn(arithmetic, 7, every=True)
    lengths = 9, 30, 2, 17, 4
    stimulus = Spikes.from_dense([rng.random((n, program.n_inputs)) < 0.5 for n in lengths], program.dt)
    halves = stimulus.crop(0, program.dt), stimulus.crop(program.dt)
    with compiled(program, reference) as expected, compiled(program, available(name)) as run:
        whole = expected(stimulus, keep(program))
        begun = run(halves[0], keep(program))
        parts = [begun, run(halves[1], keep(program), begun.state)]
        assert_parts(parts, whole, f"{name}, {arithmetic}")
        assert run(stimulus, keep(program)).state == whole.state  # from rest again
