"""From the numbers of a program back to the user's units, on every way a user gets at them."""

import dataclasses

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import Inputs, Liquid, Neurons, Program, Spikes, Synapses, ms
from lsm_sim.errors import DescriptionError
from lsm_sim.testing import random_program

TAU_M, TAU_SYN, WEIGHT = 30 * ms, 8 * ms, 2.5


def one_neuron(**parameters):
    cell = Neurons("n", 1, **{"tau_m": TAU_M, "tau_syn": TAU_SYN, "v_thresh": 1e6, **parameters})
    return Liquid([Inputs("in", 1)], [cell], [Synapses("in", "n", lsm.AllToAll(), weight=WEIGHT)])


def one_spike(steps=200, dt=1 * ms):
    return Spikes.from_events([0], [0], n_steps=steps, n_channels=1, dt=dt)


def exact(times, v_reset=0.0):
    """Return u and v some seconds after a spike arrived, of the equations in seconds."""
    u = WEIGHT / TAU_SYN * np.exp(-times / TAU_SYN)
    v = WEIGHT / TAU_SYN * (np.exp(-times / TAU_M) - np.exp(-times / TAU_SYN)) / (1 / TAU_SYN - 1 / TAU_M)
    return u, v + v_reset


def test_traces_of_a_liquid_are_those_of_its_equations():
    result = lsm.run(one_neuron(), one_spike(), record={"n": ["u", "v"]})
    since = result.u["n"].times[0] - 1 * ms  # the spike of step 0 arrives at the start of step 1
    u, _ = exact(since - 1 * ms)  # u is taken right after the arrivals at the start of a step, v at its end
    _, v = exact(since)
    np.testing.assert_allclose(result.u["n"].values[0][1:, 0], u[1:], rtol=1e-4)  # weights have 16 bits
    np.testing.assert_allclose(result.v["n"].values[0][1:, 0], v[1:], rtol=1e-4)
    assert (result.u["n"].unit, result.v["n"].unit) == ("v per second", "units of v")


def test_traces_in_integers_come_back_in_the_same_units():
    liquid = one_neuron(v_thresh=3.0, v_reset=-1.0, v_rest=-1.0)
    plain, chip = (
        lsm.run(liquid, one_spike(), arithmetic=arithmetic, record={"n": ["u", "v"]})
        for arithmetic in ("float64", "loihi")
    )
    assert chip.program.arithmetic == "loihi"
    for name in ("u", "v"):
        one, other = (result.traces[name]["n"].values[0] for result in (plain, chip))
        np.testing.assert_allclose(other, one, atol=0.02 * np.ptp(one))  # weights of 8 bits, decays of 12
    np.testing.assert_allclose(chip.v["n"].threshold, plain.v["n"].threshold, atol=0.01)
    assert chip.outcome.traces["v"][0].max() > 1000  # the chip's own numbers are there, too


def test_traces_of_a_program_are_its_own_numbers():
    program = lsm.lower(one_neuron(), 1 * ms)
    result = lsm.run(program, one_spike(), record={"n": ["u", "v"]})
    np.testing.assert_array_equal(result.u["n"].values[0], result.outcome.traces["u"][0])
    assert result.u["n"].unit == ""


def test_only_the_variables_requested_are_recorded(backend):
    result = lsm.run(one_neuron(), one_spike(), record={"n": ["v"]}, backend=backend)
    assert list(result.outcome.traces) == ["v"]
    assert result.outcome.u is None


def test_weights_come_back_in_units_of_v():
    program = lsm.lower(one_neuron(v_thresh=3.0), 1 * ms)
    np.testing.assert_allclose(program.weights(), [WEIGHT], rtol=2**-14)
    integers = lsm.quantise(program).program
    np.testing.assert_allclose(integers.weights(), [WEIGHT], rtol=2**-7)
    bare = dataclasses.replace(program, units=None)
    np.testing.assert_array_equal(bare.weights(), bare.weight)


