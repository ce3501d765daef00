from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest

from lsm_sim import AllToAll, Edges, Inputs, Liquid, Neurons, Normal, OneToOne, Spikes, Synapses, Uniform, lower, ms
from lsm_sim.describe.drawing import draw_parameters, draw_synapses
from lsm_sim.errors import DescriptionError
from lsm_sim.testing import answer

ULP = Decimal(2) ** -52


def one_neuron(weight=1.0, delay=None, **parameters):
    return Liquid(
        [Inputs("in", 1)],
        [Neurons("n", 1, **parameters)],
        [Synapses("in", "n", OneToOne(), weight=weight, delay=delay)],
    )


def gain(tau_m, tau_syn, dt):
    """K/tau_syn of the contract, in 60 digits."""
    tau_m, tau_syn, dt = Decimal(tau_m), Decimal(tau_syn), Decimal(dt)
    if tau_m == tau_syn:
        return dt * (-dt / tau_m).exp() / tau_syn
    return ((-dt / tau_syn).exp() - (-dt / tau_m).exp()) / (1 / tau_m - 1 / tau_syn) / tau_syn


@pytest.fixture(autouse=True)
def _sixty_digits():
    with localcontext() as context:
        context.prec = 60
        yield


TAUS = [
    (20e-3, 5e-3),
    (5e-3, 20e-3),
    (10e-3, 10e-3),
    (10e-3, np.nextafter(10e-3, 1)),
    (10e-3, 10e-3 * (1 + 1e-13)),
    (10e-3, 10e-3 * (1 + 1e-9)),
    (10e-3, 10e-3 * (1 - 1e-5)),
    (1e-3, 1e3),
    (1e3, 1e-3),
]


@pytest.mark.filterwarnings("ignore::lsm_sim.LsmWarning")  # of long times
@pytest.mark.parametrize("dt", [1e-3, 1e-4])
@pytest.mark.parametrize(("tau_m", "tau_syn"), TAUS)
def test_decays_and_gain_are_the_closed_formulas(tau_m, tau_syn, dt):
    program = lower(one_neuron(tau_m=tau_m, tau_syn=tau_syn), dt, weight_bits=None)
    # each is a handful of correctly rounded operations; the quotients of dt carry their own rounding into exp
    for decay, tau in ((program.decay_u[0], tau_syn), (program.decay_v[0], tau_m)):
        assert abs(Decimal(decay) / (-Decimal(dt) / Decimal(tau)).exp() - 1) < 4 * ULP
    # x = dt (1/tau_m - 1/tau_syn) has an absolute error of a few ULP of dt/tau, which expm1(x)/x turns into a relative one
    exact = gain(tau_m, tau_syn, dt)
    largest = dt / min(tau_m, tau_syn)
    assert abs(Decimal(program.weight[0]) - exact) < exact * 16 * ULP * Decimal(1 + largest) + Decimal(2) ** -31


@pytest.mark.filterwarnings("ignore::lsm_sim.LsmWarning")  # of long times
@pytest.mark.parametrize(("tau_m", "tau_syn"), TAUS)
def test_one_spike_gives_the_exact_solution_of_the_equations(tau_m, tau_syn, reference):
    dt, steps, weight = 1e-3, 200, 0.5
    liquid = one_neuron(weight, tau_m=tau_m, tau_syn=tau_syn, v_thresh=10)
    program = lower(liquid, dt, weight_bits=None)
    stimulus = Spikes.from_events([0], [0], n_steps=steps + 1, n_channels=1, dt=dt)
    v = answer(reference, program, stimulus).v[0][:, 0]
    a, b = 1 / Decimal(tau_m), 1 / Decimal(tau_syn)
    for k in (1, 2, 3, 10, 50, 200):  # the spike of step 0 arrives at step 1 and has acted for k steps at step k's end
        t = Decimal(dt) * k
        # dv/dt = -v/tau_m + u, u = weight/tau_syn exp(-t/tau_syn), v(0) = 0
        both = t * (-a * t).exp() if a == b else ((-b * t).exp() - (-a * t).exp()) / (a - b)
        exact = Decimal(weight) * b * both
        # the weight is rounded to 2^-30, which scales all of v; the other operations are exact to 1e-15 each
        assert abs(Decimal(v[k]) - exact) < exact * Decimal(2.0**-30 / program.weight[0]) + Decimal(1e-14 * k)


def test_the_bias_drives_v_to_its_steady_state(reference):
    liquid = one_neuron(tau_m=10e-3, v_rest=0.25, i_bias=30.0, v_thresh=5, v_reset=-0.5)
    program = lower(liquid, 1e-3)
    stimulus = Spikes.from_dense(np.zeros((1000, 1)), 1e-3)
    v = answer(reference, program, stimulus).v[0][:, 0] - 0.5
    exact = (
        0.25 + 30 * 10e-3 + (-0.5 - 0.55) * np.exp(-np.arange(1, 1001) / 10)
    )  # from v_reset to v_rest + i_bias tau_m
    np.testing.assert_allclose(
        v, exact, rtol=0, atol=1e-13
    )  # rounding of up to 1000 steps, each forgotten after about 10


