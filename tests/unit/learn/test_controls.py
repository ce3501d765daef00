"""Comparisons with controls: that they are fair, that they leak nothing, and that they claim no more than they may."""

import dataclasses
import importlib.util
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import lsm_sim as lsm
from lsm_sim import DescriptionError, Hz, ms
from lsm_sim.learn import controls, readout
from lsm_sim.learn.controls import (
    VIEWS,
    Comparison,
    Stopwatch,
    compare,
    holm,
    paired_test,
    reseeded,
    rivals,
    without_recurrence,
)
from lsm_sim.learn.controls.folds import folds_of, left_out, one_group_out
from lsm_sim.learn.controls.readouts import View, cross_validate
from lsm_sim.learn.controls.views import prepared
from lsm_sim.learn.echo_state import EchoStateClassifier
from lsm_sim.learn.ensemble import LiquidEnsemble
from lsm_sim.learn.pipelines import learns
from lsm_sim.learn.raw_features import raw_features
from tests.unit.learn.test_estimators import patterns, small_liquid

ENCODER = lsm.encode.Rate(max_rate=200 * Hz, frame=5 * ms, phase=0.5)
FEATURES = lsm.Counts(bins=3, sqrt=True)


def classifier(**how):
    usual = {"liquid": small_liquid(5), "encoder": ENCODER, "features": FEATURES, "scale": None}
    return lsm.LiquidClassifier(**usual | how)


