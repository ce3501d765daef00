"""Logistic regression on features with one common scale: units do not matter, relative sizes do."""

import numpy as np
import pytest

from lsm_sim import DescriptionError
from lsm_sim.learn.common_scale import CommonScaler, common_logistic


def task(seed):
    rng = np.random.default_rng(seed)
    y = np.arange(60) % 3
    return rng.normal(size=(60, 5)) * [1, 2, 3, 0.1, 5] + y[:, None], y


@pytest.mark.parametrize("seed", [0, 7])
def test_the_sum_of_the_variances_is_one_and_relative_sizes_stay(seed):
    X, _ = task(seed)
    found = CommonScaler().fit_transform(X)
    assert found.var(axis=0).sum() == pytest.approx(1, rel=1e-12)  # rounding
    np.testing.assert_allclose(found.std(axis=0) / found.std(axis=0)[0], X.std(axis=0) / X.std(axis=0)[0], rtol=1e-12)


@pytest.mark.parametrize("seed", [0, 7])
def test_the_unit_of_the_features_does_not_matter(seed):
    X, y = task(seed)
    one, other = (common_logistic().fit(k * X, y).predict_proba(k * X) for k in (1, 1000))
    np.testing.assert_allclose(one, other, atol=1e-3)  # the solver stops at a tolerance


def test_features_that_never_vary_are_no_error():
    assert not CommonScaler().fit_transform(np.ones((4, 2))).any()


def test_with_unit_length_a_sample_that_is_louder_is_the_same_sample():
    X, y = task(3)
    X = np.abs(X)
    model = common_logistic(unit_length=True).fit(X, y)
    loud = X * np.linspace(0.1, 9, len(X))[:, None]
    np.testing.assert_allclose(model.predict_proba(loud), model.predict_proba(X), rtol=0, atol=1e-12)  # rounding
    other = common_logistic().fit(X, y)
    assert np.abs(other.predict_proba(loud) - other.predict_proba(X)).max() > 0.1
    assert np.isfinite(model.predict_proba(0 * X)).all()  # silent samples have no length


@pytest.mark.parametrize("C", [0, -1.0, "much"])
def test_a_strength_must_be_positive(C):
    with pytest.raises(DescriptionError, match="common_logistic C"):
        common_logistic(C)