def test_v_counts_from_reset():
    program = lower(one_neuron(v_rest=-65.0, v_thresh=-50.0, v_reset=-60.0), 1e-3)
    assert program.threshold[0] == 10
    np.testing.assert_allclose(program.bias[0], -5 * -np.expm1(-1e-3 / 20e-3), rtol=1e-15)  # a product of two roundings


def test_every_neuron_has_its_own_parameters():
    tau_m = np.array([10e-3, 20e-3, 30e-3])
    group = Neurons("n", 3, tau_m=tau_m, tau_syn=Uniform(2 * ms, 4 * ms), v_thresh=[1, 2, 3])
    program = lower(Liquid([], [group], seed=4), 1e-3)
    np.testing.assert_array_equal(program.decay_v, np.exp(-1e-3 / tau_m))
    np.testing.assert_array_equal(program.decay_u, np.exp(-1e-3 / draw_parameters(group, 4)["tau_syn"]))
    assert program.threshold.tolist() == [1, 2, 3]


@pytest.mark.parametrize(("t_ref", "steps"), [(0, 0), (0.4 * ms, 0), (0.6 * ms, 1), (3 * ms, 3), (2.9999 * ms, 3)])
def test_refractory_is_the_nearest_number_of_steps(t_ref, steps):
    assert lower(one_neuron(t_ref=t_ref), 1e-3).refractory.tolist() == [steps]


@pytest.mark.parametrize(
    ("delay", "dt", "stored"),
    [
        (None, 1e-3, 0),
        (1 * ms, 1e-3, 0),
        (1.4 * ms, 1e-3, 0),
        (1.6 * ms, 1e-3, 1),
        (64 * ms, 1e-3, 63),
        (0.3 * ms, 1e-4, 2),
    ],
)
def test_delay_is_the_nearest_number_of_steps_less_one(delay, dt, stored):
    assert lower(one_neuron(delay=delay), dt).delay.tolist() == [stored]


WEIGHTS = [
    np.linspace(-1, 1, 21),
    np.array([1e-6, 3.0]),
    np.array([2.0**20, 1.0]),
    np.array([0.0, 0.0]),
    np.array([7e-9]),
]


def with_weights(values):
    n = len(values)
    wires = Synapses("in", "n", Edges(np.arange(n), np.arange(n)), weight=values)
    return Liquid([Inputs("in", n)], [Neurons("n", n)], [wires])


@pytest.mark.parametrize("bits", [2, 8, 16, 24, None])
@pytest.mark.parametrize("values", WEIGHTS[:2], ids=["dense", "apart"])
def test_weights_are_the_nearest_on_the_finest_grid_that_fits(values, bits):
    program = lower(with_weights(values), 1e-3, weight_bits=bits)
    exact = [Fraction(float(value * gain)) for value, gain in zip(values, unit_gain(len(values)), strict=True)]
    exponent = 30
    if bits is not None:
        top = 2 ** (bits - 1) - 1
        exponent = max(e for e in range(31) if round(max(map(abs, exact)) * 2**e) <= top)
    nearest = [Fraction(round(value * 2**exponent), 2**exponent) for value in exact]  # round half to even, as NumPy
    assert [Fraction(float(weight)) for weight in program.weight] == nearest


def unit_gain(n):
    """Return what lowering multiplies a weight with, read from weights that are exact on every grid."""
    x = 1e-3 * (1 / 20e-3 - 1 / 5e-3)
    return [1e-3 * np.exp(-1e-3 / 20e-3) * (np.expm1(x) / x) / 5e-3] * n


@pytest.mark.parametrize("values", WEIGHTS, ids=["dense", "apart", "large", "zero", "tiny"])
def test_mantissas_fit_sixteen_bits(values):
    program = lower(with_weights(values), 1e-3)
    finest = next(e for e in range(30, -60, -1) if np.ldexp(np.abs(program.weight).max(), e) <= 2**15 - 1)
    mantissa = np.ldexp(program.weight, finest)
    assert (mantissa == np.rint(mantissa)).all()


def test_weights_beyond_the_fine_grid_are_an_error():
    assert lower(with_weights(np.array([4000.0])), 1e-3, weight_bits=None).n_synapses == 1
    with pytest.raises(
        DescriptionError, match=r"weights: the largest is 1\.\d+e\+06 after lowering, expected less than 2\^12"
    ):
        lower(with_weights(np.array([1e7])), 1e-3, weight_bits=None)


