import dataclasses
import json

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LinearRegression, Ridge

import lsm_sim as lsm
from lsm_sim import encode, ms
from lsm_sim.apps.evaluate.settings_series import SETTINGS
from lsm_sim.errors import DescriptionError
from lsm_sim.learn.forecast import (
    VIEWS,
    LiquidForecaster,
    TimeRidge,
    beside_controls,
    held_out,
    held_out_nrmse,
    lags,
    nrmse,
)
from lsm_sim.learn.forecast.states import sample_edges, with_traces
from lsm_sim_models import forecasting, memory

CURVES = encode.Population(n=8, max_rate=500, frame=6 * ms)


def wave(n=400, seed=0):
    """Return two sines of unrelated periods and a random phase."""
    phase = np.random.default_rng(seed).uniform(0, 6, 2)
    t = np.arange(n)
    return np.sin(t / 3.1 + phase[0]) + 0.5 * np.sin(t / 7.3 + phase[1])


def small(n_inputs):
    return forecasting(n_inputs=n_inputs, n_neurons=40, seed=3, recurrent_degree=10)


def forecaster(**changed):
    """Return a forecaster with time constants that do not depend on the series, whose readout sees the liquid alone."""
    own = {"washout": 50, "horizon": 2, "n_threads": 1, "taus": (1.0, 3.0, 10.0), "with_encoder": False}
    return LiquidForecaster(small, CURVES, **own | changed)


# Features


def test_features_are_the_counts_of_each_sample_and_their_traces():
    series = wave(60)
    model = forecaster(taus=(2.0,)).prepare(series)
    features = model.features(series)
    spikes = lsm.run(model.liquid_, model.encode(series)).spikes
    raster = spikes.raster().reshape(60, 6, 40)
    np.testing.assert_array_equal(features[:, :40], raster.sum(axis=1))
    kernel = np.rint(np.exp(-np.arange(60) / 2.0) * 2**10) / 2**10
    for k in range(60):
        np.testing.assert_array_equal(features[k, 40:], kernel[: k + 1] @ features[k::-1, :40])


def test_traces_without_a_resolution_decay_as_they_are_defined():
    counts = np.random.default_rng(4).integers(0, 3, (60, 40)).astype(np.int32)
    features = with_traces(counts, [2.0], False, None)
    trace = np.zeros(40)
    for k in range(60):
        trace = np.exp(-1 / 2.0) * trace + counts[k]
        np.testing.assert_allclose(features[k], trace, rtol=1e-12)  # the same sum in another order of rounding


def test_features_of_a_part_do_not_depend_on_what_comes_later():
    series = wave(120)
    model = forecaster().prepare(series)
    np.testing.assert_array_equal(model.features(series)[:70], model.features(series[:70]))


def test_features_are_the_same_on_the_reference_engine():
    series = wave(30)
    model = forecaster().prepare(series)
    fast = model.features(series)
    np.testing.assert_array_equal(model.set_params(backend="reference").features(series), fast)


def test_traces_of_a_single_spike_fade_by_the_sample():
    counts = np.array([[0], [1], [0], [0]], np.int32)
    faded = np.exp(-1 / 4.0)
    expected = [[0, 0], [1, 1], [0, faded], [0, faded**2]]
    np.testing.assert_allclose(with_traces(counts, [4.0], True, None), expected, rtol=1e-15)  # rounding of the products
    np.testing.assert_array_equal(with_traces(counts, [4.0], True), np.rint(np.multiply(expected, 2**10)) / 2**10)


def test_traces_of_counts_have_a_floor():
    counts = np.zeros((40, 1), np.int32)
    counts[0] = 1
    trace = with_traces(counts, [3.0], False)[:, 0]
    assert trace[22] == 2**-10
    assert not trace[23:].any()


def test_encoder_features_count_the_spikes_that_enter():
    series = wave(60)
    model = forecaster(taus=()).prepare(series)
    counts = model.encode(series).raster().reshape(60, 6, 8).sum(axis=1)
    np.testing.assert_array_equal(model.encoder_features(series), counts)


def test_several_channels_are_scaled_each_by_itself():
    series = np.column_stack([wave(60), 1000 * wave(60, seed=1) + 5000])
    model = forecaster(margin=0.0).prepare(series)
    assert model.liquid_.n_inputs == 16
    scaled = model.scaler_(series)
    np.testing.assert_array_equal(scaled.min(axis=0), [0, 0])
    np.testing.assert_array_equal(scaled.max(axis=0), [1, 1])


