"""Integrators hold exactly the weighted sums of spikes, on random programs, bins and weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lsm_sim import Spikes
from lsm_sim.deploy.fitting import fitted, peaks
from lsm_sim.deploy.folding import Linear
from lsm_sim.deploy.on_chip import LIMIT, MIN_HOLD, PULSE, ChipReadout, coarse_and_fine
from lsm_sim.dynamics.loihi import MAX_BIAS, MAX_EXPONENT, MAX_WEIGHT, exponent_range
from lsm_sim.engine.protocol import compiled
from lsm_sim.errors import UnsupportedError
from lsm_sim.testing.programs import random_program, random_stimulus


def drawn(seed: int) -> tuple[Any, Spikes, Any, Any]:
    """Return a random program, a stimulus, edges of random bins, and the generator."""
    rng = np.random.default_rng(seed)
    while True:
        program = random_program(rng, "loihi", max_delay=10)
        if program.n_inputs:
            break
    stimulus = random_stimulus(rng, program)
    stimulus = Spikes.concatenate([stimulus, random_stimulus(rng, program)])
    silent = Spikes.from_events(
        [], [], sample=[], n_steps=np.full(len(stimulus), 30), n_channels=stimulus.n_channels, dt=stimulus.dt
    )
    stimulus = Spikes.concatenate([stimulus, silent], along="time")  # room for bins
    inner = np.sort(
        rng.integers(MIN_HOLD, stimulus.n_steps[:, None] + 1, (len(stimulus), int(rng.integers(0, 4)))), axis=1
    )
    edges = np.column_stack([0 * stimulus.n_steps, inner, stimulus.n_steps])
    return program, stimulus, edges, rng


def readout_of(program: Any, edges: Any, rng: Any, kind: Any, *, ramp: int = 0, dv: int = 0) -> ChipReadout:
    """Return random weights, small enough for 100 steps of spikes of every neuron."""
    n_bins = edges.shape[1] - 1
    most = min(255, LIMIT // 2 // (130 * program.n_neurons))
    weights = rng.integers(-most, most + 1, (n_bins, 4, program.n_neurons))
    bias = rng.integers(-30000, 30001, 4)
    pulses = int(rng.integers(2, 4)) if kind != "trace" else 1
    coarse, fine = coarse_and_fine(bias // (1 if pulses > 1 else 2), pulses)
    return ChipReadout(
        kind, weights, pulses * (coarse + fine), pulses, np.ones(4), dv, ramp, program.n_neurons, program.n_inputs
    )


@pytest.mark.parametrize("kind", ["banks", "relays"])
@pytest.mark.parametrize("seed", range(30))
def test_v_is_exactly_the_weighted_sum(kind: Any, seed: int) -> None:
    program, stimulus, edges, rng = drawn(seed)
    readout = readout_of(program, edges, rng, kind)
    with compiled(program, "reference") as runner:
        spikes = runner(stimulus).spikes
    assert spikes is not None
    counts = spikes.counts(edges)
    weights = np.cumsum(readout.weights, axis=0) if kind == "banks" else readout.weights
    expected = np.einsum("sbn,bon->so", counts.astype(np.int64), weights) + readout.bias
    both = readout.append_to(program)
    control = readout.control(stimulus, edges)
    for backend in ("reference", "fast"):
        with compiled(both, backend) as runner:
            outcome = runner(control, readout.request(control))
        assert outcome.spikes is not None
        sums = readout.sums(readout.v(control, outcome), edges)
        assert np.array_equal(sums, expected), f"seed {seed}, {backend}"
        assert np.array_equal(readout.expected(counts), expected), f"seed {seed}"
        kept = (outcome.spikes.channel < program.n_neurons) & (
            outcome.spikes.step < stimulus.n_steps[outcome.spikes.sample]
        )
        assert np.array_equal(outcome.spikes.step[kept], spikes.step), f"seed {seed}: the liquid itself changed"
        assert np.array_equal(outcome.spikes.channel[kept], spikes.channel), f"seed {seed}: the liquid itself changed"


@pytest.mark.parametrize("seed", range(10))
def test_a_ramp_finds_the_largest_score(seed: int) -> None:
    from lsm_sim.deploy.deployment import first_to_fire

    program, stimulus, edges, rng = drawn(100 + seed)
    readout = readout_of(program, edges, rng, "relays", ramp=50)
    both, control = readout.append_to(program), readout.control(stimulus, edges)
    with compiled(both, "fast") as runner:
        outcome = runner(control, readout.request(control))
    assert outcome.spikes is not None
    sums = readout.sums(readout.v(control, outcome), edges)
    steps, winner = first_to_fire(outcome.spikes, readout.integrators, readout.complete(control))
    needed = (LIMIT - sums) // 50 + 1  # of the ramp until v exceeds the threshold
    assert np.array_equal(steps, needed.min(axis=1)), f"seed {seed}"
    assert np.array_equal(winner, needed.argmin(axis=1)), f"seed {seed}"


@pytest.mark.parametrize("seed", range(10))
def test_a_leaky_integrator_is_a_trace(seed: int) -> None:
    program, stimulus, _, rng = drawn(200 + seed)
    edges = np.column_stack([0 * stimulus.n_steps, stimulus.n_steps])
    readout = readout_of(program, edges, rng, "trace", dv=200)
    with compiled(program, "reference") as runner:
        spikes = runner(stimulus).spikes
    assert spikes is not None
    expected = np.tile(readout.bias.astype(float), (len(spikes), 1))
    for b in range(len(spikes)):
        raster = spikes.raster(b).astype(float)
        kept = ((4096 - 200) / 4096) ** np.arange(len(raster))[::-1]
        expected[b] += readout.weights[0] @ (raster * kept[:, None]).sum(axis=0)
    both, control = readout.append_to(program), readout.control(stimulus, edges)
    with compiled(both, "fast") as runner:
        outcome = runner(control, readout.request(control))
    got = readout.sums(readout.v(control, outcome), edges) / 64
    # each step rounds v toward zero by less than 1, of which 4096/200 steps are remembered
    assert np.abs(got - expected).max() <= 4096 / 200 / 64 + 1e-9, f"seed {seed}"


def test_every_part_fits_the_chip() -> None:
    program, _, edges, rng = drawn(1)
    edges = np.column_stack([edges[:, 0], edges[:, -1] // 2, edges[:, -1]])
    for kind in ("banks", "relays"):
        readout = readout_of(program, edges, rng, kind, ramp=255 if kind == "relays" else 0)
        both = readout.append_to(program)
        every = both.synapses()
        low, high = exponent_range(every.weight[every.post >= program.n_neurons])
        assert (low <= high).all()
        assert np.abs(both.bias[program.n_neurons :]).max() <= MAX_BIAS
        assert not both.refractory[program.n_neurons :].any()


@pytest.mark.parametrize("pulses", [1, 2, 5])
def test_biases_are_split_exactly(pulses: int) -> None:
    bias = np.arange(-PULSE + 128, PULSE - 127, 37) * pulses
    coarse, fine = coarse_and_fine(bias, pulses)
    assert np.array_equal(pulses * (coarse + fine), bias)
    assert (np.abs(coarse) <= MAX_WEIGHT << MAX_EXPONENT).all()
    low, high = exponent_range(np.concatenate([coarse, fine]))
    assert (low <= high).all()


def linear(n: int = 3) -> Linear:
    rng = np.random.default_rng(5)
    return Linear(rng.normal(size=(2, 2, n)), np.array([0.3, -0.2]), np.array([0, 1]))


def some_spikes() -> tuple[Spikes, Any]:
    dense = np.random.default_rng(6).random((2, 40, 3)) < 0.5
    spikes = Spikes.from_dense(dense, 1e-3)
    return spikes, np.array([[0, 20, 40]] * 2)


def test_peaks_are_those_of_the_sums_at_every_step() -> None:
    spikes, edges = some_spikes()
    weights = np.random.default_rng(7).normal(size=(2, 2, 3))
    bias = np.array([1.0, -2.0])
    found = peaks(weights, bias, "banks", 0, spikes, edges)
    largest = arrived = 0.0
    for b in range(2):
        raster = spikes.raster(b)
        first, second = bias.copy(), np.zeros(2)
        for k in range(40):
            first = first + weights[0] @ raster[k]
            second = second + (weights[1] @ raster[k] if k >= 20 else 0)
            largest = max(largest, np.abs(first).max(), np.abs(second).max())
            arrived = max(arrived, *(np.abs(w @ raster[k]).max() for w in weights))
    assert found.sums == pytest.approx(largest)
    assert found.arrivals == pytest.approx(arrived)


def test_rounding_errors_do_not_add_up_over_banks() -> None:
    spikes, edges = some_spikes()
    readout, _ = fitted(linear(), "banks", 0, 0, (1, 3), spikes, edges, headroom=1.0, scale=None)
    exact = np.moveaxis(linear().weights, 1, 0) * readout.scale[:, None]
    assert np.abs(np.cumsum(readout.weights, axis=0) - exact).max() <= 0.5
    assert np.abs(readout.weights).max() >= 250


def test_a_scale_that_is_too_large_is_refused_with_one_that_holds() -> None:
    spikes, edges = some_spikes()
    with pytest.raises(UnsupportedError, match="would hold") as caught:
        fitted(linear(), "banks", 0, 0, (1, 3), spikes, edges, headroom=1.0, scale=1e6)
    holds = float(str(caught.value).split("a scale of ")[1].split(" ")[0])
    readout, _ = fitted(linear(), "banks", 0, 0, (1, 3), spikes, edges, headroom=1.0, scale=holds)
    assert readout.scale[0] == holds
