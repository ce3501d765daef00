"""Accuracy under perturbations: trained clean, tested perturbed, as one would write it with scikit-learn."""

import json

import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline

import lsm_sim as lsm
from lsm_sim import DescriptionError, Hz, ms, perturb
from lsm_sim.audio import MelSpectrogram, Recording
from lsm_sim.learn import readout
from lsm_sim.learn.controls import VIEWS, compare, stress, without_recurrence
from lsm_sim.learn.controls.folds import one_group_out
from tests.unit.learn.test_estimators import small_liquid

ENCODER = lsm.encode.Rate(200 * Hz, frame=5 * ms, phase=0.5)
FEATURES = lsm.Counts(bins=3, sqrt=True)
MEL = MelSpectrogram(n_bands=5)
KINDS = {
    "noise": perturb.Noise(3.0),
    "padding": perturb.Padding(0.05, 0.02),
    "lost": perturb.LostSpikes(0.5),
    "dead": perturb.DeadNeurons(0.4),
}


def sounds(n=40, seed=0):
    """Tones in noise, of two frequencies and several lengths."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    t = [np.arange(800 + 80 * (i % 3)) / 8000 for i in range(n)]
    return [
        Recording(np.sin(2 * np.pi * (500 + 300 * c) * s) + 2 * rng.normal(size=len(s)), 8000)
        for c, s in zip(y, t, strict=True)
    ], y


def model(**how):
    usual = {"encoder": ENCODER, "features": FEATURES, "scale": None}
    return make_pipeline(MEL, lsm.LiquidClassifier(small_liquid(5), **usual | how))


@pytest.fixture(scope="module")
def found():
    return stress(model(), *sounds(), KINDS, cv=4, seeds=(0, 1), esn={"leak": 0.5})


def test_the_clean_row_is_the_comparison(found):
    same = compare(model(), *sounds(), cv=4, seeds=(0, 1), esn={"leak": 0.5})
    assert {view: pytest.approx(v) for view, v in same.per_seed.items()} == found.accuracy["clean"]


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("view", ["encoder", "recurrence_off", "liquid"])
def test_every_row_is_what_scikit_learn_would_give(found, name, view):
    if view not in found.accuracy[name]:
        assert (name, view) == ("dead", "encoder")
        return
    X, y = sounds()
    one = KINDS[name]
    liquid = small_liquid(5, seed=0)
    liquid = without_recurrence(liquid) if view == "recurrence_off" else liquid
    program = lsm.lower(liquid, 1 * ms)

    def features(X, spikes=lambda s: s, change=lambda p: p):
        stimulus = spikes(ENCODER(MEL.transform(X), 1 * ms))
        return FEATURES.of(stimulus if view == "encoder" else lsm.run(change(program), stimulus).spikes)

    how = {"lost": {"spikes": one}, "dead": {"change": one}}.get(name, {})
    clean, hurt = features(X), features(one(X) if name in ("noise", "padding") else X, **how)
    right = np.empty(len(y), bool)
    for train, test in StratifiedKFold(4, shuffle=True, random_state=0).split(clean, y):
        right[test] = readout.fit(readout.ridge(), clean[train], y[train]).predict(hurt[test]) == y[test]
    assert found.accuracy[name][view][0] == pytest.approx(right.mean())


def test_views_that_a_perturbation_does_not_change_are_left_out(found):
    assert [*found.accuracy] == ["clean", *KINDS]
    assert [*found.accuracy["noise"]] == [*VIEWS]
    assert [*found.accuracy["lost"]] == ["encoder", "recurrence_off", "liquid"]
    assert [*found.accuracy["dead"]] == ["recurrence_off", "liquid"]


def test_the_table_and_the_plain_data_have_the_same_figures(found):
    head, *rows = found.rows()
    assert head[-1] == "liquid loses"
    assert rows[0][-1] == "0.0"
    assert rows[-1][1:3] == ["-", "-"]
    plain = json.loads(json.dumps(found.to_dict(), default=str))
    assert plain["stress"]["noise"]["liquid"]["values"] == found.accuracy["noise"]["liquid"]
    assert plain["loss"]["noise"]["liquid"] == pytest.approx(
        found.mean["clean"]["liquid"] - found.mean["noise"]["liquid"]
    )
    assert found.table().splitlines()[0].split()[0] == "accuracy"


def test_training_with_noise_helps_against_noise_and_tests_none_of_the_noisy_training_samples():
    X, y = sounds(80)
    hard = {"noise": perturb.Noise(-6.0)}
    plain = stress(model(), X, y, hard, cv=4, seeds=(0, 1), views=("liquid",))
    taught = stress(
        model(), X, y, hard, cv=4, seeds=(0, 1), views=("liquid",), train_with=[perturb.Noise(-6.0, seed=5)]
    )
    assert taught.n_samples == plain.n_samples == 80
    assert taught.mean["noise"]["liquid"] > plain.mean["noise"]["liquid"]
    random = stress(
        model(),
        X,
        np.random.default_rng(1).permutation(y),
        hard,
        cv=4,
        views=("liquid",),
        train_with=[perturb.Noise(-6.0)],
    )
    assert random.mean["clean"]["liquid"] < 0.7  # a noisy copy of a test sample in training would be recognised


def test_a_model_that_learns_a_scale_sees_clean_training_samples_of_its_fold_only():
    rng = np.random.default_rng(2)
    y = np.arange(30) % 2
    X = rng.random((30, 12, 5)) * 0.5 + 0.2 * y[:, None, None]
    scaled = lsm.LiquidClassifier(small_liquid(5), ENCODER, FEATURES)
    groups = np.arange(30) // 10
    how = {"cv": one_group_out(groups), "groups": groups, "seeds": (0,), "views": ("encoder", "liquid")}
    found = stress(scaled, X, y, {"lost": perturb.LostSpikes(0.3)}, **how)
    assert found.accuracy["clean"] == {
        view: pytest.approx(v) for view, v in compare(scaled, X, y, **how).per_seed.items()
    }


def test_samples_that_are_spikes_are_seen_by_all_views():
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    X = lsm.Spikes.from_dense([rng.random((30, 4)) < 0.1 + 0.1 * c for c in y], 1 * ms)
    own = lsm.LiquidClassifier(small_liquid(4), lsm.encode.Passthrough(), FEATURES, scale=None)
    found = stress(own, X, y, {"lost": perturb.LostSpikes(0.5)}, cv=4)
    assert [*found.accuracy["lost"]] == [*VIEWS]
    assert found.accuracy["lost"]["raw"] == found.accuracy["lost"]["encoder"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"perturbations": [3]}, "perturbations: got list, expected a dict"),
        ({"perturbations": {"a": 3}}, "perturbation: got int, expected one of"),
        ({"perturbations": {"clean": perturb.Gain()}}, "got the name 'clean', expected another one"),
        ({"views": ["else"]}, "views: got .'else'., expected some of"),
        ({"y": [1, 2]}, "y: got shape .2,., expected .40,."),
        ({"groups": [1, 2]}, "groups: got shape .2,., expected .40,."),
        ({"seeds": []}, "seeds: got none"),
        ({"train_with": [1]}, "perturbation: got int"),
    ],
)
def test_wrong_values_are_one_sentence(changed, message):
    X, y = sounds()
    arguments = {"X": X, "y": y, "perturbations": {"gain": perturb.Gain()}, "cv": 2} | changed
    with pytest.raises(DescriptionError, match=message):
        stress(model(), **arguments)


def test_a_regressor_is_refused():
    with pytest.raises(DescriptionError, match="got a regressor"):
        stress(lsm.LiquidRegressor(small_liquid(5)), np.ones((40, 3, 5)), np.arange(40) % 2, {}, cv=2)


def test_raw_samples_of_one_length_are_left_out_where_their_length_changes():
    X, y = sounds()
    same = [Recording(x.samples[:800], 8000) for x in X]
    kinds = {"p": perturb.Padding(0.1, 0.1, random=True), "g": perturb.Gain(3.0), "s": perturb.Speed(1.2)}
    found = stress(model(), same, y, kinds, cv=2, views=("raw", "encoder"))
    assert {name: [*own] for name, own in found.accuracy.items()} == {
        "clean": ["raw", "encoder"],
        "p": ["encoder"],
        "g": ["raw", "encoder"],
        "s": ["encoder"],
    }
