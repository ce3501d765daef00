"""A trained model keeps the program that it was trained on."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import Ridge, RidgeClassifier
from sklearn.preprocessing import StandardScaler

import lsm_sim as lsm
from lsm_sim import Hz, ms
from lsm_sim.errors import DescriptionError
from lsm_sim.learn import model_file, transformer
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


@pytest.fixture(scope="module")
def saved(data, tmp_path_factory):
    """A classifier and an ensemble, as the arrays of their files."""
    folder = tmp_path_factory.mktemp("saved")
    fitted(data).save(folder / "classifier.npz")
    lsm.LiquidEnsemble([fitted(data), fitted(data)]).fit(*data).save(folder / "ensemble.npz")
    return {path.stem: npz.read(path) for path in folder.iterdir()}


def described(arrays, *keys, value):
    """Return the arrays with another value in the description."""
    description = json.loads(str(arrays["description"]))
    place = description
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    return arrays | {"description": np.array(json.dumps(description))}


def readout(estimator):
    return {"readout": model_file.pack_readout(estimator)}


def wrong_classifiers(arrays):
    features = 5 * 20
    yield "nested", arrays | {"description": np.array("[" * 100_000)}, r"damaged model file \(RecursionError"
    yield "format", arrays | {"format": np.array(["lsm_sim.model/2"] * 1000)}, "got format .* expected"
    yield "readout", arrays | readout(StandardScaler().fit(np.eye(3))), "got StandardScaler, which has no predict"
    yield "regressor", arrays | readout(Ridge().fit(np.eye(features), range(features))), "has no classes_"
    yield "unfitted", arrays | readout(RidgeClassifier()), "has no classes_|features, expected 100"
    other = RidgeClassifier().fit(np.eye(7), [0, 1] * 3 + [0])
    yield "other features", arrays | readout(other), "readout: got one of 7 features, expected 100"
    broken = RidgeClassifier().fit(np.eye(features), [0, 1] * (features // 2))
    broken.coef_ = np.atleast_2d(broken.coef_)[:, :3]
    yield "broken", arrays | readout(broken), r"readout: cannot predict \(ValueError"
    yield (
        "frame",
        described(arrays, "encoder", "Rate", "frame", value=10**400),
        "got a number of 401 digits, expected at most 308",
    )
    yield "low", arrays | {"low": np.zeros(5)}, r"low: got shape \(5,\), expected \(3,\)"
    yield "high", arrays | {"high": np.zeros((3, 3))}, r"high: got shape \(3, 3\), expected \(3,\)"
    yield "text", arrays | {"low": np.array(["a"] * 3)}, "low: got values of type <U1"
    yield "no low", {key: value for key, value in arrays.items() if key != "low"}, "high: got it alone"
    yield "dt", described(arrays, "settings", "dt", value=-1), "dt: got -1"
    yield "scale", described(arrays, "settings", "scale", value="x"), "scale: got x, expected channel or global or None"
    yield "arithmetic", described(arrays, "settings", "arithmetic", value=[1]), "arithmetic: got"
    yield "shape", described(arrays, "settings", "sample_shape", value=[2]), "sample_shape: got"
    yield "channels", described(arrays, "input", "n_channels", value=-3), "input n_channels: got -3"
    yield "input", described(arrays, "input", value=[]), "input: got"
    yield "backend", described(arrays, "settings", "backend", value=7), "backend: got 7, expected a name"


def wrong_ensembles(arrays):
    yield "none", described(arrays, "members", value=0), "members: got 0, expected a whole number >= 1"
    yield "many", described(arrays, "members", value=10**300), "members: got more than"
    yield (
        "combine",
        described(arrays, "combine", value="counts"),
        "combine: got counts, expected 'features' or 'scores'",
    )
    both = described(described(arrays, "combine", value="counts"), "members", value=0)
    yield "both", both, "combine: got counts"
    other = RidgeClassifier().fit(np.eye(7), [0, 1] * 3 + [0])
    yield "other features", arrays | readout(other), "readout: got one of 7 features, expected 200"


@pytest.mark.parametrize("kind", ["classifier", "ensemble"])
def test_what_does_not_fit_is_refused_when_it_is_loaded(kind, saved, tmp_path):
    wrong = wrong_classifiers if kind == "classifier" else wrong_ensembles
    cls = lsm.LiquidClassifier if kind == "classifier" else lsm.LiquidEnsemble
    for name, arrays, words in wrong(saved[kind]):
        npz.write(tmp_path / "wrong.npz", arrays)
        with pytest.raises(DescriptionError, match=words) as caught:
            cls.load(tmp_path / "wrong.npz")
        assert str(caught.value).startswith(f"{tmp_path / 'wrong.npz'}: "), name
        assert len(str(caught.value)) < 600, name


def test_a_readout_that_is_a_bomb_is_refused(saved, tmp_path):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", bytes(2**26))
    npz.write(tmp_path / "a.npz", saved["classifier"] | {"readout": np.frombuffer(stream.getvalue(), np.uint8)})
    with pytest.raises(DescriptionError, match=r"readout: .* bytes expand to 67108864, more than 100 times as many"):
        lsm.LiquidClassifier.load(tmp_path / "a.npz")
