import dataclasses
from typing import Any

import numpy as np
import pytest

from lsm_sim import AllToAll, Inputs, Liquid, Neurons, Program, Synapses, lower
from lsm_sim.dynamics import ARITHMETICS
from lsm_sim.errors import DescriptionError
from lsm_sim.testing import random_program
from tests.cases import GOLDEN

FLOAT64: dict[str, Any] = {
    "arithmetic": "float64", "dt": 1e-3, "n_inputs": 1, "n_neurons": 2, "indptr": [0, 1, 2, 3], "post": [0, 1, 1],
    "weight": [0.5, -0.25, 0], "delay": [0, 2, 1], "threshold": [1, 2], "bias": [0, 0.1], "refractory": [0, 3],
    "decay_u": [0.5, 0], "decay_v": [1, 0.25],
}  # fmt: skip
LOIHI = FLOAT64 | {
    "arithmetic": "loihi", "weight": [5, -2, 0], "bias": [0, 7], "decay_u": None, "decay_v": None, "du": [-1, 4095], "dv": [0, 4096],
}  # fmt: skip


def same(a, b):
    assert set(a.meaning()) == set(b.meaning())
    for name in a.meaning():
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)
        assert np.asarray(getattr(a, name)).dtype == np.asarray(getattr(b, name)).dtype
    return dict(a.input_groups) == dict(b.input_groups) and dict(a.neuron_groups) == dict(b.neuron_groups)


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("seed", range(20))
def test_files_come_back_as_they_were(arithmetic, seed, tmp_path):
    program = random_program(np.random.default_rng(seed), arithmetic)
    program.save(tmp_path / "program.npz")
    assert same(program, Program.load(tmp_path / "program.npz"))


def test_groups_come_back_by_name(tmp_path):
    groups = [Neurons("exc", 3), Neurons("inh é", 2)]
    program = lower(Liquid([Inputs("a", 1), Inputs("b", 2)], groups, [Synapses("exc", "exc", AllToAll())]), 1e-3)
    program.save(tmp_path / "program.npz")
    back = Program.load(tmp_path / "program.npz")
    assert same(program, back)
    assert dict(back.neuron_groups) == {"exc": range(3), "inh é": range(3, 5)}


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_case_files_load_as_programs(path):
    program = Program.load(path)
    assert dict(program.neuron_groups) == {"neurons": range(program.n_neurons)}


def test_nothing_can_be_written_into_a_program():
    given = np.array([0.5, -0.25, 0])
    program = Program(**FLOAT64 | {"weight": given})
    with pytest.raises(ValueError, match="read-only"):
        program.weight[0] = 1
    given[0] = 9
    assert program.weight[0] == 0.5


def test_properties_follow_the_arrays():
    program = Program(**FLOAT64)
    assert (program.n_synapses, program.max_delay, program.weight_exponent) == (3, 2, 2)
    assert program.sources().tolist() == [0, 1, 2]
    assert Program(**LOIHI).weight_exponent == 0


@pytest.mark.parametrize("exponent", [0, 1, 13, 30])
def test_the_weight_exponent_is_the_smallest(exponent):
    assert Program(**FLOAT64 | {"weight": [1, 2.0**-exponent, 0]}).weight_exponent == exponent


def test_repr_and_summary_can_be_read():
    program = Program(**FLOAT64)
    assert repr(program) == "Program(float64, dt=0.001 s, 1 inputs, 2 neurons, 3 synapses, delays 1..3 steps)"
    lines = program.summary().splitlines()
    assert lines[0] == repr(program)
    assert lines[3].split() == ["neurons", "2", "1", "..", "2", "0", "..", "0.1", "0", "..", "3"]
    assert lines[-2].split() == ["in", "->", "neurons", "1", "0.5", "0.5", "1"]
    assert "neurons -> neurons" in lines[-1]


def test_a_program_without_synapses_or_inputs_is_a_program():
    none = {"n_inputs": 0, "indptr": [0, 0, 0], "post": [], "weight": [], "delay": []}
    for base in (FLOAT64, LOIHI):
        assert "0 inputs" in Program(**base | none).summary()


