"""The table of the neuron model agrees with the records that users and engines see, and leads there and back."""

import dataclasses

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import Neurons, Program, Uniform, ms
from lsm_sim.describe.drawing import draw_parameters
from lsm_sim.dynamics import ARITHMETICS, LIF
from lsm_sim.program.checks import BLOCK
from lsm_sim.testing import random_program

VARIED = Neurons(
    "n", 50, tau_m=Uniform(5 * ms, 50 * ms), tau_syn=Uniform(1 * ms, 30 * ms), v_rest=Uniform(-70, -60), v_reset=-72.0,
    v_thresh=Uniform(-55, -45), t_ref=3 * ms, i_bias=Uniform(0, 100),
)  # fmt: skip


def varied():
    return lsm.Liquid([lsm.Inputs("in", 3)], [VARIED], [lsm.Synapses("in", "n", lsm.AllToAll(), weight=2.0)], seed=3)


def test_neurons_have_the_parameters_of_the_table_with_their_defaults():
    own = {field.name: field.default for field in dataclasses.fields(Neurons)}
    for parameter in LIF.parameters:
        expected = None if isinstance(parameter.default, str) else parameter.default
        assert own.pop(parameter.name) == expected, parameter.name
    assert set(own) == {"name", "size", "positions", "sign"}


def test_a_program_has_a_field_for_each_array_and_nothing_else_for_neurons():
    arrays = {array.name for arrays in LIF.arrays.values() for array in arrays}
    others = {"arithmetic", "dt", "n_inputs", "n_neurons", "indptr", "post", "weight", "delay"}
    others |= {"input_groups", "neuron_groups", "units", "more_blocks", *BLOCK}
    assert {field.name for field in dataclasses.fields(Program)} == arrays | others


@pytest.mark.parametrize(
    "needs", [(), ("two-currents",), ("adaptive-threshold",), ("adaptive-threshold", "two-currents")]
)
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_every_state_variable_has_a_start_and_a_step(arithmetic, needs):
    program = random_program(np.random.default_rng(1), arithmetic, needs=needs)
    variables = LIF.variables(needs)
    assert variables == program.state
    state = LIF.start(program.arrays, arithmetic)
    assert set(state) == set(variables)
    assert all(values.shape == (program.n_neurons,) for values in state.values())
    arrivals = np.arange(2 * program.n_neurons).reshape(2, -1)
    for array in (*state.values(), arrivals):
        array.setflags(write=False)  # a step changes none of its arguments
    held = np.zeros(program.n_neurons, bool)
    new, spiked, excursions = LIF.step[arithmetic](program.arrays, state, arrivals, held)
    assert set(new) == set(variables)
    assert spiked.shape == (program.n_neurons,)
    assert excursions.shape == (3, program.n_neurons)


def test_parameters_of_a_lowered_liquid_are_those_that_were_drawn():
    drawn, back = draw_parameters(VARIED, 3), lsm.lower(varied(), 1 * ms).parameters()
    for name in ("tau_m", "tau_syn", "v_thresh", "t_ref"):
        np.testing.assert_allclose(back[name], drawn[name], rtol=1e-12, err_msg=name)  # exp and log, some roundings
    np.testing.assert_allclose(back["v_rest"], drawn["v_rest"] + drawn["i_bias"] * drawn["tau_m"], rtol=1e-12)


def test_parameters_of_a_quantised_liquid_are_near_those_that_were_drawn():
    drawn = draw_parameters(VARIED, 3)
    integers = lsm.quantise(lsm.lower(varied(), 1 * ms)).program
    back = integers.parameters()
    np.testing.assert_allclose(back["tau_m"], drawn["tau_m"], rtol=0.01)  # decays of 12 bits
    np.testing.assert_allclose(back["v_thresh"], drawn["v_thresh"], atol=0.01 * 25)  # of v_thresh - v_reset
    np.testing.assert_array_equal(back["t_ref"], lsm.lower(varied(), 1 * ms).refractory * 1e-3)


def test_what_never_decays_has_an_infinite_time_constant():
    fields = random_program(np.random.default_rng(2), "float64").arrays
    fields = {name: values[:1].copy() for name, values in fields.items()} | {"decay_v": np.ones(1), "bias": np.zeros(1)}
    back = LIF.invert(fields, "float64", 1e-3, None)
    assert back["tau_m"] == np.inf
    assert back["v_rest"] == 0
