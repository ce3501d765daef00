"""Liquids whose readouts keep learning."""

import numpy as np
import pytest
from sklearn.linear_model import SGDClassifier

import lsm_sim as lsm
from lsm_sim import DescriptionError, Hz, ms

READOUTS = ["rls", "lms", "incremental_ridge"]


def liquid(n_inputs):
    return lsm.Liquid(
        [lsm.Inputs("in", n_inputs)],
        [lsm.Neurons("all", 20, tau_m=20 * ms, tau_syn=10 * ms)],
        [lsm.Synapses("in", "all", lsm.FixedProbability(0.5), weight=lsm.Normal(0, 3))],
    )


def patterns(n=60):
    rng = np.random.default_rng(0)
    y = np.arange(n) % 3
    X = 0.5 * rng.random((n, 6, 6)) + 0.5 * (np.arange(6) % 3 == y[:, None])[:, None]
    return X, np.array(["a", "b", "c"])[y]


X, Y = patterns()
PARTS = {"liquid": liquid, "encoder": lsm.encode.Rate(max_rate=300 * Hz, frame=10 * ms), "features": lsm.Counts(1)}


@pytest.mark.parametrize("name", READOUTS)
def test_more_samples_update_the_readout_and_nothing_else(name):
    model = lsm.LiquidClassifier(readout=name, **PARTS).fit(X[:30], Y[:30])
    by_hand = lsm.LiquidClassifier(readout=name, **PARTS).fit(X[:30], Y[:30])
    low, digest = model.transformer_.input_.low, model.transformer_.program_.digest
    assert model.partial_fit(X[30:], Y[30:]) is model
    by_hand.readout_.partial_fit(by_hand.transformer_.transform(X[30:]), Y[30:])
    assert np.array_equal(model.decision_function(X), by_hand.decision_function(X))
    assert np.array_equal(model.transformer_.input_.low, low)
    assert model.transformer_.program_.digest == digest
    assert model.score(X, Y) > 0.9


@pytest.mark.parametrize("name", READOUTS)
def test_the_first_call_learns_the_range_and_names_the_classes(name):
    model = lsm.LiquidClassifier(readout=name, **PARTS)
    model.partial_fit(X[:30], Y[:30], classes=["a", "b", "c"])
    fitted = lsm.LiquidClassifier(readout=name, **PARTS).fit(X[:30], Y[:30])
    assert np.array_equal(model.decision_function(X), fitted.decision_function(X))
    assert model.classes_.tolist() == ["a", "b", "c"]
    assert model.n_features_in_ == 6
    values = lsm.LiquidRegressor(readout=name, **PARTS).partial_fit(X, X.sum(axis=(1, 2)))
    expected = lsm.LiquidRegressor(readout=name, **PARTS).fit(X, X.sum(axis=(1, 2)))
    assert np.array_equal(values.predict(X), expected.predict(X))


@pytest.mark.parametrize("name", READOUTS)
def test_a_saved_model_goes_on_learning_to_the_bit(name, tmp_path):
    model = lsm.LiquidClassifier(readout=name, **PARTS).fit(X[:30], Y[:30])
    model.save(tmp_path / "model.npz")
    read = lsm.LiquidClassifier.load(tmp_path / "model.npz").partial_fit(X[30:], Y[30:])
    assert np.array_equal(read.decision_function(X), model.partial_fit(X[30:], Y[30:]).decision_function(X))
    values = lsm.LiquidRegressor(readout=name, **PARTS).fit(X[:30], np.arange(30.0))
    values.save(tmp_path / "values.npz")
    read = lsm.LiquidRegressor.load(tmp_path / "values.npz").partial_fit(X[30:], np.arange(30.0))
    assert np.array_equal(read.predict(X), values.partial_fit(X[30:], np.arange(30.0)).predict(X))


def test_only_readouts_that_keep_learning_have_it():
    for name in ("ridge", "logistic", "svm"):
        model = lsm.LiquidClassifier(readout=name, **PARTS)
        assert not hasattr(model, "partial_fit")
        assert not hasattr(model.fit(X, Y), "partial_fit")
    with pytest.raises(AttributeError) as caught:
        lsm.LiquidRegressor(**PARTS).partial_fit(X, np.arange(60.0))
    assert "the readout 'ridge' has no partial_fit; use 'rls', 'lms', 'incremental_ridge'" in str(
        caught.value.__cause__
    )
    foreign = lsm.LiquidClassifier(readout=SGDClassifier(random_state=0), **PARTS)
    assert foreign.partial_fit(X, Y, classes=["a", "b", "c"]).partial_fit(X, Y).score(X, Y) > 0.9
    assert (
        lsm.LiquidRegressor(readout=lsm.readout.force(), **PARTS).partial_fit(X, np.arange(60.0)).readout_.alpha == 1.0
    )


def test_wrong_calls_leave_the_model_as_it_is():
    model = lsm.LiquidClassifier(readout="rls", **PARTS)
    with pytest.raises(DescriptionError, match=r"^classes: got None in the first call of partial_fit"):
        model.partial_fit(X, Y)
    assert not hasattr(model, "readout_")
    before = model.fit(X, Y).decision_function(X)
    for x, y, words in [
        (X, Y[:9], "^y: got 9 values for 60 samples of X$"),
        (X[:2], ["a", "d"], "^y: got the new class 'd', expected one of 'a', 'b', 'c'"),
        (X[:, :, :5], Y, "^X: got signals of 5 channels, expected 6 as in fit"),
    ]:
        with pytest.raises(DescriptionError, match=words):
            model.partial_fit(x, y)
    assert np.array_equal(model.decision_function(X), before)
