"""All measures of a liquid at once: what is computed, printed, drawn, skipped; and what bad input gives."""

import json
import warnings

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

import lsm_sim as lsm
from lsm_sim import DescriptionError, Hz, LsmWarning, Spikes, measures, ms
from lsm_sim.measures.collection import NAMES
from lsm_sim.measures.stimuli import jittered, replaced, with_equal_background

SMALL = {"n_samples": 700, "n_stimuli": 12, "n_lags": 10, "lags": (10, 4), "progress": False}


def liquid(n=24, weight=1.5, **neurons):
    synapses = [
        lsm.Synapses("in", "n", lsm.FixedProbability(0.5), lsm.Normal(0, weight)),
        lsm.Synapses("n", "n", lsm.FixedProbability(0.1), lsm.Normal(0, 0.3), lsm.Uniform(1 * ms, 8 * ms)),
    ]
    return lsm.Liquid([lsm.Inputs("in", 8)], [lsm.Neurons("n", n, t_ref=2 * ms, **neurons)], synapses, seed=3)


@pytest.fixture(scope="module")
def found():
    return measures.all_of(liquid(), **SMALL)


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_every_measure_is_there_and_says_its_name(found):
    assert not found.skipped
    lines = str(found).splitlines()
    assert len(lines) == len(NAMES)
    assert all(": " in line for line in lines)


def test_plain_data_are_json(found):
    data = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert data["memory_capacity"]["capacity"] == found.memory_capacity.capacity
    assert data["kernel_rank"]["n_samples"] == 12
    assert data["settings"]["neurons"] == 24
    assert data["fading_memory"]["distance"].keys() >= {"spikes", "traces", "u", "v"}


@pytest.mark.parametrize("name", NAMES)
def test_each_is_drawn_into_axes_or_a_new_figure(found, name):
    result = found.results()[name]
    ax = Figure().add_subplot()
    assert result.plot(ax) is ax
    assert ax.get_xlabel()
    assert result.plot().figure is not ax.figure


def test_the_page_has_a_panel_for_each_with_its_figure(found):
    figure = found.plot(Figure(figsize=(10, 6)))
    titles = [ax.get_title() for ax in figure.axes]
    assert len(titles) == len(NAMES)
    assert titles[0] == f"Rates: {found.rates.mean:.1f} Hz"


def test_equal_seeds_give_equal_figures_and_others_do_not(found):
    assert str(measures.all_of(liquid(), **SMALL)) == str(found)
    assert str(measures.all_of(liquid(), **SMALL, seed=1)) != str(found)


def test_the_delay_horizon_is_in_samples(found):
    assert found.memory_capacity.delay_horizon == pytest.approx(8 / 20)  # 8 ms, of 20 ms


def test_the_reference_gives_the_same(found):
    assert str(measures.all_of(liquid(), **SMALL, backend="reference")) == str(found)


def test_a_silent_liquid_is_refused_with_the_remedy():
    with pytest.raises(DescriptionError, match=r"no neuron spikes under Poisson input of 69\.?\d* Hz.*to_mean_rate"):
        measures.all_of(liquid(weight=1e-3), **SMALL)


def test_a_liquid_that_always_spikes_is_measured_with_warnings():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = measures.all_of(liquid(i_bias=1e5), **SMALL)
    texts = [str(one.message) for one in caught if issubclass(one.category, LsmWarning)]
    assert any("spike nearly all the time, at 333 of at most 333 Hz" in text for text in texts)
    assert "kernel_rank" in found.skipped
    assert found.kernel_rank is None
    assert "kernel_rank: not measured" in str(found)
    assert found.plot(Figure()).axes
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_liquid_of_one_channel_and_few_spikes_is_measured():
    synapses = [lsm.Synapses("in", "n", lsm.AllToAll(), lsm.Normal(0, 20.0))]
    sparse = lsm.Liquid([lsm.Inputs("in", 1)], [lsm.Neurons("n", 10)], synapses, seed=1)
    found = measures.all_of(sparse, rate=20.0, **SMALL)
    assert found.settings["encoder"].startswith("Rate(")
    assert found.lyapunov.exponent < 0
    assert not found.skipped


def test_an_encoder_for_other_channels_is_refused():
    with pytest.raises(DescriptionError, match="got 12 spike channels for one signal, expected 8"):
        measures.all_of(liquid(), lsm.encode.Bits(12))


def test_a_rate_beyond_the_step_is_refused():
    with pytest.raises(DescriptionError, match="got 900 Hz on each channel, expected above 0 and at most 500 Hz"):
        measures.all_of(liquid(), rate=900.0, **SMALL)


