"""Time constants of forecasters chosen from the series, and what `fit` says of series and liquids that are no good."""

from functools import partial

import numpy as np
import pytest
from sklearn.base import clone

import lsm_sim as lsm
from lsm_sim import encode, ms
from lsm_sim.errors import DescriptionError, LsmWarning
from lsm_sim.learn.forecast import LiquidForecaster
from lsm_sim.learn.forecast.states import sample_edges, with_traces
from lsm_sim.learn.forecast.time_constants import correlation_time, sample_frame, trace_taus, with_time_scale
from lsm_sim_models import forecasting, memory

CURVES = encode.Population(n=8, max_rate=500, frame=12 * ms)
SMALL = partial(forecasting, n_neurons=30, seed=1)


def forecaster(liquid=SMALL, **changed):
    return LiquidForecaster(liquid, CURVES, **{"washout": 30, "n_threads": 1} | changed)


def wave(period, n=300):
    return np.sin(2 * np.pi * np.arange(n) / period)


@pytest.mark.parametrize("period", [6.0, 20.0, 41.5])
def test_the_correlation_time_of_a_sine_is_where_its_cosine_is_one_over_e(period):
    expected = period * np.arccos(np.exp(-1)) / (2 * np.pi)
    assert correlation_time(wave(period, 8000)[:, None]) == pytest.approx(expected, rel=0.03)  # between lags: a line


def test_it_does_not_depend_on_scale_offset_or_constant_channels():
    series = np.random.default_rng(0).normal(size=(500, 1)).cumsum(axis=0)
    alone = correlation_time(series)
    assert correlation_time(1e6 * series - 3e7) == pytest.approx(alone, rel=1e-6)
    assert correlation_time(np.hstack([series, np.full((500, 1), 7.0)])) == alone
    assert trace_taus(correlation_time(np.zeros((50, 1)))) == (1, 3, 10)


def test_mackey_glass_keeps_the_constants_that_were_chosen_for_it():
    series = lsm.datasets.mackey_glass(4000, seed=7)
    model = LiquidForecaster(forecasting).prepare(series)
    np.testing.assert_allclose(model.taus_, (1, 3, 10), rtol=0.02)
    assert model.liquid_.neurons[0].tau_syn == pytest.approx(80 * ms, rel=0.02)


def test_a_fast_series_shortens_synapses_delays_and_traces():
    slow, fast = (forecaster().prepare(wave(period)) for period in (60, 5))
    taus, longest = zip(*[(model.taus_[0], model.program_.max_delay) for model in (fast, slow)], strict=True)
    assert taus[0] < taus[1] == 1
    assert longest[0] < longest[1]
    assert fast.liquid_.neurons[0].tau_syn < slow.liquid_.neurons[0].tau_syn == 80 * ms


def test_the_default_encoder_gives_a_sample_of_a_fast_series_more_time():
    frames = [LiquidForecaster(SMALL).prepare(wave(period)).encoder_.frame for period in (60, 20, 5)]
    assert frames[0] == pytest.approx(12 * ms)
    assert frames[1] == pytest.approx(28 * ms)  # 8.78 samples of 12 ms are 3.8 of 28 ms
    assert frames[2] == pytest.approx(48 * ms)
    assert sample_frame(1.0, 5 * ms) == pytest.approx(50 * ms)  # whole steps
    off = LiquidForecaster(SMALL).prepare(wave(5)).without_recurrence()
    assert off.encoder_.frame == pytest.approx(48 * ms)


def test_what_a_user_sets_remains():
    fast = wave(5)
    assert LiquidForecaster(SMALL, taus=(2.0,)).prepare(fast).encoder_.frame == 12 * ms
    assert forecaster(taus=(2.0,)).prepare(fast).liquid_.neurons[0].tau_syn == 80 * ms
    assert forecaster(partial(SMALL, tau_syn=30 * ms)).prepare(fast).liquid_.neurons[0].tau_syn == 30 * ms
    assert forecaster(SMALL(n_inputs=8)).prepare(fast).liquid_ == SMALL(n_inputs=8)
    for other in (memory, lambda _: None, SMALL(n_inputs=8), min):  # no argument of that name
        assert with_time_scale(other, 1.0, 12 * ms) is other


def test_the_time_scale_of_the_model_is_checked():
    assert forecasting(n_inputs=8, n_neurons=20, time_scale=1.0) == forecasting(n_inputs=8, n_neurons=20)
    for wrong in (0, -1, "fast"):
        with pytest.raises(DescriptionError, match="time_scale"):
            forecasting(n_inputs=8, time_scale=wrong)
    with pytest.raises(DescriptionError, match="delay: got"):
        forecasting(n_inputs=8, time_scale=0.5, delay=(1 * ms,))


def test_the_readout_sees_neurons_then_channels_in_each_part():
    series = wave(9)
    model = forecaster(taus=(2.0,)).prepare(series)
    stimulus = model.encode(series)
    edges = sample_edges(stimulus, len(series))
    counts = np.hstack([lsm.run(model.program_, stimulus).spikes.counts(edges)[0], stimulus.counts(edges)[0]])
    np.testing.assert_array_equal(model.features(series), with_traces(counts, (2.0,), True))


@pytest.mark.parametrize("arithmetic", ["float64", "loihi"])
def test_a_saved_forecaster_keeps_what_it_chose(arithmetic, tmp_path):
    series = wave(5)
    model = forecaster(arithmetic=arithmetic).fit(series)
    model.save(tmp_path / "a.npz")
    loaded = LiquidForecaster.load(tmp_path / "a.npz")
    assert loaded.taus == model.taus_
    np.testing.assert_array_equal(loaded.predict(series), model.predict(series))
    np.testing.assert_array_equal(loaded.generate(5, series), model.generate(5, series))
    assert clone(loaded).fit(series).liquid_ == model.liquid_


@pytest.mark.filterwarnings("ignore:series. ")
def test_a_series_that_leaves_the_range_is_warned_of_and_one_that_diverges_is_refused():
    series = wave(9)
    model = forecaster().fit(series)
    with pytest.warns(
        LsmWarning, match=r"series: \d\d% of its samples are outside the range of fit and are clipped; train"
    ):
        model.predict(series * np.linspace(1, 9, len(series)))
    with pytest.raises(
        DescriptionError, match=r"series: got values up to 1e\+150, expected .* does the series diverge"
    ):
        forecaster().fit(np.where(np.arange(300) == 290, 1e150, series))
    with pytest.raises(DescriptionError, match="horizon: got 300, expected less than the 300 samples"):
        forecaster(horizon=300).fit(series)


@pytest.mark.parametrize(
    ("bias", "words"),
    [(0.0, "no neuron fires, so a readout learns nothing"), (1e4, "nearly always, at 1000 of at most 1000")],
)
def test_a_liquid_that_never_or_always_fires_is_warned_of(bias, words):
    liquid = lsm.Liquid([lsm.Inputs("input", 8)], [lsm.Neurons("all", 5, i_bias=bias)], [])
    with pytest.warns(LsmWarning, match=words):
        forecaster(liquid).fit(wave(9))
