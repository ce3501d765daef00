import dataclasses

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import ms
from lsm_sim.errors import DescriptionError
from lsm_sim.simulate import rescale


def poisson(n_channels, rate, *, seed=0, n_samples=2, n_steps=500, dt=1 * ms):
    rng = np.random.default_rng(seed)
    return lsm.Spikes.from_dense(rng.random((n_samples, n_steps, n_channels)) < rate * dt, dt)


def a_liquid(n=60, weight=None):
    return lsm.Liquid(
        inputs=[lsm.Inputs("in", 8)],
        neurons=[
            lsm.Neurons("exc", n - n // 5, tau_m=30 * ms, tau_syn=10 * ms, t_ref=2 * ms, sign=1),
            lsm.Neurons("inh", n // 5, tau_m=30 * ms, tau_syn=10 * ms, t_ref=2 * ms, sign=-1),
        ],
        synapses=[
            lsm.Synapses("in", ("exc", "inh"), lsm.FixedProbability(0.5), weight=lsm.Normal(0.2, 0.1)),
            lsm.Synapses("exc", ("exc", "inh"), lsm.FixedProbability(0.2), weight or lsm.Normal(0.1, 0.1)),
            lsm.Synapses("inh", ("exc", "inh"), lsm.FixedProbability(0.2), weight=-lsm.Gamma(0.2, 2)),
        ],
        seed=3,
    )


def matrix(liquid):
    """The recurrent weights as the lowered program has them, without its rounding: row is the target."""
    program = lsm.lower(liquid, 1 * ms, weight_bits=None)
    gain = lsm.lower(one_neuron(), 1 * ms, weight_bits=None).weight[0]
    out = np.zeros((program.n_neurons, program.n_neurons))
    sources = program.sources() - program.n_inputs
    recurrent = sources >= 0
    np.add.at(out, (program.post[recurrent], sources[recurrent]), program.weight[recurrent] / gain)
    return out


def one_neuron():
    neuron = lsm.Neurons("exc", 1, tau_m=30 * ms, tau_syn=10 * ms)
    return lsm.Liquid([lsm.Inputs("in", 1)], [neuron], [lsm.Synapses("in", "exc", lsm.AllToAll(), weight=1.0)])


def test_spectral_radius_is_that_of_the_matrix_that_runs():
    liquid = a_liquid()
    expected = np.abs(np.linalg.eigvals(matrix(liquid))).max()
    # the program's weights are rounded to 2^-30, 60 x 12 of them
    np.testing.assert_allclose(rescale.spectral_radius(liquid), expected, rtol=1e-6)


def test_spectral_radius_of_two_neurons_in_a_loop_is_the_geometric_mean():
    loop = lsm.Synapses("a", "a", lsm.Edges([0, 1], [1, 0]), weight=[0.5, 2.0])
    # two square roots of double precision
    np.testing.assert_allclose(rescale.spectral_radius(lsm.Liquid([], [lsm.Neurons("a", 2)], [loop])), 1.0, rtol=1e-15)


def test_spectral_radius_of_a_chain_is_zero():
    chain = lsm.Synapses("a", "a", lsm.Edges(range(99), range(1, 100)), weight=3.0)
    assert rescale.spectral_radius(lsm.Liquid([], [lsm.Neurons("a", 100)], [chain])) == 0


def test_spectral_radius_of_autapses_is_the_largest():
    autapses = lsm.Synapses("a", "a", lsm.Edges([0, 2], [0, 2]), weight=[0.5, -2.0])
    chain = lsm.Synapses("a", "a", lsm.Edges([0, 1], [1, 2]), weight=7.0)
    assert rescale.spectral_radius(lsm.Liquid([], [lsm.Neurons("a", 3)], [autapses, chain])) == 2.0


def test_spectral_radius_without_synapses_is_zero():
    assert rescale.spectral_radius(lsm.Liquid([], [lsm.Neurons("a", 5)])) == 0


def test_sparse_and_dense_solver_agree(monkeypatch):
    liquid = a_liquid(400)
    dense = rescale.spectral_radius(liquid)
    monkeypatch.setattr(rescale, "_DENSE_UP_TO", 10)
    sparse = rescale.spectral_radius(liquid)
    np.testing.assert_allclose(
        sparse, dense, rtol=1e-10
    )  # ARPACK iterates to machine precision, the matrix is not normal
    assert sparse == rescale.spectral_radius(liquid)


@pytest.mark.parametrize("weight", [0.1, lsm.Gamma(0.1, 2), lsm.Normal(0.1, 0.1)], ids=["number", "gamma", "folded"])
def test_rescaled_liquid_has_the_radius_asked_for(weight):
    scaled = rescale.to_spectral_radius(a_liquid(weight=weight), 0.9)
    np.testing.assert_allclose(rescale.spectral_radius(scaled), 0.9, rtol=1e-12)  # two eigenvalue problems in float64


def test_an_array_of_weights_is_scaled_one_by_one():
    synapses = lsm.Synapses("a", "a", lsm.Edges([0, 1], [1, 0]), weight=[1.0, 4.0])
    scaled = rescale.to_spectral_radius(lsm.Liquid([], [lsm.Neurons("a", 2)], [synapses]), 1.0)
    np.testing.assert_allclose(scaled.synapses[0].weight, [0.5, 2.0], rtol=1e-15)  # as the geometric mean above


def test_scaling_keeps_wiring_delays_and_draws():
    liquid = a_liquid()
    one, two = (lsm.lower(network, 1 * ms) for network in (liquid, rescale.scale(liquid, 4.0)))
    for array in ("indptr", "post", "delay", "decay_u", "threshold", "bias"):
        np.testing.assert_array_equal(getattr(one, array), getattr(two, array))
    np.testing.assert_array_equal(two.weight, 4 * one.weight)  # a power of two shifts the grid with the weights


def test_scaling_leaves_its_argument_as_it_was():
    liquid = a_liquid()
    rescale.scale(liquid, 2.0)
    assert liquid == a_liquid()


@pytest.mark.parametrize(("which", "changed"), [("recurrent", [1, 2]), ("input", [0]), ("all", [0, 1, 2])])
def test_only_the_part_asked_for_is_scaled(which, changed):
    liquid = a_liquid()
    scaled = rescale.scale(liquid, 2.0, which)
    assert [i for i in range(3) if scaled.synapses[i].weight != liquid.synapses[i].weight] == changed


def test_a_radius_of_zero_switches_the_recurrence_off():
    off = rescale.to_spectral_radius(a_liquid(), 0.0)
    np.testing.assert_array_equal(matrix(off), 0)


@pytest.mark.parametrize("which", ["recurrent", "input", "all"])
def test_rescaled_liquid_fires_at_the_rate_asked_for(which):
    liquid, stimulus = a_liquid(), poisson(8, 60)
    before = rescale.mean_rate(liquid, stimulus)
    wanted = 1.25 * before
    scaled = rescale.to_mean_rate(liquid, stimulus, wanted, which)
    assert abs(rescale.mean_rate(scaled, stimulus) - wanted) <= 0.02 * wanted


def test_mean_rate_counts_spikes_per_neuron_and_second():
    liquid, stimulus = a_liquid(), poisson(8, 60)
    n_spikes = lsm.run(liquid, stimulus).spikes.n_events
    assert rescale.mean_rate(liquid, stimulus) == n_spikes / (60 * (2 * 500 * 1e-3))


def test_backends_give_the_same_factor():
    liquid, stimulus = a_liquid(20), poisson(8, 60, n_samples=1, n_steps=100)
    wanted = 1.5 * rescale.mean_rate(liquid, stimulus)
    fast, reference = (
        rescale.to_mean_rate(liquid, stimulus, wanted, "input", tolerance=0.1, backend=name)
        for name in ("fast", "reference")
    )
    assert fast == reference


def test_a_rate_out_of_reach_is_refused_with_the_rates_at_both_ends():
    with pytest.raises(DescriptionError, match=r"5000 Hz is not between \S+ Hz at factor 0.5 and \S+ Hz at factor 2"):
        rescale.to_mean_rate(a_liquid(), poisson(8, 60), 5000, factors=(0.5, 2))


def test_a_rate_that_is_jumped_over_is_refused():
    pair = lsm.Neurons("a", 1)
    liquid = lsm.Liquid([lsm.Inputs("in", 1)], [pair], [lsm.Synapses("in", "a", lsm.AllToAll(), weight=1.0)])
    stimulus = lsm.Spikes.from_events([0], [0], n_steps=1000, n_channels=1, dt=1 * ms)
    with pytest.raises(DescriptionError, match="the rate jumps from 0 Hz to 1 Hz"):
        rescale.to_mean_rate(liquid, stimulus, 0.5, "input", factors=(0.5, 3))


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda liquid: rescale.scale(liquid, -1), "factor: got -1"),
        (lambda liquid: rescale.scale(liquid, float("nan")), "factor: got nan"),
        (
            lambda liquid: rescale.scale(liquid, 1, "output"),
            "which: got 'output', expected 'recurrent', 'input' or 'all'",
        ),
        (lambda liquid: rescale.to_spectral_radius(liquid, -1), "radius: got -1"),
        (lambda liquid: rescale.to_mean_rate(liquid, poisson(8, 60), 0), "rate: got 0"),
        (lambda liquid: rescale.to_mean_rate(liquid, poisson(8, 60), 9, factors=(2, 1)), "factors: got 2 and 1"),
        (
            lambda liquid: rescale.to_spectral_radius(dataclasses.replace(liquid, synapses=()), 0.9),
            "the recurrent weights form no loop",
        ),
    ],
)
def test_a_wrong_wish_is_refused_in_one_sentence(act, message):
    with pytest.raises(DescriptionError, match=message):
        act(a_liquid())