@pytest.mark.parametrize(
    ("base", "changes", "words"),
    [
        (FLOAT64, {"arithmetic": "float32"}, "Program arithmetic: got 'float32', expected 'float64' or 'loihi'"),
        (FLOAT64, {"dt": 0}, "Program dt: got 0, expected a number > 0"),
        (FLOAT64, {"dt": [1e-3]}, "Program dt: got an array"),
        (FLOAT64, {"n_neurons": 0}, "Program n_neurons: got 0, expected a whole number >= 1"),
        (FLOAT64, {"n_neurons": 3}, r"Program indptr: got shape \(4,\), expected 5"),
        (FLOAT64, {"n_inputs": -1}, "Program n_inputs: got -1"),
        (FLOAT64, {"indptr": [0, 2, 1, 3]}, "non-decreasing values from 0"),
        (FLOAT64, {"indptr": [1, 1, 2, 3]}, "non-decreasing values from 0"),
        (FLOAT64, {"indptr": [0, 1, 2, 4]}, r"Program post: got shape \(3,\), expected \(4,\) as indptr says"),
        (FLOAT64, {"delay": [0, 0]}, r"Program delay: got shape \(2,\)"),
        (FLOAT64, {"post": [0, 1, 2]}, r"Program post: got neuron 2, expected 0\.\.1"),
        (FLOAT64, {"post": [0, 1, -1]}, "Program post: got neuron -1"),
        (FLOAT64, {"post": [0, 1, 0.5]}, "Program post: got 0.5, expected whole numbers"),
        (FLOAT64, {"delay": [0, -1, 0]}, "Program delay: got -1 steps, expected 0"),
        (FLOAT64, {"delay": [0, 2**20, 0]}, "Program delay: got 1048576 steps"),
        (FLOAT64, {"weight": [1, np.nan, 0]}, "Program weight: got nan, expected finite"),
        (FLOAT64, {"weight": [1, -np.inf, 0]}, "Program weight: got -inf"),
        (FLOAT64, {"weight": [1j, 0, 0]}, "Program weight: got values of type complex128"),
        (FLOAT64, {"weight": [0.1, 0, 0]}, "Program weight: got 0.1, expected multiples of 2.-30; round the weights"),
        (FLOAT64, {"weight": [2.0**-31, 0, 0]}, "expected multiples of 2"),
        (
            FLOAT64,
            {"weight": [2.0**53, 0, 0]},
            "the weights into neuron 0 sum to 9.0072e.15 in magnitude, expected less than",
        ),
        (FLOAT64, {"weight": [2.0**23, 2.0**-30, 0]}, "use smaller weights or a coarser grid"),
        (FLOAT64, {"decay_u": [0.5, 1.5]}, r"Program decay_u: got 1.5 at neuron 1, expected 0\.\.1"),
        (FLOAT64, {"decay_v": [-0.5, 0.5]}, "Program decay_v: got -0.5 at neuron 0"),
        (FLOAT64, {"decay_v": None}, "Program decay_v: got values of type object"),
        (FLOAT64, {"threshold": [1]}, r"Program threshold: got shape \(1,\), expected \(2,\)"),
        (FLOAT64, {"threshold": [1, np.nan]}, "Program threshold: got nan"),
        (FLOAT64, {"refractory": [0, -1]}, "Program refractory: got -1 at neuron 1"),
        (FLOAT64, {"refractory": [0, 2**31]}, "Program refractory: got 2.14748e.09 at neuron 1"),
        (FLOAT64, {"refractory": [0, 1.5]}, "Program refractory: got 1.5, expected whole"),
        (FLOAT64, {"du": [1, 1]}, "Program du: expected None in float64 arithmetic"),
        (LOIHI, {"decay_u": [1, 1]}, "Program decay_u: expected None in loihi arithmetic"),
        (LOIHI, {"weight": [0.5, 0, 0]}, "Program weight: got 0.5, expected whole numbers"),
        (LOIHI, {"weight": [2**31, 0, 0]}, "the weights into neuron 0 sum to 2.14748e.09"),
        (LOIHI, {"weight": [0, 2**30, -(2**30)]}, "the weights into neuron 1 sum to"),
        (LOIHI, {"du": [0, 4096]}, r"Program du: got 4096 at neuron 1, expected -1\.\.4095"),
        (LOIHI, {"dv": [-1, 0]}, r"Program dv: got -1 at neuron 0, expected 0\.\.4096"),
        (LOIHI, {"threshold": [2**17, 0]}, r"Program threshold: got 131072 at neuron 0, expected 0\.\.131071"),
        (LOIHI, {"threshold": [-1, 0]}, "Program threshold: got -1"),
        (LOIHI, {"bias": [2**31, 0]}, "Program bias: got 2.14748e.09 at neuron 0"),
        (FLOAT64, {"neuron_groups": {"a": range(1)}}, r"Program groups: got ranges that cover 0\.\.0, expected 0\.\.1"),
        (
            FLOAT64,
            {"neuron_groups": {"a": range(1, 2)}},
            "Program groups: 'a' is range.1, 2., expected a range that starts at 0",
        ),
        (FLOAT64, {"neuron_groups": {"a": range(0, 2, 2)}}, "expected a range that starts at 0"),
        (FLOAT64, {"neuron_groups": {"a": range(0), "b": range(2)}}, "expected a range that starts at 0"),
        (FLOAT64, {"neuron_groups": {3: range(2)}}, "Program groups: got 3, expected a non-empty printable string"),
        (FLOAT64, {"neuron_groups": ["a"]}, "expected ranges by name"),
        (FLOAT64, {"neuron_groups": {"a": 2}}, "Program groups: 'a' is 2, expected a range"),
    ],
    ids=str,
)
def test_impossible_programs_are_an_error(base, changes, words):
    with pytest.raises(DescriptionError, match=words):
        Program(**base | changes)