def test_noise_is_the_same_in_every_sample():
    plain = liquid()
    noisy = lsm.Liquid(
        plain.inputs, plain.neurons, plain.synapses, seed=3, background=[lsm.Background("n", 50 * Hz, 0.5)]
    )
    stimulus = Spikes.from_dense(np.random.default_rng(0).random((3, 100, 8)) < 0.1, 1 * ms)
    full = with_equal_background(stimulus, noisy)
    assert measures.fading_memory(noisy, stimulus, stimulus[[1, 2, 0]], stimulus).remaining["u"] < 0.5
    assert full.n_channels > 8
    rasters = full.to_dense()
    np.testing.assert_array_equal(rasters[:, :, :8], stimulus.to_dense())
    assert rasters[0, :, 8:].any()
    np.testing.assert_array_equal(rasters[1:, :, 8:], rasters[:2, :, 8:])


def test_variants_of_a_sample_keep_its_channels_and_most_of_its_spikes():
    rng = np.random.default_rng(1)
    sample = np.unique(rng.integers(0, 8000, 400))
    moved = jittered(sample, 1000, 8, 4.0, rng)
    assert moved.max() < 8000
    assert np.bincount(moved % 8, minlength=8) == pytest.approx(np.bincount(sample % 8, minlength=8), abs=4)
    assert np.abs(np.sort(moved // 8) - np.sort(sample // 8)[: moved.size]).mean() < 10
    fresh = np.unique(rng.integers(0, 8000, 400))
    assert np.array_equal(replaced(sample, 0.0, fresh, rng), sample)
    assert np.array_equal(replaced(sample, 1.0, fresh, rng), fresh)


STIMULUS = Spikes.from_dense(np.random.default_rng(2).random((2, 300, 8)) < 0.1, 1 * ms)
X = np.random.default_rng(3).uniform(size=250)
STATES = np.random.default_rng(4).normal(size=(250, 40))


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: measures.memory_capacity(STATES, X), "got 250 samples, expected at least 500: 100 before the first row"),
        (lambda: measures.memory_capacity(STATES, X, n_lags=400), "expected at least 800: 400 before the first row"),
        (lambda: measures.memory_capacity(STATES, X[:200]), "got a series of shape (200, 1) and 250 rows of states"),
        (lambda: measures.memory_capacity(STATES, 0 * X), "got a constant series"),
        (lambda: measures.memory_capacity(STATES * np.nan, X), "got nan, expected finite numbers"),
        (lambda: measures.information_processing_capacity(STATES, X), "expected at least 260: 100 before the first row, and 4 rows for each of 40 features"),
        (lambda: measures.information_processing_capacity(STATES, X, lags=(60, 500)), "expected at most 20000"),
        (lambda: measures.kernel_rank(np.ones((5, 3))), "got 5 equal states"),
        (lambda: measures.kernel_rank(np.ones((1, 3))), "got 1 rows of states, expected at least 2"),
        (lambda: measures.effective_dimension(np.zeros((5, 3))), "neither stay silent nor spike all the time"),
        (lambda: measures.separation(STIMULUS, STIMULUS, STATES[:2], STATES[:2]), "got equal inputs in every pair"),
        (lambda: measures.interval_cv(Spikes.from_trains([[]], duration=1.0, dt=1 * ms)), "got no spike of 1 neurons"),
        (lambda: measures.synchrony(STIMULUS, bin=0.1), "got 3 bins of 0.1 s in sample 0, expected at least 10; use samples of 1 s or more"),
        (lambda: measures.branching_ratio(Spikes.from_dense(np.ones((1, 300, 2), bool), 1 * ms)), "the same activity in every bin"),
        (lambda: measures.synchrony(Spikes.from_dense(np.ones((1, 300, 2), bool), 1 * ms)), "the same count in every bin"),
        (lambda: measures.lyapunov(liquid(), STIMULUS, window=0.4), "got samples of 0.3 s, expected at least 0.5"),
        (lambda: measures.lyapunov(liquid(), STIMULUS, start=0.299), "got no spike in sample 0 after 0.299 s that can come a step later"),
        (lambda: measures.fading_memory(liquid(), STIMULUS, STIMULUS[:1], STIMULUS), "expected as many samples of each"),
        (lambda: measures.fading_memory(liquid(), STIMULUS, STIMULUS, STIMULUS, bin=0.1), "got 3 bins of history and 3 of equal input"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_with_what_is_needed(call, expected):
    with pytest.raises(DescriptionError) as caught:
        call()
    assert expected in str(caught.value)


def test_equal_histories_leave_nothing_to_forget():
    with pytest.warns(LsmWarning, match="equal after different histories"), pytest.raises(DescriptionError):
        measures.fading_memory(liquid(), STIMULUS, STIMULUS, STIMULUS)
