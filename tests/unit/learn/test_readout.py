import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelBinarizer, StandardScaler

import lsm_sim as lsm
from lsm_sim import ms
from lsm_sim.learn.readout import ALPHAS, SoftScaler, errors_left_out, fit, ridge


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
