"""Several liquids as one estimator."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import estimator_checks_generator

import lsm_sim as lsm
from lsm_sim import DescriptionError, Hz, ms
from lsm_sim.learn import model_file, readout
from lsm_sim.learn.ensemble import LiquidEnsemble
from tests.unit.learn.test_estimators import NEEDS_PACKAGE, patterns, small_liquid

COMBINE = ("features", "scores")


def member(seed, **how):
    encoder = lsm.encode.Rate(200 * Hz, frame=5 * ms, seed=seed)
    return lsm.LiquidClassifier(**{"liquid": small_liquid(5, seed=seed), "encoder": encoder} | how)


def members(n=3, **how):
    return [member(seed, **how) for seed in range(n)]


def hard(n=80, seed=0):
    """Samples whose class is hard to see for one small liquid."""
    rng = np.random.default_rng(seed)
    y = np.array(["a", "b", "c"])[np.arange(n) % 3]
    means = {"a": 0.3, "b": 0.4, "c": 0.5}
    return [np.clip(means[c] + 0.15 * rng.normal(size=(6 + i % 3, 5)), 0, 1) for i, c in enumerate(y)], y


CHECKS = [
    pytest.param(estimator, check, id=f"{combine}-{check.func.__name__}-{i}")
    for combine in COMBINE
    for i, (estimator, check) in enumerate(
        estimator_checks_generator(LiquidEnsemble([lsm.LiquidClassifier(small_liquid)], combine))
    )
    if check.func.__name__ not in NEEDS_PACKAGE
]


@pytest.mark.filterwarnings("default")  # the checks provoke warnings on purpose
@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_passes_the_estimator_checks_of_scikit_learn(estimator, check):
    check(estimator)


class TestCombining:
    def test_features_gives_them_all_to_one_readout(self):
        X, y = hard()
        model = LiquidEnsemble(members(), "features").fit(X[:60], y[:60])
        features = np.hstack([one.transformer().fit(X[:60]).transform(X) for one in members()])
        expected = readout.ridge().fit(features[:60], y[:60])
        np.testing.assert_array_equal(model.predict(X[60:]), expected.predict(features[60:]))

    def test_scores_averages_those_of_the_members(self):
        X, y = hard()
        model = LiquidEnsemble(members(), "scores").fit(X[:60], y[:60])
        scores = np.mean([one.fit(X[:60], y[:60]).decision_function(X[60:]) for one in members()], axis=0)
        np.testing.assert_array_equal(model.decision_function(X[60:]), scores)
        np.testing.assert_array_equal(model.predict(X[60:]), np.array(["a", "b", "c"])[scores.argmax(axis=1)])

    @pytest.mark.parametrize("combine", COMBINE)
    def test_of_one_member_is_that_member(self, combine):
        X, y = hard()
        model, one = LiquidEnsemble([member(4)], combine).fit(X, y), member(4).fit(X, y)
        np.testing.assert_array_equal(model.predict(X), one.predict(X))

    @pytest.mark.parametrize("combine", COMBINE)
    @pytest.mark.parametrize("first", ["fit", "partial_fit", "load"])
    def test_goes_on_learning(self, combine, first, tmp_path):
        X, y = hard()
        how = {"features": lsm.Counts(1), "readout": "incremental_ridge"}
        model = LiquidEnsemble(members(2, **how), combine, "incremental_ridge")
        if first == "partial_fit":
            model.partial_fit(X[:40], y[:40], classes=["a", "b", "c"])
        else:
            model.fit(X[:40], y[:40])
        if first == "load":
            model.save(tmp_path / "m.npz")
            model = LiquidEnsemble.load(tmp_path / "m.npz")
        before = model.decision_function(X)
        with pytest.raises(DescriptionError, match="y: got the new class"):
            model.partial_fit(X[40:42], ["a", "d"])
        with pytest.raises(DescriptionError, match="y: got 3 values for 2 samples"):
            model.partial_fit(X[40:42], ["a", "b", "c"])
        np.testing.assert_array_equal(model.decision_function(X), before)
        model.partial_fit(X[40:60], y[40:60])
        ones = [one.fit(X[:40], y[:40]) for one in members(2, **how)]
        if combine == "scores":
            expected = np.mean([one.partial_fit(X[40:60], y[40:60]).decision_function(X) for one in ones], axis=0)
        else:
            features = np.hstack([one.transformer_.transform(X) for one in ones])
            together = readout.incremental_ridge().fit(features[:40], y[:40]).partial_fit(features[40:60], y[40:60])
            expected = together.decision_function(features)
        np.testing.assert_allclose(model.decision_function(X), expected, rtol=1e-8, atol=1e-10)  # order of sums
        assert list(model.classes_) == ["a", "b", "c"]

    def test_goes_on_learning_only_if_all_readouts_can(self):
        assert not hasattr(LiquidEnsemble(members()), "partial_fit")
        assert not hasattr(LiquidEnsemble([member(0), member(1, readout="rls")], "scores"), "partial_fit")
        assert not hasattr(LiquidEnsemble(None, "scores"), "partial_fit")
        model = LiquidEnsemble(members(2), "features", "rls")
        with pytest.raises(DescriptionError, match="classes: got None in the first call"):
            model.partial_fit(*hard(6))

    @pytest.mark.parametrize("combine", COMBINE)
    def test_tells_two_classes_apart_too(self, combine):
        X, y = patterns()
        model = LiquidEnsemble(members(2), combine).fit(X[:40], y[:40])
        assert model.decision_function(X[40:]).shape == (20,)
        assert model.score(X[40:], y[40:]) == 1

    def test_takes_members_with_front_ends_of_their_own(self):
        X, y = hard()
        halved = make_pipeline(FunctionTransformer(lambda X: [signal / 2 for signal in X]), member(1, scale=None))
        for combine in COMBINE:
            model = LiquidEnsemble([member(0), halved], combine).fit(X[:60], y[:60])
            assert model.score(X[60:], y[60:]) > 0.5

    def test_leaves_the_members_given_as_they_were(self):
        X, y = hard()
        given = members()
        for combine in COMBINE:
            LiquidEnsemble(given, combine).fit(X, y)
        assert not any(hasattr(one, "readout_") for one in given)


class TestAsAnEstimator:
    def test_can_be_cloned_and_searched(self):
        X, y = hard(40)
        model = clone(LiquidEnsemble(members(2)))
        search = GridSearchCV(model, {"combine": COMBINE}, cv=2).fit(X, y)
        assert search.best_score_ > 0.4

    @pytest.mark.parametrize(
        ("how", "y", "expected"),
        [
            ({"members": []}, None, "members: got none, expected at least one"),
            ({"combine": "votes"}, None, "combine: got 'votes', expected 'features' or 'scores'"),
            ({}, np.array(["a"] * 80), "y: got one class only, a"),
            ({}, np.array(["a", "b"] * 3), "y: got 6 values for 80 samples of X"),
            ({"members": [lsm.LiquidRegressor(small_liquid)]}, None, "members: got LiquidRegressor, expected Liquid"),
            ({"members": [FunctionTransformer()]}, None, "got FunctionTransformer, expected a LiquidClassifier"),
        ],
    )
    def test_says_what_is_wrong(self, how, y, expected):
        X, labels = hard()
        with pytest.raises(DescriptionError, match=expected):
            LiquidEnsemble(**{"members": members(2)} | how).fit(X, labels if y is None else y)


class TestSaving:
    @pytest.mark.parametrize("combine", COMBINE)
    def test_gives_an_ensemble_that_predicts_the_same(self, tmp_path, combine):
        X, y = hard()
        model = LiquidEnsemble(members(2), combine).fit(X[:60], y[:60])
        model.save(tmp_path / "model.npz")
        loaded = LiquidEnsemble.load(tmp_path / "model.npz")
        np.testing.assert_array_equal(loaded.decision_function(X), model.decision_function(X))
        np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
        classes = lsm.LiquidClassifier, lsm.LiquidRegressor, LiquidEnsemble
        assert type(model_file.load(tmp_path / "model.npz", *classes)) is LiquidEnsemble
        np.testing.assert_array_equal(loaded.fit(X[:60], y[:60]).predict(X), model.predict(X))

    def test_is_refused_where_members_have_front_ends(self, tmp_path):
        X, y = hard(30)
        model = LiquidEnsemble([make_pipeline(FunctionTransformer(), member(0))]).fit(X, y)
        with pytest.raises(DescriptionError, match="cannot save an ensemble whose members have front ends"):
            model.save(tmp_path / "model.npz")
        assert list(tmp_path.iterdir()) == []

    def test_of_one_kind_is_not_read_as_another(self, tmp_path):
        X, y = hard(30)
        LiquidEnsemble(members(1)).fit(X, y).save(tmp_path / "model.npz")
        with pytest.raises(DescriptionError, match="got a model of type 'LiquidEnsemble', expected LiquidClassifier"):
            lsm.LiquidClassifier.load(tmp_path / "model.npz")