def test_a_constant_channel_and_values_outside_the_range_are_taken():
    series = np.column_stack([wave(60), np.full(60, 7.0)])
    model = forecaster().prepare(series)
    assert model.scaler_(series * 10).max() <= 1
    assert model.features(series).shape == (60, 4 * 40)


def test_without_recurrence_is_the_liquid_with_weights_of_zero():
    series = wave(80)
    model = forecaster().prepare(series)
    other = LiquidForecaster(
        lambda n: forecasting(n_inputs=n, n_neurons=40, seed=3, recurrent_degree=10, recurrent_weight=0),
        CURVES,
        taus=(1.0, 3.0, 10.0),
        with_encoder=False,
    )
    off = model.without_recurrence().features(series)
    np.testing.assert_array_equal(off, other.prepare(series).features(series))
    assert (off != model.features(series)).any()


# Fitting and predicting


def test_a_forecaster_beats_the_mean_and_the_last_value_by_far():
    series = wave(900)
    model = forecaster(horizon=5).fit(series[:600])
    last_value = nrmse(series[600:-5], series[605:])
    assert model.nrmse(series, start=600) < 0.2 < last_value
    assert model.score(series, start=600) == pytest.approx(1 - model.nrmse(series, start=600) ** 2, rel=1e-9)


def test_a_row_predicts_the_target_that_many_samples_later():
    series = wave(400)
    model = forecaster(horizon=3).fit(series)
    predicted = model.predict(series)
    assert predicted.shape == (400,)
    assert nrmse(predicted[50:-3], series[53:]) < 0.3
    assert nrmse(predicted[50:-3], series[50:-3]) > 0.5


def test_given_targets_may_be_of_the_same_sample():
    series = wave(500)
    targets = np.column_stack([np.roll(series, 1), series**2])
    model = forecaster(horizon=0).fit(series[:400], targets[:400])
    assert model.predict(series).shape == (500, 2)
    assert model.nrmse(series, targets, start=400) < 0.35


def test_fit_equals_the_readout_on_aligned_features():
    series = wave(300)
    model = forecaster(readout=Ridge(1.0)).fit(series)
    features = model.features(series)
    expected = Ridge(1.0).fit(features[50:298], series[52:]).predict(features)
    np.testing.assert_array_equal(model.predict(series), expected)


def test_a_forecaster_can_be_cloned_and_repeats_itself():
    series = wave(300)
    model = forecaster()
    np.testing.assert_array_equal(clone(model).fit(series).predict(series), model.fit(series).predict(series))


# Controls


def test_held_out_trains_on_what_was_known_then():
    series = wave(300)
    features = lags(series, 5)
    predicted, true = held_out(features, series, n_train=200, horizon=4, washout=20, readout=LinearRegression())
    model = LinearRegression().fit(features[20:196], series[24:200])
    np.testing.assert_allclose(predicted[:, 0], model.predict(features[200:296]), atol=1e-12)  # order of sums
    np.testing.assert_array_equal(true[:, 0], series[204:])


def test_later_targets_do_not_change_the_readout():
    series = wave(300)
    later = np.where(np.arange(300) < 200, series, series**3)
    arguments = {"n_train": 200, "horizon": 4, "washout": 20}
    one, other = (held_out(lags(series, 5), targets, **arguments)[0] for targets in (series, later))
    np.testing.assert_array_equal(one, other)


def test_all_views_are_scored_on_the_same_rows():
    series = wave(400)
    found = beside_controls(forecaster(), series, n_train=300, n_lags=6, esn={"input_scaling": 0.5})
    assert list(found.predicted) == ["raw", "encoder", "recurrence_off", "esn", "liquid"]
    assert {predicted.shape for predicted in found.predicted.values()} == {(98, 1)}
    assert found.n_features == {"raw": 6, "encoder": 8 * 4, "recurrence_off": 160, "esn": 40, "liquid": 160}
    assert 250 < found.rate < 450
    model = forecaster().fit(series[:300])
    # the same rows, summed and scaled in another order
    assert found.nrmse()["liquid"] == pytest.approx(model.nrmse(series, start=300), rel=1e-6)


# The readout


def test_the_ridge_finds_a_linear_map():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(200, 5)) * [1, 10, 100, 1, 1] + 50
    targets = features @ rng.normal(size=(5, 2)) + [3, -400]
    model = TimeRidge().fit(features, targets)
    # the least alpha bends the solution by 1e-7/160 of itself
    np.testing.assert_allclose(model.predict(features), targets, rtol=1e-7, atol=1e-6)


