"""What must hold for every program on the exact engines, whatever its numbers."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsm_sim import Spikes
from lsm_sim.backend import find
from lsm_sim.dynamics import ARITHMETICS
from lsm_sim.spikes.bins import equal_bins
from lsm_sim.testing import answer, random_program, random_stimulus

SEEDS = st.integers(0, 2**32 - 1)
ENGINES = ["fast", "reference"]
repeatable = settings(max_examples=20, deadline=None, derandomize=True, database=None)  # Hypothesis prints what fails
each_engine = pytest.mark.parametrize("engine", [find(name) for name in ENGINES], ids=ENGINES)
each_arithmetic = pytest.mark.parametrize("arithmetic", ARITHMETICS)


def drawn(seed, arithmetic):
    rng = np.random.default_rng(seed)
    program = random_program(rng, arithmetic)
    return rng, program, random_stimulus(rng, program, max_samples=3, max_steps=60)


def with_synapses(program, row, post, weight, delay):
    """Return the program with these synapses instead, in any order."""
    order = np.argsort(row, kind="stable")
    n_rows = program.n_inputs + program.n_neurons
    return dataclasses.replace(
        program,
        indptr=np.searchsorted(row[order], np.arange(n_rows + 1)),
        post=post[order],
        weight=weight[order],
        delay=delay[order],
    )


def assert_equal(one, other):
    np.testing.assert_array_equal(one.spikes.step, other.spikes.step)
    np.testing.assert_array_equal(one.spikes.channel, other.spikes.channel)
    for variable in ("u", "v"):
        for a, b in zip(getattr(one, variable), getattr(other, variable), strict=True):
            np.testing.assert_array_equal(a, b)


@each_engine
@each_arithmetic
@given(seed=SEEDS)
@repeatable
def test_relabelling_the_neurons_relabels_the_answer(engine, arithmetic, seed):
    rng, program, stimulus = drawn(seed, arithmetic)
    old = rng.permutation(program.n_neurons)  # neuron i of the new program is neuron old[i]
    new = np.argsort(old)
    row = program.sources()
    is_neuron = row >= program.n_inputs
    row[is_neuron] = program.n_inputs + new[row[is_neuron] - program.n_inputs]
    other = with_synapses(program, row, new[program.post], program.weight, program.delay)
    other = dataclasses.replace(other, **{name: array[old] for name, array in program.arrays.items()})
    expected, got = answer(engine, program, stimulus), answer(engine, other, stimulus)
    for b in range(len(stimulus)):
        np.testing.assert_array_equal(got.spikes.raster(b), expected.spikes.raster(b)[:, old])
        np.testing.assert_array_equal(got.u[b], expected.u[b][:, old])
        np.testing.assert_array_equal(got.v[b], expected.v[b][:, old])


@each_engine
@each_arithmetic
@given(seed=SEEDS)
@repeatable
def test_the_order_of_synapses_means_nothing(engine, arithmetic, seed):
    rng, program, stimulus = drawn(seed, arithmetic)
    order = rng.permutation(program.n_synapses)
    row = program.sources()[order]
    other = with_synapses(program, row, program.post[order], program.weight[order], program.delay[order])
    assert_equal(answer(engine, program, stimulus), answer(engine, other, stimulus))


@each_engine
@each_arithmetic
@given(seed=SEEDS)
@repeatable
def test_a_synapse_may_be_split_into_two_whose_weights_add_up(engine, arithmetic, seed):
    rng, program, stimulus = drawn(seed, arithmetic)
    grid = 2.0**-program.weight_exponent if arithmetic == "float64" else 1
    part = (rng.integers(0, np.rint(np.abs(program.weight) / grid).astype(np.int64) + 1) * grid).astype(
        program.weight.dtype
    )
    part *= np.sign(program.weight)
    row, post, delay = (np.tile(array, 2) for array in (program.sources(), program.post, program.delay))
    other = with_synapses(program, row, post, np.concatenate([part, program.weight - part]), delay)
    assert_equal(answer(engine, program, stimulus), answer(engine, other, stimulus))


@each_engine
@each_arithmetic
@given(seed=SEEDS)
@repeatable
def test_samples_know_nothing_of_each_other(engine, arithmetic, seed):
    _, program, stimulus = drawn(seed, arithmetic)
    together = answer(engine, program, stimulus)
    for b, sample in enumerate(stimulus):
        alone = answer(engine, program, sample)
        np.testing.assert_array_equal(alone.spikes.raster(), together.spikes.raster(b))
        np.testing.assert_array_equal(alone.v[0], together.v[b])


@each_engine
@each_arithmetic
@given(seed=SEEDS)
@repeatable
def test_a_longer_sample_begins_like_the_shorter_one(engine, arithmetic, seed):
    rng, program, stimulus = drawn(seed, arithmetic)
    cut = int(rng.integers(1, stimulus.n_steps[0] + 1))
    short = Spikes.from_dense(stimulus.raster(0)[:cut], program.dt)
    begin, whole = answer(engine, program, short), answer(engine, program, stimulus[0])
    np.testing.assert_array_equal(begin.u[0], whole.u[0][:cut])
    np.testing.assert_array_equal(begin.v[0], whole.v[0][:cut])
    np.testing.assert_array_equal(begin.spikes.raster(), whole.spikes.raster()[:cut])


@each_engine
@given(seed=SEEDS, exponent=st.integers(-3, 3))
@repeatable
def test_a_power_of_two_is_only_a_unit(engine, seed, exponent):
    _, program, stimulus = drawn(seed, "float64")
    factor = 2.0**exponent
    if program.weight_exponent - exponent > 30:
        factor = 1 / factor
    scaled = {name: getattr(program, name) * factor for name in ("weight", "threshold", "bias")}
    one, other = (answer(engine, p, stimulus) for p in (program, dataclasses.replace(program, **scaled)))
    np.testing.assert_array_equal(one.spikes.channel, other.spikes.channel)
    for a, b in zip(one.v, other.v, strict=True):
        np.testing.assert_array_equal(a * factor, b)


@each_engine
@each_arithmetic
@given(seed=SEEDS, bins=st.integers(1, 9))
@repeatable
def test_counts_are_those_of_the_spikes(engine, arithmetic, seed, bins):
    _, program, stimulus = drawn(seed, arithmetic)
    edges = equal_bins(stimulus.n_steps, bins)
    both, only = (answer(engine, program, stimulus, bins=edges, spikes=spikes) for spikes in (True, False))
    np.testing.assert_array_equal(both.counts, both.spikes.counts(bins))
    np.testing.assert_array_equal(only.counts, both.counts)
    assert only.spikes is None
