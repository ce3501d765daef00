import numpy as np
import pytest

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import ms
from lsm_sim.describe.drawing import draw_synapses
from lsm_sim.errors import DescriptionError
from lsm_sim.simulate import rescale
from lsm_sim_models.groups import column, inhibitory_mask
from lsm_sim_models.maass2002 import efficacy


def static_column(**settings):
    return models.maass2002(plasticity="static", **settings)


SIZED = [models.elsm, models.random_ei, models.small_world, models.speech]
ALL = [models.maass2002, static_column, *SIZED]


def poisson(n_channels, rate, *, seed=0, n_samples=4, seconds=0.5, dt=0.5 * ms):
    rng = np.random.default_rng(seed)
    return lsm.Spikes.from_dense(rng.random((n_samples, round(seconds / dt), n_channels)) < rate * dt, dt)


def projection(liquid, pre, post):
    (found,) = [p for p in draw_synapses(liquid) if (p.pre, p.post) == (pre, post)]
    return found


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    ("model", "n_inputs", "rate"),
    [
        (models.maass2002, 4, 20),
        (models.maass2002, 4, 50),
        (static_column, 4, 20),
        (static_column, 4, 50),
        (models.elsm, 32, 20),
        (models.elsm, 32, 50),
        (models.random_ei, 4, 50),
        (models.random_ei, 32, 20),
        (models.random_ei, 32, 50),
        (models.small_world, 32, 20),
        (models.small_world, 32, 50),
        (models.speech, 32, 20),
        (models.speech, 32, 50),
        (models.speech, 96, 50),
    ],
)
def test_a_model_is_neither_silent_nor_saturated(model, n_inputs, rate, seed):
    liquid = model(n_inputs=n_inputs, seed=seed)
    result = lsm.run(liquid, poisson(n_inputs, rate), spikes=False, bins=1)
    rates = result.counts[:, 0].sum(axis=0) / (4 * 0.5)
    assert 1 < rates.mean() < 60
    assert (rates > 0).mean() > 0.5  # most take part
    assert rates.max() < 250  # the refractory periods alone allow 333 Hz and more


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    ("model", "n_inputs"), [(models.maass2002, 4), (static_column, 4), *((model, 32) for model in SIZED)]
)
def test_a_model_forgets(model, n_inputs, seed):
    dense = np.random.default_rng(1).random((4, 2000, n_inputs)) < 50 * 0.5 * ms
    dense[:, 1000:] = False  # half a second of input, half a second of silence
    stimulus = lsm.Spikes.from_dense(dense, 0.5 * ms)
    counts = lsm.run(model(n_inputs=n_inputs, seed=seed), stimulus, spikes=False, bins=10).counts.sum(axis=(0, 2))
    assert counts[4] > 0
    assert counts[5] > 0  # an echo
    assert (counts[7:] == 0).all()


@pytest.mark.parametrize("model", ALL)
def test_the_seed_fixes_a_model(model):
    assert model(n_inputs=5, seed=3) == model(n_inputs=5, seed=3)
    one, two = (lsm.lower(model(n_inputs=5, seed=seed), 0.5 * ms) for seed in (3, 4))
    assert one.digest != two.digest


@pytest.mark.parametrize("model", ALL)
def test_a_model_comes_back_from_a_file(model, tmp_path):
    liquid = model(n_inputs=3, seed=1)
    liquid.save(tmp_path / "model.toml")
    assert lsm.Liquid.load(tmp_path / "model.toml") == liquid


@pytest.mark.parametrize("model", ALL)
def test_one_in_five_neurons_is_inhibitory_and_dales_law_holds(model):
    liquid = model(n_inputs=5, seed=3)
    sizes = {group.name: group.size for group in liquid.neurons}
    assert sizes["inh"] == round(0.2 * sum(sizes.values()))
    signs = {"exc": 1, "inh": -1}
    for drawn in draw_synapses(liquid):
        if drawn.pre in signs:
            assert drawn.source.size
            assert (drawn.weight * signs[drawn.pre] >= 0).all()


@pytest.mark.parametrize("model", SIZED)
@pytest.mark.parametrize("n_neurons", [50, 135, 301])
def test_a_model_has_the_size_asked_for(model, n_neurons):
    liquid = model(n_inputs=3, n_neurons=n_neurons)
    assert (liquid.n_inputs, liquid.n_neurons) == (3, n_neurons)