def test_the_ridge_equals_scikit_learns_at_one_alpha():
    rng = np.random.default_rng(1)
    features, targets = rng.normal(size=(90, 7)), rng.normal(size=90)
    scaled = (features - features.mean(axis=0)) / features.std(axis=0)
    model = TimeRidge(alphas=(3.0,)).fit(features, targets)
    # the targets are divided by their spread on the way, which is linear
    np.testing.assert_allclose(model.predict(features), Ridge(3.0).fit(scaled, targets).predict(scaled), atol=1e-10)


def test_alpha_is_chosen_on_the_last_rows_for_each_target():
    rng = np.random.default_rng(2)
    features = rng.normal(size=(100, 60))
    targets = np.column_stack([features[:, 0], rng.normal(size=100)])
    model = TimeRidge(alphas=(1e-6, 1e4), validation=0.3).fit(features, targets)
    assert model.alpha_.tolist() == [1e-6, 1e4]
    scaled = (features - features.mean(axis=0)) / features.std(axis=0)
    early = Ridge(1e4).fit(scaled[:70], targets[:70, 1])
    expected = np.sqrt(np.mean((early.predict(scaled[70:]) - targets[70:, 1]) ** 2)) / targets[70:, 1].std()
    assert model.validation_nrmse_[1] == pytest.approx(expected, rel=1e-9)


def test_a_neuron_silent_in_training_cannot_throw_a_prediction_off():
    rng = np.random.default_rng(3)
    features = np.column_stack([rng.normal(size=(200, 3)), 1e-20 * rng.random(200), np.zeros(200)])
    model = TimeRidge().fit(features, features[:, 0])
    later = np.array([[1.0, 0, 0, 1, 1]])
    assert model.predict(later) == pytest.approx([1], abs=1e-3)


def test_a_constant_target_is_predicted():
    features = np.random.default_rng(4).normal(size=(50, 3))
    np.testing.assert_allclose(TimeRidge().fit(features, np.full(50, 2.5)).predict(features), 2.5, rtol=1e-12)


# Codes and liquids


@pytest.mark.parametrize(("value", "digits"), [(0.0, 0), (0.3, 4915), (0.5, 8192), (1.0, 16383)])
def test_bits_are_the_binary_digits(value, digits):
    raster = encode.bits([[[value, 0.0]] * 2], n=14, frame=3 * ms).raster()
    assert raster.shape == (6, 28)
    assert not raster[[1, 2, 4, 5]].any()
    assert not raster[:, 14:].any()
    np.testing.assert_array_equal(raster[[0, 3], :14] @ 2 ** np.arange(13, -1, -1), [digits, digits])


def test_a_tap_reads_a_value_in_proportion_through_one_delay():
    liquid = memory(n_inputs=24, n_neurons=30, seed=5, taps=2)
    program = lsm.lower(liquid, 1 * ms, weight_bits=None)
    rows = np.repeat(np.arange(24 + 30), np.diff(program.indptr))
    first = (program.post == 0) & (rows < 24)
    order = np.lexsort((rows[first], program.delay[first]))
    weight, delay, row = program.weight[first][order], program.delay[first][order], rows[first][order]
    assert weight.size == 24
    for tap in (slice(0, 12), slice(12, 24)):
        assert len(set(delay[tap])) == 1
        np.testing.assert_array_equal(row[tap] % 12, np.arange(12))
        # each digit is worth half of the one before, up to the grid of 2^-30
        np.testing.assert_allclose(weight[tap][1:], weight[tap][:-1] / 2, atol=2.0**-29)


@pytest.mark.parametrize(
    ("model", "encoder"), [(forecasting, encode.Population(32, max_rate=500, frame=12 * ms)), (memory, encode.Bits())]
)
def test_liquids_for_series_fire_all_the_time(model, encoder):
    series = wave(100)
    ready = LiquidForecaster(lambda n: model(n_inputs=n, n_neurons=100, seed=1), encoder, taus=(), dt=1 * ms).prepare(
        series
    )
    per_step = ready.features(series).mean() / (encoder.frame / ms)
    assert 0.25 < per_step < 0.45


def test_a_liquid_can_be_saved_and_read_again(tmp_path):
    liquid = memory(n_inputs=12, n_neurons=20, seed=2)
    liquid.save(tmp_path / "memory.json")
    assert lsm.Liquid.load(tmp_path / "memory.json") == liquid


# Bad input

