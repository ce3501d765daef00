"""Trained liquids and time-continuous cells are rows of a comparison, and of ``lsm-sim evaluate``."""

import functools
import json
import sys

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import ms
from lsm_sim.learn.controls import compare, rows
from lsm_sim.learn.controls.folds import folds_of, one_group_out
from tests.datasets import write_digits, write_vowels
from tests.unit.apps.test_cli import fails
from tests.unit.apps.test_cli import lsm as command
from tests.unit.learn.test_controls import ENCODER, FEATURES, classifier, noisy
from tests.unit.learn.test_estimators import small_liquid

torch = pytest.importorskip("torch", reason="needs PyTorch: make test-torch, or pip install '.[cells]'")
for package in ("ncps", "torchdiffeq"):
    pytest.importorskip(package, reason=f"needs {package}: make test-torch, or pip install '.[cells]'")
import lsm_sim_liquid_torch.rows as of_cells  # noqa: E402
from lsm_sim_liquid_torch import CellClassifier, CellRegressor  # noqa: E402
from lsm_sim_torch import TrainedLiquidClassifier  # noqa: E402

CELLS = ("cfc", "ltc", "liquid_ode", "liquid_time_step", "spiking_core")
ALL = (*rows.TRAINED, *CELLS)


@pytest.fixture(autouse=True)
def _few_epochs(monkeypatch):
    monkeypatch.setattr(of_cells, "CellClassifier", functools.partial(CellClassifier, epochs=2))
    monkeypatch.setattr(of_cells, "CellRegressor", functools.partial(CellRegressor, epochs=2))


def test_every_row_is_declared():
    assert {*rows.entries()} == {*ALL} - {"plain"}


def test_the_same_seed_gives_the_same_rows():
    X, y = noisy(16)
    one, again = (compare(classifier(), X, y, cv=2, seeds=(1,), views=("liquid", *ALL)) for _ in range(2))
    for view in ALL:
        np.testing.assert_array_equal(one.predictions[view], again.predictions[view])
    assert {view: one.n_features[view] for view in ALL[:6]} == {
        **dict.fromkeys(rows.TRAINED, 60),  # 20 neurons, 3 bins
        **dict.fromkeys(("cfc", "ltc"), 64),  # the last and the mean output of 32 neurons
    }
    assert set(one.p_trained) == {"trained_off", "layer", "plain"}


def test_the_trained_row_is_the_estimator_with_its_defaults():
    X, y = noisy(40)
    found = compare(classifier(), X, y, cv=2, seeds=(3,), views=("liquid", "trained"))
    for train, test in folds_of(2, y, "classify", 3):
        model = TrainedLiquidClassifier(
            small_liquid(5, seed=3), ENCODER, FEATURES, "ridge", scale=None, random_state=3, progress=False
        ).fit([X[k] for k in train], y[train])
        np.testing.assert_array_equal(found.predictions["trained"][0][test], model.predict([X[k] for k in test]))


def test_cells_see_what_the_encoder_sees():
    X, y = noisy(30)
    found = compare(classifier(), X, y, cv=2, seeds=(4,), views=("cfc",))
    for train, test in folds_of(2, y, "classify", 4):
        model = CellClassifier(epochs=2, random_state=4).fit([X[k] for k in train], y[train])
        np.testing.assert_array_equal(found.predictions["cfc"][0][test], model.predict([X[k] for k in test]))


def test_spikes_are_samples_too():
    X, y = noisy(24)
    stimulus = ENCODER(X, 1 * ms)
    model = classifier(encoder=lsm.encode.Passthrough(), features=lsm.Traces(tau=20 * ms))
    found = compare(model, stimulus, y, cv=2, seeds=(0,), views=("liquid", "trained", "trained_off", "layer", "cfc"))
    assert found.n_features["trained"] == 20


def test_the_readout_of_a_trained_liquid_sees_the_encoder_if_that_of_the_liquid_does():
    X, y = noisy(24)
    found = compare(classifier(with_encoder=True), X, y, cv=2, seeds=(0,), views=("liquid", "trained"))
    assert found.n_features["trained"] == found.n_features["liquid"] == 75


def test_values_are_predicted_too():
    X, y = noisy(30)
    values = y + 0.1 * np.arange(30)
    model = lsm.LiquidRegressor(small_liquid(5), ENCODER, FEATURES, scale=None)
    found = compare(model, X, values, cv=2, seeds=(0,), views=("liquid", "trained", "layer", "plain", "cfc"))
    assert all(np.isfinite(found.predictions[view]).all() for view in found.predictions)
    assert len(set(found.predictions["cfc"][0])) > 2


def test_groups_are_left_out_of_the_training_of_cells_and_of_the_readout(monkeypatch):
    X, y = noisy(48)
    groups = np.repeat(["a", "b", "c", "d"], 12)
    parts, of = [], CellClassifier._parts
    monkeypatch.setattr(
        CellClassifier, "_parts", lambda self, *how: parts.append((how[2], of(self, *how))) or parts[-1][1]
    )
    compare(classifier(), X, y, cv=one_group_out(groups), seeds=(0,), views=("liquid", "cfc", "trained"), groups=groups)
    for own, (trained, validated) in parts:
        assert np.unique(own[validated]).size == 1
        assert not np.isin(own[trained], own[validated]).any()
        assert sorted([*trained, *validated]) == [*range(36)]
    assert len(parts) == 4


@pytest.mark.slow
def test_processes_change_nothing():
    X, y = noisy(24)
    views = ("liquid", "trained", "spiking_core")
    one, other = (compare(classifier(), X, y, cv=2, seeds=(0, 1), views=views, workers=n) for n in (None, 2))
    np.testing.assert_array_equal(one.predictions["trained"], other.predictions["trained"])


class TestEvaluate:
    @pytest.mark.filterwarnings("ignore:readout. every feature is 0")  # networks of a few neurons on tiny files
    def test_has_the_rows_that_are_asked_for_with_their_controls(self, tmp_path):
        write_digits(tmp_path, speakers=("ann", "bob"), digits=range(2))
        arguments = ("--neurons", 10, "--seeds", 1, "--bins", 2, "--loso", "--rows", "trained,spiking-core,svm")
        result = command("evaluate", "fsdd", "--data", tmp_path, *arguments, "--json")
        assert result.exit_code == 0, result.output
        read = json.loads(result.stdout)
        assert [*read["accuracy"]][5:] == [*rows.TRAINED, "spiking_core", "svm", "larger"]
        assert read["features"] | {"trained": 20, "larger": 80} == read["features"]
        assert read["settings"]["options"]["rows"] == ["trained", "spiking_core", "svm"]

    def test_works_for_vowels(self, tmp_path):
        write_vowels(tmp_path, train=(6, 6), test=(3, 3))
        arguments = ("--neurons", 10, "--seeds", 1, "--bins", 2, "--rows", "cfc")
        result = command("evaluate", "japanese_vowels", "--data", tmp_path, *arguments)
        assert result.exit_code == 0, result.output
        assert "\nCfC" in result.stdout
        assert any(line.startswith("liquid ") and " CfC " in line for line in result.stdout.splitlines())

    def test_says_what_is_missing_before_it_reads_anything(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "ncps", None)
        result = command("evaluate", "japanese_vowels", "--data", tmp_path / "nowhere", "--rows", "cfc")
        fails(result, "ncps is not installed; install it with: pip install")
