import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import ms
from lsm_sim.learn.readout import SoftScaler, ridge


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
