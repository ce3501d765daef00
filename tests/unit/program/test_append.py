"""`Program.append`: what was there keeps its spikes, and new parts do what they should."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import Program, Spikes, ms
from lsm_sim.engine.protocol import compiled
from lsm_sim.errors import DescriptionError
from lsm_sim.testing.programs import random_program, random_stimulus, some_needs

INTEGRATOR = {"threshold": [131071], "bias": [0], "refractory": [0], "du": [4095], "dv": [0]}


def small() -> Program:
    liquid = lsm.Liquid(
        [lsm.Inputs("in", 2)],
        [lsm.Neurons("exc", 5, tau_m=20 * ms, tau_syn=5 * ms, t_ref=2 * ms)],
        [
            lsm.Synapses("in", "exc", lsm.AllToAll(), 3.0, delay=1 * ms),
            lsm.Synapses("exc", "exc", lsm.FixedProbability(0.5), 1.0, delay=lsm.Uniform(1 * ms, 4 * ms)),
        ],
    )
    return lsm.lower(liquid, 1 * ms)


def stimulus(n_channels: int = 2, n_steps: int = 60) -> Spikes:
    return Spikes.from_dense(np.random.default_rng(1).random((3, n_steps, n_channels)) < 0.2, 1 * ms)


def with_more_channels(spikes: Spikes, n: int) -> Spikes:
    silent = Spikes.from_events([], [], sample=[], n_steps=spikes.n_steps, n_channels=n, dt=spikes.dt)
    return Spikes.join({"old": spikes, "new": silent})


@pytest.mark.parametrize("arithmetic", ["float64", "loihi"])
@pytest.mark.parametrize("seed", range(20))
def test_a_program_spikes_as_before_beside_what_was_appended(arithmetic: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    needs = some_needs(rng, {"blocks", "stp", "two-currents", "adaptive-threshold", "initial-state"})
    program = random_program(rng, arithmetic, needs=needs)
    own = random_stimulus(rng, program)
    arrays = {name: values[:1] for name, values in program.arrays.items()}
    source = [program.n_inputs, program.n_inputs + 1 + program.n_neurons - 1]
    both = program.append({"new one": arrays}, {"control": 1}, source=source, post=[program.n_neurons] * 2, weight=1)
    with compiled(program, "reference") as one, compiled(both, "reference") as two:
        before, after = one(own).spikes, two(with_more_channels(own, 1)).spikes
    assert before is not None
    assert after is not None
    kept = after.channel < program.n_neurons
    assert np.array_equal(after.step[kept], before.step), f"seed {seed}"
    assert np.array_equal(after.channel[kept], before.channel), f"seed {seed}"
    assert both.needs == program.needs


def test_an_integrator_counts_weighted_spikes() -> None:
    program = lsm.quantise(small(), stimulus()).program
    weights = np.array([1, -2, 3, -4, 5])
    both = program.append(
        {"sum": INTEGRATOR}, source=program.n_inputs + np.arange(5), post=np.full(5, 5), weight=weights
    )
    ran = lsm.run(both, stimulus(), record={"sum": "v"}, keep_state=True)
    assert ran.spikes is not None
    assert ran.state is not None
    dense = ran.spikes.to_dense()[:, :-1, :5].sum(axis=1)  # spikes of the last step would arrive after the end
    assert np.array_equal(ran.state.v[:, 5], 64 * dense @ weights)
    assert dense.any()


def test_new_channels_drive_new_neurons() -> None:
    program = small()
    arrays = {"threshold": [0.5], "bias": [0.0], "refractory": [0], "decay_u": [0.0], "decay_v": [0.0]}
    both = program.append({"relay": arrays}, {"gate": 2}, source=[3], post=[5], weight=[1.0], delay=[2])
    spikes = lsm.run(both, Spikes.from_events([4, 9], [2, 3], n_steps=20, n_channels=4, dt=1 * ms)).spikes
    assert spikes is not None
    assert (spikes.step.tolist(), spikes.channel.tolist()) == ([12], [5])  # 9 + 1 + 2, from the second channel only
    assert dict(both.input_groups) == {"in": range(2), "gate": range(2, 4)}
    assert dict(both.neuron_groups) == {"exc": range(5), "relay": range(5, 6)}


def test_units_of_the_old_neurons_remain() -> None:
    program = small()
    arrays = {"threshold": [0.5], "bias": [0.0], "refractory": [0], "decay_u": [0.0], "decay_v": [0.0]}
    both = program.append({"relay": arrays})
    assert np.array_equal(both.weights(), program.weights())
    assert np.array_equal(both.parameters()["tau_m"][:5], program.parameters()["tau_m"])


BAD: list[tuple[dict[str, Any], str]] = [
    ({"neurons": 3}, "by name of group"),
    ({"neurons": {"exc": INTEGRATOR}}, "already has"),
    ({"neurons": {"x": {"threshold": [1]}}}, "expected a dict with"),
    ({"neurons": {"x": INTEGRATOR | {"bias": [0, 1]}}}, "one length"),
    ({"neurons": {"x": {name: [] for name in INTEGRATOR}}}, "no neurons"),
    ({"neurons": {"x": INTEGRATOR | {"colour": [1]}}}, "expected a dict with"),
    ({"neurons": {}, "inputs": {"in": 2}}, "already has"),
    ({"neurons": {}, "inputs": {"x": 0}}, ">= 1"),
    ({"neurons": {}, "inputs": 4}, "sizes by name"),
    ({"neurons": {}, "source": [99], "post": [0], "weight": [1]}, "rows in 0"),
    ({"neurons": {}, "source": [0], "post": [0, 1], "weight": [1]}, "shapes"),
    ({"neurons": {}, "source": [0], "post": [77], "weight": [1]}, "neuron 77"),
]


@pytest.mark.parametrize(("arguments", "words"), BAD)
def test_bad_arguments(arguments: dict[str, Any], words: str) -> None:
    program = lsm.quantise(small(), stimulus()).program
    with pytest.raises(DescriptionError, match=words):
        program.append(**arguments)
