"""Comparisons and cross-validation in several processes give the same numbers."""

import json
from importlib import import_module

import numpy as np
import pytest
from sklearn.datasets import load_iris

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import perturb
from lsm_sim.apps.evaluate.settings_series import SETTINGS
from lsm_sim.errors import DescriptionError
from lsm_sim.learn.controls import compare, stress
from lsm_sim.learn.controls.tuned import Setting, compare_tuned
from lsm_sim.support import environment
from lsm_sim.support.parallel import Work

stress_module = import_module("lsm_sim.learn.controls.stress")  # whose name is that of its function
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


def settings_of(factor):
    """Two settings of a row, made of functions that pickle refuses."""
    return [
        Setting(f"{factor * k}", lambda seed, k=k: X * factor + np.random.default_rng(seed).normal(0, k, X.shape))
        for k in (0.5, 2.0)
    ]


def tune(work):
    folds = [(np.arange(150) % 3 != k, np.arange(150) % 3 == k) for k in range(3)]
    folds = [(np.flatnonzero(train), np.flatnonzero(test)) for train, test in folds]
    views = {name: settings_of(factor) for name, factor in (("raw", 1), ("encoder", 2), ("liquid", 3))}
    return compare_tuned(views, Y, folds, readout=lsm.readout.ridge(), seeds=(0, 1, 2), progress=False, **work)


def disturb(work):
    model = lsm.LiquidClassifier(lambda n: models.speech(n_inputs=n, n_neurons=20))
    kinds = {"lost": perturb.LostSpikes(0.3), "dead": perturb.DeadNeurons(0.3), "bits": perturb.WeightBits(3)}
    return stress(model, X, Y, kinds, cv=3, seeds=(0, 1, 2), views=("raw", "esn", "liquid"), progress=False, **work)


def check_tuned(one, other):
    assert one.chosen == other.chosen
    assert [[*own.items()] for own in one.chosen.values()] == [[*own.items()] for own in other.chosen.values()]
    same_but_for_time(one.comparison, other.comparison)


def same_but_for_time(one, other):
    """Check that two results are equal, in the order of their tables too."""
    plain = [own.to_dict() | {"seconds": [*own.to_dict()["seconds"]]} for own in (one, other)]
    assert json.dumps(plain[0]) == json.dumps(plain[1])
    assert one.table() == other.table()


@pytest.fixture(scope="module")
def tuned_alone():
    return tune({})


@pytest.fixture(scope="module")
def disturbed_alone():
    return disturb({})


@pytest.mark.slow
def test_workers_tune_as_one_process_does(tuned_alone):
    check_tuned(tuned_alone, tune({"workers": 2}))


@pytest.mark.slow
@pytest.mark.parametrize("workers", [2, 4])
def test_workers_test_under_stress_as_one_process_does(workers, disturbed_alone):
    same_but_for_time(disturbed_alone, disturb({"workers": workers}))


def test_seeds_that_are_left_are_divided():
    job = stress_module._Job(None, X, Y, dict.fromkeys("abcd"), (), (), {}, None)
    folds = [[], [], []]
    whole = ["clean", "a", "b", "c", "d"]
    assert job.tasks((5, 6, 7), folds, 3) == [(seed, [], whole) for seed in (5, 6, 7)]
    halves = [(7, [], ["clean", "a", "b"]), (7, [], ["c", "d"])]
    assert job.tasks((5, 6, 7), folds, 2) == [(5, [], whole), (6, [], whole), *halves]
    assert [names for _, _, names in job.tasks((5,), [[]], 99)] == [[name] for name in whole]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of a cluster that ends
def test_a_dask_cluster_tunes_and_tests_under_stress_as_one_process_does(tmp_path, tuned_alone, disturbed_alone):
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**options, local_directory=tmp_path) as cluster:
        dask = {"dask": cluster.scheduler_address}
        check_tuned(tuned_alone, tune(dask))
        same_but_for_time(disturbed_alone, disturb(dask))