SAYS = {
    "nan": (lambda: forecaster().fit([*wave(100), np.nan]), "series: got nan, expected finite numbers"),
    "short": (
        lambda: forecaster().fit(wave(55)),
        "series: got 55 samples, expected at least 62: 50 before the first row",
    ),
    "far": (lambda: forecaster(horizon=200).fit(wave(200)), "horizon: got 200, expected less than the 200 samples"),
    "now": (lambda: forecaster(horizon=0).fit(wave(200)), "horizon of a series that is its own target: got 0"),
    "text": (lambda: forecaster().fit(["a", "b"]), "series: got values of type <U1, expected real numbers"),
    "cube": (lambda: forecaster().fit(np.zeros((2, 2, 2))), r"series: got shape \(2, 2, 2\), expected \(samples,\)"),
    "empty": (lambda: forecaster().fit([]), r"series: got shape \(0, 1\), expected"),
    "targets": (
        lambda: forecaster().fit(wave(200), wave(100)),
        "targets: got 100 rows, expected one for each of the 200",
    ),
    "taus": (
        lambda: forecaster(taus=(0.0,)).fit(wave(200)),
        r"taus: got \(0.0,\), expected a list of time constants > 0",
    ),
    "nothing": (lambda: forecaster(taus=(), counts=False).fit(wave(200)), "taus: got none while counts are left out"),
    "washout": (lambda: forecaster(washout=-1).fit(wave(200)), "washout: got -1, expected a whole number >= 0"),
    "margin": (lambda: forecaster(margin=2).fit(wave(200)), "margin: got 2, expected a probability"),
    "liquid": (
        lambda: forecaster().set_params(liquid=small(5)).fit(wave(200)),
        "liquid: got 5 input channels, expected 8",
    ),
    "channels": (
        lambda: forecaster().fit(wave(200)).predict(np.zeros((80, 2))),
        "series: got 2 channels, expected 1 as in fit",
    ),
    "constant": (lambda: nrmse([1, 2], [3, 3]), "nrmse: got constant true values"),
    "rows": (lambda: nrmse([1, 2], [3, 4, 5]), r"nrmse: got predictions of shape \(2, 1\), expected \(3, 1\)"),
    "n_train": (
        lambda: held_out_nrmse(lags(wave(90), 3), wave(90), n_train=90, horizon=1),
        "n_train: got 90, expected",
    ),
    "alphas": (lambda: TimeRidge(alphas=()).fit(np.eye(20), np.arange(20)), "alphas: got"),
    "few": (lambda: TimeRidge().fit(np.eye(5), np.arange(5)), "readout: got 5 rows of which 1 are for validation"),
    "share": (lambda: TimeRidge(validation=1.0).fit(np.eye(20), np.arange(20)), "readout: got 20 rows of which 20"),
    "lengths": (lambda: TimeRidge().fit(np.eye(20), np.arange(19)), "targets: got 19 rows, expected 20"),
    "infinite": (lambda: TimeRidge().fit(np.full((20, 2), np.inf), np.arange(20)), "features: got NaN or infinite"),
    "views": (
        lambda: beside_controls(forecaster(), wave(200), n_train=150, views=["fft"]),
        "views: got 'fft', expected some of raw",
    ),
    "bits": (lambda: encode.Bits(n=0), "Bits n: got 0, expected a whole number >= 1"),
    "range": (lambda: encode.bits([[[1.5]]], dt=1 * ms), "Bits: got 1.5 in sample 0, expected values in"),
    "digits": (lambda: memory(n_inputs=13), "n_inputs: got 13, expected a multiple of 12, the bits"),
    "drive": (lambda: forecasting(n_inputs=8, drive=(2, 1)), r"drive: got \(2, 1\), expected two numbers"),
}


@pytest.mark.parametrize("case", SAYS)
def test_bad_input_is_answered_in_one_sentence(case):
    call, message = SAYS[case]
    with pytest.raises(DescriptionError, match=message):
        call()


def test_an_encoder_that_does_not_give_whole_samples_is_refused():
    stimulus = lsm.Spikes.from_dense(np.zeros((25, 3), bool), 1 * ms)
    with pytest.raises(DescriptionError, match="encoder: got 25 steps for 10 samples"):
        sample_edges(stimulus, 10)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_benchmark_compares_all_views_over_seeds(name):
    quick = dataclasses.replace(SETTINGS[name], n_neurons=60, washout=30, n_train=200, n_test=60)
    found = quick.compare([1, 2])
    assert list(found.per_seed) == list(VIEWS)
    assert found.truth.shape == (2, 60)
    again = quick.run(2)
    assert found.per_seed["liquid"][1] == pytest.approx(again.nrmse()["liquid"], rel=1e-6)  # threads order sums
    assert json.loads(found.to_json())["settings"]["horizon"] == quick.horizon
