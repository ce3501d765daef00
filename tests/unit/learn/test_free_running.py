import warnings

import numpy as np
import pytest
from sklearn.linear_model import Ridge

import lsm_sim as lsm
from lsm_sim import encode, ms
from lsm_sim.errors import DescriptionError, LsmWarning, RunError
from lsm_sim.learn.echo_state import EchoStateRegressor
from lsm_sim.learn.forecast import EchoStateForecaster, LiquidForecaster, TimeRidge, valid_time
from lsm_sim.learn.forecast.states import with_traces
from lsm_sim.learn.forecast.trace_stream import TraceStream
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
    return LiquidForecaster(small, changed.pop("encoder", CURVES), **{"washout": 50, "n_threads": 1} | changed)


def slowly(model, n, series):
    """Return what `generate` does, by repeated `predict`."""
    known = np.asarray(series)
    for _ in range(n):
        known = np.concatenate([known, model.predict(known)[-1:]])
    return known[len(series) :]


# Traces of counts that come one by one


@pytest.mark.parametrize("resolution", [2.0**-10, 0.3, None])
@pytest.mark.parametrize("first", [1, 7, 150])
@pytest.mark.parametrize("keep_counts", [True, False])
def test_traces_sample_by_sample_are_those_of_the_whole(resolution, first, keep_counts):
    counts = np.random.default_rng(5).integers(0, 9, (200, 7)).astype(np.int32)
    taus = (0.4, 3.0, 10.0)
    expected = with_traces(counts, taus, keep_counts, resolution)
    stream = TraceStream(counts[:first], 200 - first, taus, keep_counts, resolution)
    for k in range(first, 200):
        np.testing.assert_array_equal(stream.advance(counts[k]), expected[k], err_msg=f"sample {k}")


def test_counts_without_traces_come_sample_by_sample():
    counts = np.arange(12, dtype=np.int32).reshape(4, 3)
    for resolution in (None, 0.1):
        stream = TraceStream(counts[:2], 2, (), True, resolution)
        np.testing.assert_array_equal(stream.advance(counts[2]), counts[2])


# The closed loop of a liquid


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"arithmetic": "loihi"},
        {"resolution": None},
        {"counts": False, "taus": (2.0,)},
        {"taus": ()},
        {"backend": "reference"},
        {"encoder": encode.Latency(frame=6 * ms)},
        {"encoder": encode.SideBySide((CURVES, encode.Rate(400, frame=6 * ms)))},
    ],
    ids=str,
)
def test_the_closed_loop_equals_repeated_prediction(changed):
    series = wave()
    model = forecaster(**changed).fit(series)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LsmWarning)  # some of these small models leave the range
        np.testing.assert_array_equal(model.generate(25, series[:120]), slowly(model, 25, series[:120]))


def test_the_closed_loop_of_two_channels():
    series = np.column_stack([wave(), 100 * wave(seed=1)])
    model = forecaster(margin=1.0).fit(series)
    generated = model.generate(12, series[:90])
    assert generated.shape == (12, 2)
    np.testing.assert_array_equal(generated, slowly(model, 12, series[:90]))


def test_the_closed_loop_of_an_exact_code():
    series = wave()
    model = LiquidForecaster(lambda n: memory(n_inputs=n, n_neurons=40, seed=2), encode.Bits(), washout=50, n_threads=1)
    model.set_params(margin=1.0).fit(series)
    np.testing.assert_array_equal(model.generate(20, series[:90]), slowly(model, 20, series[:90]))


def test_a_shorter_continuation_is_the_beginning_of_a_longer_one():
    series = wave()
    model = forecaster(margin=1.0).fit(series)
    np.testing.assert_array_equal(model.generate(5, series[:90]), model.generate(20, series[:90])[:5])
    assert model.generate(1, series[:90]) == model.predict(series[:90])[-1]


def test_a_liquid_continues_two_sines():
    series = wave(1500)
    model = LiquidForecaster(lambda n: forecasting(n_inputs=n, n_neurons=150, seed=3), washout=100, n_threads=1)
    generated = model.fit(series[:1400]).generate(40, series[:1400])
    assert valid_time(generated, series[1400:], 40) > 0.5


def test_what_is_clipped_in_the_loop_is_said_once():
    series = wave()
    model = forecaster(margin=0.0).fit(series)
    model.readout_ = Constant(10.0)
    with pytest.warns(LsmWarning, match="7 of 7 predictions were outside the range of fit and were clipped") as caught:
        generated = model.generate(8, series[:60])
    assert len(caught) == 1
    np.testing.assert_array_equal(generated, np.full(8, 10.0))  # the result itself is not clipped


