"""A trained model keeps the program that it was trained on."""

import json
from pathlib import Path

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import Hz, ms
from lsm_sim.errors import DescriptionError
from lsm_sim.learn import transformer
from lsm_sim.support import npz

SAVED = Path(__file__).parent / "saved"
"""Models written by version 0.1.0 before files held programs (format 1), and what they predicted."""


@pytest.fixture(scope="module")
def data():
    X = np.random.default_rng(1).random((24, 6, 3))
    return X, (X[:, :3].sum((1, 2)) > X[:, 3:].sum((1, 2))).astype(int)


def fitted(data, **options):
    liquid = lsm.Liquid(
        [lsm.Inputs("in", 3)],
        [lsm.Neurons("n", 20, t_ref=2 * ms)],
        [
            lsm.Synapses("in", "n", lsm.FixedProbability(0.5), weight=lsm.Normal(0, 2)),
            lsm.Synapses("n", "n", lsm.FixedProbability(0.1), weight=lsm.Normal(0, 0.3), delay=3 * ms),
        ],
        seed=3,
    )
    return lsm.LiquidClassifier(liquid, lsm.encode.Rate(max_rate=200 * Hz, frame=10 * ms), **options).fit(*data)


@pytest.mark.filterwarnings("ignore:Trying to unpickle estimator")  # scikit-learn 1.9 wrote them; others warn of that
class TestFilesOfFormat1:
    def test_are_read_and_predict_what_they_did(self):
        expected = npz.read(SAVED / "expected.npz")
        X = expected["X"]
        classifier = lsm.LiquidClassifier.load(SAVED / "classifier.npz")
        np.testing.assert_allclose(classifier.decision_function(X), expected["classifier"], rtol=1e-12)  # as below
        regressor = lsm.LiquidRegressor.load(SAVED / "regressor_loihi.npz")
        np.testing.assert_allclose(regressor.predict(X), expected["regressor"], rtol=1e-12)  # BLAS may sum otherwise
        ensemble = lsm.LiquidEnsemble.load(SAVED / "ensemble.npz")
        np.testing.assert_array_equal(ensemble.predict(X), expected["ensemble"])

    def test_become_format_2_when_they_are_saved_again(self, tmp_path):
        lsm.LiquidClassifier.load(SAVED / "classifier.npz").save(tmp_path / "again.npz")
        arrays = npz.read(tmp_path / "again.npz")
        assert arrays["format"] == "lsm_sim.model/2"
        assert "program_weight" in arrays


@pytest.mark.parametrize("arithmetic", ["float64", "loihi"])
def test_a_later_change_of_lowering_and_quantisation_changes_no_saved_model(arithmetic, data, tmp_path, monkeypatch):
    model = fitted(data, arithmetic=arithmetic)
    model.save(tmp_path / "model.npz")

    def changed(*_args, **_options):
        raise AssertionError("the program is in the file")

    monkeypatch.setattr(transformer, "lower", changed)
    monkeypatch.setattr(transformer, "quantise", changed)
    back = lsm.LiquidClassifier.load(tmp_path / "model.npz")
    np.testing.assert_array_equal(back.decision_function(data[0]), model.decision_function(data[0]))
    assert back.transformer_.program_.digest == model.transformer_.program_.digest


def test_an_ensemble_keeps_the_program_of_each_member(data, tmp_path, monkeypatch):
    model = lsm.LiquidEnsemble([fitted(data), fitted(data, readout="logistic")]).fit(*data)
    model.save(tmp_path / "model.npz")
    monkeypatch.setattr(transformer, "lower", None)
    np.testing.assert_array_equal(
        lsm.LiquidEnsemble.load(tmp_path / "model.npz").predict(data[0]), model.predict(data[0])
    )


@pytest.mark.parametrize(("arithmetic", "name"), [("float64", "program"), ("loihi", "program"), ("loihi", "integers")])
def test_a_file_whose_program_differs_is_refused(arithmetic, name, data, tmp_path):
    fitted(data, arithmetic=arithmetic).save(tmp_path / "model.npz")
    arrays = npz.read(tmp_path / "model.npz")
    key = f"{name}_delay"
    arrays[key] = arrays[key] + 1
    npz.write(tmp_path / "other.npz", arrays)
    words = rf"other.npz: {name}: got digest \w+, expected \w+, that of the program that the readout was trained on; restore"
    with pytest.raises(DescriptionError, match=words):
        lsm.LiquidClassifier.load(tmp_path / "other.npz")


def test_a_program_for_other_channels_is_refused(data, tmp_path):
    fitted(data).save(tmp_path / "model.npz")
    arrays = npz.read(tmp_path / "model.npz")
    other = lsm.lower(lsm.Liquid([lsm.Inputs("in", 2)], [lsm.Neurons("n", 20)]), 1 * ms)
    description = json.loads(arrays["description"]) | {"program": other.digest}
    arrays = {key: value for key, value in arrays.items() if not key.startswith("program_")}
    arrays |= {f"program_{key}": value for key, value in other.to_arrays().items()}
    npz.write(tmp_path / "other.npz", arrays | {"description": np.array(json.dumps(description))})
    with pytest.raises(DescriptionError, match=r"other.npz: program: got 2 input channels, expected 3"):
        lsm.LiquidClassifier.load(tmp_path / "other.npz")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (
            "lsm_sim.model/3",
            "got format 'lsm_sim.model/3', expected .*/2'; the file was written by a newer version, so upgrade",
        ),
        ("lsm_sim.model/x", "got format 'lsm_sim.model/x', expected 'lsm_sim.model/1' or 'lsm_sim.model/2'$"),
        ("lsm_sim.spikes/1", "got format 'lsm_sim.spikes/1', expected"),
    ],
)
def test_another_format_is_refused(kind, words, data, tmp_path):
    fitted(data).save(tmp_path / "model.npz")
    npz.write(tmp_path / "other.npz", npz.read(tmp_path / "model.npz") | {"format": kind})
    with pytest.raises(DescriptionError, match=words):
        lsm.LiquidClassifier.load(tmp_path / "other.npz")