def test_a_summary_shows_what_the_user_wrote():
    liquid = one_neuron(v_thresh=-50.0, v_reset=-70.0, v_rest=-65.0, t_ref=2 * ms)
    lines = lsm.lower(liquid, 1 * ms).summary().splitlines()
    assert lines[2].split() == [
        "neurons",
        "size",
        "tau_m",
        "(ms)",
        "tau_syn",
        "(ms)",
        "t_ref",
        "(ms)",
        "v_thresh",
        "v_rest",
    ]
    assert lines[3].split() == ["n", "1", "30", "8", "2", "-50", "-65"]
    assert lines[-1].split() == ["in", "->", "n", "1", "1.0", "2.5", "1"]


def test_units_come_back_from_a_file(tmp_path):
    program = lsm.lower(one_neuron(v_reset=-70.0), 1 * ms)
    program.save(tmp_path / "program.npz")
    back = Program.load(tmp_path / "program.npz")
    for field in dataclasses.fields(program.units):
        np.testing.assert_array_equal(getattr(back.units, field.name), getattr(program.units, field.name))


def test_units_of_another_shape_are_refused():
    program = lsm.lower(one_neuron(), 1 * ms)
    wrong = dataclasses.replace(program.units, v_offset=np.zeros(2))
    with pytest.raises(DescriptionError, match=r"Program units: got v_offset of shape \(2,\), expected \(1,\)"):
        dataclasses.replace(program, units=wrong)
    with pytest.raises(DescriptionError, match="Program units: got str, expected Units, or None"):
        dataclasses.replace(program, units="mV")


class TestDigest:
    def test_depends_on_every_number_of_the_meaning(self):
        program = random_program(np.random.default_rng(5), "float64")
        for name, value in program.meaning().items():
            if name in ("arithmetic", "n_inputs", "n_neurons", "indptr", "post"):
                continue
            changed = (
                value * 2 if name in ("dt", "threshold", "weight") else (value + 1 if name == "delay" else value / 2)
            )
            if name == "refractory":
                changed = np.minimum(value, 2**30) + 1
            other = dataclasses.replace(program, **{name: changed})
            if np.array_equal(getattr(other, name), value):
                continue  # all zero
            assert other.digest != program.digest, name

    def test_depends_on_no_name_and_no_unit(self):
        program = lsm.lower(one_neuron(), 1 * ms)
        other = dataclasses.replace(program, units=None, neuron_groups={"other": range(1)})
        assert other.digest == program.digest

    def test_is_the_same_on_every_machine(self):
        program = lsm.Program(
            arithmetic="loihi", dt=1e-3, n_inputs=1, n_neurons=1, indptr=[0, 1, 1], post=[0], weight=[3], delay=[1],
            threshold=[5], bias=[0], refractory=[2], du=[7], dv=[9],
        )  # fmt: skip
        assert program.digest == "0dbece5d3d3cf88f000e29110baf71a71eb4c39f9b6fa6947b608eab955ec45d"


class TestProjections:
    def test_are_the_synapses_by_pair_of_groups(self):
        rng = np.random.default_rng(8)
        program = random_program(rng, "float64", max_neurons=30, max_inputs=6)
        groups = {"a": range(program.n_neurons // 2), "b": range(program.n_neurons // 2, program.n_neurons)}
        program = dataclasses.replace(program, neuron_groups=groups)
        seen = np.zeros(program.n_synapses, int)
        for one in program.projections():
            seen[one.index] += 1
            np.testing.assert_array_equal(program.sources()[one.index], one.source + one.rows.start)
            np.testing.assert_array_equal(program.post[one.index], one.target + one.members.start)
            assert one.target.max() < len(one.members)
            assert one.label == f"{one.pre} -> {one.post}"
        assert (seen == 1).all()

    def test_pairs_without_synapses_are_left_out(self):
        liquid = Liquid([Inputs("in", 1)], [Neurons("a", 2), Neurons("b", 2)], [Synapses("a", "b", lsm.AllToAll())])
        assert [one.label for one in lsm.lower(liquid, 1 * ms).projections()] == ["a -> b"]
