"""Samples that start at a potential of the user's choice, on every engine."""

import dataclasses

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import Inputs, Liquid, Neurons, Program, Spikes, Synapses, Uniform, ms
from lsm_sim.backend import check_supported, find
from lsm_sim.dynamics import ARITHMETICS
from lsm_sim.errors import DescriptionError, UnsupportedError
from lsm_sim.support import npz
from lsm_sim.testing import random_program

TAU, REST, START = 20 * ms, -65.0, -58.0


def decaying(**parameters):
    cell = Neurons("n", 3, tau_m=TAU, v_rest=REST, v_reset=-70.0, v_thresh=-50.0, **{"v_init": START} | parameters)
    return Liquid([Inputs("in", 1)], [cell], [Synapses("in", "n", lsm.AllToAll(), weight=0.5)])


def silence(steps=60, samples=2):
    return Spikes.from_dense(np.zeros((samples, steps, 1), bool), 1 * ms)


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_v_decays_from_where_it_starts_in_every_sample(arithmetic, backend):
    if (backend.name, arithmetic) == ("torch", "loihi"):
        pytest.skip("the torch backend has float64 arithmetic only")
    result = lsm.run(decaying(), silence(), backend=backend, arithmetic=arithmetic, record={"n": "v"})
    assert result.program.needs == {"initial-state"}
    trace = result.v["n"]
    exact = REST + (START - REST) * np.exp(-trace.times[0] / TAU)
    tolerance = 1e-9 if arithmetic == "float64" else 0.1  # 12-bit decays
    for values in trace.values:
        np.testing.assert_allclose(values, np.repeat(exact[:, None], 3, axis=1), atol=tolerance)


def test_a_start_above_the_threshold_spikes_in_the_first_step(backend):
    result = lsm.run(decaying(v_init=[-70.0, -40.0, -65.0], t_ref=2 * ms), silence(), backend=backend)
    assert result.spikes.step.tolist() == [0, 0]
    assert result.spikes.channel.tolist() == [1, 1]


def test_a_distribution_is_drawn_for_each_neuron():
    liquid = Liquid([], [Neurons("n", 200, v_init=Uniform(0, 0.9))], seed=4)
    v0 = lsm.lower(liquid, 1 * ms).v0
    assert 0 <= v0.min() < 0.05
    assert 0.85 < v0.max() < 0.9
    assert np.unique(v0).size == 200


def test_without_it_a_program_is_what_it_was():
    plain = lsm.lower(decaying(v_init=None), 1 * ms)
    assert plain.v0 is None
    assert plain.needs == frozenset()
    at_reset = lsm.lower(decaying(v_init=-70.0), 1 * ms)
    assert at_reset.digest == plain.digest


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_files_come_back_as_they_were_in_format_2(arithmetic, tmp_path):
    program = random_program(np.random.default_rng(0), arithmetic, needs=("initial-state",))
    program.save(tmp_path / "program.npz")
    arrays = npz.read(tmp_path / "program.npz")
    assert arrays["format"] == "lsm_sim.program/2"
    assert Program.load(tmp_path / "program.npz").digest == program.digest
    npz.write(tmp_path / "newer.npz", arrays | {"decay_x": program.v0 * 0.0})
    with pytest.raises(DescriptionError, match=r"newer\.npz: the program uses decay_x, which this version"):
        Program.load(tmp_path / "newer.npz")


@pytest.mark.parametrize("suffix", [".toml", ".json"])
def test_a_description_file_holds_it(suffix, tmp_path):
    for value in (-60.0, Uniform(-60, -55), [-60.0, -61.0, -62.0], None):
        liquid = decaying(v_init=value)
        liquid.save(tmp_path / f"net{suffix}")
        assert Liquid.load(tmp_path / f"net{suffix}") == liquid


def test_parameters_and_summary_tell_it():
    program = lsm.lower(decaying(v_init=[-58.0, -60.0, -62.0]), 1 * ms)
    np.testing.assert_allclose(program.parameters()["v_init"], [-58, -60, -62], rtol=1e-12)
    integers = lsm.quantise(program).program
    np.testing.assert_allclose(integers.parameters()["v_init"], [-58, -60, -62], atol=0.01)


def test_quantisation_leaves_room_for_the_start():
    liquid = decaying(v_init=-70.0 - 20.0 * 2000)  # far below: its register bounds the scale
    quantised = lsm.quantise(lsm.lower(liquid, 1 * ms), silence())
    assert quantised.report.bound == "v"
    assert np.abs(quantised.program.v0).max() < 2**23


@pytest.mark.parametrize(
    ("v_init", "words"),
    [
        (
            [1.0, 2.0],
            r"Neurons 'n' v_init: got an array of shape \(2,\), expected one number, 3 of them or a distribution",
        ),
        (np.nan, "Neurons 'n' v_init: got nan, expected finite numbers"),
        ("high", "Neurons 'n' v_init: got values of type"),
    ],
)
def test_bad_values_are_refused_in_a_sentence(v_init, words):
    with pytest.raises(DescriptionError, match=words):
        decaying(v_init=v_init)


def test_values_beyond_the_registers_are_refused():
    program = random_program(np.random.default_rng(0), "loihi")
    wrong = np.full(program.n_neurons, 2**23)
    with pytest.raises(DescriptionError, match=r"Program v0: got 8.38861e\+06 at neuron 0, expected -8.38861e\+06"):
        dataclasses.replace(program, v0=wrong)


def test_a_backend_without_it_refuses_by_name():
    class Plain:
        name, supports = "plain", frozenset()

    program = lsm.lower(decaying(), 1 * ms)
    with pytest.raises(UnsupportedError, match="plain: the program needs 'initial-state'"):
        check_supported(Plain(), program)
    assert "initial-state" in find("fast").supports
