"""Blocks of synapses: what a program takes, refuses, compares, keeps in files, and checks again before a run."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim.dynamics import ARITHMETICS
from lsm_sim.dynamics.model import Units
from lsm_sim.engine.reference import run_program
from lsm_sim.errors import DescriptionError
from lsm_sim.program.blocks import SynapseBlock
from lsm_sim.program.program import Program
from lsm_sim.support import npz
from lsm_sim.testing import random_program

BASE = {
    "arithmetic": "float64", "dt": 1e-3, "n_inputs": 1, "n_neurons": 2, "indptr": [0, 1, 2, 2], "post": [0, 1],
    "weight": [0.5, -0.25], "delay": [0, 3], "threshold": [1.0, 1.0], "bias": [0.0, 0.0], "refractory": [0, 0],
    "decay_u": [0.5, 0.5], "decay_v": [0.5, 0.5],
}  # fmt: skip
STP = {"rule": "stp", "stp_U": [0.5] * 3, "stp_decay_rec": [0.9] * 3, "stp_decay_facil": [0.8] * 3}
SECOND = {"decay_u2": [0.25, 0.25]}


def block(**changes):
    return SynapseBlock(**{"indptr": [0, 0, 0, 2], "post": [0, 1], "weight": [1.0, 2.0], "delay": [5, 0]} | changes)


def program(*more, **changes):
    return Program(**BASE | {"more_blocks": more} | changes)


def test_synapses_of_all_blocks_are_joined_in_order():
    both = program(block(receptor=1), **SECOND)
    joined = both.synapses()
    assert joined.source.tolist() == both.sources().tolist() == [0, 1, 2, 2]
    assert joined.post.tolist() == [0, 1, 0, 1]
    assert joined.weight.tolist() == [0.5, -0.25, 1, 2]
    assert joined.delay.tolist() == [0, 3, 5, 0]
    assert joined.receptor.tolist() == [0, 0, 1, 1]
    assert joined.block.tolist() == [0, 0, 1, 1]
    assert (both.n_synapses, both.max_delay, both.n_receptors, both.weight_exponent) == (4, 5, 2, 2)


def test_projections_index_the_synapses_of_all_blocks():
    groups = {"neuron_groups": {"a": range(1), "b": range(1, 2)}}
    both = program(block(**STP), block(), **groups)
    found = [(one.pre, one.post, one.block, one.rule, one.index.tolist()) for one in both.projections()]
    assert found == [
        ("in", "a", 0, "static", [0]),
        ("a", "b", 0, "static", [1]),
        ("b", "a", 1, "stp", [2]),
        ("b", "b", 1, "stp", [3]),
        ("b", "a", 2, "static", [4]),
        ("b", "b", 2, "static", [5]),
    ]


@pytest.mark.parametrize(
    ("needs", "more", "changes"),
    [
        (set(), [], {}),
        ({"blocks"}, [block()], {}),
        ({"stp"}, [block(**STP)], {}),
        ({"stp"}, [], STP),
        ({"two-currents"}, [block(receptor=1)], SECOND),
        ({"two-currents"}, [], SECOND),
        ({"two-currents", "stp"}, [block(receptor=1, **STP)], SECOND),
    ],
)
def test_needs_follow_from_the_content(needs, more, changes):
    assert program(*more, **changes).needs == needs


def test_weights_are_in_the_users_units_by_receptor():
    scales = {name: np.array([2.0, 4.0]) for name in ("u_scale", "weight_scale", "u2_scale")}
    units = Units(1.0, np.zeros(2), **scales, weight2_scale=np.array([8.0, 16.0]))
    both = program(block(receptor=1), **SECOND, units=units)
    assert both.weights().tolist() == [0.25, -0.0625, 0.125, 0.125]


@pytest.mark.parametrize(
    ("more", "changes", "words"),
    [
        (block(post=[0, 2]), {}, r"Program block 1 post: got neuron 2, expected 0\.\.1"),
        (block(delay=[-1, 0]), {}, r"Program block 1 delay: got -1 steps"),
        (block(indptr=[0, 2]), {}, r"Program block 1 indptr: got shape \(2,\), expected 4 non-decreasing values"),
        (block(weight=[1.0]), {}, r"Program block 1 weight: got shape \(1,\), expected \(2,\) as indptr says"),
        (block(weight=[0.1, 1.0]), {}, r"Program block 1 weight: got 0\.1, expected multiples of 2\^-30"),
        (block(weight=[np.nan, 1.0]), {}, "Program block 1 weight: got nan"),
        (block(receptor=1), {}, r"Program block 1 receptor: got 1, but the neurons have one current.*decay_u2"),
        (block(receptor=2), SECOND, "Program block 1 receptor: got 2, expected 0 or 1"),
        (block(rule="stdp"), {}, "Program block 1 rule: got 'stdp', expected 'static' or 'stp'"),
        (block(stp_U=[0.5] * 3), {}, "Program block 1 stp_U: expected None in float64 .* rule 'static'"),
        (block(rule="stp"), {}, "Program block 1 stp_U: got None, expected a value for each source, as the rule is"),
        (block(**STP | {"stp_U": [0.5] * 2}), {}, r"Program block 1 stp_U: got shape \(2,\), expected \(3,\)"),
        (block(**STP | {"stp_U": [0.5, 1.5, 0]}), {}, r"Program block 1 stp_U: got 1\.5 at source 1, expected 0\.\.1"),
        (block(**STP, stp_drec=[1] * 3), {}, "Program block 1 stp_drec: expected None in float64"),
        ("block", {}, "Program more_blocks"),
        (5, {}, "Program more_blocks: got int, expected SynapseBlock"),
    ],
)
def test_bad_blocks_are_refused_with_their_number(more, changes, words):
    with pytest.raises(DescriptionError, match=words):
        program(more, **changes)


def test_sums_over_blocks_must_be_exact():
    large = block(weight=[2.0**51, 1.0])
    assert program(large, weight=[1.0, 1.0]).n_synapses == 4
    with pytest.raises(DescriptionError, match=r"the weights into neuron 0 sum to .* expected less than"):
        program(large, block(weight=[2.0**52, 1.0]), block(weight=[2.0**52, 1.0]), weight=[1.0, 1.0])
    apart = block(weight=[2.0**52, 1.0], receptor=1)  # of the other current, so it is another sum
    assert program(large, apart, weight=[1.0, 1.0], **SECOND).n_receptors == 2


def test_the_grid_of_a_sum_is_the_finest_of_its_blocks():
    with pytest.raises(DescriptionError, match=r"expected less than 8\.38861e\+06 so that sums are exact"):
        program(block(weight=[2.0**-30, 1.0]), block(weight=[2.0**23, 1.0]))


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("need", ["blocks", "stp", "two-currents", "adaptive-threshold"])
def test_files_pickles_and_copies_are_equal(arithmetic, need, tmp_path):
    for seed in range(3):
        one = random_program(np.random.default_rng(seed), arithmetic, needs=(need,))
        one.save(tmp_path / "program.npz")
        assert str(npz.read(tmp_path / "program.npz")["format"]) == "lsm_sim.program/2"
        for other in (Program.load(tmp_path / "program.npz"), pickle.loads(pickle.dumps(one)), copy.deepcopy(one)):
            assert other == one
            assert other.difference(one) is None
            assert other.digest == one.digest
            assert other.needs == one.needs
            for part in other.blocks:
                assert not part.weight.flags.writeable


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "got blocks of synapses"),
        ({"block2_weight": None}, "no block2_weight in the file"),
        ({"block2_color": np.ones(2)}, "the program uses block2_color, which this version of lsm_sim does not support"),
        ({"block2_post": np.array([0, 9])}, "Program block 2 post: got neuron 9"),
    ],
)
def test_damaged_files_name_the_block(change, words, tmp_path):
    arrays = program(block(), block()).to_arrays()
    if not change:
        change = {name: None for name in arrays if name.startswith("block1_")}
    arrays = {name: value for name, value in (arrays | change).items() if value is not None}
    npz.write(tmp_path / "bad.npz", arrays)
    with pytest.raises(DescriptionError, match=words):
        Program.load(tmp_path / "bad.npz")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weight": [1.0, 3.0]}, r"block 1 weight\[1\] from neuron 1 to neuron 1: got 3\.0, expected 2\.0 \(1 of 2"),
        ({"post": [1, 1]}, r"block 1 post\[0\] from neuron 1: got 1, expected 0"),
        ({"receptor": 1}, "block 1 receptor: got 1, expected 0"),
        (STP, "block 1 rule: got 'stp', expected 'static'"),
    ],
)
def test_the_first_difference_names_the_block(changes, words):
    one, other = program(block(**changes), **SECOND), program(block(), **SECOND)
    assert one != other
    assert one.digest != other.digest
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(one.difference(other))


def test_the_first_difference_of_plasticity_names_the_source():
    one, other = program(block(**STP)), program(block(**STP | {"stp_U": [0.5, 0.5, 0.75]}))
    assert one.difference(other) == "block 1 stp_U[2] from neuron 1: got 0.5, expected 0.75 (1 of 3 differ)"
    assert program().difference(program(block())) == "blocks: got 1, expected 2"
    assert program(**STP).difference(program()) == "rule: got 'stp', expected 'static'"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("post", np.array([0, 9]), "block 1 post: got neuron 9"),
        ("post", np.array([0.0, 1.0]), "block 1 post: got another array"),
        ("delay", np.array([0, 2**30]), "block 1 delay: got 1073741824 steps"),
        ("weight", np.array([1, 2]), "block 1 weight: got another array"),
        ("stp_U", np.zeros(2), r"block 1 stp_U: got shape \(2,\), expected \(3,\)"),
        ("stp_U", None, "block 1 stp_U: got another array"),
        ("receptor", 1, "block 1: got another rule or receptor"),
        ("receptor", -1, "block 1: got another rule or receptor"),
        ("rule", "stdp", "block 1: got another rule or receptor"),
    ],
)
def test_blocks_are_checked_again_where_a_run_begins(name, value, words):
    changed = program(block(**STP))
    object.__setattr__(changed.more_blocks[0], name, value)
    with pytest.raises(DescriptionError, match=words):
        run_program(changed, lsm.Spikes.from_dense(np.ones((3, 1), bool), 1e-3))


def test_a_required_array_that_was_taken_away_is_noticed():
    changed = program()
    object.__setattr__(changed, "threshold", None)
    with pytest.raises(DescriptionError, match="Program threshold: got another array"):
        run_program(changed, lsm.Spikes.from_dense(np.ones((3, 1), bool), 1e-3))


def test_arrays_of_the_caller_are_not_kept():
    own = block(post=np.array([0, 1]))
    made = program(own)
    own.post[0] = 1
    assert made.more_blocks[0].post.tolist() == [0, 1]
    with pytest.raises(ValueError, match="read-only"):
        made.more_blocks[0].post[0] = 1


def test_units_must_have_the_second_current():
    units = Units(1.0, np.zeros(2), np.ones(2), np.ones(2))
    with pytest.raises(DescriptionError, match="got no scales of the second current, expected u2_scale"):
        program(units=units, **SECOND)
    assert dataclasses.replace(program(), units=units).units is not None
