"""Rows of other packages in a comparison, the controls of a trained liquid that need no PyTorch, and what is said of them."""

import json
import re
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import DescriptionError
from lsm_sim.errors import BackendUnavailableError
from lsm_sim.learn import readout
from lsm_sim.learn.controls import Comparison, compare, rows
from lsm_sim.learn.controls.folds import folds_of, one_group_out
from tests.unit.learn.test_controls import ENCODER, FEATURES, classifier, noisy
from tests.unit.learn.test_estimators import small_liquid

SEEN: list[rows.Trial] = []


def nearest(trial):
    """A row: the label of the sample with the nearest mean."""
    SEEN.append(trial)
    (train, test), means = trial.fold, np.array([signal.mean() for signal in trial.samples.signals])
    found = [trial.y[train][np.abs(means[train] - means[k]).argmin()] for k in test]
    return rows.Answer(found, 1)


@pytest.fixture
def declared(monkeypatch):
    """Declare the row ``nearest``, as an installed package does."""
    SEEN.clear()
    mine = SimpleNamespace(name="nearest", load=lambda: nearest)
    monkeypatch.setattr(rows, "metadata", SimpleNamespace(entry_points=lambda **_: [mine]))
    rows.entries.cache_clear()
    yield
    rows.entries.cache_clear()


@pytest.mark.usefixtures("declared")
def test_a_row_of_another_package_is_trained_on_each_fold_and_tested_on_its_test_samples():
    X, y = noisy()
    labels = np.array(["even", "odd"])[y]
    found = compare(classifier(), X, labels, cv=3, seeds=(0, 1), views=("nearest", "liquid"))
    assert [trial.seed for trial in SEEN] == [0, 0, 0, 1, 1, 1]
    assert all(trial.task == "classify" and trial.groups is None for trial in SEEN)
    for seed, predicted in zip((0, 1), found.predictions["nearest"], strict=True):
        own = [trial for trial in SEEN if trial.seed == seed]
        for trial, (train, test) in zip(own, folds_of(3, labels, "classify", seed), strict=True):
            np.testing.assert_array_equal(trial.fold[0], train)
            np.testing.assert_array_equal(predicted[test], nearest(trial).predicted)
            assert trial.samples.transformer.liquid_.seed == seed
    assert found.n_features["nearest"] == 1
    assert found.seconds["nearest"] > 0
    assert json.loads(found.to_json())["accuracy"]["nearest"]["values"] == found.per_seed["nearest"]


@pytest.mark.usefixtures("declared")
def test_a_row_gets_groups_if_the_tested_ones_are_new():
    X, y = noisy()
    groups = np.repeat(["a", "b", "c"], 20)
    views = ("liquid", "nearest")
    compare(classifier(), X, y, cv=one_group_out(groups), seeds=(0,), views=views, groups=groups)
    assert [sorted(set(trial.training_groups)) for trial in SEEN] == [[1, 2], [0, 2], [0, 1]]
    SEEN.clear()
    compare(classifier(), X, y, cv=3, seeds=(0,), views=views, groups=groups)
    assert [trial.training_groups for trial in SEEN] == [None] * 3


def test_another_readout_and_a_larger_liquid_are_views():
    X, y = noisy()
    larger = classifier(liquid=small_liquid(5, size=80))
    found = compare(classifier(), X, y, cv=3, seeds=(2,), views=("plain",), larger=larger)
    stimulus = ENCODER(X, 1 * lsm.ms)
    for view, size, own in (("plain", 20, readout.common_logistic()), ("larger", 80, readout.ridge())):
        transformer = lsm.LiquidTransformer(small_liquid(5, size=size, seed=2), ENCODER, FEATURES, scale=None)
        features = transformer.fit(X).respond(stimulus)
        for train, test in folds_of(3, y, "classify", 2):
            expected = own.fit(features[train], y[train]).predict(features[test])
            np.testing.assert_array_equal(found.predictions[view][0][test], expected)
        assert found.n_features[view] == 3 * size


def test_a_larger_model_that_is_none_is_named():
    X, y = noisy(24)
    with pytest.raises(DescriptionError, match=r"larger: model: got 3, expected an estimator"):
        compare(classifier(), X, y, cv=2, larger=3)


def test_values_have_ridge_regression_of_counts_as_they_are():
    X, y = noisy()
    model = lsm.LiquidRegressor(small_liquid(5), ENCODER, FEATURES, scale=None)
    found = compare(model, X, y + 0.5, cv=2, seeds=(0,), views=("liquid", "plain"))
    assert 0 < found.mean["plain"] < 3


@pytest.mark.parametrize(
    ("view", "extra"), [("trained", "torch"), ("layer", "torch"), ("cfc", "cells"), ("spiking_core", "cells")]
)
def test_where_pytorch_is_missing_one_sentence_says_what_to_install_before_anything_runs(monkeypatch, view, extra):
    for name in [name for name in sys.modules if name.startswith(("lsm_sim_torch", "lsm_sim_liquid_torch"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    X, y = noisy(24)
    monkeypatch.setattr(lsm.LiquidTransformer, "respond", lambda *_: pytest.fail("the liquid was simulated"))
    with pytest.raises(BackendUnavailableError, match=rf"torch.* install.*pip install '[^']*\[{extra}\]") as caught:
        compare(classifier(), X, y, cv=2, seeds=(0,), views=("liquid", view))
    assert "\n" not in str(caught.value)


def test_an_unknown_view_is_answered_with_all_rows():
    X, y = noisy(24)
    with pytest.raises(DescriptionError, match=re.escape("views: got ['lstm'], expected some of raw, ")) as caught:
        compare(classifier(), X, y, cv=2, views=("lstm",))
    assert {"trained", "cfc", "plain"} <= set(str(caught.value).replace(",", "").split())


def test_the_trained_liquid_is_compared_with_its_own_controls():
    rng = np.random.default_rng(3)
    truth = np.arange(300) % 2
    wrong = {"liquid": 0.4, "trained": 0.1, "trained_off": 0.1, "layer": 0.45, "larger": 0.1, "svm": 0.1}
    predictions = {view: [np.where(rng.random(300) < share, 1 - truth, truth)] for view, share in wrong.items()}
    found = Comparison("accuracy", (0,), truth, predictions, dict.fromkeys(wrong, 1), {})
    assert list(found.p_trained) == ["trained_off", "layer", "larger"]
    text = "\n".join(found.sentences())
    assert "liquid is worse than trained liquid" in text
    assert "trained liquid is better than linear layer, same optimiser" in text
    assert "trained liquid and trained, recurrence off do not differ significantly" in text
    assert found.to_dict()["p_trained"] == found.p_trained
    without = Comparison("accuracy", (0,), truth, {"liquid": predictions["liquid"]}, {"liquid": 1}, {})
    assert "p_trained" not in without.to_dict()
