from typing import Any

import numpy as np
import pytest
from scipy import sparse

from lsm_sim import (
    AllToAll,
    Edges,
    FixedProbability,
    Gamma,
    Inputs,
    Liquid,
    Neurons,
    Normal,
    OneToOne,
    Synapses,
    Uniform,
    grid,
    lower,
    ms,
    random_in_box,
)
from lsm_sim.errors import DescriptionError

RULE = FixedProbability(0.5)


INPUTS: Any = [Inputs("in", 3)]
NEURONS = [Neurons("exc", 4, sign=1), Neurons("inh", 2, sign=-1)]


def liquid(*synapses, inputs=INPUTS, seed=0):
    return Liquid(inputs, NEURONS, synapses, seed=seed)


def test_parameters_are_numbers_lists_or_distributions():
    group = Neurons("n", 3, tau_m=[10 * ms, 20 * ms, 30 * ms], v_thresh=np.float32(2), t_ref=Uniform(1 * ms, 2 * ms))
    assert group.tau_m.tolist() == [0.01, 0.02, 0.03]
    assert not group.tau_m.flags.writeable
    assert group.v_thresh == 2.0
    assert group.t_ref == Uniform(1 * ms, 2 * ms)


@pytest.mark.usefixtures("brian2")
def test_quantities_with_units_are_read_as_si():
    from brian2 import ms as brian_ms

    assert Neurons("n", 1, tau_m=20 * brian_ms).tau_m == 20 * ms


def test_sizes_add_up():
    network = liquid(inputs=[Inputs("a", 3), Inputs("b", 4)])
    assert (network.n_inputs, network.n_neurons) == (7, 6)


def test_a_single_group_needs_no_list():
    network = Liquid(Inputs("in", 1), Neurons("n", 1), Synapses("in", "n", OneToOne()))
    assert (len(network.inputs), len(network.neurons), len(network.synapses)) == (1, 1, 1)


@pytest.mark.parametrize(
    "form", [np.asarray, np.ndarray.tolist, sparse.csr_array, sparse.coo_matrix, sparse.csc_matrix]
)
def test_a_matrix_gives_a_synapse_for_each_non_zero(form):
    matrix = np.array([[0, 1.5, 0], [-2, 0, 0.25]])
    synapses = Synapses.from_matrix("a", "b", form(matrix), delay=2 * ms)
    back = np.zeros((2, 3))
    back[synapses.rule.pre, synapses.rule.post] = synapses.weight
    np.testing.assert_array_equal(back, matrix)
    assert synapses.rule.pre.size == 3


def test_repeated_and_explicit_zero_entries_of_a_sparse_matrix_are_summed_up():
    matrix = sparse.coo_array(([1.0, 2.0, 0.0, 3.0, -3.0], ([0, 0, 1, 1, 1], [1, 1, 0, 1, 1])), shape=(2, 2))
    synapses = Synapses.from_matrix("a", "b", matrix)
    assert synapses.weight.tolist() == [3]
    assert matrix.nnz == 5


FORMS = [np.asarray, np.ndarray.tolist, sparse.csr_array, sparse.coo_matrix, sparse.csc_matrix]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("weight_form", FORMS)
def test_a_matrix_of_delays_gives_each_synapse_its_own(form, weight_form):
    weight = np.array([[0, 1.5, 0], [-2, 0, 0.25]])
    delay = np.array([[9, 2, 0], [3, 9, 4]]) * ms
    synapses = Synapses.from_matrix("a", "b", weight_form(weight), form(delay))
    back = np.zeros((2, 3))
    back[synapses.rule.pre, synapses.rule.post] = synapses.delay
    np.testing.assert_array_equal(back, np.where(weight != 0, delay, 0))


@pytest.mark.parametrize(
    ("delay", "message"),
    [
        (np.ones((3, 2)), r"delay: got shape \(3, 2\), expected \(2, 2\), the shape of the weights"),
        (np.array([[1, 0], [0, 0]]) * ms, r"delay: got 0 s at \(1, 1\), which has a weight, expected a time > 0"),
        (sparse.coo_array(np.array([[0, 1], [0, 1]])), r"delay: got 0 s at \(0, 0\)"),
        ([[1, np.nan], [0, 1]], "delay: got nan"),
        ([[1], [0, 1]], "delay: got nested sequences of unequal length"),
        (sparse.coo_array(np.array([[1, 0], [0, np.inf]])), "delay: got inf"),
    ],
)
def test_a_wrong_matrix_of_delays_is_answered_in_a_sentence(delay, message):
    with pytest.raises(DescriptionError, match=message):
        Synapses.from_matrix("a", "b", np.eye(2), delay)