@pytest.mark.parametrize("bits", [16, None])
def test_weights_that_would_all_vanish_are_an_error(bits):
    with pytest.raises(
        DescriptionError, match=r"weights: the largest is .* would round to 0, expected at least 2\^-31"
    ):
        lower(with_weights(np.array([1e-12, -1e-10])), 1e-3, weight_bits=bits)


def test_weights_too_large_to_sum_exactly_are_an_error():
    with pytest.raises(DescriptionError, match=r"so that sums are exact"):
        lower(with_weights(np.array([1e300])), 1e-3)


def test_rows_are_sorted_and_complete():
    groups = [Neurons("a", 3), Neurons("b", 2)]
    wires = [
        Synapses("b", ("b", "a"), AllToAll(autapses=True), weight=0.25, delay=2 * ms),
        Synapses("in", "b", AllToAll(), weight=0.5),
        Synapses("b", "a", AllToAll(), weight=-0.5),
    ]
    program = lower(Liquid([Inputs("in", 2)], groups, wires), 1e-3)
    assert program.indptr.tolist() == [0, 2, 4, 4, 4, 4, 12, 20]
    assert program.post[:4].tolist() == [3, 4, 3, 4]
    assert program.post[4:12].tolist() == [0, 0, 1, 1, 2, 2, 3, 4]
    assert program.delay[4:12].tolist() == [0, 1, 0, 1, 0, 1, 1, 1]
    assert program.input_groups == {"in": range(2)}
    assert program.neuron_groups == {"a": range(3), "b": range(3, 5)}


def test_dale_folds_two_sided_draws_and_keeps_the_rest():
    groups = [Neurons("e", 30, sign=1), Neurons("i", 30, sign=-1), Neurons("free", 30)]
    wires = [Synapses(name, "e", AllToAll(), weight=Normal(0, 1)) for name in ("e", "i", "free")]
    weights = {p.pre: p.weight for p in draw_synapses(Liquid([], groups, wires))}
    assert (weights["e"] >= 0).all()
    assert (weights["i"] <= 0).all()
    assert (weights["free"] < 0).any()
    assert (weights["free"] > 0).any()


@pytest.mark.filterwarnings("ignore::lsm_sim.LsmWarning")  # of long times
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: lower(one_neuron(), 0), "dt: got 0, expected a number > 0"),
        (lambda: lower(one_neuron(), np.nan), "dt: got nan, expected finite"),
        (lambda: lower(one_neuron(), 6e-3), "dt: got 0.006 s, but tau_syn in 'n' is 0.005 s; expected dt no larger"),
        (lambda: lower(one_neuron(tau_m=1e-3), 2e-3), "tau_m in 'n' is 0.001 s"),
        (
            lambda: lower(one_neuron(delay=0.5 * ms), 1e-3),
            "Synapses in -> n delay: got 0.0005 s, expected at least one step",
        ),
        (
            lambda: lower(one_neuron(delay=1e300), 1e-3),
            r"Synapses in -> n delay: got 1e\+300 s, expected less than 2\^31 steps",
        ),
        (lambda: lower(one_neuron(delay=1e5), 1e-3), r"Program delay: got 99999999 steps, expected 0\.\."),
        (lambda: lower(one_neuron(t_ref=1e300), 1e-3), r"t_ref: got 1e\+300 s, expected less than 2\^31 steps"),
        (lambda: lower(one_neuron(), 1e-3, weight_bits=1), "weight_bits: got 1, expected a whole number >= 2"),
        (lambda: lower("liquid", 1e-3), "lower: got str, expected a Liquid"),
        (lambda: lower(one_neuron(tau_m=Uniform(-1, 1e-6)), 1e-3), "Neurons 'n' tau_m: drew -"),
        (lambda: lower(one_neuron(t_ref=Uniform(-2, -1)), 1e-3), "Neurons 'n' t_ref: drew -"),
        (lambda: lower(one_neuron(v_thresh=Uniform(-2, -1)), 1e-3), "drew a v_thresh at or below v_reset"),
        (lambda: lower(Liquid([], [Neurons("n", 2 * 10**9)]), 1e-3), "Liquid: needs about .* GiB but"),
        (
            lambda: lower(Liquid([Inputs(f"x{i}", 2 * 10**9) for i in range(9)], [Neurons("n", 1)]), 1e-3),
            "Liquid: needs about",
        ),
        (
            lambda: lower(Liquid([], [Neurons("n", 10**6)], [Synapses("n", "n", AllToAll())]), 1e-3),
            "Synapses n -> n: needs about",
        ),
    ],
)
def test_what_does_not_fit_is_an_error(make, words):
    with pytest.raises(DescriptionError, match=words):
        make()


def test_huge_weight_bits_mean_the_finest_grid():
    values = np.array([0.1, -0.7])
    fine, huge = (lower(with_weights(values), 1e-3, weight_bits=bits).weight for bits in (None, 5000))
    np.testing.assert_array_equal(fine, huge)
