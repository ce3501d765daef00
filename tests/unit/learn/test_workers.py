"""Comparisons and cross-validation in several processes give the same numbers."""

import numpy as np
import pytest
from sklearn.datasets import load_iris

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim.apps.evaluate.settings_series import SETTINGS
from lsm_sim.errors import DescriptionError
from lsm_sim.learn.controls import compare
from lsm_sim.support import environment
from lsm_sim.support.parallel import Work

X, Y = load_iris(return_X_y=True)


def test_the_number_of_cores_can_be_lowered(monkeypatch):
    for text, expected in (("1", 1), ("0", 1), ("100000", environment.cores()), ("many", environment.cores())):
        monkeypatch.setenv(environment.THREADS, text)
        assert environment.cores() == expected


@pytest.mark.slow
def test_workers_compare_as_one_process_does():
    model = lsm.LiquidClassifier(lambda n: models.speech(n_inputs=n, n_neurons=20))  # a function that pickle refuses
    one, two = (
        compare(model, X, Y, seeds=(0, 1, 2), cv=3, views=("raw", "esn", "liquid"), workers=workers)
        for workers in (None, 2)
    )
    assert one.settings == two.settings
    assert (one.rates, one.n_features) == (two.rates, two.n_features)
    for view in one.predictions:
        assert np.array_equal(one.predictions[view], two.predictions[view]), view


def test_workers_are_checked_before_the_run():
    with pytest.raises(DescriptionError, match="workers: got 0"):
        compare(lsm.LiquidClassifier(lambda n: models.speech(n_inputs=n, n_neurons=20)), X, Y, workers=0)


@pytest.mark.slow
def test_workers_forecast_as_threads_do():
    import dataclasses

    small = dataclasses.replace(SETTINGS["narma10"], n_neurons=100, n_train=300, n_test=200, washout=50)
    one, two = (small.compare((0, 1), work=Work(workers)) for workers in (None, 2))
    for view in one.predictions:
        assert np.array_equal(one.predictions[view], two.predictions[view]), view