@pytest.mark.parametrize("weight", [0.5, 0, Gamma(1, 2), Normal(0, 1), Normal(-5, 1), Uniform(-1, 1)], ids=repr)
def test_weights_that_can_be_excitatory_are_accepted_and_mirrored(weight):
    liquid(Synapses("exc", "inh", RULE, weight=weight), Synapses("inh", "exc", RULE, weight=-1 * weight))


@pytest.mark.parametrize("weight", [-0.5, -Gamma(1, 2), Uniform(-2, -1), Uniform(-2, 0)], ids=repr)
def test_weights_that_break_dales_law_are_an_error(weight):
    with pytest.raises(
        DescriptionError, match=r"Synapses exc -> inh weight: got .* but 'exc' is excitatory; expected weights >= 0"
    ):
        liquid(Synapses("exc", "inh", RULE, weight=weight))
    with pytest.raises(DescriptionError, match=r"but 'inh' is inhibitory; expected weights <= 0"):
        liquid(Synapses("inh", "exc", RULE, weight=-1 * weight))
    liquid(Synapses("in", "exc", RULE, weight=weight))  # input channels obey no law


def test_explicit_weights_may_not_break_dales_law():
    with pytest.raises(DescriptionError, match="expected weights >= 0"):
        liquid(Synapses("exc", "inh", Edges([0, 1], [0, 0]), weight=[1, -1]))


def neurons(**parameters):
    return lambda: Neurons("n", 2, **parameters)