def test_maass_constants_are_those_of_the_paper():
    exc, inh = models.maass2002(n_inputs=1).neurons
    assert (exc.size, inh.size) == (108, 27)
    for group, t_ref in ((exc, 3 * ms), (inh, 2 * ms)):
        assert (group.tau_m, group.tau_syn, group.t_ref) == (30 * ms, 3 * ms, t_ref)
        assert (group.v_rest, group.v_thresh, group.v_reset) == (0.0, 15.0, 13.5)
        # 1 MOhm * 13.5 nA, by way of a division and a multiplication
        np.testing.assert_allclose(group.i_bias * group.tau_m, 13.5, rtol=1e-15)


def test_maass_positions_fill_the_grid_once():
    exc, inh = models.maass2002(n_inputs=1, seed=5).neurons
    points = np.concatenate([exc.positions, inh.positions])
    np.testing.assert_array_equal(np.unique(points, axis=0), lsm.grid(15, 3, 3).draw(135, np.random.default_rng(0)))


def test_maass_weights_are_charge_over_tau_m():
    liquid = static_column(n_inputs=4, presynaptic_rate=0)
    means = {(s.pre, s.post): s.weight.factor * s.weight.first for s in liquid.synapses}
    # R A U tau_s / tau_m in mV, each by hand
    by_hand = {
        ("exc", "exc"): 1.5,
        ("exc", "inh"): 0.3,
        ("inh", "exc"): -0.95,
        ("inh", "inh"): -1.216,
        ("input", "exc"): 1.8,
        ("input", "inh"): 0.9,
    }
    assert means.keys() == by_hand.keys()
    for key, value in by_hand.items():
        np.testing.assert_allclose(means[key], value, rtol=1e-14)  # a handful of roundings
    assert all(s.weight.law == "Gamma" and s.weight.second == 1 for s in liquid.synapses)  # SD = 100 % of the mean


def test_maass_plasticity_is_that_of_the_paper():
    exc, inh = models.maass2002(n_inputs=1).neurons
    for group in (exc, inh):
        assert (group.tau_syn, group.tau_syn_inh) == (3 * ms, 6 * ms)
        assert group.v_init == lsm.Uniform(13.5, 15.0)
    liquid = models.maass2002(n_inputs=1, seed=1)
    means = {  # U, D and F in s
        ("exc", "exc"): (0.5, 1.1, 0.05),
        ("exc", "inh"): (0.05, 0.125, 1.2),
        ("inh", "exc"): (0.25, 0.7, 0.02),
        ("inh", "inh"): (0.32, 0.144, 0.06),
    }
    for synapses in liquid.synapses:
        if synapses.pre == "input":
            assert synapses.stp is None
            continue
        for drawn, mean in zip(
            (synapses.stp.U, synapses.stp.tau_rec, synapses.stp.tau_facil),
            means[synapses.pre, synapses.post],
            strict=True,
        ):
            assert drawn.factor * drawn.first == mean
            assert drawn.second == 0.5  # standard deviation per mean
            values = drawn.draw(100_000, np.random.default_rng(0))
            np.testing.assert_allclose(values.mean(), mean, rtol=0.01)  # the truncation is symmetric; 5 standard errors


def test_the_published_column_answers_and_falls_silent():
    """As published 3 to 8 Hz for one channel of 20 Hz, and nothing from 100 ms after it; without plasticity for ever."""
    rates = {}
    for name, settings in {"published": {}, "at rest": {"plasticity": "static", "presynaptic_rate": 0}}.items():
        during, after = [], []
        for seed in range(5):
            dense = np.random.default_rng(100 + seed).random((10, 20_000, 1)) < 20 * 0.1 * ms
            dense[:, 10_000:] = False
            stimulus = lsm.Spikes.from_dense(dense, 0.1 * ms)
            liquid = models.maass2002(n_inputs=1, seed=seed, **settings)
            counts = lsm.run(liquid, stimulus, spikes=False, bins=20).counts.sum(axis=(0, 2)) / 10 / 135
            during.append(counts[:10].sum())
            after.append(counts[11:].sum() / 0.9)
        rates[name] = np.mean(during), np.max(after)
    assert 3 < rates["published"][0] < 8
    assert rates["published"][1] <= 0.1
    assert min(rates["at rest"]) > 100


def test_inhibition_of_the_extended_liquid_balances_its_excitation():
    program = lsm.lower(models.elsm(n_inputs=4, n_neurons=800, balance=1.5, seed=2), 1 * ms)
    weights, synapses = program.weights(), program.synapses()
    recurrent = synapses.source >= program.n_inputs
    for members in program.neuron_groups.values():
        own = recurrent & (synapses.post >= members.start) & (synapses.post < members.stop)
        total = [np.abs(weights[own & (np.sign(weights) == sign)]).sum() for sign in (1, -1)]
        assert abs(total[1] / total[0] - 1.5) < 0.25  # connections and weights are drawn: 5 to 10 %


