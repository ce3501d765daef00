"""The commands train and predict."""

import csv
import json

import numpy as np
import pytest

from lsm_sim import LiquidClassifier, LiquidRegressor
from lsm_sim.apps.demo import digits
from lsm_sim.support import npz
from tests.unit.apps.test_cli import fails, lsm

SHAPE = ("--shape", 8, 8)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with a liquid and data, right ones and wrong ones."""
    folder = tmp_path_factory.mktemp("data")
    X, y = digits.images()
    X, y = X[:120], y[:120]
    digits.liquid(30, seed=0).save(folder / "liquid.toml")
    np.savez(folder / "digits.npz", X=X, y=y)
    np.savez(folder / "unlabelled.npz", X=X)
    np.savez(folder / "names.npz", X=X, y=np.array(["even", "odd"])[y % 2])
    np.savez(folder / "signals.npz", X=X.reshape(-1, 8, 8), y=X.mean(axis=1))
    np.savez(folder / "two_values.npz", X=X.reshape(-1, 8, 8), y=X[:, 20:22])
    not_a_number = X.copy()
    not_a_number[3, 4] = np.nan
    np.savez(folder / "nan.npz", X=not_a_number, y=y)
    np.savez(folder / "complex.npz", X=X * 1j, y=y)
    np.savez(folder / "flat.npz", X=X[0], y=y)
    np.savez(folder / "empty.npz", X=X[:0], y=y[:0])
    np.savez(folder / "nameless.npz", X, y)
    np.savez(folder / "longer_y.npz", X=X[:50], y=y)
    np.savez(folder / "one_class.npz", X=X, y=np.ones(len(X)))
    np.savez(folder / "rare_class.npz", X=X[:40], y=np.r_[np.zeros(38), 1, 1])
    np.savez(folder / "pickled.npz", X=X, y=np.array([{}] * len(X)))
    np.savez(folder / "narrow.npz", X=X[:, :60], y=y)
    np.savez(folder / "times.npz", X=X, y=np.zeros(len(X), "datetime64[s]"))
    (folder / "truncated.npz").write_bytes((folder / "digits.npz").read_bytes()[:1000])
    return folder


@pytest.fixture(scope="module")
def models(files):
    """The same folder with trained models in it."""
    for name, options in (("digits", SHAPE), ("names", SHAPE), ("signals", ()), ("two_values", ())):
        out = files / f"{name}_model.npz"
        result = lsm("train", files / "liquid.toml", files / f"{name}.npz", "-o", out, "--cv", 0, *options)
        assert result.exit_code == 0, result.output
    return files


class TestTrain:
    def test_that_needs_too_much_memory_is_refused_before_the_run(self, files, tmp_path):
        call = ("train", files / "liquid.toml", files / "digits.npz", "-o", tmp_path / "m.npz", "--cv", 0, *SHAPE)
        fails(
            lsm(*call, "--bins", 4, "--max-memory", 10),
            "--max-memory: got 10 MiB, but training on 120 samples with 120 features each needs about",
        )
        fails(lsm(*call, "--max-memory", -1), "--max-memory: got -1")
        assert not [*tmp_path.iterdir()]
        assert lsm(*call, "--max-memory", 64_000).exit_code == 0

    def test_gives_the_model_that_the_estimator_gives(self, files, tmp_path):
        options = ["--frame", 0.02, "--max-rate", 300, "--bins", 4, "--no-sqrt", "--scale", "none", *SHAPE]
        result = lsm("train", files / "liquid.toml", files / "digits.npz", "-o", tmp_path / "m.npz", "--json", *options)
        assert result.exit_code == 0, result.output
        import lsm_sim as lib

        X, y = (npz.read(files / "digits.npz")[name] for name in ("X", "y"))
        encoder = lib.encode.Rate(max_rate=300, frame=0.02)
        expected = LiquidClassifier(
            digits.liquid(30, 0), encoder, lib.Counts(bins=4), sample_shape=(8, 8), scale=None
        ).fit(X, y)
        trained = LiquidClassifier.load(tmp_path / "m.npz")
        np.testing.assert_array_equal(trained.decision_function(X), expected.decision_function(X))
        report = json.loads(result.stdout)
        assert report["training"] == expected.score(X, y)
        assert len(report["cv"]["folds"]) == 5
        assert report["cv"]["mean"] == pytest.approx(np.mean(report["cv"]["folds"]), abs=1e-15)  # order of the sum
        assert report["cv"]["mean"] > 0.5

    @pytest.mark.parametrize(
        ("data", "options", "kind"),
        [
            ("names", ["--readout", "logistic", *SHAPE], LiquidClassifier),
            ("names", ["--encoder", "delta", "--step", 0.2, "--cv", 0], None),
            ("digits", ["--task", "regress", *SHAPE], LiquidRegressor),
            ("signals", ["--encoder", "poisson", "--seed", 3], LiquidRegressor),
            ("two_values", ["--cv", 2], LiquidRegressor),
            ("two_values", ["--cv", 2, "--readout", "incremental_ridge"], LiquidRegressor),
        ],
        ids=str,
    )
    def test_chooses_the_task_by_y(self, files, tmp_path, data, options, kind):
        result = lsm("train", files / "liquid.toml", files / f"{data}.npz", "-o", tmp_path / "m.npz", *options)
        if kind is None:  # ON and OFF channels of 64 columns, for a liquid of eight
            fails(result, "got 8 input channels, expected 128")
            return
        assert result.exit_code == 0, result.output
        assert ("accuracy" if kind is LiquidClassifier else "R^2") in result.stdout
        assert type(kind.load(tmp_path / "m.npz")) is kind  # of another class it would refuse

    @pytest.mark.parametrize("readout", ["rls", "lms", "incremental_ridge"])
    def test_a_trained_model_goes_on_learning(self, files, tmp_path, readout):
        out = tmp_path / "m.npz"
        result = lsm("train", files / "liquid.toml", files / "digits.npz", "-o", out, *SHAPE, "--readout", readout)
        assert result.exit_code == 0, result.output
        X, y = (npz.read(files / "digits.npz")[name] for name in ("X", "y"))
        model = LiquidClassifier.load(out)
        before = model.decision_function(X)
        assert (model.partial_fit(X[:20], y[:20]).decision_function(X) != before).any()

    def test_the_same_command_gives_the_same_scores_with_any_number_of_threads(self, files, tmp_path):
        reports = []
        for threads in (1, 2):
            out = tmp_path / f"{threads}.npz"
            options = ["--seed", 5, "--encoder", "poisson", "--threads", threads, "--json", *SHAPE]
            result = lsm("train", files / "liquid.toml", files / "digits.npz", "-o", out, *options)
            reports.append(json.loads(result.stdout))
        assert reports[0]["cv"] == reports[1]["cv"]

    def test_another_seed_is_another_liquid(self, files, tmp_path):
        for seed in ([], ["--seed", 0], ["--seed", 4]):
            out = tmp_path / f"m{seed[-1] if seed else ''}.npz"
            assert not lsm(
                "train", files / "liquid.toml", files / "digits.npz", "-o", out, *SHAPE, "--cv", 0, *seed
            ).exit_code
        seeds = [LiquidClassifier.load(tmp_path / f"m{name}.npz").liquid.seed for name in ("", "0", "4")]
        assert seeds == [0, 0, 4]

    @pytest.mark.parametrize(
        ("data", "options", "expected"),
        [
            ("nothing", [], "nothing.npz: no such file"),
            ("truncated", [], "truncated.npz: damaged or not an .npz file"),
            ("unlabelled", SHAPE, "unlabelled.npz: no y in the file, which contains X; expected X and y"),
            ("nameless", SHAPE, "no X and y in the file, which contains arr_0, arr_1"),
            ("nan", SHAPE, "nan.npz: X: got nan, expected finite numbers"),
            ("complex", SHAPE, "X: got values of type complex128"),
            ("flat", SHAPE, "X: got shape (64,), expected (samples, features) or (samples, frames, channels)"),
            ("empty", SHAPE, "X: got shape (0, 64)"),
            ("longer_y", SHAPE, "y: got shape (120,), expected (50,), one value per sample of X"),
            ("one_class", SHAPE, "one_class.npz: y: got one class only, 1.0; expected at least two"),
            ("rare_class", SHAPE, "--cv: got 5 folds, but class 1.0 has 2 samples and each fold needs one; use --cv 2"),
            ("digits", [*SHAPE, "--cv", 1], "--cv: got 1 fold, expected at least 2, or 0"),
            ("signals", ["--cv", 61], "--cv: got 61 folds, but there are 120 samples and each fold needs two"),
            ("pickled", SHAPE, "contains pickled objects, which are never loaded"),
            ("times", SHAPE, "y: got values of type datetime64[s], expected numbers or text"),
            ("narrow", SHAPE, "--shape: got (8, 8), expected two numbers whose product is 60"),
            ("digits", ["--shape", -8, -8], "--shape: got (-8, -8), expected two numbers"),
            ("signals", SHAPE, "--shape: got (8, 8), but the samples of X have a shape already"),
            ("digits", [], "liquid: got 8 input channels, expected 64, as the encoder returns for X"),
            ("names", [*SHAPE, "--task", "regress"], "y: got text, expected numbers"),
            ("two_values", ["--task", "classify"], "y: got shape (120, 2), expected (samples,)"),
            (
                "signals",
                ["--readout", "svm"],
                "--readout: got 'svm', expected one that predicts values: ridge, rls, lms, incremental_ridge",
            ),
            ("signals", ["--task", "classify", "--cv", 0], "signals.npz: y: Unknown label type: continuous"),
            ("digits", [*SHAPE, "--encoder", "delta", "--max-rate", 9], "--max-rate: the encoder 'delta' has no such"),
            ("digits", [*SHAPE, "--frame", 0.0205], "frame: got 0.0205 s, expected a whole number of steps"),
            ("digits", [*SHAPE, "--frame", 0], "frame: got 0, expected a number > 0"),
            ("digits", [*SHAPE, "--max-rate", "nan"], "max_rate: got nan, expected finite numbers"),
            ("digits", [*SHAPE, "--dt", 0.1], "expected dt no larger than any time constant"),
            ("digits", [*SHAPE, "--backend", "nest"], "no backend 'nest'; known:"),
        ],
    )
    def test_says_what_is_wrong_and_writes_nothing(self, files, tmp_path, data, options, expected):
        out = tmp_path / "model.npz"
        fails(lsm("train", files / "liquid.toml", files / f"{data}.npz", "-o", out, *options), expected)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        ("out", "expected"),
        [("", "is a folder"), ("no/model.npz", "no: no such folder"), ("model.pkl", "got the suffix '.pkl'")],
    )
    def test_looks_at_where_to_write_before_it_works(self, files, tmp_path, out, expected):
        fails(lsm("train", files / "liquid.toml", files / "nothing.npz", "-o", tmp_path / out), expected)

    def test_needs_a_liquid_not_a_program(self, files, tmp_path):
        result = lsm("train", files / "digits.npz", files / "digits.npz", "-o", tmp_path / "m.npz")
        fails(result, "got the suffix '.npz', expected a liquid as .toml or .json")


class TestPredict:
    def test_prints_what_the_model_predicts(self, models):
        result = lsm("predict", models / "digits_model.npz", models / "unlabelled.npz")
        assert (result.exit_code, result.stderr) == (0, "")
        rows = list(csv.reader(result.stdout.splitlines()))
        X = npz.read(models / "unlabelled.npz")["X"]
        expected = LiquidClassifier.load(models / "digits_model.npz").predict(X)
        assert rows[0] == ["sample", "prediction"]
        assert rows[1:] == [[str(b), str(label)] for b, label in enumerate(expected)]

    def test_tells_how_well_where_y_is_known(self, models):
        result = lsm("predict", models / "digits_model.npz", models / "digits.npz")
        data = npz.read(models / "digits.npz")
        expected = LiquidClassifier.load(models / "digits_model.npz").score(data["X"], data["y"])
        assert result.stderr == f"accuracy {expected:.4f}\n"
        assert "accuracy" not in result.stdout

    def test_writes_a_file(self, models, tmp_path):
        result = lsm("predict", models / "names_model.npz", models / "names.npz", "-o", tmp_path / "labels.csv")
        assert result.exit_code == 0
        assert result.stdout.startswith(f"120 predictions written to {tmp_path / 'labels.csv'}\naccuracy ")
        assert (tmp_path / "labels.csv").read_text().startswith("sample,prediction\n0,even\n1,odd\n")

    def test_predicts_several_values(self, models):
        result = lsm("predict", models / "two_values_model.npz", models / "two_values.npz", "--json")
        report = json.loads(result.stdout)
        assert np.shape(report["predictions"]) == (120, 2)
        assert report["metric"] == "R^2"
        assert report["score"] > 0
        text = lsm("predict", models / "two_values_model.npz", models / "two_values.npz").stdout
        assert text.startswith("sample,prediction_0,prediction_1\n")

    def test_every_backend_gives_the_same(self, models):
        one, other = (
            lsm("predict", models / "signals_model.npz", models / "signals.npz", "--json", "--backend", name).stdout
            for name in ("fast", "reference")
        )
        assert one == other

    @pytest.mark.filterwarnings("ignore:R.2 score is not well-defined")
    def test_what_is_not_finite_is_null_in_json(self, models, tmp_path):
        data = npz.read(models / "signals.npz")
        np.savez(tmp_path / "single.npz", X=data["X"][:1], y=data["y"][:1])  # R^2 of one sample is not defined
        result = lsm("predict", models / "signals_model.npz", tmp_path / "single.npz", "--json")
        assert json.loads(result.stdout)["score"] is None

    @pytest.mark.parametrize(
        ("model", "data", "options", "expected"),
        [
            ("nothing", "digits", [], "nothing.npz: no such file"),
            ("truncated", "digits", [], "truncated.npz: damaged or not an .npz file"),
            ("digits", "digits", [], "digits.npz: got format 'none', expected 'lsm_sim.model/1' or"),
            ("digits_model", "nothing", [], "nothing.npz: no such file"),
            ("digits_model", "nan", [], "nan.npz: X: got nan"),
            ("digits_model", "narrow", [], "narrow.npz: X: X has 60 features"),
            ("signals_model", "two_values", [], "two_values.npz: y: got shape (120, 2), expected (120,)"),
            ("digits_model", "names", [], "names.npz: y: got text, expected numbers like the predictions"),
            ("names_model", "digits", [], "digits.npz: y: got numbers, expected text like the predictions"),
            ("digits_model", "digits", ["--backend", "nest"], "no backend 'nest'; known:"),
            ("digits_model", "digits", ["-o", "."], ".: is a folder"),
            ("digits_model", "digits", ["-o", "labels.txt"], "got the suffix '.txt', expected one of .csv"),
        ],
    )
    def test_says_what_is_wrong(self, models, model, data, options, expected):
        fails(lsm("predict", models / f"{model}.npz", models / f"{data}.npz", *options), expected)
