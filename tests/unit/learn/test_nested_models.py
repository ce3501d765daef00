"""Models whose readout was chosen on training samples: saved, opened, deployed and exported like the chosen readout."""

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from skops import io as skops_io

import lsm_sim as lsm
from lsm_sim.deploy import deploy
from lsm_sim.errors import DescriptionError, UnsupportedError
from lsm_sim.explorer.linear import linear
from lsm_sim.learn.nested import NestedChoice
from lsm_sim.learn.readout import centred_ridge, common_logistic, linear_svm, ridge
from lsm_sim.support import npz
from tests.unit.deploy.small import ENCODER, liquid, signals, trained

LINEAR = {"ridge": centred_ridge(), "logistic": common_logistic(1.0)}
BAYES = {"naive Bayes": GaussianNB(var_smoothing=1e-3)}


@pytest.fixture(scope="module")
def model():
    return trained(readout=NestedChoice(LINEAR, folds=2))


@pytest.fixture(scope="module")
def bayes():
    return trained(readout=NestedChoice(BAYES, folds=2))


def test_a_saved_model_predicts_the_same_and_holds_the_chosen_readout(model, tmp_path):
    model.save(tmp_path / "model.npz")
    back, X = lsm.LiquidClassifier.load(tmp_path / "model.npz"), signals()[0]
    np.testing.assert_array_equal(back.predict(X), model.predict(X))
    np.testing.assert_array_equal(back.decision_function(X), model.decision_function(X))
    assert type(back.readout_) is type(model.readout_.readout_)
    back.save(tmp_path / "again.npz")
    np.testing.assert_array_equal(
        npz.read(tmp_path / "again.npz")["program_weight"], npz.read(tmp_path / "model.npz")["program_weight"]
    )


def test_a_readout_without_scores_is_saved(bayes, tmp_path):
    bayes.save(tmp_path / "model.npz")
    back, X = lsm.LiquidClassifier.load(tmp_path / "model.npz"), signals()[0]
    np.testing.assert_array_equal(back.predict(X), bayes.predict(X))
    np.testing.assert_array_equal(back.predict_proba(X), bayes.predict_proba(X))
    assert not hasattr(bayes, "decision_function")


def test_before_fit_a_choice_has_the_methods_that_all_candidates_have():
    assert hasattr(NestedChoice(), "decision_function")
    assert not hasattr(NestedChoice(), "predict_proba")
    assert not hasattr(NestedChoice(LINEAR | BAYES), "decision_function")
    assert not hasattr(NestedChoice(7), "decision_function")


@pytest.mark.parametrize("combine", ["features", "scores"])
def test_an_ensemble_with_chosen_readouts_is_saved(combine, tmp_path):
    X, y = signals(45)
    choice = NestedChoice({"ridge": ridge(), "svm": linear_svm(probabilities=True)}, folds=2)
    members = [lsm.LiquidClassifier(liquid(), ENCODER, lsm.Counts(bins=bins), choice, scale=None) for bins in (1, 2)]
    ensemble = lsm.LiquidEnsemble(members, combine, choice).fit(X, y)
    ensemble.save(tmp_path / "ensemble.npz")
    back = lsm.LiquidEnsemble.load(tmp_path / "ensemble.npz")
    np.testing.assert_array_equal(back.decision_function(X), ensemble.decision_function(X))


def test_a_file_that_names_the_choice_itself_is_refused(model, tmp_path):
    model.save(tmp_path / "model.npz")
    blob = np.frombuffer(skops_io.dumps(model.readout_), np.uint8)
    npz.write(tmp_path / "model.npz", npz.read(tmp_path / "model.npz") | {"readout": blob})
    with pytest.raises(DescriptionError, match=r"model.npz: the readout cannot be read .*NestedChoice"):
        lsm.LiquidClassifier.load(tmp_path / "model.npz")


def test_a_damaged_readout_is_refused(model, tmp_path):
    model.save(tmp_path / "model.npz")
    arrays = npz.read(tmp_path / "model.npz")
    npz.write(tmp_path / "model.npz", arrays | {"readout": arrays["readout"][: arrays["readout"].size // 2]})
    with pytest.raises(DescriptionError, match=r"model.npz: the readout cannot be read"):
        lsm.LiquidClassifier.load(tmp_path / "model.npz")


def test_an_unfitted_choice_and_one_inside_a_pipeline_are_refused_and_nothing_is_written(tmp_path):
    inside = trained(readout=make_pipeline(NestedChoice(LINEAR, folds=2)))
    with pytest.raises(DescriptionError, match=r"cannot save a readout with .*NestedChoice; use"):
        inside.save(tmp_path / "model.npz")
    assert not list(tmp_path.iterdir())


def test_what_needs_a_linear_readout_uses_the_chosen_one(model, tmp_path):
    X, y = signals()
    made = deploy(model, X, y)
    plain = trained()
    plain.readout_ = model.readout_.readout_
    np.testing.assert_array_equal(made.run(X).scores, deploy(plain, X, y).run(X).scores)
    assert lsm.export(made, tmp_path / "c", to="c")
    found = linear(model.readout_, model.transformer_.features_, 40)
    np.testing.assert_array_equal(found.weights, linear(plain.readout_, plain.transformer_.features_, 40).weights)
    assert lsm.explore(model, X, y, samples=[0], ablate=0)
    with lsm.open(model) as live:
        live.advance(X[0])
        assert live.predict() == model.predict(X[:1])[0]


def test_one_that_is_not_linear_is_refused_in_one_sentence(bayes):
    X, y = signals()
    with pytest.raises(UnsupportedError, match="readout GaussianNB: not a linear readout") as error:
        deploy(bayes, X, y)
    assert "\n" not in str(error.value)
    why = linear(bayes.readout_, bayes.transformer_.features_, 40)
    assert why == "the readout GaussianNB has not one weight for each feature"