def test_neurons_of_the_extended_liquid_differ_unless_asked_not_to():
    exc, inh = models.elsm(n_inputs=4).neurons
    assert exc.tau_adapt == 200 * ms
    assert inh.tau_adapt is None
    assert exc.tau_m.law == "Gamma"
    exc, inh = models.elsm(n_inputs=4, heterogeneity=np.inf, tau_adapt=None).neurons
    assert exc.tau_adapt is exc.adapt_step is None
    assert (exc.tau_m, inh.tau_syn) == (30 * ms, 20 * ms)


def test_maass_delays_are_those_of_the_paper():
    delays = {(s.pre, s.post): s.delay for s in models.maass2002(n_inputs=4).synapses if s.pre != "input"}
    assert delays.pop(("exc", "exc")) == 1.5 * ms
    assert set(delays.values()) == {0.8 * ms}


def test_maass_connects_as_often_as_the_paper_says():
    expected, found = 0.0, 0
    for seed in range(20):
        liquid = models.maass2002(n_inputs=1, seed=seed)
        exc = liquid.neurons[0].positions
        squared = ((exc[:, None] - exc[None]) ** 2).sum(axis=2)
        p = 0.3 * np.exp(-squared / 4)
        np.fill_diagonal(p, 0)
        expected += p.sum()
        found += projection(liquid, "exc", "exc").source.size
    # a sum of Bernoulli trials has a standard deviation below sqrt(expected); five of them
    assert abs(found - expected) < 5 * expected**0.5


@pytest.mark.parametrize("rate", [1.0, 20.0, 200.0])
def test_efficacy_is_where_the_recursion_settles(rate):
    use, depression, facilitation = 0.05, 0.125, 1.2
    u, r = use, 1.0
    for _ in range(10_000):
        r = 1 + (r - u * r - 1) * np.exp(-1 / (rate * depression))
        u = use + u * (1 - use) * np.exp(-1 / (rate * facilitation))
    np.testing.assert_allclose(
        efficacy(use, depression, facilitation, rate), u * r, rtol=1e-12
    )  # rounding of 10^4 steps


def test_efficacy_of_the_first_spike_is_u():
    assert efficacy(0.5, 1.1, 0.05, rate=0) == 0.5
    np.testing.assert_allclose(efficacy(0.5, 1.1, 0.05, rate=1e-3), 0.5, rtol=1e-12)  # 1000 s of recovery: exp(-900)


def test_random_ei_has_the_in_degrees_and_weights_of_its_docstring():
    liquid = models.random_ei(n_inputs=20, n_neurons=200, connectivity=0.1, strength=0.4, g=5)
    for pre, degree, weight in (("exc", 16, 0.1), ("inh", 4, -0.5)):
        for post in ("exc", "inh"):
            drawn = projection(liquid, pre, post)
            assert (np.bincount(drawn.target) == degree).all()
            np.testing.assert_array_equal(drawn.weight, weight)
    assert (np.bincount(projection(liquid, "input", "exc").target) == 10).all()


def test_random_ei_takes_fewer_channels_than_its_input_degree():
    liquid = models.random_ei(n_inputs=2, n_neurons=50)
    assert (np.bincount(projection(liquid, "input", "exc").target) == 2).all()


def test_small_world_without_shortcuts_is_the_ring():
    n, liquid = 100, models.small_world(n_inputs=1, n_neurons=100, k=4, p=0.0, seed=2)
    mask = inhibitory_mask(n, 0.2, 2)
    place = {"exc": np.flatnonzero(~mask), "inh": np.flatnonzero(mask)}
    offsets = np.concatenate(
        [
            (place[drawn.post][drawn.target] - place[drawn.pre][drawn.source]) % n
            for drawn in draw_synapses(liquid)
            if drawn.pre != "input"
        ]
    )
    assert np.unique(offsets, return_counts=True)[0].tolist() == [1, 2, 98, 99]
    assert np.unique(offsets, return_counts=True)[1].tolist() == [100] * 4


def test_small_world_moves_a_share_p_of_its_synapses():
    n, liquid = 1000, models.small_world(n_inputs=1, n_neurons=1000, k=10, p=0.2, seed=2)
    mask = inhibitory_mask(n, 0.2, 2)
    place = {"exc": np.flatnonzero(~mask), "inh": np.flatnonzero(mask)}
    far = total = 0
    for drawn in draw_synapses(liquid):
        if drawn.pre != "input":
            offset = (place[drawn.post][drawn.target] - place[drawn.pre][drawn.source]) % n
            far += int(((offset > 5) & (offset < n - 5)).sum())
            total += offset.size
    assert total == 10 * n
    assert abs(far - 0.2 * total) < 5 * (0.2 * 0.8 * total) ** 0.5 + 0.01 * total  # binomial; 1 % fall back nearby