def synapses(*arguments, **others):
    return lambda: Synapses(*arguments, **others)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (neurons(tau_m=0), "Neurons 'n' tau_m: got 0 s, expected a time > 0"),
        (neurons(tau_syn=-1), "Neurons 'n' tau_syn: got -1 s, expected a time > 0"),
        (neurons(tau_m=[0.1, -0.1]), "Neurons 'n' tau_m: got -0.1 s"),
        (neurons(tau_m=np.nan), "Neurons 'n' tau_m: got nan, expected finite numbers"),
        (neurons(tau_m=[np.inf, 1]), "Neurons 'n' tau_m: got inf"),
        (neurons(i_bias=1 + 2j), "Neurons 'n' i_bias: got values of type complex128, expected real numbers"),
        (neurons(v_rest="low"), "Neurons 'n' v_rest: got values of type <U3"),
        (neurons(v_rest=None), "Neurons 'n' v_rest: got values of type object"),
        (
            neurons(tau_m=[0.1, 0.1, 0.1]),
            r"got an array of shape \(3,\), expected one number, 2 of them or a distribution",
        ),
        (neurons(tau_m=[[0.1, 0.1]]), r"got an array of shape \(1, 2\)"),
        (neurons(tau_m=[[0.1], [0.1, 2]]), "got nested sequences of unequal length"),
        (neurons(t_ref=-1e-3), "Neurons 'n' t_ref: got -0.001 s, expected a time >= 0"),
        (neurons(v_thresh=1, v_reset=1), "Neurons 'n': got v_thresh - v_reset = 0, expected v_thresh > v_reset"),
        (neurons(v_thresh=[2, 1], v_reset=[1, 2]), "got v_thresh - v_reset = -1"),
        (neurons(sign=0), "Neurons 'n' sign: got 0, expected .1, -1 or None"),
        (
            neurons(positions=grid(1, 1, 1)),
            "Neurons 'n' positions: got a grid of 1 points, expected at least the 2 neurons",
        ),
        (neurons(positions=np.zeros((2, 2))), r"got an array of shape \(2, 2\), expected \(2, 3\)"),
        (neurons(positions="here"), "Neurons 'n' positions: got values of type <U4"),
        (lambda: Neurons("n", 0), "Neurons 'n' size: got 0, expected a whole number >= 1"),
        (lambda: Neurons("n", 2.5), "Neurons 'n' size: got 2.5"),
        (lambda: Neurons("n", True), "Neurons 'n' size: got True"),
        (lambda: Neurons("n", "2"), "Neurons 'n' size: got '.*', expected a whole number"),
        (lambda: Neurons("", 2), "Neurons name: got '', expected a non-empty printable string"),
        (lambda: Neurons("a\nb", 2), "Neurons name: got 'a.nb'"),
        (lambda: Neurons(3, 2), "Neurons name: got 3"),
        (lambda: Inputs("in", -1), "Inputs 'in' size: got -1"),
        (lambda: Inputs(None, 1), "Inputs name: got None"),
        (synapses("a", "b", 0.5), "Synapses a -> b rule: got 0.5, expected a wiring rule such as"),
        (synapses("a", 5, RULE), "Synapses post: got 5, expected the name of a group"),
        (synapses("a", (), RULE), "expected different target groups, at least one"),
        (synapses("a", ("b", "b"), RULE), "expected different target groups"),
        (synapses("a", (3,), RULE), "Synapses post: got 3"),
        (synapses(None, "b", RULE), "Synapses pre: got None"),
        (
            synapses("a", "b", RULE, weight=[1, 2]),
            "only Edges fixes the order of synapses; use a distribution or Edges",
        ),
        (synapses("a", "b", RULE, weight=np.nan), "Synapses a -> b weight: got nan"),
        (synapses("a", "b", RULE, weight=None), "Synapses a -> b weight: got values of type object"),
        (
            synapses("a", "b", Edges([0], [0]), weight=[1, 2]),
            r"got an array of shape \(2,\), expected one number, 1 of them",
        ),
        (synapses("a", "b", RULE, delay=0), "Synapses a -> b delay: got 0 s, expected a time > 0"),
        (synapses("a", "b", RULE, delay=-1 * ms), "Synapses a -> b delay: got -0.001 s"),
        (synapses("a", "b", RULE, delay=-Gamma(1, 2)), "delay: got 0 s, expected a time > 0"),
        (lambda: Synapses.from_matrix("a", "b", np.zeros(3)), r"Synapses a -> b matrix: got shape \(3,\)"),
        (lambda: Synapses.from_matrix("a", "b", [[np.nan]]), "Synapses a -> b matrix: got nan"),
        (lambda: Synapses.from_matrix("a", "b", sparse.coo_array([[np.nan]])), "Synapses a -> b weight: got nan"),
        (lambda: Synapses.from_matrix("a", "b", [["x"]]), "Synapses a -> b matrix: got values of type <U1"),
        (lambda: Liquid([], []), "Liquid: got no neurons, expected at least one group"),
        (lambda: Liquid(5, []), r"Liquid inputs: got 5, expected a list of Inputs\(...\)"),
        (lambda: Liquid([], INPUTS), r"Liquid neurons: got Inputs\(name='in', size=3\), expected Neurons"),
        (lambda: Liquid([], None), "Liquid neurons: got None, expected a list"),
        (lambda: liquid(seed=-1), "Liquid seed: got -1, expected a whole number >= 0"),
        (lambda: liquid(seed=None), "Liquid seed: got None, expected a whole number"),
        (
            lambda: liquid(inputs=[Inputs("exc", 1)]),
            "Liquid: the group name 'exc' appears twice; give each group its own name",
        ),
        (lambda: liquid(Synapses("ex", "inh", RULE)), "Synapses ex -> inh: no group 'ex'; known: in, exc, inh"),
        (lambda: liquid(Synapses("in", "out", RULE)), "Synapses in -> out: no neuron group 'out'; known: exc, inh"),
        (lambda: liquid(Synapses("exc", "in", RULE)), "no neuron group 'in'; known: exc, inh"),
        (lambda: lower(liquid(Synapses("in", "exc", Edges([3], [0]))), 1e-3), r"got index 3 in 'in', expected 0\.\.2"),
        (lambda: lower(liquid(Synapses("in", "exc", OneToOne())), 1e-3), "got groups of 3 and 4, expected equal sizes"),
    ],
)
def test_impossible_descriptions_are_an_error(make, words):
    with pytest.raises(DescriptionError, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_places_and_rules_of_every_kind_are_accepted():
    for positions in (None, grid(2, 1, 1), random_in_box(1, 1, 1), [[0, 0, 0], [1, 1, 1]]):
        Liquid([], [Neurons("n", 2, positions=positions)], [Synapses("n", "n", AllToAll())])


@pytest.mark.parametrize("seed", [None, "a", True, -1, 0.5])
def test_a_seed_that_is_no_whole_number_is_named(seed):
    with pytest.raises(DescriptionError, match=r"Liquid seed: got .*, expected a whole number >= 0"):
        Liquid([Inputs("in", 1)], [Neurons("a", 1)], seed=seed)


@pytest.mark.parametrize(
    "make",
    [
        lambda name: Inputs(name, 2),
        lambda name: Neurons(name, 2),
        lambda name: Synapses(name, "b", AllToAll()),
        lambda name: Synapses("a", ("b", name), AllToAll()),
    ],
)
def test_names_have_no_slash_because_random_streams_would_collide(make):
    with pytest.raises(DescriptionError, match="expected a name without '/'"):
        make("x/y")
