"""Searches in one process: what they find, what they keep, what they refuse."""

import dataclasses
import shutil
import sqlite3
from contextlib import closing

import numpy as np
import optuna
import pytest
from matplotlib.figure import Figure
from optuna.trial import TrialState
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC

import lsm_sim as lsm
from lsm_sim import DescriptionError, RunError
from lsm_sim.learn.controls.reseed import reseeded
from lsm_sim.search import Found, Range, optimise
from lsm_sim.search.pruning import FoldPruner
from lsm_sim.search.sampling import quiet
from tests.unit.search.models import SPACE, model, samples

X, Y, GROUPS = samples()
QUICK = {"n_trials": 6, "cv": 3, "sampler": "random", "progress": False}


def rows(found):
    """Return what must not depend on how a search was run."""
    return [(t.place, t.state, dict(t.parameters), dict(t.values), t.folds) for t in found.trials]


@pytest.fixture(scope="module")
def found() -> Found:
    return optimise(model(), X, Y, SPACE, **(QUICK | {"n_trials": 8}), prune=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return the storage of a search."""
    path = tmp_path_factory.mktemp("made") / "study.db"
    optimise(model(), X, Y, SPACE, **(QUICK | {"n_trials": 1}), storage=path)
    return path


class TestASearch:
    def test_evaluates_each_trial_as_cross_validation_does(self, found):
        data = found.problem.data()
        for trial in found.trials[:3]:
            own = found.model(trial)
            scores = [
                own.fit(data.X[train], data.y[train]).score(data.X[test], data.y[test]) for train, test in data.folds
            ]
            assert trial.folds == pytest.approx(scores)
            assert trial.values == {"accuracy": pytest.approx(np.mean(scores))}

    def test_averages_each_trial_over_liquids(self):
        found = optimise(model(), X, Y, SPACE, **(QUICK | {"n_trials": 2}), prune=False, liquid_seeds=range(3, 6))
        data = found.problem.data()
        for trial in found.trials:
            copies = [reseeded(found.model(trial), seed) for seed in range(3, 6)]
            scores = [
                np.mean([own.fit(data.X[train], data.y[train]).score(data.X[test], data.y[test]) for own in copies])
                for train, test in data.folds
            ]
            assert trial.folds == pytest.approx(scores)

    def test_finds_the_best_and_leaves_samples_out(self, found):
        assert found.best.values["accuracy"] == max(t.values["accuracy"] for t in found.trials)
        seen, held_out = found.problem.split.seen, found.problem.split.held_out
        assert (len(seen), len(held_out)) == (38, 10)
        assert np.array_equal(np.sort(np.concatenate([seen, held_out])), np.arange(48))
        assert sorted(Y[held_out]) == [0] * 5 + [1] * 5

    def test_stays_in_its_space(self, found):
        for trial in found.trials:
            assert 0.005 <= trial.parameters["liquid__neurons__exc__tau_m"] <= 0.08
            assert trial.parameters["features__bins"] in (1, 2, 3)
        assert found.model().features.bins == found.best.parameters["features__bins"]

    def test_is_compared_with_controls_on_samples_that_it_never_saw(self, found):
        result = found.compare_held_out(seeds=(0,), views=("raw", "liquid"), progress=False)
        assert result.n_samples == 10
        assert list(result.predictions) == ["raw", "liquid", "liquid before the search"]
        assert "liquid before the search" in result.table()

    def test_can_be_drawn_and_saved(self, found, tmp_path):
        files = found.save(tmp_path / "out")
        assert sorted(file.name for file in files) == [
            *("best.toml", "history.png", "importance.png", "model.npz", "search.json")
        ]
        assert lsm.Liquid.load(tmp_path / "out/best.toml") == found.model().liquid
        saved = lsm.LiquidClassifier.load(tmp_path / "out/model.npz")
        assert np.array_equal(saved.predict(X), found.fitted().predict(X))
        ax = Figure().add_subplot()
        assert found.plot_history(ax) is ax
        assert len(ax.lines[-1].get_xdata()) == 8
        assert np.diff(ax.lines[-1].get_ydata()).min() >= 0  # the best so far
        labels = [label.get_text() for label in found.plot_importance(Figure().add_subplot()).get_yticklabels()]
        assert sorted(labels) == sorted(SPACE)
        assert sum(found.importances.values()) == pytest.approx(1)
        with pytest.raises(DescriptionError, match="only the objective accuracy"):
            found.plot_front()

    def test_prints_the_best_trials(self, found):
        lines = found.table().splitlines()
        assert lines[0].startswith("8 trials (8 complete), 3 folds; 10 samples held out")
        assert lines[3].split() == ["trial", "accuracy", "exc__tau_m", "bins", "alpha"]
        assert lines[4].split()[0] == str(found.best.place)


class TestSamplers:
    @pytest.mark.parametrize("sampler", ["random", "halton", pytest.param("tpe", marks=pytest.mark.slow)])
    def test_stopped_and_resumed_searches_are_those_that_were_not(self, tmp_path, sampler):
        n_trials = 12 if sampler == "tpe" else 3  # TPE begins to learn after ten
        how = QUICK | {"n_trials": n_trials, "sampler": sampler, "cv": 2}
        whole = optimise(model(), X, Y, SPACE, **how)
        for n in (2, n_trials):
            parts = optimise(model(), X, Y, SPACE, **(how | {"n_trials": n}), storage=tmp_path / "s.db")
        assert rows(parts) == rows(whole)

    def test_another_seed_gives_other_trials(self):
        one, other = (optimise(model(), X, Y, SPACE, **(QUICK | {"n_trials": 2}), seed=seed) for seed in (0, 1))
        assert one.trials[0].parameters != other.trials[0].parameters

    def test_halton_fills_the_space_evenly(self):
        space = {"readout__alpha": Range(0.0001, 1.0001), "features__bins": [1, 2, 3]}
        found = optimise(model(), X, Y, space, **(QUICK | {"n_trials": 9, "cv": 2, "sampler": "halton"}))
        alphas = np.sort([t.parameters["readout__alpha"] for t in found.trials])
        assert np.diff(alphas).max() < 0.25
        assert np.bincount([t.parameters["features__bins"] for t in found.trials]).tolist() == [0, 3, 3, 3]


class TestGroups:
    def test_are_kept_apart(self):
        found = optimise(model(), X, Y, SPACE, **(QUICK | {"n_trials": 1}), groups=GROUPS, hold_out=0.25)
        split = found.problem.split
        assert np.unique(GROUPS[split.held_out]).size == 1
        assert len(split.folds) == 3
        own = GROUPS[split.seen]
        for train, test in split.folds:
            assert not np.isin(own[test], own[train]).any()
        assert not np.isin(GROUPS[split.held_out], own).any()
        assert f"held out ({GROUPS[split.held_out][0]})" in found.summary()

    @pytest.mark.parametrize(
        ("groups", "hold_out", "expected"),
        [
            (GROUPS, 0.7, "at least two to search with"),
            (GROUPS, np.arange(48) < 3, "whole groups"),
            (GROUPS, [True], "one boolean for each of 48 samples"),
            (GROUPS, 1.0, r"a fraction in \[0, 1\)"),
            (GROUPS[:5], 0.2, r"groups: got shape \(5,\)"),
            (None, np.ones(48, bool), "got all samples"),
        ],
    )
    def test_that_cannot_be_held_out_are_refused(self, groups, hold_out, expected):
        with pytest.raises(DescriptionError, match=expected):
            optimise(model(), X, Y, SPACE, **QUICK, groups=groups, hold_out=hold_out)


class TestObjectives:
    def test_have_a_pareto_front(self, tmp_path):
        space = {"liquid__neurons__exc__size": [4, 12], "encoder__max_rate": Range(20.0, 400.0)}
        found = optimise(model(), X, Y, space, **QUICK, objectives=["spikes", "accuracy", "neurons"])
        for trial in found.trials:
            assert list(trial.values) == ["spikes", "accuracy", "neurons"]
            assert trial.values["neurons"] == 4 + trial.parameters["liquid__neurons__exc__size"]
            data, own = found.problem.data(), found.model(trial)
            transformer = own.transformer().fit(data.X)
            transformer.set_params(features=lsm.Counts(1))
            expected = transformer.prepare(transformer.input_).respond(transformer.encode(data.X)).sum() / len(data.y)
            assert trial.values["spikes"] == pytest.approx(expected)
        for one in found.front:
            for other in found.trials:
                better = [-other.values["accuracy"], other.values["spikes"], other.values["neurons"]]
                own = [-one.values["accuracy"], one.values["spikes"], one.values["neurons"]]
                assert not (all(a <= b for a, b in zip(better, own, strict=True)) and better != own)
        assert found.best in found.front
        assert "front.png" in [file.name for file in found.save(tmp_path)]

    def test_count_spikes_of_features_that_are_no_counts(self):
        values = [
            optimise(model(features=features), X, Y, {"readout__alpha": [1.0]}, **(QUICK | {"n_trials": 1}),
                     objectives=["accuracy", "spikes"]).best.values["spikes"]
            for features in (lsm.Counts(3, sqrt=True, per_second=True), lsm.Traces(0.03))
        ]  # fmt: skip
        assert values[0] == pytest.approx(values[1])

    def test_of_values_are_r2(self):
        values = X.mean(axis=(1, 2))
        own = lsm.LiquidRegressor(model().liquid, model().encoder, lsm.Counts(1), scale=None)
        found = optimise(own, X, values, {"readout__alpha": Range(0.1, 10.0)}, **QUICK)
        assert found.best.values["r2"] > 0

    @pytest.mark.parametrize("wrong", [["spikes"], ["accuracy", "accuracy"], ["r2"], [], "accuracy", [3]])
    def test_that_are_none_are_refused(self, wrong):
        with pytest.raises(DescriptionError, match="objectives: "):
            optimise(model(), X, Y, SPACE, **QUICK, objectives=wrong)


class TestPruning:
    def test_ends_trials_below_the_median(self):
        space = {"liquid__synapses__0__weight__Normal__sd": [3.0, 2.9, 2.8, 1e-9]}
        found = optimise(model(), X, Y, space, **(QUICK | {"n_trials": 10, "cv": 3}), seed=1)
        pruned = [t for t in found.trials if t.state == "pruned"]
        assert pruned
        assert all(1 <= len(t.folds) < 3 and not t.values for t in pruned)
        assert "pruned" in found.summary()

    def test_compares_with_pruned_trials_too(self):
        with quiet():
            study = optuna.create_study(direction="maximize", pruner=FoldPruner())
        for k in range(12):
            trial = study.ask()
            trial.report(0.9 if k < 5 else 0.5, 0)
            study.tell(trial, 0.9 if k < 5 else None, state=TrialState.COMPLETE if k < 5 else TrialState.PRUNED)
        for score, pruned in ((0.6, False), (0.4, True)):
            trial = study.ask()
            trial.report(score, 0)
            assert trial.should_prune() is pruned

    def test_happens_where_models_learn_from_training_samples(self):
        found = optimise(model(scale="channel"), X, Y, SPACE, **(QUICK | {"n_trials": 1}))
        data, own = found.problem.data(), found.model()
        scores = [own.fit(data.X[a], data.y[a]).score(data.X[b], data.y[b]) for a, b in data.folds]
        assert found.best.folds == pytest.approx(scores)


class TestAPipeline:
    def test_is_searched_and_trained_with_its_front_end(self, tmp_path):
        pipe = make_pipeline(FunctionTransformer(np.sqrt), model())
        space = {"liquidclassifier__features__bins": [1, 2]}
        found = optimise(pipe, X, Y, space, **(QUICK | {"n_trials": 2}), groups=GROUPS, hold_out=0.25)
        files = found.save(tmp_path)
        assert "model.npz" in [file.name for file in files]
        assert len(found.fitted().predict(X)) == len(X)


class TestFailedTrials:
    def test_are_kept_with_their_reason(self):
        space = {"liquid__neurons__exc__v_thresh": [1.0, -1.0], "features__bins": [1, 2]}
        found = optimise(model(), X, Y, space, **(QUICK | {"n_trials": 5}))
        failed = [t for t in found.trials if t.state == "fail"]
        assert failed
        assert all("v_thresh" in t.why and t.parameters["liquid__neurons__exc__v_thresh"] == -1 for t in failed)

    def test_are_an_error_if_there_are_no_others(self):
        space = {"liquid__synapses__0__pre": ["out"], "features__bins": [1]}
        with pytest.raises(DescriptionError, match=r"space liquid__synapses__0__pre: .*no group 'out'"):
            optimise(model(), X, Y, space, **QUICK)
        own = model(readout=LinearSVC(C=-1.0))
        with pytest.raises(RunError, match="none of 2 trials is complete; the last failed with: InvalidParameterError"):
            optimise(own, X, Y, {"features__bins": [1, 2]}, **(QUICK | {"n_trials": 2}))


class TestAStorage:
    @pytest.fixture
    def storage(self, made, tmp_path):
        return shutil.copy(made, tmp_path / "study.db")

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"X": X + 1e-9}, "other data"),
            ({"y": 1 - Y}, "other data"),
            ({"space": SPACE | {"features__bins": [1, 2]}}, "other space"),
            ({"model": model(readout="centred_ridge")}, "other model"),
            ({"model": model(liquid__seed=9)}, "other model"),
            ({"objectives": ["accuracy", "spikes"]}, "other objectives"),
            ({"cv": 4}, "other folds"),
            ({"sampler": "tpe"}, "other sampler"),
            ({"prune": False}, "other pruning"),
            ({"liquid_seeds": [1, 2]}, "other seeds of the liquid"),
        ],
        ids=lambda value: value if isinstance(value, str) else next(iter(value)),
    )
    def test_of_another_study_is_refused(self, storage, changes, expected):
        before = storage.read_bytes()
        how = {"model": model(), "X": X, "y": Y, "space": SPACE, **QUICK, "storage": storage} | changes
        with pytest.raises(DescriptionError, match=f"study.db: belongs to another study, with {expected}"):
            optimise(**how)
        assert storage.read_bytes() == before

    def test_does_not_depend_on_threads_or_progress(self, storage):
        own = model(n_threads=2, progress=False)
        assert len(optimise(own, X, Y, SPACE, **(QUICK | {"n_trials": 2}), storage=storage).trials) == 2

    @pytest.mark.parametrize("content", [b"text", b"PK\x03\x04" + bytes(50), b"SQLite format 3\x00" + bytes(200)])
    def test_that_is_no_sqlite_file_is_refused(self, tmp_path, content):
        path = tmp_path / "other.db"
        path.write_bytes(content)
        with pytest.raises(DescriptionError, match="no SQLite file"):
            optimise(model(), X, Y, SPACE, **QUICK, storage=path)
        assert path.read_bytes() == content

    def test_of_another_program_is_refused(self, tmp_path):
        path = tmp_path / "other.db"
        with closing(sqlite3.connect(path)) as db:
            db.execute("CREATE TABLE mine (a)")
        with pytest.raises(DescriptionError, match="SQLite file of something else"):
            optimise(model(), X, Y, SPACE, **QUICK, storage=path)
        study = tmp_path / "study.db"
        storage = optuna.storages.RDBStorage(f"sqlite:///{study}")
        with quiet():
            optuna.create_study(storage=storage, study_name="mine")
        storage.remove_session()
        storage.engine.dispose()
        with pytest.raises(DescriptionError, match="study of another program"):
            optimise(model(), X, Y, SPACE, **QUICK, storage=study)

    @pytest.mark.parametrize(
        ("path", "expected"),
        [("", "is a folder|no such|path"), ("none/a.db", "no such folder"), ("a\0b", "no name of a file")],
    )
    def test_that_cannot_be_written_is_refused(self, tmp_path, path, expected):
        with pytest.raises(DescriptionError, match=expected):
            optimise(model(), X, Y, SPACE, **QUICK, storage=f"{tmp_path}/{path}")

    def test_that_is_empty_is_used(self, tmp_path):
        (tmp_path / "s.db").touch()
        assert optimise(model(), X, Y, SPACE, **(QUICK | {"n_trials": 1}), storage=tmp_path / "s.db").trials


@pytest.mark.parametrize(
    "wrong",
    [
        *({"n_trials": 0}, {"workers": 0}, {"sampler": "grid"}, {"prune": "no"}, {"seed": -1}, {"cv": 1}, {"X": None}),
        *({"y": Y[:3]}, {"y": np.full(48, None)}, {"model": 3}, {"space": {}}, {"hold_out": "a"}, {"progress": 3}),
    ],
    ids=str,
)
def test_wrong_arguments_are_named(wrong):
    how = {"model": model(), "X": X, "y": Y, "space": SPACE, **QUICK} | wrong
    with pytest.raises(DescriptionError):
        optimise(**how)


def test_a_trial_is_a_record(found):
    assert {field.name for field in dataclasses.fields(found.best)} >= {"place", "parameters", "values"}
