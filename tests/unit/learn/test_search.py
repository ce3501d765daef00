"""Encoders and features as parameters of scikit-learn: set by name, cloned, searched."""

import dataclasses
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import lsm_sim as lsm
from lsm_sim import DescriptionError, Hz, encode, ms
from lsm_sim.learn.transformer import DEFAULT_ENCODER, DEFAULT_FEATURES

RECORDS = [
    encode.Poisson(120 * Hz, seed=np.random.default_rng(1)),
    encode.Rate(120 * Hz, power=2, frame=5 * ms),
    encode.Latency(frame=10 * ms),
    encode.Delta(0.2),
    encode.Bits(3, frame=None),
    encode.BSA(),
    encode.Population(4),
    encode.Passthrough(),
    encode.SideBySide([encode.Rate(), encode.Delta()]),
    lsm.Counts(window=0.1),
    lsm.Traces(0.03, [0.5, 1.0]),
]


def small_liquid(n_inputs):
    return lsm.Liquid(
        [lsm.Inputs("in", n_inputs)],
        [lsm.Neurons("all", 10, tau_m=20 * ms, tau_syn=10 * ms)],
        [lsm.Synapses("in", "all", lsm.FixedProbability(0.5), weight=lsm.Normal(0, 3))],
    )


X = np.random.default_rng(0).random((12, 6, 3))
Y = np.arange(12) % 2


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
class TestEveryRecord:
    def test_has_its_fields_as_parameters(self, record):
        shown = record.get_params(deep=False)
        assert list(shown) == [field.name for field in dataclasses.fields(record)]
        assert record.set_params(**shown) == record
        assert set(shown) <= set(record.get_params())

    def test_is_its_own_clone(self, record):
        assert clone(record) is record
        assert clone({"a": record}, safe=False)["a"] == record
        model = lsm.LiquidTransformer(small_liquid, record, record)
        assert clone(model).encoder is record

    def test_names_an_unknown_parameter(self, record):
        with pytest.raises(DescriptionError, match="no parameter 'rate'"):
            record.set_params(rate=3)

    def test_does_not_change(self, record):
        with pytest.raises(dataclasses.FrozenInstanceError):
            record.anything = 1

    def test_survives_pickle(self, record):
        if "seed" not in record.get_params() or isinstance(record.seed, int):
            assert pickle.loads(pickle.dumps(record)) == record


def test_set_params_returns_a_checked_copy():
    record = encode.Rate(120 * Hz)
    assert record.set_params(power=2) == encode.Rate(120 * Hz, power=2)
    assert record.power == 1
    with pytest.raises(DescriptionError, match="Rate power: got -1"):
        record.set_params(power=-1)


def test_parameters_of_encoders_side_by_side_have_their_index():
    both = encode.SideBySide((encode.Rate(), encode.SideBySide((encode.Delta(),))))
    assert both.get_params()["1__0__step"] == 0.1
    changed = both.set_params(**{"0__max_rate": 50.0, "1__0__step": 0.3})
    assert changed == encode.SideBySide((encode.Rate(50.0), encode.SideBySide((encode.Delta(0.3),))))
    for wrong in ("2__step", "0__step", "0", "x", "encoder__step"):
        with pytest.raises(DescriptionError, match="no parameter"):
            both.set_params(**{wrong: 1})


@pytest.mark.parametrize("kind", [lsm.LiquidClassifier, lsm.LiquidRegressor, lsm.LiquidTransformer])
def test_an_estimator_replaces_its_records(kind):
    rate, counts = encode.Rate(100 * Hz, frame=10 * ms), lsm.Counts(2)
    model = kind(small_liquid, rate, counts)
    assert model.get_params()["encoder__max_rate"] == 100
    model.set_params(encoder__max_rate=50 * Hz, features__bins=3, n_threads=1)
    assert (model.encoder, model.features) == (encode.Rate(50 * Hz, frame=10 * ms), lsm.Counts(3))
    assert (rate.max_rate, counts.bins, model.n_threads) == (100, 2, 1)
    assert model.set_params(encoder=encode.Delta(), encoder__step=0.3).encoder == encode.Delta(0.3)


