import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelBinarizer, StandardScaler

import lsm_sim as lsm
from lsm_sim import DescriptionError, ms
from lsm_sim.learn.left_out import errors_left_out
from lsm_sim.learn.readout import ALPHAS, Probabilities, SoftScaler, fit, linear_svm, ridge


def test_the_soft_scaler_divides_by_the_root_of_own_and_median_deviation():
    X = np.array([[0.0, 0, 0], [2, 8, 32], [0, 0, 0], [2, 8, 32]])  # standard deviations 1, 4, 16
    scaled = SoftScaler().fit_transform(X)
    np.testing.assert_allclose(scaled.std(axis=0), [0.5, 1, 2], rtol=1e-12)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-12)


def test_the_soft_scaler_leaves_constant_features_at_zero():
    X = np.array([[1.0, 5], [1, 7]])
    assert np.array_equal(SoftScaler().fit_transform(X), [[0, -1], [0, 1]])
    assert not SoftScaler().fit_transform(np.ones((3, 2))).any()


@pytest.mark.parametrize("soft", [False, True])
def test_ridge_learns_with_either_scaling(soft):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(60, 5)) * [1, 10, 100, 0.1, 1]
    y = X[:, 0] > 0
    assert ridge(soft=soft).fit(X[:40], y[:40]).score(X[40:], y[40:]) > 0.8


def test_a_model_with_a_soft_ridge_is_saved_and_read(tmp_path):
    X, y = [np.full((5, 1), value) for value in (0.1, 0.9, 0.2, 0.8)], ["low", "high"] * 2
    liquid = lsm.Liquid(
        [lsm.Inputs("in", 1)],
        [lsm.Neurons("all", 10, tau_m=20 * ms, tau_syn=10 * ms)],
        [lsm.Synapses("in", "all", lsm.AllToAll(), weight=lsm.Uniform(0.5, 2))],
    )
    model = lsm.LiquidClassifier(liquid, readout=ridge(soft=True)).fit(X, y)
    model.save(tmp_path / "model.npz")
    read = lsm.LiquidClassifier.load(tmp_path / "model.npz")
    assert isinstance(read.readout_[0], SoftScaler)
    assert np.array_equal(read.decision_function(X), model.decision_function(X))


def grouped(n_features, n=60, n_groups=5):
    """Return features and labels of groups that differ from each other more than within."""
    rng = np.random.default_rng(3)
    groups = np.arange(n) % n_groups
    y = rng.integers(0, 3, n)
    own = rng.normal(size=(n_groups, n_features))[groups]
    return own + 0.3 * rng.normal(size=(n, n_features)) + 0.5 * np.eye(3, n_features)[y], y, groups


@pytest.mark.parametrize("n_features", [20, 200])
def test_errors_of_groups_left_out_are_those_of_training_without_them(n_features):
    X, y, groups = grouped(n_features)
    targets = LabelBinarizer(neg_label=-1).fit_transform(y).astype(float)
    alphas = np.array([0.1, 10.0, 1000.0])
    expected = []
    for alpha in alphas:
        squared = 0.0
        for group in range(5):
            train = groups != group
            model = Ridge(alpha=alpha).fit(X[train], targets[train])
            squared += np.sum((model.predict(X[~train]) - targets[~train]) ** 2)
        expected.append(squared / targets.size)
    np.testing.assert_allclose(errors_left_out(X, targets, alphas, groups), expected, rtol=1e-8)  # two decompositions


def test_groups_choose_another_alpha_than_single_samples():
    X, y, groups = grouped(40)
    single, left_out = ridge().fit(X, y)[-1].alpha_, fit(ridge(), X, y, groups)[-1].alpha_
    assert left_out > single
    assert left_out in ALPHAS


def test_groups_leave_other_readouts_alone():
    X, y, groups = grouped(20)
    model = make_pipeline(StandardScaler(), LogisticRegression())
    assert np.array_equal(fit(clone(model), X, y, groups)[-1].coef_, clone(model).fit(X, y)[-1].coef_)