def test_speech_input_has_both_signs_and_reaches_three_in_ten():
    liquid = models.speech(n_inputs=50, seed=1)
    for post, size in (("exc", 400), ("inh", 100)):
        drawn, pairs = projection(liquid, "input", post), 50 * size
        assert abs(drawn.source.size - 0.3 * pairs) < 5 * (0.21 * pairs) ** 0.5  # binomial, five standard deviations
        assert abs((drawn.weight > 0).mean() - 0.5) < 5 * 0.5 / drawn.source.size**0.5


def test_speech_without_recurrence_has_weights_of_zero():
    off = models.speech(n_inputs=5, recurrent_weight=0.0)
    assert all((drawn.weight == 0).all() for drawn in draw_synapses(off) if drawn.pre != "input")


def test_a_model_can_be_rescaled():
    scaled = rescale.to_spectral_radius(models.speech(n_inputs=5, n_neurons=100), 0.8)
    np.testing.assert_allclose(rescale.spectral_radius(scaled), 0.8, rtol=1e-12)  # two eigenvalue problems in float64


@pytest.mark.parametrize(("n", "size"), [(135, (15, 3, 3)), (10, (2, 3, 3)), (507, (3, 13, 13)), (500, (3, 13, 13))])
def test_a_column_has_one_neuron_per_point(n, size):
    points = column(n)
    assert len(np.unique(points, axis=0)) == len(points) == n
    assert tuple(points.max(axis=0) + 1) == size


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: models.maass2002(n_inputs=0), "Inputs 'input' size: got 0"),
        (lambda: models.maass2002(n_inputs=1, shape=(15, 3)), r"shape: got \(15, 3\), expected three"),
        (lambda: models.maass2002(n_inputs=1, shape=(0, 3, 3)), "grid nx: got 0"),
        (lambda: static_column(n_inputs=1, presynaptic_rate=-1), "presynaptic_rate: got -1"),
        (lambda: models.maass2002(n_inputs=1, lam=0), "DistanceRule lam: got 0"),
        (lambda: models.maass2002(n_inputs=1, seed=-1), "seed: got -1"),
        (lambda: models.maass2002(n_inputs=1, input_probability=1.5), "FixedProbability p: got 1.5"),
        (lambda: models.random_ei(n_inputs=1, n_neurons=1), "n_neurons: got 1"),
        (lambda: models.random_ei(n_inputs=1, inhibitory=0), "inhibitory: got 0 of 500 neurons"),
        (lambda: models.random_ei(n_inputs=1, inhibitory=2), "inhibitory: got 2, expected a probability"),
        (lambda: models.random_ei(n_inputs=1, connectivity=0), "connectivity: got 0, expected at least one source"),
        (lambda: models.random_ei(n_inputs=1, g=-1), "g: got -1"),
        (lambda: models.random_ei(n_inputs=1, input_weight=-1), "Gamma mean: got -1"),
        (lambda: models.small_world(n_inputs=1, k=3), "SmallWorld k: got 3, expected an even number"),
        (lambda: models.small_world(n_inputs=1, p=2), "SmallWorld p: got 2"),
        (
            lambda: models.small_world(n_inputs=1, delay=1 * ms),
            "delay: got 0.001, expected the shortest and the longest",
        ),
        (lambda: models.speech(n_inputs=1, delay=(5 * ms, 1 * ms)), "Uniform: got low 0.005 and high 0.001"),
        (lambda: models.speech(n_inputs=1, delay=(0, 1 * ms)), "delay: got 0"),
        (lambda: models.speech(n_inputs=1, recurrent_weight=-1), "recurrent_weight: got -1, expected a number >= 0"),
        (lambda: models.speech(n_inputs=1, input_weight="x"), "input_weight: got values of type"),
        (lambda: models.speech(n_inputs=1, tau_m=0), "Neurons 'exc' tau_m: got 0 s"),
    ],
)
def test_a_wrong_parameter_is_refused_in_one_sentence(act, message):
    with pytest.raises(DescriptionError, match=message):
        act()


@pytest.mark.parametrize("model", models.__all__)
def test_a_number_without_its_name_is_refused(model):
    with pytest.raises(TypeError, match="positional argument"):
        getattr(models, model)(500)