def test_programs_are_equal_by_value():
    one, other = Program(**FLOAT64), Program(**FLOAT64)
    assert one == other
    assert one.difference(other) is None
    assert hash(one) == hash(other)
    assert one != "program"
    assert {one: 1}[other] == 1


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
def test_a_program_equals_what_its_file_gives(arithmetic, seed, tmp_path):
    program = random_program(np.random.default_rng(seed), arithmetic)
    program.save(tmp_path / "program.npz")
    assert program == Program.load(tmp_path / "program.npz")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weight": [0.5, -0.5, 0]}, "weight[1] from neuron 0 to neuron 1: got -0.25, expected -0.5 (1 of 3 differ)"),
        ({"weight": [0.25, -0.5, 0]}, "weight[0] from input channel 0 to neuron 0: got 0.5, expected 0.25 (2 of 3"),
        ({"post": [0, 0, 1]}, "post[1] from neuron 0: got 1, expected 0"),
        ({"threshold": [1, 3]}, "threshold[1]: got 2.0, expected 3.0"),
        ({"dt": 1e-4}, "dt: got 0.001, expected 0.0001"),
        ({"v0": [0.1, 0.2]}, "v0: got none, expected an array"),
        ({"neuron_groups": {"a": range(2)}}, "neuron_groups: got"),
        (
            {"indptr": [0, 1, 2, 2], "post": [0, 1], "weight": [0.5, -0.25], "delay": [0, 2]},
            "indptr[3]: got 3, expected 2",
        ),
    ],
)
def test_the_first_difference_of_programs_is_one_sentence(change, message):
    one, other = Program(**FLOAT64), Program(**FLOAT64 | change)
    assert one != other
    assert one.difference(other).startswith(message)
    with pytest.raises(DescriptionError, match="got str, expected a Program"):
        one.difference("program")


def test_units_are_compared():
    def program(v_rest):
        return lower(Liquid([Inputs("a", 1)], [Neurons("exc", 3, v_rest=v_rest, v_reset=v_rest)]), 1e-3)

    one, other = program(0.0), program(-0.5)
    assert program(0.0) == one
    assert "units" in dataclasses.replace(one, units=other.units).difference(one)
    assert dataclasses.replace(one, units=None).difference(one) == "units: got unknown, expected known"