def test_the_defaults_that_none_stands_for_can_be_changed():
    model = lsm.LiquidClassifier(small_liquid).set_params(encoder__max_rate=50.0, features__bins=2)
    assert model.encoder == dataclasses.replace(DEFAULT_ENCODER, max_rate=50.0)
    assert model.features == dataclasses.replace(DEFAULT_FEATURES, bins=2)
    assert DEFAULT_FEATURES.bins == 5
    assert lsm.LiquidForecaster(small_liquid).set_params(encoder__n=7).encoder.n == 7


@pytest.mark.parametrize("name", ["encoder__rate", "features__n", "nothing", "nothing__bins", "liquid__seed"])
def test_names_that_do_not_exist_are_errors(name):
    with pytest.raises((ValueError, AttributeError)):
        lsm.LiquidClassifier(small_liquid).set_params(**{name: 1})


def test_an_encoder_without_parameters_says_so():
    class Own:
        def n_channels(self, n_features):
            return n_features

        def __call__(self, signals, dt):
            return encode.rate(signals, dt=dt)

    model = lsm.LiquidTransformer(small_liquid, Own()).fit(X)
    assert np.array_equal(model.transform(X), clone(model).fit(X).transform(X))
    with pytest.raises(DescriptionError, match="Own has no parameters that can be set by name"):
        model.set_params(encoder__max_rate=3)


def test_grid_search_over_encoder_and_features():
    grid = {"encoder__max_rate": [50 * Hz, 200 * Hz], "features__bins": [1, 3]}
    search = GridSearchCV(lsm.LiquidClassifier(small_liquid), grid, cv=2).fit(X, Y)
    best = search.best_estimator_
    assert best.encoder.max_rate == search.best_params_["encoder__max_rate"]
    assert best.features.bins == search.best_params_["features__bins"]
    for rate, bins, score in zip(
        *(search.cv_results_[f"param_{name}"] for name in grid), search.cv_results_["mean_test_score"], strict=True
    ):
        by_hand = lsm.LiquidClassifier(
            small_liquid,
            dataclasses.replace(DEFAULT_ENCODER, max_rate=float(rate)),
            dataclasses.replace(DEFAULT_FEATURES, bins=int(bins)),
        )
        again = GridSearchCV(by_hand, {"scale": ["channel"]}, cv=2).fit(X, Y)
        assert again.best_score_ == score


@pytest.mark.slow
def test_grid_search_through_a_pipeline():
    model = make_pipeline(
        FunctionTransformer(), lsm.LiquidClassifier(small_liquid, encode.Rate(500 * Hz, frame=100 * ms))
    )
    grid = {"liquidclassifier__encoder__power": [1, 2], "liquidclassifier__features__sqrt": [True, False]}
    search = GridSearchCV(model, grid, cv=2, n_jobs=2).fit(X[:, 0], Y)
    assert set(search.best_params_) == set(grid)


def test_values_inside_a_liquid_can_be_searched_with_a_grid():
    liquid = small_liquid(3)
    space = {"liquid__neurons__all__tau_m": [5 * ms, 20 * ms], "features__bins": [1, 2], "readout__alpha": [0.1, 10.0]}
    model = lsm.LiquidClassifier(liquid, encode.Rate(200 * Hz, frame=10 * ms))
    found = GridSearchCV(model, space, cv=2).fit(X, Y)
    assert len(found.cv_results_["params"]) == 8
    best = found.best_estimator_
    assert best.liquid.neurons[0].tau_m == found.best_params_["liquid__neurons__all__tau_m"]
    assert best.readout[-1].alphas == [found.best_params_["readout__alpha"]]
    assert liquid.neurons[0].tau_m == 20 * ms


def test_values_inside_a_liquid_can_be_searched_by_halving():
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401
    from sklearn.model_selection import HalvingRandomSearchCV

    front = FunctionTransformer(np.sqrt)
    pipe = make_pipeline(front, lsm.LiquidClassifier(small_liquid(3), encode.Rate(200 * Hz, frame=10 * ms)))
    space = {
        "liquidclassifier__liquid__synapses__0__weight__Normal__sd": [1.0, 3.0, 9.0],
        "liquidclassifier__liquid__seed": [0, 1, 2],
    }
    found = HalvingRandomSearchCV(pipe, space, cv=2, min_resources=8, random_state=0).fit(X, Y)
    assert found.n_iterations_ >= 1
    best = found.best_estimator_[-1].liquid
    assert best.synapses[0].weight.second == found.best_params_[next(iter(space))]