class Constant:
    """A readout that predicts one value."""

    def __init__(self, value):
        self.value = value

    def predict(self, features):
        return np.full(len(features), self.value)


def test_a_readout_that_predicts_nan_is_an_error():
    model = forecaster().fit(wave())
    model.readout_ = Constant(np.nan)
    with pytest.raises(RunError, match=r"generate: the readout predicted .*nan"):
        model.generate(3, wave())


@pytest.mark.parametrize(
    ("changed", "targets", "message"),
    [
        ({"horizon": 2}, None, "trained with the horizon 2, expected the horizon 1"),
        ({}, "given", "trained with other targets"),
        ({"encoder": encode.Population(8, frame=6 * ms, interpolation="linear")}, None, "holds back 3 steps"),
        ({"encoder": encode.Poisson(400, frame=6 * ms)}, None, "depend on the whole signal"),
    ],
)
def test_what_cannot_run_freely_is_refused(changed, targets, message):
    series = wave()
    model = forecaster(**changed).fit(series, None if targets is None else series**2)
    with pytest.raises(DescriptionError, match=message):
        model.generate(5, series)


def test_background_noise_is_refused():
    def noisy(n_inputs):
        liquid = small(n_inputs)
        noise = lsm.Background(liquid.neurons[0].name, rate=20.0, weight=1.0)
        return lsm.Liquid(liquid.inputs, liquid.neurons, liquid.synapses, liquid.seed, background=[noise])

    model = forecaster()
    model.liquid = noisy
    with pytest.raises(DescriptionError, match="background noise"):
        model.fit(wave()).generate(5, wave())


@pytest.mark.parametrize(
    ("n", "series", "message"),
    [
        (0, wave(), "generate n: got 0"),
        (2.5, wave(), "generate n"),
        (5, wave()[:1], "got 1 sample"),
        (5, np.column_stack([wave(), wave()]), "got 2 channels, expected 1"),
        (5, [0.1, np.nan, 0.3], "series"),
    ],
)
def test_bad_arguments_of_generate(n, series, message):
    for model in (forecaster().fit(wave()), EchoStateForecaster(EchoStateRegressor(30), washout=50).fit(wave())):
        with pytest.raises(DescriptionError, match=message):
            model.generate(n, series)


# Loihi


def test_loihi_arithmetic_gives_other_spikes_but_similar_forecasts():
    series = wave(900)
    exact, integer = (forecaster(arithmetic=name).fit(series[:600]) for name in ("float64", "loihi"))
    assert (exact.features(series) != integer.features(series)).any()
    assert integer.nrmse(series, start=600) < 2 * exact.nrmse(series, start=600) + 0.05
    np.testing.assert_array_equal(
        integer.features(series),
        lsm_features(integer, lsm.quantise(integer.program_, integer.encode(series[:600])).program),
    )


def lsm_features(model, program):
    stimulus = model.encode(wave(900))
    spikes = [lsm.run(program, stimulus).spikes, stimulus]
    counts = [part.raster().reshape(900, 6, -1).sum(axis=1) for part in spikes]
    return with_traces(np.hstack(counts).astype(np.int32), model.taus_, True)


def test_an_unknown_arithmetic_is_an_error():
    with pytest.raises(DescriptionError, match="arithmetic"):
        forecaster(arithmetic="float32").fit(wave())


def test_the_control_without_recurrence_runs_in_the_same_arithmetic():
    series = wave()
    off = forecaster(arithmetic="loihi").prepare(series).without_recurrence()
    assert off._program().arithmetic == "loihi"
    assert off.features(series).shape == (400, 4 * (40 + 8))


# Files


@pytest.mark.parametrize("arithmetic", ["float64", "loihi"])
@pytest.mark.parametrize("readout", [None, Ridge(1.0), "rls"], ids=str)
def test_a_forecaster_comes_back_from_a_file(tmp_path, arithmetic, readout):
    series = wave()
    model = forecaster(arithmetic=arithmetic, readout=readout, taus=(1.0, 4.0)).fit(series)
    model.save(tmp_path / "model.npz")
    loaded = LiquidForecaster.load(tmp_path / "model.npz")
    np.testing.assert_array_equal(loaded.predict(series), model.predict(series))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LsmWarning)
        np.testing.assert_array_equal(loaded.generate(10, series[:90]), model.generate(10, series[:90]))
    assert (loaded.taus, loaded.washout, loaded.arithmetic) == ((1.0, 4.0), 50, arithmetic)
    other = loaded.set_params(arithmetic="loihi").predict(series)  # calibrated with the series of fit
    np.testing.assert_array_equal(other, model.set_params(arithmetic="loihi").predict(series))


