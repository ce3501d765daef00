import dataclasses
from typing import Any

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

import lsm_sim as lsm
from lsm_sim import DescriptionError
from lsm_sim.describe.drawing import draw_positions, draw_synapses
from lsm_sim.plot.weight_matrix import spread

column: Any = lsm.plot.column
weights: Any = lsm.plot.weights


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def liquid(n_exc=16, n_inh=4, positions=True):
    place = lsm.grid(4, 4, -(-n_exc // 16)) if positions else None
    return lsm.Liquid(
        [lsm.Inputs("in", 3)],
        [lsm.Neurons("exc", n_exc, sign=1, positions=place), lsm.Neurons("inh", n_inh, sign=-1, positions=place)],
        [
            lsm.Synapses("in", "exc", lsm.FixedProbability(0.5), weight=lsm.Normal(0, 1)),
            lsm.Synapses("exc", ("exc", "inh"), lsm.FixedProbability(0.3), weight=lsm.Gamma(1, 2)),
            lsm.Synapses("inh", "exc", lsm.FixedProbability(0.5), weight=-lsm.Gamma(2, 2)),
        ],
        seed=5,
    )


def dense(program):
    """Return the weights as a matrix in units of v, shape (C + N, N)."""
    matrix = np.zeros((program.n_inputs + program.n_neurons, program.n_neurons))
    np.add.at(matrix, (program.sources(), program.post), program.weight / program.units.weight_scale[program.post])
    return matrix


def test_a_small_network_is_drawn_pair_by_pair():
    program = lsm.lower(liquid(), 0.001)
    mesh = weights(program).collections[0]
    values = mesh.get_array()
    assert np.array_equal(values.filled(0), dense(program))
    assert np.array_equal(values.mask, dense(program) == 0)


def test_colours_are_centred_at_zero_and_positive_is_blue():
    mesh = weights(lsm.lower(liquid(), 0.001)).collections[0]
    assert mesh.norm.vmin == -mesh.norm.vmax < 0
    red, _, blue, _ = mesh.cmap(mesh.norm(mesh.norm.vmax))
    assert blue > red
    assert to_hex(mesh.cmap(0.5), keep_alpha=False) >= "#fcfcfc"


def test_a_large_network_is_drawn_by_the_mean_of_each_cell():
    program = lsm.lower(liquid(n_exc=700, n_inh=50), 0.001)
    mesh = weights(program).collections[0]
    corners = mesh.get_coordinates()
    columns, rows = corners[0, :, 0].astype(int), corners[:, 0, 1].astype(int)
    assert {3, 703, 753} <= set(rows)  # a cell never spans two groups
    assert {700, 750} <= set(columns)
    sums = np.add.reduceat(np.add.reduceat(dense(program), rows[:-1], axis=0), columns[:-1], axis=1)
    # the same weights summed in another order
    means = sums / np.outer(np.diff(rows), np.diff(columns))
    np.testing.assert_allclose(mesh.get_array().filled(0), means, rtol=1e-12, atol=1e-12)
    assert mesh.get_array().size < 300 * 300


def test_groups_are_named_at_their_middle_with_a_line_between_them():
    ax = weights(lsm.lower(liquid(), 0.001))
    assert [text.get_text() for text in ax.get_yticklabels()] == ["in", "exc", "inh"]
    assert ax.get_yticks().tolist() == [1.5, 11, 21]
    assert ax.get_xticks().tolist() == [8, 18]
    assert ax.get_yticks(minor=True).tolist() == [3, 19]
    assert ax.get_ylim() == (23, 0)  # inputs on top, as in a written matrix


def test_equal_names_of_inputs_and_neurons_are_kept_apart():
    net = lsm.Liquid(
        [lsm.Inputs("in", 1)], [lsm.Neurons("a", 2)], [lsm.Synapses("in", "a", lsm.Edges(np.array([0]), np.array([1])))]
    )
    program = dataclasses.replace(lsm.lower(net, 0.001), input_groups={"a": range(1)})
    ax = weights(program)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a", "a"]
    assert np.array_equal(ax.collections[0].get_array().filled(0), dense(program))


def test_a_network_without_synapses_is_an_empty_matrix():
    program = lsm.lower(lsm.Liquid([lsm.Inputs("in", 2)], [lsm.Neurons("exc", 3)]), 0.001)
    assert weights(program).collections[0].get_array().mask.all()


@pytest.mark.parametrize("places", [[1.0, 1.0, 1.0], [0.0, 50.0, 99.0], [98.0, 99.0, 100.0], list(range(40))])
def test_labels_are_spread_apart_inside_the_axis(places):
    sizes = 4.0 + np.arange(len(places)) % 3
    out = spread(np.array(places, dtype=float), sizes, 100.0)
    shown = sizes * min(1.0, 100.0 / sizes.sum())
    assert (np.diff(out) >= (shown[1:] + shown[:-1]) / 2 - 1e-9).all()  # sums of the sizes round
    assert out.min() >= 0
    assert out.max() <= 100


def lines(ax, name):
    found = [c for c in ax.collections if c.get_label() == name]
    return np.array(found[0]._segments3d) if found else np.empty((0, 2, 3))


def test_neurons_stand_at_their_positions_in_the_colour_of_their_group():
    net = liquid()
    ax = column(net)
    for group, colour in zip(net.neurons, ("#0072B2", "#D55E00"), strict=True):
        scatter = next(c for c in ax.collections if c.get_label() == group.name)
        assert np.array_equal(np.transpose(scatter._offsets3d), draw_positions(group, net.seed))
        assert to_hex(scatter.get_facecolor()[0]).upper() == colour


def test_connections_are_those_of_the_liquid_by_sign():
    net = liquid()
    ax = column(net, max_connections=10**6)
    place = {group.name: draw_positions(group, net.seed) for group in net.neurons}
    for name, sources in (("excitatory", ("exc",)), ("inhibitory", ("inh",))):
        parts = [p for p in draw_synapses(net) if p.pre in sources]
        expected = [np.stack([place[p.pre][p.source], place[p.post][p.target]], axis=1) for p in parts]
        assert np.array_equal(lines(ax, name), np.concatenate(expected))


def test_few_connections_are_a_reproducible_choice():
    one, same, other = (column(liquid(), max_connections=20, seed=seed) for seed in (1, 1, 2))
    drawn = [np.concatenate([lines(ax, "excitatory"), lines(ax, "inhibitory")]) for ax in (one, same, other)]
    assert len(drawn[0]) == 20
    assert np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])


def test_a_column_without_connections_shows_its_neurons():
    ax = column(liquid(), max_connections=0)
    assert [c.get_label() for c in ax.collections] == ["exc", "inh"]


def test_a_column_can_be_drawn_into_given_3d_axes():
    ax = plt.figure().add_subplot(projection="3d")
    assert column(liquid(), ax) is ax


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: column(liquid(positions=False)), "no group has positions; give Neurons positions="),
        (lambda: column(liquid(), plt.figure().add_subplot()), 'expected 3-D ones; make them with projection="3d"'),
        (lambda: column(liquid(), max_connections=-1), "max_connections: got -1"),
        (lambda: column(lsm.lower(liquid(), 0.001)), "got Program, expected a Liquid"),
        (lambda: column(liquid(), colours={"in": "red"}), "no group 'in'; known: exc, inh"),
        (lambda: weights(liquid()), "got Liquid, expected a Program; see lsm_sim.lower"),
    ],
)
def test_bad_input_is_answered_in_a_sentence(call, message):
    with pytest.raises(DescriptionError, match=message):
        call()