@pytest.mark.parametrize(("groups", "expected"), [([0] * 60, "one group only"), ([0, 1], "got shape")])
def test_groups_that_cannot_be_left_out_are_refused(groups, expected):
    X, y, _ = grouped(20)
    with pytest.raises(lsm.DescriptionError, match=expected):
        fit(ridge(), X, y, groups)


def overlapping(n_classes, n=600, seed=0):
    X, k = make_blobs(n, 6, centers=n_classes, cluster_std=6.0, random_state=seed)
    return X, np.array(["a", "b", "c", "d"])[k]


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("make", [ridge, linear_svm])
def test_probabilities_change_no_label_and_no_score(make, n_classes):
    X, y = overlapping(n_classes)
    plain, own = make().fit(X[:300], y[:300]), make(probabilities=True).fit(X[:300], y[:300])
    p = own.predict_proba(X[300:])
    assert p.shape == (300, n_classes)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-12)
    assert own.classes_[p.argmax(axis=1)].tolist() == own.predict(X[300:]).tolist() == plain.predict(X[300:]).tolist()
    assert np.array_equal(own.decision_function(X[300:]), plain.decision_function(X[300:]))


@pytest.mark.parametrize("n_classes", [2, 4])
def test_probabilities_are_calibrated_on_new_samples(n_classes):
    X, y = overlapping(n_classes, n=4000)
    own = ridge(probabilities=True).fit(X[:2000], y[:2000])
    p = own.predict_proba(X[2000:])
    assert abs(p.max(axis=1).mean() - (own.predict(X[2000:]) == y[2000:]).mean()) < 0.04
    for factor in (0.25, 4):  # other temperatures are worse
        other = ridge(probabilities=True).fit(X[:2000], y[:2000])
        other.temperature_ *= factor
        assert log_loss(y[2000:], p) < log_loss(y[2000:], other.predict_proba(X[2000:]))


def test_separable_classes_are_not_certain():
    X = np.r_[np.zeros((10, 2)), np.ones((10, 2))]
    p = ridge(probabilities=True).fit(X, X[:, 0]).predict_proba(X)
    assert 0.9 < p.max() < 1


def test_probabilities_say_what_they_need():
    with pytest.raises(DescriptionError, match="expected at least two classes with two samples each"):
        Probabilities(ridge()).fit(np.eye(3), [0, 0, 1])
    with pytest.raises(DescriptionError, match="expected a classifier"):
        ridge("regress", probabilities=True)


def test_a_classifier_has_probabilities_by_its_readout(tmp_path):
    X, y = [np.full((5, 1), value) for value in np.linspace(0, 1, 12)], np.repeat(["low", "high"], 6)
    liquid = lsm.Liquid(
        [lsm.Inputs("in", 1)],
        [lsm.Neurons("all", 10, tau_m=20 * ms, tau_syn=10 * ms)],
        [lsm.Synapses("in", "all", lsm.AllToAll(), weight=lsm.Uniform(0.5, 2))],
    )
    plain, model = (lsm.LiquidClassifier(liquid, readout=ridge(probabilities=own)).fit(X, y) for own in (False, True))
    assert not hasattr(plain, "predict_proba")
    assert not hasattr(lsm.LiquidClassifier(liquid), "predict_proba")
    assert model.predict(X).tolist() == plain.predict(X).tolist()
    p = model.predict_proba(X)
    assert model.classes_[p.argmax(axis=1)].tolist() == model.predict(X).tolist()
    model.save(tmp_path / "model.npz")
    assert np.array_equal(lsm.LiquidClassifier.load(tmp_path / "model.npz").predict_proba(X), p)
    with pytest.raises(AttributeError, match="predict_proba") as caught:
        plain.predict_proba(X)
    assert "ridge(probabilities=True)" in str(caught.value.__cause__)
    members = [lsm.LiquidClassifier(liquid)] * 2
    assert lsm.LiquidEnsemble(members, readout=ridge(probabilities=True)).fit(X, y).predict_proba(X).shape == (12, 2)
    assert not hasattr(lsm.LiquidEnsemble(members), "predict_proba")
    assert not hasattr(lsm.LiquidEnsemble(members, combine="scores"), "predict_proba")