def test_a_loaded_forecaster_of_targets_does_not_run_freely(tmp_path):
    series = wave()
    forecaster().fit(series, np.column_stack([series, series**2])).save(tmp_path / "model.npz")
    loaded = LiquidForecaster.load(tmp_path / "model.npz")
    assert loaded.predict(series).shape == (400, 2)
    with pytest.raises(DescriptionError, match="other targets"):
        loaded.generate(3, series)


def test_an_untrained_forecaster_is_not_saved(tmp_path):
    with pytest.raises(ValueError, match="not fitted"):
        forecaster().save(tmp_path / "model.npz")


def damage(description, arrays, name):
    settings = description["settings"]
    return {
        "another program": lambda: description.update(program="0" * 64),
        "taus": lambda: settings.update(taus=[1.0]),
        "a setting too few": lambda: settings.pop("margin"),
        "backend": lambda: settings.update(backend=3),
        "range": lambda: arrays.update(low=np.zeros(3)),
        "nan": lambda: arrays.update(calibration=arrays["calibration"] * np.nan),
        "flag": lambda: description["fitted"].update(one_target="yes"),
    }[name]()


@pytest.mark.parametrize("name", ["another program", "taus", "a setting too few", "backend", "range", "nan", "flag"])
def test_a_damaged_file_is_refused(name):
    description, arrays = forecaster().fit(wave()).to_parts()
    damage(description, arrays, name)
    with pytest.raises(DescriptionError):
        LiquidForecaster.from_parts(description, arrays)


def test_a_prediction_does_not_depend_on_the_other_rows():
    rng = np.random.default_rng(6)
    features = rng.normal(size=(1500, 203))
    for targets in (features[:, 0] ** 3, features[:, :3] ** 3):
        model = TimeRidge().fit(features, targets)
        predicted = model.predict(features)
        for k in (0, 1, 2, 777, 1024, 1499):
            np.testing.assert_array_equal(model.predict(features[k : k + 1])[0], predicted[k])


# The echo-state network


def test_an_echo_state_network_continues_by_itself():
    series = wave(900)
    model = EchoStateForecaster(EchoStateRegressor(100, leak=0.8), washout=50, margin=0.1).fit(series[:700])
    generated = model.generate(60, series[:700])
    assert valid_time(generated, series[700:], 60) == 1
    np.testing.assert_allclose(
        generated[:9], slowly(model, 9, series[:700]), rtol=1e-9
    )  # other products, other rounding
    both = EchoStateForecaster(EchoStateRegressor(100), washout=50, margin=0.1).fit(
        np.column_stack([series, series**2])
    )
    assert both.generate(7, np.column_stack([series, series**2])).shape == (7, 2)


def test_noise_in_training_reaches_the_network_only():
    series = wave()
    quiet, noisy, again = (EchoStateForecaster(washout=50, noise=noise).fit(series) for noise in (0, 0.1, 0.1))
    np.testing.assert_array_equal(noisy.readout_.coef_, again.readout_.coef_)
    assert (noisy.readout_.coef_ != quiet.readout_.coef_).any()
    np.testing.assert_array_equal(noisy.features(series), quiet.features(series))


# The valid prediction time


def test_valid_time_ends_where_the_error_first_exceeds_the_threshold():
    true = wave(300)
    generated = true[:100].copy()
    generated[[40, 60]] += 0.5 * true.std()
    assert valid_time(generated, true, 20) == 2
    assert valid_time(generated, true, 20, threshold=0.51) == 5  # never: all samples
    generated[0] += 10
    assert valid_time(generated, true, 20) == 0


def test_the_error_of_several_channels_is_their_root_mean_square():
    true = np.column_stack([wave(300), 1000 * wave(300, seed=1)])
    generated = true.copy()
    generated[10, 0] += 0.5 * true[:, 0].std()  # 0.35 over two channels
    generated[20, 1] += 0.6 * true[:, 1].std()  # 0.42
    assert valid_time(generated, true, 1) == 20


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"true": wave(50)}, "generated samples"),
        ({"true": np.ones(200)}, "constant"),
        ({"lyapunov_time": 0}, "lyapunov_time"),
        ({"threshold": -1}, "threshold"),
        ({"generated": np.full(100, np.nan)}, "generated"),
        ({"generated": wave(100)[:, None] * np.ones(2)}, "of 2 channels"),
    ],
)
def test_bad_arguments_of_valid_time(changed, message):
    with pytest.raises(DescriptionError, match=message):
        valid_time(**{"generated": wave(100), "true": wave(200), "lyapunov_time": 10} | changed)
