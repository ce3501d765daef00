"""Wrong parts and wrong X of estimators: one sentence each, with what was got, what is expected and what to write."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import lsm_sim as lsm
from lsm_sim import DescriptionError, ms


def small_liquid(n_inputs):
    return lsm.Liquid(
        [lsm.Inputs("in", n_inputs)],
        [lsm.Neurons("all", 10, tau_m=20 * ms, tau_syn=10 * ms)],
        [lsm.Synapses("in", "all", lsm.FixedProbability(0.5), weight=lsm.Normal(0, 3))],
    )


X = np.random.default_rng(0).random((8, 6, 5))
Y = [0, 1] * 4


def objects(items):
    array = np.empty(len(items), object)
    array[:] = items
    return array


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"encoder": "rate"}, r"encoder: got 'rate', expected an encoder such as lsm_sim\.encode\.Rate\(\), or None"),
        ({"encoder": lsm.encode.Rate}, r"encoder: got the class Rate.*write Rate\(\.\.\.\)"),
        ({"encoder": len}, "encoder: got <built-in function len>"),
        ({"features": 5}, r"features: got 5, expected features such as lsm_sim\.Counts\(bins=5\), or None"),
        ({"features": "counts"}, "features: got 'counts'"),
        ({"features": lsm.Counts}, "features: got the class Counts"),
        ({"liquid": "speech"}, "liquid: got 'speech', expected a Liquid, or a function that returns one"),
        ({"liquid": lsm.Liquid}, "liquid: got <class"),
        ({"liquid": lambda n: n}, "liquid: got a function that returns int"),
        ({"readout": Ridge()}, "readout: got Ridge, expected a classifier"),
        ({"readout": make_pipeline(StandardScaler(), LinearRegression())}, "readout: got Pipeline, expected a classifier"),
        ({"readout": make_pipeline(StandardScaler())}, "readout: got Pipeline, expected a classifier"),
        ({"readout": 5}, "readout: got int"),
        ({"readout": None}, "readout: got NoneType"),
        ({"readout": RidgeClassifier}, r"readout: got the class RidgeClassifier.*write RidgeClassifier\(\.\.\.\)"),
    ],
)  # fmt: skip
def test_wrong_parts_of_a_classifier(parameters, words):
    model = lsm.LiquidClassifier(**({"liquid": small_liquid} | parameters))
    with pytest.raises(DescriptionError, match=words):
        model.fit(X, Y)


def test_wrong_parts_of_the_other_estimators():
    with pytest.raises(DescriptionError, match="readout: got RidgeClassifier, expected a regressor"):
        lsm.LiquidRegressor(small_liquid, readout=RidgeClassifier()).fit(X, np.arange(8.0))
    series = np.sin(np.arange(200))
    for parameters, words in (
        ({"encoder": "population"}, "encoder: got 'population'"),
        ({"liquid": "forecasting"}, "liquid: got 'forecasting'"),
        ({"readout": RidgeClassifier()}, "readout: got RidgeClassifier"),
    ):
        with pytest.raises(DescriptionError, match=words):
            lsm.LiquidForecaster(**({"liquid": small_liquid} | parameters), washout=10).fit(series)


@pytest.mark.parametrize("combine", ["features", "scores"])
@pytest.mark.parametrize("members", [5, None, [], [5], ["liquid"], [Ridge()], [lsm.LiquidRegressor(small_liquid)]])
def test_wrong_members_of_an_ensemble(members, combine):
    with pytest.raises(DescriptionError, match=r"members|model: got"):
        lsm.LiquidEnsemble(members, combine).fit(X, Y)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (objects(list(X)), r"X: got an array of 8 objects.*write list\(X\)"),
        (objects([x[: 3 + i] for i, x in enumerate(X[:4])] * 2), "X: got an array of 8 objects"),
        ([[1.0, 2.0], [1.0, 2.0, 3.0]] * 4, r"X: got rows of 2 to 3 values.*numpy\.reshape"),
        ([np.zeros(3), np.zeros(4)] * 4, "X: got rows of 3 to 4 values"),
        (["a", "b"] * 4, "X: could not convert"),
        (None, "X: got None"),
        ("text", "X: got 'text'"),
        (5, "X: got 5, expected samples"),
        ([], "X: got no samples"),
        (np.zeros((0, 6, 5)), "empty batch"),
        ([[[1.0], [1.0, 2.0]]] * 8, "signal of sample 0"),
        (np.full((8, 3), np.nan), "X: Input X contains NaN"),
    ],
)
def test_wrong_samples(wrong, words):
    for estimator in (lsm.LiquidClassifier(small_liquid), lsm.controls.EchoStateClassifier(10)):
        with pytest.raises(DescriptionError, match=words):
            estimator.fit(wrong, Y)
    model = lsm.LiquidClassifier(small_liquid).fit(X[:, 0], Y)
    with pytest.raises(DescriptionError):
        model.predict(wrong)


@pytest.mark.parametrize("y", [None, "text", 5, [object()] * 8, [[0], [1, 2]] * 4, np.linspace(0, 1, 8), [np.nan] * 8])
def test_wrong_labels(y):
    for estimator in (lsm.LiquidClassifier(small_liquid), lsm.controls.EchoStateClassifier(10)):
        with pytest.raises(DescriptionError, match=r"^y: "):
            estimator.fit(X, y)


@pytest.mark.parametrize("shape", [5, "ab", (2, 3, 5), (30,), (-6, -5), (6.0, 5.0), (0, 30)])
def test_wrong_sample_shapes(shape):
    with pytest.raises(DescriptionError, match=r"expected \(frames, channels\) with a product of 30"):
        lsm.LiquidTransformer(small_liquid, sample_shape=shape).fit(X.reshape(8, 30))


def test_a_function_of_a_keyword_gets_it_by_name():
    def by_name(*, n_inputs):
        return small_liquid(n_inputs)

    model = lsm.LiquidTransformer(by_name).fit(X)
    assert np.array_equal(model.transform(X), lsm.LiquidTransformer(small_liquid).fit(X).transform(X))