def noisy(n=60, seed=0):
    """Ragged samples whose class is hard to see."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    return [np.clip(0.4 + 0.1 * c + 0.25 * rng.normal(size=(5 + i % 4, 5)), 0, 1) for i, c in enumerate(y)], y


@pytest.fixture(scope="module")
def found():
    X, y = noisy()
    return compare(classifier(), X, y, cv=4, seeds=(0, 1), esn={"leak": 0.5})


class TestEveryView:
    def test_is_there_with_one_prediction_for_each_sample_and_seed(self, found):
        assert tuple(found.predictions) == VIEWS
        assert all(np.shape(found.predictions[view]) == (2, 60) for view in VIEWS)
        assert found.n_features == {"raw": 15, "encoder": 15, "recurrence_off": 60, "esn": 60, "liquid": 60}

    @pytest.mark.parametrize("seed", [0, 1])
    @pytest.mark.parametrize("view", VIEWS)
    def test_is_what_scikit_learn_would_give(self, found, view, seed):
        X, y = noisy()
        liquid = small_liquid(5, seed=seed)
        stimulus = ENCODER(X, 1 * ms)
        features = {
            "raw": lambda: raw_features(X, 3),
            "encoder": lambda: FEATURES.of(stimulus),
            "recurrence_off": lambda: FEATURES.of(lsm.run(without_recurrence(liquid), stimulus).spikes),
            "esn": lambda: EchoStateClassifier(20, bins=3, leak=0.5, seed=seed).features(X),
            "liquid": lambda: FEATURES.of(lsm.run(liquid, stimulus).spikes),
        }[view]()
        cv = StratifiedKFold(4, shuffle=True, random_state=seed)
        expected = cross_val_predict(readout.ridge(), features, y, cv=cv)
        np.testing.assert_array_equal(found.predictions[view][seed], expected)

    def test_does_not_depend_on_the_number_of_threads(self, found):
        X, y = noisy()
        one = compare(classifier(n_threads=1), X, y, cv=4, seeds=(0, 1), esn={"leak": 0.5})
        assert one.per_seed == found.per_seed
        assert one.rates == found.rates

    def test_uses_the_readout_of_the_model(self):
        X, y = noisy()
        told = compare(classifier(readout="logistic"), X, y, cv=3, seeds=(0,), views=("raw",))
        expected = cross_val_predict(
            readout.logistic(), raw_features(X, 3), y, cv=StratifiedKFold(3, shuffle=True, random_state=0)
        )
        np.testing.assert_array_equal(told.predictions["raw"][0], expected)

    def test_of_spikes_needs_no_encoder(self):
        rng = np.random.default_rng(0)
        y = np.arange(40) % 2
        dense = [rng.random((30, 4)) < 0.1 + 0.1 * c for c in y]
        model = lsm.LiquidClassifier(small_liquid(4), lsm.encode.Passthrough(), FEATURES, scale=None)
        found = compare(model, lsm.Spikes.from_dense(dense, 1 * ms), y, cv=4, seeds=(0,))
        np.testing.assert_array_equal(found.predictions["raw"], found.predictions["encoder"])
        assert found.mean["esn"] > 0.7

    def test_of_traces_reads_the_rate_reservoir_at_the_same_moments(self):
        X, y = noisy(20)
        model = classifier(features=lsm.Traces(20 * ms, times=(0.5, 1.0)))
        found = compare(model, X, y, cv=2, seeds=(0,), views=("esn",))
        features = EchoStateClassifier(20, times=(0.5, 1.0)).features(X)
        expected = cross_val_predict(readout.ridge(), features, y, cv=StratifiedKFold(2, shuffle=True, random_state=0))
        np.testing.assert_array_equal(found.predictions["esn"][0], expected)

    def test_can_be_left_out(self):
        X, y = noisy(20)
        assert list(compare(classifier(), X, y, cv=2, seeds=(0,), views=("liquid", "raw")).mean) == ["liquid", "raw"]

    def test_predicts_values_too(self):
        X, _ = noisy()
        y = np.array([signal.mean() for signal in X])
        model = lsm.LiquidRegressor(small_liquid(5, size=60), ENCODER, FEATURES, scale=None)
        found = compare(model, X, y, cv=4, seeds=(0,))
        assert found.metric == "nrmse"
        assert found.mean["raw"] < found.mean["encoder"] < 1
        predicted = found.predictions["raw"][0]
        expected = math.sqrt(np.mean((predicted - y) ** 2)) / np.std(y)
        assert found.mean["raw"] == pytest.approx(expected, rel=1e-12)  # order of sums


class TestWhatIsLearnt:
    def test_before_the_readout_is_told_apart_from_what_is_not(self):
        stateless = make_pipeline(FunctionTransformer(), classifier())
        assert not learns(classifier())
        assert not learns(stateless)
        assert learns(classifier(scale="channel"))
        assert learns(classifier(arithmetic="loihi"))
        assert learns(make_pipeline(StandardScaler(), classifier()))

    @pytest.mark.parametrize("scale", ["channel", "global"])
    def test_is_learnt_from_the_training_samples_of_each_fold_alone(self, scale):
        X, y = noisy(40)
        X[3] = X[3] * 5  # an outlier that would change the range, and so all features
        model = classifier(scale=scale)
        found = compare(model, X, y, cv=4, seeds=(0,), views=("liquid",))
        for train, test in StratifiedKFold(4, shuffle=True, random_state=0).split(X, y):
            fitted = reseeded(model, 0).fit([X[i] for i in train], y[train])
            np.testing.assert_array_equal(found.predictions["liquid"][0][test], fitted.predict([X[i] for i in test]))

    def test_a_front_end_that_learns_nothing_runs_once_and_one_that_learns_in_every_fold(self):
        X, y = noisy(20)
        fits = []

        class Front(FunctionTransformer):
            def transform(self, X):
                fits.append(len(X))
                return X

        model = make_pipeline(Front(), classifier())
        compare(model, X, y, cv=2, seeds=(0, 1), views=("raw",))
        assert fits == [20]

        class Learning(Front):
            def __sklearn_tags__(self):
                tags = super().__sklearn_tags__()
                tags.requires_fit = True
                return tags

        compare(make_pipeline(Learning(), classifier()), X, y, cv=2, seeds=(0,), views=("raw",))
        assert fits == [20, 20, 20]

    def test_test_samples_change_no_prediction_of_others(self):
        X, y = noisy(40)
        folds = [(np.arange(30), np.arange(30, 40))]
        first = compare(classifier(scale="channel"), X, y, cv=folds, seeds=(0,))
        X[35] = X[35] * 100
        second = compare(classifier(scale="channel"), X, y, cv=folds, seeds=(0,))
        for view in VIEWS:
            one, other = first.predictions[view][0], second.predictions[view][0]
            np.testing.assert_array_equal(np.delete(one, 5), np.delete(other, 5))


class TestAnEnsemble:
    @pytest.mark.parametrize("combine", ["features", "scores"])
    def test_is_one_more_view_equal_to_the_estimator(self, combine):
        X, y = noisy(40)
        ensemble = LiquidEnsemble([classifier(), classifier()], combine)
        folds = [(np.arange(30), np.arange(30, 40))]
        found = compare(classifier(), X, y, cv=folds, seeds=(3,), views=("liquid",), ensemble=ensemble)
        estimator = LiquidEnsemble([reseeded(classifier(), seed) for seed in (6, 7)], combine).fit(X[:30], y[:30])
        np.testing.assert_array_equal(found.predictions["ensemble"][0], estimator.predict(X[30:]))
        assert found.n_features["ensemble"] == 120


class TestSeeds:
    def test_change_liquid_and_encoder_but_nothing_else(self):
        model = make_pipeline(FunctionTransformer(), classifier(encoder=lsm.encode.Rate(200 * Hz, seed=1)))
        last = reseeded(model, 9)[-1]
        assert (last.liquid.seed, last.encoder.seed) == (9, 9)
        assert repr(last.liquid.neurons) == repr(model[-1].liquid.neurons)  # a copy
        assert model[-1].liquid.seed == 0

    def test_reach_liquids_made_by_functions_and_encoders_within_encoders(self):
        both = lsm.encode.SideBySide((lsm.encode.Rate(seed=1), lsm.encode.Delta(0.1)))
        model = reseeded(lsm.LiquidClassifier(small_liquid, both), 4)
        assert model.liquid(3).seed == 4
        assert model.encoder == lsm.encode.SideBySide((lsm.encode.Rate(seed=4), lsm.encode.Delta(0.1)))

    def test_reach_the_default_encoder(self):
        assert reseeded(lsm.LiquidClassifier(small_liquid), 4).encoder.seed == 4

    def test_are_given_to_a_function(self):
        assert reseeded(lambda seed: classifier(dt=seed * ms), 2).dt == 2 * ms


class TestFolds:
    def test_are_those_of_scikit_learn_and_follow_the_seed(self):
        y = np.arange(20) % 2
        expected = StratifiedKFold(4, shuffle=True, random_state=7).split(y, y)
        for (train, test), (wanted, other) in zip(folds_of(4, y, "classify", 7), expected, strict=True):
            np.testing.assert_array_equal(train, wanted)
            np.testing.assert_array_equal(test, other)

    def test_leave_one_group_out(self):
        groups = np.array(["b", "a", "b", "c"])
        folds = one_group_out(groups)
        assert [set(groups[test]) for _, test in folds] == [{"a"}, {"b"}, {"c"}]
        assert all(set(groups[train]).isdisjoint(groups[test]) for train, test in folds)

    def test_may_be_masks(self):
        train = np.array([True, True, False, False])
        ((first, second),) = folds_of([(train, ~train)], np.array([0, 1, 0, 1]), "classify", 0)
        assert (first.tolist(), second.tolist()) == ([0, 1], [2, 3])

    @pytest.mark.parametrize(
        ("cv", "y", "expected"),
        [
            (
                5,
                [0, 0, 0, 1, 1, 1],
                r"cv: got 5 folds, but class 0 has 3 samples and each fold needs one; use at most 3",
            ),
            (2, [0, 0, 0, 1], r"class 1 has 1 samples and each fold needs one; get more samples"),
            (2, [1, 1, 1, 1], r"y: got one class only, 1; expected at least two"),
            (1, [0, 1], r"cv: got 1, expected a whole number >= 2"),
            ([], [0, 1], r"cv: got no folds"),
            ([([0, 1], [1])], [0, 1], r"a fold trains on samples that it tests"),
            ([([0, 2], [1]), ([2, 3], [1])], [0, 0, 1, 1], r"a sample is tested twice"),
            ([([0], [1])], [0, 1], r"y: got one class only, 0, to train on"),
            ([([0, 1], [2])], [0, 1], r"expected at least one index, all in 0\.\.1"),
            ([([0, 1], [])], [0, 1], r"expected at least one index"),
        ],
    )
    def test_that_cannot_be_are_refused(self, cv, y, expected):
        with pytest.raises(DescriptionError, match=expected):
            folds_of(cv, np.array(y), "classify", 0)

    def test_of_one_group_are_refused(self):
        with pytest.raises(DescriptionError, match="got only anna, expected at least two"):
            one_group_out(["anna", "anna"])


class TestGroups:
    def test_are_the_blocks_of_the_test(self):
        X, y = noisy(40)
        groups = np.arange(40) // 10
        found = compare(classifier(), X, y, cv=2, seeds=(0,), views=("raw", "liquid"), groups=groups)
        assert found.n_blocks == 4
        assert found.p_values["raw"] >= 0.125

    def test_choose_alpha_only_if_they_are_new_in_the_test(self):
        groups = np.repeat(np.arange(4), 10)
        assert left_out(groups, one_group_out(groups)) is groups
        assert left_out(groups, [(np.arange(0, 40, 2), np.arange(1, 40, 2))]) is None
        assert left_out(groups, [(np.arange(10), np.arange(10, 40))]) is None  # one group to train on

    def test_reach_the_readouts(self):
        X, y = noisy(60)
        groups = np.arange(60) // 15
        folds = one_group_out(groups)
        with_groups = compare(classifier(), X, y, cv=folds, seeds=(0,), views=("liquid",), groups=groups)
        features = prepared(reseeded(classifier(), 0), X, np.arange(60), Stopwatch(), {}).transformer.fit_transform(X)
        for train, test in folds:
            own = readout.fit(readout.ridge(), features[train], y[train], groups[train])
            assert np.array_equal(with_groups.predictions["liquid"][0][test], own.predict(features[test]))


class TestWrongInput:
    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"seeds": ()}, "seeds: got none"),
            ({"views": ("raw", "lstm")}, r"views: got \['lstm'\], expected some of raw, encoder"),
            ({"views": ()}, "views: got none"),
            ({"y": [0, 1]}, r"y: got shape \(2,\), expected \(20,\), one value per sample of X"),
            ({"y": [0] * 20}, "y: got one class only, 0"),
            ({"model": StandardScaler()}, "model: got StandardScaler, expected a LiquidClassifier"),
            ({"X": [np.full((4, 5), np.nan)] * 20}, "signal of sample 0"),
            ({"groups": [0, 1]}, r"groups: got shape \(2,\), expected \(20,\)"),
            ({"cv": 11}, "cv: got 11 folds, but class 0 has 10 samples"),
        ],
    )
    def test_is_answered_in_a_sentence(self, change, expected):
        X, y = noisy(20)
        how = {"model": classifier(), "X": X, "y": y, "cv": 2, "seeds": (0,)} | change
        with pytest.raises(DescriptionError, match=expected):
            compare(how.pop("model"), how.pop("X"), how.pop("y"), **how)

    def test_values_that_are_not_numbers_are_named(self):
        X, _ = noisy(20)
        with pytest.raises(DescriptionError, match="y"):
            compare(lsm.LiquidRegressor(small_liquid(5), ENCODER), X, [np.nan] * 20)


class TestThePairedTest:
    @settings(derandomize=True, max_examples=30)
    @given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 50))
    def test_is_mcnemars_exact_test_for_one_seed(self, only_one, only_other, both):
        n = only_one + only_other + both
        one, other = np.zeros((1, n + 1)), np.zeros((1, n + 1))
        one[0, :only_one] = 1
        other[0, only_one : only_one + only_other] = 1
        p = paired_test(one, other)
        discordant = only_one + only_other
        expected = binomtest(only_one, discordant).pvalue if discordant else 1.0
        # up to 14 discordant samples exact; beyond, 9999 draws: five standard deviations of their share, and the one added
        spread = 0 if discordant <= 14 else 5 * math.sqrt(expected * (1 - expected) / 9999) + 1e-4
        assert p == pytest.approx(expected, rel=1e-9, abs=spread)

    def test_finds_nothing_where_nothing_is_in_19_of_20_cases(self):
        rng = np.random.default_rng(5)
        p = np.array([paired_test(*rng.random((2, 3, 200))) for _ in range(100)])
        assert (p < 0.05).sum() <= 12  # binomial(100, 0.05): 12 or more in 0.4 % of all draws
        assert 0.35 < p.mean() < 0.65  # uniform: five standard deviations are 0.14

    def test_finds_what_is_there(self):
        rng = np.random.default_rng(5)
        one = rng.random((2, 200))
        assert paired_test(one, one + 0.1 * rng.normal(0.5, 1, (2, 200))) < 0.001

    def test_is_symmetric_and_the_same_every_time(self):
        one, other = np.random.default_rng(1).random((2, 2, 100))
        assert paired_test(one, other) == paired_test(one, other) == paired_test(other, one)

    def test_takes_a_block_as_one_draw(self):
        one, other = np.zeros((1, 100)), np.zeros((1, 100))
        other[0, :20] = 1
        assert paired_test(one, other) < 0.001
        assert paired_test(one, other, np.arange(100) // 20) == 1.0  # one block differs: either sign is as likely

    def test_needs_paired_losses(self):
        with pytest.raises(DescriptionError, match=r"got losses of shapes \(1, 2\) and \(1, 3\)"):
            paired_test(np.zeros((1, 2)), np.zeros((1, 3)))

    def test_holms_correction_never_lowers_p_and_keeps_the_order(self):
        given_p = {"a": 0.04, "b": 0.001, "c": 0.5, "d": 0.03}
        assert holm(given_p) == {"a": 0.09, "b": 0.004, "c": 0.5, "d": 0.09}


def comparison(metric="accuracy", **shares):
    """A comparison with these shares of correct predictions of 200 samples, one value for each seed."""
    truth = np.zeros(200)
    predictions = {
        view: [(np.arange(200) >= round(share * 200)).astype(float) for share in values]
        for view, values in shares.items()
    }
    n_seeds = len(next(iter(shares.values())))
    return Comparison(metric, tuple(range(n_seeds)), truth, predictions, dict.fromkeys(shares, 7), {"readout": 1.0})


class TestTheResult:
    def test_has_mean_and_standard_deviation_over_seeds(self):
        result = comparison(raw=[0.5, 0.7], liquid=[0.9, 0.9])
        assert result.per_seed == {"raw": [0.5, 0.7], "liquid": [0.9, 0.9]}
        assert result.mean == pytest.approx({"raw": 0.6, "liquid": 0.9}, rel=1e-12)  # order of sums
        assert result.sd == pytest.approx({"raw": 0.2 / math.sqrt(2), "liquid": 0}, rel=1e-12)

    def test_has_no_spread_where_there_is_one_seed(self):
        assert comparison(liquid=[0.9]).sd == {"liquid": 0.0}

    def test_counts_errors(self):
        assert comparison("errors", raw=[0.95], liquid=[0.99]).mean == {"raw": 10, "liquid": 2}

    @pytest.mark.parametrize(
        ("raw", "expected"),
        [
            ([0.90], "liquid and raw samples do not differ significantly (91.00 % against 90.00 %, p = 0.50)"),
            ([0.80], "liquid is better than raw samples (91.00 % against 80.00 %, p < 0.001)"),
            ([0.99], "liquid is worse than raw samples (91.00 % against 99.00 %, p < 0.001)"),
        ],
    )
    def test_calls_a_difference_one_only_after_the_test(self, raw, expected):
        assert comparison(raw=raw, liquid=[0.91]).sentences() == [expected]

    def test_knows_that_fewer_errors_are_better(self):
        (sentence,) = comparison("errors", esn=[0.90], liquid=[0.80]).sentences()
        assert (
            sentence
            == "liquid is worse than echo-state network (40.0 errors of 200 against 20.0 errors of 200, p < 0.001)"
        )

    def test_is_a_table_with_a_line_for_each_view(self):
        lines = comparison(raw=[0.5, 0.7], liquid=[0.9, 0.9]).table().splitlines()
        assert lines[0].split() == [
            "what",
            "the",
            "readout",
            "sees",
            "features",
            "accuracy",
            "%",
            "sd",
            "minus",
            "liquid",
            "sd",
            "p",
        ]
        assert lines[1].split() == ["raw", "samples", "7", "60.00", "14.14", "-30.00", "14.14", "<", "0.001"]
        assert lines[2].split() == ["liquid", "7", "90.00", "0.00"]

    def test_is_json_of_plain_numbers(self):
        read = json.loads(comparison(raw=[0.5, 0.7], liquid=[0.9, 0.9]).to_json())
        assert read["accuracy"]["raw"]["values"] == [0.5, 0.7]
        assert set(read["accuracy"]["liquid"]) == {"mean", "sd", "values"}
        assert (read["seeds"], read["samples"], read["seconds"]) == ([0, 1], 200, {"readout": 1.0})

    def test_says_how_much_differences_vary_from_seed_to_seed(self):
        result = comparison(raw=[0.5, 0.7], liquid=[0.9, 0.8])
        assert result.differences["raw"] == pytest.approx((-0.25, 0.15 * 2**0.5), rel=1e-12)  # order of sums
        assert json.loads(result.to_json())["minus_liquid"]["raw"]["mean"] == pytest.approx(-0.25, rel=1e-12)

    def test_has_effect_sizes_over_blocks_of_samples(self):
        truth, own = np.zeros(8, int), {"liquid": [np.zeros(8, int)], "raw": [np.array([1, 0, 1, 1, 0, 0, 0, 1])]}
        made = Comparison("accuracy", (0,), truth, own, {}, {})
        assert made.effect_sizes["raw"] == pytest.approx(0.5 / np.std(own["raw"][0], ddof=1))
        paired = dataclasses.replace(made, blocks=np.arange(8) // 2)
        assert paired.effect_sizes["raw"] == pytest.approx(0.5 / np.std([0.5, 1, 0, 0.5], ddof=1))
        assert dataclasses.replace(made, blocks=np.zeros(8, int)).effect_sizes == {"raw": None}
        assert made.to_dict()["effect_sizes"] == made.effect_sizes

    def test_says_if_there_are_too_few_groups_to_find_anything(self):
        result = dataclasses.replace(comparison(raw=[0.5, 0.7], liquid=[0.9, 0.9]), blocks=np.arange(200) % 4)
        assert result.table().endswith(
            "p counts 4 independent group(s) of samples, too few: without correction it is at least 0.12"
        )
        assert result.p_values["raw"] == 0.125
        many = dataclasses.replace(result, blocks=np.arange(200) % 20)
        assert "too few" not in many.table()
        assert many.p_values["raw"] < 0.05

    def test_cannot_be_changed(self):
        with pytest.raises(dataclasses.FrozenInstanceError):
            comparison(liquid=[1.0]).seeds = ()

    def test_holds_settings_that_are_plain_data(self, found):
        assert json.loads(found.to_json())["settings"]["esn"] == {"leak": 0.5}
        assert found.settings["features"] == {
            "Counts": {"bins": 3, "window": None, "n_windows": None, "sqrt": True, "per_second": False}
        }

    def test_of_series_of_their_own_tests_all_of_them(self):
        rng = np.random.default_rng(0)
        truth = rng.normal(size=(2, 400))
        near, far = (truth + spread * rng.normal(size=(2, 400)) for spread in (0.1, 0.2))
        predictions = {"raw": list(far), "liquid": list(near)}
        blocks = np.arange(400) // 50
        result = Comparison("nrmse", (0, 1), truth, predictions, {"raw": 1, "liquid": 1}, {}, blocks=blocks)
        for seed in (0, 1):
            error = math.sqrt(np.mean((near[seed] - truth[seed]) ** 2)) / np.std(truth[seed])
            assert result.per_seed["liquid"][seed] == pytest.approx(error, rel=1e-12)  # order of sums
        assert result.p_values["raw"] < 0.001  # 16 blocks that all agree: 2 of 65536 signs


class TestRates:
    def test_are_spikes_per_neuron_and_second(self, found):
        X, _ = noisy()
        samples = prepared(reseeded(classifier(), 0), X, np.arange(60), Stopwatch(), {})
        spikes = lsm.run(small_liquid(5), samples.stimulus).spikes
        # 1e-9: squares of square roots
        assert found.rates[0] == pytest.approx(spikes.n_events / (20 * spikes.durations.sum()), rel=1e-9)

    def test_are_those_of_the_neurons_where_the_readout_sees_the_encoder_too(self):
        X, y = noisy(20)
        models = classifier(), classifier().set_params(with_encoder=True)
        alone, beside = (compare(model, X, y, cv=2, seeds=(0,), views=("liquid",)).rates for model in models)
        assert alone == beside

    def test_are_left_out_where_features_are_no_counts(self):
        X, y = noisy(20)
        assert compare(classifier(features=lsm.Traces(20 * ms)), X, y, cv=2, seeds=(0,), views=("liquid",)).rates == []


def test_data_that_are_easy_are_learnt_by_all_views():
    X, y = patterns()
    found = compare(classifier(), X, y, cv=3, seeds=(0,))
    assert min(found.mean.values()) > 0.9
    assert all("do not differ" in sentence for sentence in found.sentences())


def test_everything_is_exported():
    assert all(hasattr(controls, name) for name in controls.__all__)


class TestViewsThatLearn:
    def test_are_in_loihis_integers_calibrated_on_the_training_samples_of_each_fold(self):
        X, y = noisy()
        found = compare(classifier(), X, y, cv=3, seeds=(1,), views=("liquid", "loihi"))
        stimulus = ENCODER(X, 1 * ms)
        expected = np.empty_like(y)
        for train, test in folds_of(3, y, "classify", 1):
            transformer = lsm.LiquidTransformer(
                small_liquid(5, seed=1), ENCODER, FEATURES, scale=None, arithmetic="loihi"
            )
            features = transformer.fit([X[k] for k in train]).respond(stimulus)
            expected[test] = readout.ridge().fit(features[train], y[train]).predict(features[test])
        np.testing.assert_array_equal(found.predictions["loihi"][0], expected)
        assert found.n_features == {"liquid": 60, "loihi": 60}
        assert "liquid on Loihi's integers" in found.table()

    @pytest.mark.parametrize("view", ["svm", "forest"])
    def test_are_rivals_with_their_own_classifier(self, view, monkeypatch):
        monkeypatch.setattr(rivals, "_TREES", 10)
        X, y = noisy()
        found = compare(classifier(), X, y, cv=3, seeds=(0,), views=("liquid", view), groups=np.arange(60) % 4)
        train, test = folds_of(3, y, "classify", 0)[0]
        features = raw_features(X, 3)
        model = rivals.rival_readout(view, 0).fit(features[train], y[train])
        at = np.searchsorted(np.arange(60), test)
        np.testing.assert_array_equal(found.predictions[view][0][at], model.predict(features[test]))

    def test_are_minirocket_or_the_way_to_install_it(self):
        X, y = noisy(24)

        def ask():
            return compare(classifier(), X, y, cv=2, seeds=(0,), views=("liquid", "minirocket"))

        if importlib.util.find_spec("aeon") is None:
            with pytest.raises(lsm.errors.BackendUnavailableError, match=r"pip install 'lsm-sim\[rivals\]'"):
                ask()
        else:
            assert ask().n_features["minirocket"] > 1000

    def test_of_rivals_need_labels(self):
        X, y = noisy(24)
        model = lsm.LiquidRegressor(small_liquid(5), ENCODER, FEATURES, scale=None)
        with pytest.raises(DescriptionError, match="views: got svm for values"):
            compare(model, X, y + 0.5, cv=2, seeds=(0,), views=("liquid", "svm"))


@pytest.mark.parametrize("grouped", [False, True])
def test_readouts_are_trained_on_copies_of_features(grouped):
    """A scaler that overwrites its input must not scale twice where alpha is chosen by leaving groups out."""
    rng = np.random.default_rng(5)
    y, groups = np.arange(60) % 2, np.arange(60) // 20
    X = (y[:, None] + rng.normal(size=(60, 4))) * [0.01, 1, 1, 30] + 5
    before, train, test = X.copy(), np.arange(0, 60, 2) + np.arange(30) % 2, np.arange(1, 60, 2) - np.arange(30) % 2
    own = groups if grouped else None
    model = readout.ridge(soft=True)
    found = cross_validate({"a": View([X], [model])}, y, [(train, test)], 1, lambda _: None, own)["a"]
    fitted = readout.fit(clone(model), X[train], y[train], None if own is None else own[train])
    np.testing.assert_array_equal(found[test], fitted.predict(X[test]))
    np.testing.assert_array_equal(X, before)
