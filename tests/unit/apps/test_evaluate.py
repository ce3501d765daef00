"""The benchmark suite and ``lsm-sim evaluate``: every data set, its splits, what is printed and what is refused."""

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

import lsm_sim_models
from lsm_sim import datasets
from lsm_sim.apps.cli.evaluate import NAMES as WRITTEN
from lsm_sim.apps.demo import digits as demo
from lsm_sim.apps.evaluate import NAMES, Options, evaluate, labelled, series, settings_others, tuning
from lsm_sim.apps.evaluate.configured import configured
from lsm_sim.apps.evaluate.splits import fsdd_split, published
from lsm_sim.learn import controls
from lsm_sim.learn.echo_state import EchoStateClassifier
from tests.datasets import REAL, real, write_digits, write_ecg, write_rhythms, write_spikes, write_vowels
from tests.unit.apps.test_cli import fails, lsm

VIEWS = list(controls.VIEWS)
SMALL = ("--neurons", 15, "--seeds", 1, "--bins", 2)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Small files in the formats of the real data."""
    top = tmp_path_factory.mktemp("data")
    write_digits(top / "fsdd", speakers=("ann", "bob", "cleo"), digits=range(3))
    write_vowels(top / "japanese_vowels", train=(8, 8), test=(3, 2))
    for name, n_classes in (("shd", 20), ("ssc", 35)):
        (top / name).mkdir()
        for part, n in (("train", 30), ("valid", 4), ("test", 10)):
            write_spikes(top / name / f"{name}_{part}.h5", n, n_classes, seed=n, labels=np.arange(n) % 2)
    beats = np.arange(300, 3300, 200)
    for name in ("100", "101"):  # one of DS2, one of DS1
        symbols = ["+", *("NV"[k % 3 == 0] for k in range(len(beats)))]
        write_ecg(top / "ecg", name, samples=[5, *beats], symbols=symbols)
    for seed in range(3):
        write_rhythms(top / "atrial_fibrillation", f"p{seed}", seed)
    return top


@pytest.fixture
def short(monkeypatch):
    """Series short enough for a test."""
    settings = {
        name: dataclasses.replace(setting, washout=20, n_train=300, n_test=200, n_neurons=20)
        for name, setting in series.SETTINGS.items()
    }
    monkeypatch.setattr(series, "SETTINGS", settings)


def report(*arguments):
    result = lsm("evaluate", *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def figures(read, metric="accuracy"):
    """Check the form that every evaluation has and return the means."""
    assert list(read[metric])[:5] == VIEWS
    for own in read[metric].values():
        assert set(own) == {"mean", "sd", "values"}
        assert len(own["values"]) == len(read["seeds"])
        assert own["mean"] == pytest.approx(np.mean(own["values"]), rel=1e-12)  # order of sums
    assert read["seconds"]["total"] >= sum(value for key, value in read["seconds"].items() if key != "total") / 4
    assert {"numpy", "scikit-learn", "lsm-sim"} <= set(read["versions"])
    return {view: own["mean"] for view, own in read[metric].items()}


class TestEveryDataSet:
    @pytest.mark.filterwarnings("ignore:readout. every feature is 0")  # networks of a few neurons on tiny files
    @pytest.mark.parametrize("name", ["fsdd", "japanese_vowels", "shd", "ssc", "ecg", "atrial_fibrillation"])
    def test_is_read_from_a_folder(self, folders, name):
        read = report(name, "--data", folders / name, *SMALL)
        means = figures(read, "errors" if name == "japanese_vowels" else "accuracy")
        assert list(means) == VIEWS
        assert read["settings"]["options"]["data"] == str(folders / name)
        assert read["settings"]["liquid"]["seed"] == 0

    def test_fibrillation_is_told_apart_in_patients_that_are_in_no_training(self, folders):
        read = report("atrial_fibrillation", "--data", folders / "atrial_fibrillation", "--neurons", 32, "--seeds", 1)
        assert read["settings"]["split"] == "groups apart"
        assert figures(read)["liquid"] > 0.9  # irregular beats are easy

    def test_silent_and_very_short_recordings_are_samples_like_others(self, tmp_path):
        write_digits(tmp_path, digits=range(2))
        wavfile.write(tmp_path / "0_ann_0.wav", 8000, np.zeros(900, np.int16))
        wavfile.write(tmp_path / "1_bob_5.wav", 8000, np.ones(1, np.int16))
        read = report("fsdd", "--data", tmp_path, "--neurons", 15, "--seeds", 1, "--bins", 9)
        assert list(figures(read)) == VIEWS
        assert read["samples"] == 8

    def test_digits_are_those_of_the_demo(self):
        read = report("digits", "--neurons", 15, "--seeds", 2, "--seed", 3)
        means = figures(read)
        assert read["seeds"] == [3, 4]
        pixels, labels = demo.images()
        model = settings_others.digits(3, n_neurons=15)
        features = demo.transformer(demo.liquid(15, 3), 3).fit_transform(pixels)
        np.testing.assert_array_equal(model.transformer().fit_transform(pixels.reshape(-1, 8, 8)), features)
        assert means["recurrence_off"] > means["raw"] - 0.2
        assert read["samples"] == len(labels)

    def test_spike_templates_are_drawn(self, monkeypatch):
        monkeypatch.setattr("lsm_sim.apps.evaluate.reading._N_TRAIN", 60)
        monkeypatch.setattr("lsm_sim.apps.evaluate.reading._N_TEST", 20)
        read = report("spike_templates", "--neurons", 20, "--seeds", 1)
        figures(read)
        assert read["samples"] == 20

    @pytest.mark.parametrize("name", series.BENCHMARKS)
    def test_series_are_made_anew_with_each_seed(self, short, name):
        read = report(name, "--seeds", 2)
        means = figures(read, "nrmse")
        assert 0 < means["liquid"] < 2
        assert read["nrmse"]["raw"]["values"][0] != read["nrmse"]["raw"]["values"][1]
        assert read["samples"] == 200

    def test_several_horizons_are_told_apart(self, short):
        read = report("mackey_glass", "--seeds", 1, "--horizon", 6, "--horizon", 1)
        assert list(read["comparisons"]) == ["horizon 6", "horizon 1"]
        assert read["nrmse"] == read["comparisons"]["horizon 6"]["nrmse"]
        assert read["comparisons"]["horizon 1"]["nrmse"]["raw"]["mean"] < read["nrmse"]["raw"]["mean"]
        text = lsm("evaluate", "mackey_glass", "--seeds", 1, "--horizon", 6, "--horizon", 1).stdout
        assert "\nhorizon 6\n" in text
        assert "\nhorizon 1\n" in text

    def test_is_named_in_the_help(self):
        assert ", ".join(NAMES) == WRITTEN
        text = " ".join(lsm("evaluate", "--help").stdout.split())
        assert WRITTEN in text


class TestSplits:
    def test_upstream_tests_recordings_0_to_4(self, folders):
        data = datasets.fsdd(folders / "fsdd")
        split = fsdd_split(data, Options("fsdd"))
        ((train, test),) = split.folds
        assert split.name == "upstream"
        assert (len(train), len(test)) == (18, 18)
        assert data.split[test].all()

    def test_test_speakers_are_not_trained_on(self, folders):
        data = datasets.fsdd(folders / "fsdd")
        ((train, test),) = fsdd_split(data, Options("fsdd", test_speakers=("ann", "cleo"))).folds
        assert set(data.groups[train]) == {"bob"}
        assert set(data.groups[test]) == {"ann", "cleo"}

    def test_every_speaker_is_left_out_in_turn(self, folders):
        data = datasets.fsdd(folders / "fsdd")
        folds = fsdd_split(data, Options("fsdd", loso=True)).folds
        assert [set(data.groups[test]) for _, test in folds] == [{"ann"}, {"bob"}, {"cleo"}]
        assert all(set(data.groups[train]).isdisjoint(data.groups[test]) for train, test in folds)

    def test_records_without_a_published_split_are_left_out_in_turn(self, folders):
        data = dataclasses.replace(datasets.ecg(folders / "ecg"), split=None)
        assert len(published(data, Options("ecg")).folds) == 2
        assert published(dataclasses.replace(data, groups=None), Options("ecg")).folds == 5

    @pytest.mark.parametrize(
        ("arguments", "samples", "speakers"),
        [(("--loso",), 36, 3), (("--test-speakers", "ann,cleo"), 24, 2), (("--split", "upstream"), 18, 3)],
    )
    def test_are_chosen_by_options(self, folders, arguments, samples, speakers):
        read = report("fsdd", "--data", folders / "fsdd", *SMALL, *arguments)
        assert read["samples"] == samples
        assert read["blocks"] == speakers


class TestOptions:
    @pytest.mark.filterwarnings("ignore:readout. every feature is 0")  # networks of a few neurons on tiny files
    @pytest.mark.parametrize("name", ["fsdd", "japanese_vowels", "shd"])
    def test_an_ensemble_stands_beside_the_single_liquid(self, folders, name):
        read = report(name, "--data", folders / name, *SMALL, "--ensemble", 2)
        metric = "errors" if name == "japanese_vowels" else "accuracy"
        assert list(read[metric]) == [*VIEWS, "ensemble"]
        assert read["features"]["ensemble"] == 2 * read["features"]["liquid"]

    @pytest.mark.filterwarnings("ignore:readout. every feature is 0")
    def test_every_row_can_be_tuned_with_the_same_budget(self, folders):
        read = report("fsdd", "--data", folders / "fsdd", "--neurons", 20, "--seeds", 1, "--tune", "--loso")
        figures(read)
        tried, chosen = read["settings"]["tried"], read["settings"]["chosen"]
        assert {len(own) for own in tried.values()} == {read["settings"]["budget"]} == {3}
        assert {sum(own.values()) for own in chosen.values()} == {3}  # speakers left out
        assert tried["recurrence_off"] == [f"input weights x {x}" for x in (0.5, 1, 2)]

    @pytest.mark.slow
    @pytest.mark.parametrize(
        "kind", [("--tune", "--loso", "--seeds", 2), ("--stress", "--seeds", 1)], ids=["tune", "stress"]
    )
    def test_workers_change_nothing(self, folders, kind):
        how = ("fsdd", "--data", folders / "fsdd", "--neurons", 20, *kind)
        found = [report(*how, *more) for more in ((), ("--workers", 2))]
        for one in found:
            one["seconds"] = [*one["seconds"]]
            del one["settings"]["options"], one["machine"]
        assert json.dumps(found[0]) == json.dumps(found[1])

    def test_tuned_liquids_have_scaled_weights(self):
        liquid = lsm_sim_models.speech(n_inputs=3, n_neurons=20)
        strong, off = tuning.scaled(liquid, 2.0, 3.0), tuning.scaled(liquid, 2.0, 0.0)
        factors = [
            group.weight.factor / old.weight.factor for group, old in zip(strong.synapses, liquid.synapses, strict=True)
        ]
        assert factors == pytest.approx([2.0 if old.pre == "input" else 3.0 for old in liquid.synapses])
        assert {group.pre for group in off.synapses} == {group.name for group in liquid.inputs}

    @pytest.mark.filterwarnings("ignore:readout. every feature is 0")
    def test_the_readout_loihis_integers_and_rivals_are_more_to_ask_for(self, folders, monkeypatch):
        monkeypatch.setattr("lsm_sim.apps.evaluate.options.RIVALS", ("svm", "forest"))  # without aeon
        monkeypatch.setattr("lsm_sim.learn.controls.rivals._TREES", 5)
        more = ("--rivals", "--arithmetic", "loihi", "--readout", "nested")
        read = report(
            "fsdd", "--data", folders / "fsdd", "--neurons", 20, "--seeds", 1, "--test-speakers", "ann", *more
        )
        assert [*figures(read)] == [*VIEWS, "loihi", "svm", "forest"]
        assert "NestedChoice" in read["settings"]["readout"]

    def test_neurons_and_bins_reach_liquid_and_controls(self, folders):
        read = report(
            "japanese_vowels", "--data", folders / "japanese_vowels", "--neurons", 12, "--bins", 3, "--seeds", 1
        )
        assert read["features"]["liquid"] == read["features"]["esn"] == 36

    @pytest.mark.slow
    def test_threads_and_backend_change_nothing(self, folders):
        arguments = ("japanese_vowels", "--data", folders / "japanese_vowels", *SMALL)
        one = report(*arguments, "--threads", 1)
        other = report(*arguments, "--threads", 2, "--backend", "reference")
        assert one["errors"] == other["errors"]
        assert one["p"] == other["p"]

    def test_out_stores_table_and_figures(self, folders, tmp_path):
        folder = tmp_path / "new" / "results"
        result = lsm("evaluate", "fsdd", "--data", folders / "fsdd", *SMALL, "--out", folder)
        assert result.exit_code == 0, result.output
        assert sorted(path.name for path in folder.iterdir()) == ["fsdd.json", "fsdd.txt"]
        assert (folder / "fsdd.txt").read_text() in result.stdout
        assert list(json.loads((folder / "fsdd.json").read_text())["accuracy"]) == VIEWS

    def test_a_disk_that_is_full_leaves_nothing(self, folders, tmp_path, monkeypatch):
        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("lsm_sim.support.files._nameless", full)
        result = lsm("evaluate", "fsdd", "--data", folders / "fsdd", *SMALL, "--out", tmp_path)
        fails(result, "cannot write there (No space left on device)")
        assert list(tmp_path.iterdir()) == []

    def test_the_table_says_what_may_be_said(self, folders):
        text = lsm("evaluate", "fsdd", "--data", folders / "fsdd", *SMALL, "--loso").stdout
        assert "leave one speaker out (ann, bob, cleo)" in text
        assert text.count(" p = ") + text.count(" p < ") == 4
        assert "p counts 3 independent group(s) of samples, too few: without correction it is at least 0.25" in text


class TestWrongInput:
    @pytest.mark.parametrize(
        ("arguments", "expected"),
        [
            (("mnist",), "no benchmark 'mnist'; known: fsdd, japanese_vowels"),
            (("fsdd", "--test-speakers", "ann,dora"), "--test-speakers: no speaker dora; known: ann, bob, cleo"),
            (("fsdd", "--test-speakers", "ann,"), "--test-speakers: got 'ann,', expected names separated by commas"),
            (
                ("fsdd", "--test-speakers", "ann,bob,cleo"),
                "got all speakers (ann, bob, cleo), expected some to train on",
            ),
            (("fsdd", "--test-speakers", "ann", "--loso"), "--loso: tests every speaker in turn"),
            (("fsdd", "--split", "random"), "--split: got 'random', expected 'upstream'"),
            (("fsdd", "--split", "upstream", "--loso"), "--split: omit it with --test-speakers and --loso"),
            (("fsdd", "--horizon", 3), "--horizon: not an option of fsdd; omit it"),
            (("fsdd", "--backend", "nest"), "no backend 'nest'; known:"),
            (("fsdd", "--out", "file"), "file is a file, expected a folder"),
        ],
    )
    def test_is_answered_in_a_sentence(self, folders, tmp_path, monkeypatch, arguments, expected):
        (tmp_path / "file").touch()
        monkeypatch.chdir(tmp_path)
        fails(lsm("evaluate", *arguments, "--data", folders / "fsdd"), expected)
        assert [path.name for path in tmp_path.iterdir()] == ["file"]

    @pytest.mark.parametrize(
        ("arguments", "expected"),
        [
            (("digits", "--loso"), "--loso: not an option of digits; omit it"),
            (("digits", "--data", "x"), "--data: not an option of digits; omit it"),
            (("narma10", "--rivals"), "--rivals: not an option of narma10; omit it"),
            (("narma10", "--rows", "svm"), "--rows: not an option of narma10; omit it"),
            (("digits", "--rows", "lstm"), "--rows: got 'lstm', expected 'minirocket', 'svm', 'forest', 'cfc',"),
            (("digits", "--rows", "svm,"), "--rows: got 'svm,', expected names separated by commas"),
            (("digits", "--stress", "--rows", "svm"), "--rows: not an option of --stress; omit one of them"),
            (("digits", "--tune", "--rows", "svm"), "--rows: not an option of --tune; omit one of them"),
            (("lorenz", "--tune"), "--tune: not an option of lorenz; omit it"),
            (("lorenz", "--readout", "nested"), "--readout: not an option of lorenz; omit it"),
            (("lorenz", "--arithmetic", "loihi"), "--arithmetic: not an option of lorenz; omit it"),
            (("digits", "--tune", "--arithmetic", "loihi"), "--tune: cannot be combined"),
            (("digits", "--stress", "--rivals"), "--stress: cannot be combined"),
            (("spike_templates", "--tune"), "--tune: needs counts in bins"),
            (("narma10", "--ensemble", 2), "--ensemble: not an option of narma10; omit it"),
            (("spike_templates", "--bins", 2), "--bins: not an option of spike_templates; omit it"),
            (("japanese_vowels", "--split", "upstream"), "--split: not an option of japanese_vowels; omit it"),
            (("japanese_vowels", "--data", "nowhere"), "japanese_vowels: nowhere does not exist"),
            (("lorenz", "--backend", "nest"), "no backend 'nest'; known:"),
        ],
    )
    def test_options_without_a_meaning_are_refused(self, tmp_path, monkeypatch, arguments, expected):
        monkeypatch.chdir(tmp_path)
        fails(lsm("evaluate", *arguments), expected)

    def test_one_class_only_is_named(self, tmp_path):
        write_digits(tmp_path, digits=(3,))
        fails(lsm("evaluate", "fsdd", "--data", tmp_path), "y: got one class only, 3")

    def test_one_speaker_cannot_be_left_out(self, tmp_path):
        write_digits(tmp_path, speakers=("ann",), digits=range(2))
        fails(
            lsm("evaluate", "fsdd", "--data", tmp_path, "--loso"),
            "fsdd: got recordings of 1 speaker, expected at least two",
        )

    def test_a_split_without_test_samples_is_named(self, tmp_path):
        write_digits(tmp_path, digits=range(2), numbers=(7, 8))
        fails(
            lsm("evaluate", "fsdd", "--data", tmp_path),
            "fsdd: got 8 training and 0 test samples, expected some of both",
        )

    def test_more_folds_than_samples_are_named(self, tmp_path):
        write_ecg(tmp_path, "mine")
        fails(lsm("evaluate", "ecg", "--data", tmp_path), "cv: got 5 folds, but class")

    def test_without_the_data_one_sentence_says_where_to_get_them(self, tmp_path, monkeypatch):
        monkeypatch.setenv("LSM_SIM_DATA", str(tmp_path / "file" / "cache"))
        (tmp_path / "file").touch()
        result = lsm("evaluate", "fsdd")
        assert result.exit_code == 2
        assert result.stderr.count("\n") == 1

    def test_a_horizon_longer_than_the_series_is_named(self, short):
        fails(lsm("evaluate", "narma10", "--seeds", 1, "--horizon", 300), "horizon")


class TestTheSettings:
    @pytest.mark.parametrize("name", list(labelled.BENCHMARKS))
    def test_make_estimators_that_follow_the_seed_and_the_options(self, name):
        options = Options(name, neurons=20, backend="reference", n_threads=3)
        liquid, _ = labelled.BENCHMARKS[name].models(options)
        one = configured(liquid(5, n_neurons=20), options)
        last = one[-1] if hasattr(one, "steps") else one
        assert (last.backend, last.n_threads) == ("reference", 3)

    @pytest.mark.parametrize("name", list(labelled.BENCHMARKS))
    def test_of_the_echo_state_network_are_parameters_of_it(self, name):
        EchoStateClassifier(**labelled.BENCHMARKS[name].esn)

    def test_a_liquid_that_recalls_has_the_neurons_asked_for(self):
        assert settings_others.recalling(4, 30, 0).n_neurons == 30
        assert settings_others.sparse_entry(4, 30, 0, sources=2, weight=1).n_neurons == 30


def test_the_page_has_every_benchmark_and_whole_tables():
    page = (Path(__file__).parents[3] / "docs/benchmarks.md").read_text()
    assert all(re.search(rf"\b{name}\b", page) for name in NAMES)
    tables = re.findall(r"<!-- [\w ]+ -->\n((?:\|.*\n)*)", page)
    for table in tables:
        names = [line.split("|")[1].strip() for line in table.splitlines()[2:]]
        assert names[:5] == ["raw samples", "encoder counts", "recurrence off", "echo-state network", "**liquid**"]
    for line in re.findall(r"^    lsm-sim evaluate (.*)$", page, re.MULTILINE):
        assert line.split()[0] in NAMES


@pytest.mark.slow
@real("japanese_vowels")
def test_real_vowels_are_told_apart_as_the_documentation_says():
    found = evaluate(Options("japanese_vowels", REAL / "japanese_vowels", seeds=(0,)))
    assert next(iter(found.comparisons.values())).mean["liquid"] <= 10


class TestStress:
    def test_prints_a_row_for_each_perturbation_and_the_same_as_plain_data(self, folders):
        asked = ("fsdd", "--data", folders / "fsdd", "--stress", *SMALL)
        found = report(*asked)
        rows = found["stress"]
        assert [*rows["clean"]] == VIEWS
        assert {"silence of 0-200 ms", "tilt -6 dB/octave", "telephone band", "babble 10 dB"} <= set(rows)
        assert [*rows["20 % of spikes lost"]] == ["encoder", "recurrence_off", "liquid"]
        assert found["settings"]["options"]["stress"] is True
        plain = report("fsdd", "--data", folders / "fsdd", *SMALL)
        same = {view: plain["accuracy"][view]["values"] for view in VIEWS}
        assert {view: pytest.approx(rows["clean"][view]["values"]) for view in VIEWS} == same
        printed = lsm("evaluate", *asked).output
        assert "trained clean, test samples perturbed" in printed
        assert all(any(line.startswith(name) for line in printed.splitlines()) for name in rows)

    def test_of_vowels_has_no_perturbations_of_sounds(self, folders):
        found = report("japanese_vowels", "--data", folders / "japanese_vowels", "--stress", *SMALL)
        assert [*found["stress"]][:2] == ["clean", "20 % of spikes lost"]

    def test_with_noise_in_training_and_the_robust_front_end(self, folders):
        how = ("--data", folders / "fsdd", "--test-speakers", "ann", "--robust", *SMALL)
        found = report("fsdd", *how, "--stress", "--train-noise", 10)
        assert "trained clean and with white noise at 10 dB" in found["title"]
        front = ["Trim", "SpectralSubtraction", "TiltTo", "MelSpectrogram"]
        assert [step.partition("(")[0] for step in found["settings"]["front_end"]] == [*front, "LateralInhibition"]
        known = report("fsdd", "--data", folders / "fsdd", "--robust", *SMALL)
        steps = [step.partition("(")[0] for step in known["settings"]["front_end"]]
        assert steps == front

    def test_options_that_do_not_fit_are_refused(self, folders):
        data = ("--data", folders / "fsdd")
        fails(lsm("evaluate", "fsdd", *data, "--train-noise", 10), "--train-noise: an option of --stress only")
        fails(lsm("evaluate", "fsdd", *data, "--stress", "--ensemble", 2), "--ensemble: not an option of --stress")
        fails(lsm("evaluate", "narma10", "--stress"), "--stress: not an option of narma10")
        fails(lsm("evaluate", "digits", "--robust"), "--robust: not an option of digits")
        fails(lsm("evaluate", "digits", "--stress", "--train-noise", 3), "--train-noise: not an option of digits")
