"""The echo-state network beside the liquids, the means in bins that it shares with the raw samples, and how it is found."""

import subprocess
import sys

import numpy as np
import pytest
from scipy.sparse import issparse
from sklearn.utils.estimator_checks import estimator_checks_generator

import lsm_sim
from lsm_sim import DescriptionError
from lsm_sim.learn.echo_state import EchoStateClassifier, EchoStateRegressor, _draw
from lsm_sim.learn.raw_features import bin_means, raw_features
from tests.unit.learn.test_estimators import NEEDS_PACKAGE, patterns

CHECKS = [
    pytest.param(estimator, check, id=f"{type(estimator).__name__}-{check.func.__name__}-{i}")
    for estimator in (EchoStateClassifier(30), EchoStateRegressor(60))
    for i, (estimator, check) in enumerate(estimator_checks_generator(estimator))
    if check.func.__name__ not in NEEDS_PACKAGE
]


@pytest.mark.filterwarnings("default")  # the checks provoke warnings on purpose
@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_passes_the_estimator_checks_of_scikit_learn(estimator, check):
    check(estimator)


def ragged(n=20, channels=3, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.random((int(rng.integers(1, 40)), channels)) for _ in range(n)]


class TestTheStates:
    @pytest.mark.parametrize("leak", [1.0, 0.3])
    def test_follow_the_equation_frame_by_frame(self, leak):
        model = EchoStateClassifier(12, leak=leak, seed=3)
        (signal,) = ragged(1, seed=5)
        weights = _draw(model, 3)
        state, expected = np.zeros(12), []
        for frame in signal:
            drive = weights.recurrent @ state + weights.entry @ frame + weights.bias
            state = (1 - leak) * state + leak * np.tanh(drive)
            expected.append(state)
        # 1e-12: matrix products may add in another order
        np.testing.assert_allclose(model.states([signal])[0], expected, rtol=0, atol=1e-12)

    @pytest.mark.parametrize("density", [0.1, 1.0])
    def test_are_the_same_from_sparse_weights_and_zero_after_a_sample_ends(self, density):
        model = EchoStateClassifier(40, leak=0.3, density=density, seed=3)
        signals = sorted(ragged(6), key=len, reverse=True)
        weights = model.drawn(3)
        assert issparse(weights._recurrent) == (density < 0.5)
        for given in (signals, signals[::-1]):
            for signal, states in zip(given, weights.run(given), strict=True):
                state = np.zeros(40)
                for t, frame in enumerate(signal):
                    stepped = weights.step(state, frame)
                    drive = weights.recurrent @ state + weights.entry @ frame + weights.bias
                    state = 0.7 * state + 0.3 * np.tanh(drive)
                    np.testing.assert_allclose(stepped, state, rtol=0, atol=1e-12)  # order of sums
                    np.testing.assert_allclose(states[t], state, rtol=0, atol=1e-12)
                assert not states[len(signal) :].any()

    def test_of_a_sample_do_not_depend_on_the_others(self):
        signals = ragged()
        together = EchoStateClassifier(15).states(signals)
        for signal, states in zip(signals, together, strict=True):
            assert states.shape == (len(signal), 15)
            (alone,) = EchoStateClassifier(15).states([signal])
            np.testing.assert_allclose(states, alone, rtol=0, atol=1e-12)  # order of sums

    def test_do_not_depend_on_the_number_of_threads(self, monkeypatch):
        monkeypatch.setattr("lsm_sim.learn.echo_state._BLOCK_BYTES", 2**14)  # many blocks
        one, three = (EchoStateClassifier(15, n_threads=n).features(ragged()) for n in (1, 3))
        np.testing.assert_array_equal(one, three)

    def test_forget_where_the_radius_is_below_one(self):
        rng = np.random.default_rng(1)
        common = rng.random((200, 1))
        one, other = (np.vstack([rng.random((20, 1)), common]) for _ in range(2))
        one, other = EchoStateClassifier(50, spectral_radius=0.8).states([one, other])
        assert np.abs(one - other)[20].max() > 0.01
        assert np.abs(one - other)[-1].max() < 1e-9


def test_the_states_at_given_times_are_features_too():
    signals = ragged(4)
    states = EchoStateClassifier(6).states(signals)
    features = EchoStateClassifier(6, times=(0.5, 1.0)).features(signals)
    expected = [np.concatenate([own[-(-len(own) // 2) - 1], own[-1]]) for own in states]
    np.testing.assert_array_equal(features, expected)


class TestTheWeights:
    @pytest.mark.parametrize("radius", [0.5, 0.95])
    def test_have_the_spectral_radius_and_the_density_asked_for(self, radius):
        weights = _draw(EchoStateClassifier(200, spectral_radius=radius), 4).recurrent
        assert np.abs(np.linalg.eigvals(weights)).max() == pytest.approx(radius, abs=1e-9)  # eigenvalues are iterated
        assert np.mean(weights != 0) == pytest.approx(0.1, abs=5 * (0.09 / 200**2) ** 0.5)  # binomial, five deviations

    def test_follow_the_seed(self):
        signals = ragged(3)
        same, again, other = (EchoStateClassifier(10, seed=seed).features(signals) for seed in (1, 1, 2))
        np.testing.assert_array_equal(same, again)
        assert (same != other).all()

    @pytest.mark.parametrize(("name", "value"), [("n_neurons", 0), ("density", 1.5), ("leak", -0.1), ("bins", 0)])
    def test_are_not_drawn_from_wrong_numbers(self, name, value):
        with pytest.raises(DescriptionError, match=name):
            EchoStateClassifier(**{name: value}).features(ragged(2))


class TestTheEstimators:
    def test_tell_ragged_signals_apart(self):
        X, y = patterns()
        model = EchoStateClassifier(40, bins=3).fit(X[:40], y[:40])
        assert model.score(X[40:], y[40:]) == 1
        assert model.decision_function(X[40:]).shape == (20,)

    def test_predict_values(self):
        X, _ = patterns()
        y = np.array([signal.mean() for signal in X])
        assert EchoStateRegressor(40).fit(X[:40], y[:40]).score(X[40:], y[40:]) > 0.9

    @pytest.mark.parametrize(
        ("X", "y", "expected"),
        [
            ([np.ones((3, 2))] * 4, ["a"] * 4, "y: got one class only, a; expected at least two classes"),
            ([np.ones((3, 2))] * 4, ["a", "b"], "y: got 2 values for 4 samples of X"),
            ([np.full((3, 2), np.nan)] * 2, ["a", "b"], "signal of sample 0"),
        ],
    )
    def test_say_what_is_wrong(self, X, y, expected):
        with pytest.raises(DescriptionError, match=expected):
            EchoStateClassifier(10).fit(X, y)

    def test_refuse_other_channels_than_in_fit(self):
        X, y = patterns()
        with pytest.raises(DescriptionError, match="got signals of 2 channels, expected 5 as in fit"):
            EchoStateClassifier(10).fit(X, y).predict([np.ones((3, 2))])


class TestBinMeans:
    def test_are_plain_means_where_the_edges_cut_no_frame(self):
        signal = np.arange(12.0).reshape(6, 2)
        np.testing.assert_array_equal(bin_means(signal, 3), signal.reshape(3, 2, 2).mean(axis=1))

    @pytest.mark.parametrize(("frames", "bins"), [(7, 3), (3, 7), (1, 5), (5, 5), (29, 8)])
    def test_are_those_of_frames_repeated_until_they_fit(self, frames, bins):
        signal = np.random.default_rng(0).random((frames, 2))
        expected = np.repeat(signal, bins, axis=0).reshape(bins, frames, 2).mean(axis=1)
        np.testing.assert_allclose(bin_means(signal, bins), expected, rtol=0, atol=1e-13)  # order of sums

    def test_means_of_long_recordings_are_those_of_short_ones(self, monkeypatch):
        signal = np.random.default_rng(1).random((50, 3))
        one = bin_means(signal, 7)
        monkeypatch.setattr("lsm_sim.learn.raw_features._LARGEST", 0)
        np.testing.assert_allclose(bin_means(signal, 7), one, rtol=0, atol=1e-13)  # order of sums

    def test_raw_samples_are_flattened_where_all_have_one_length(self):
        signals = ragged()
        assert raw_features(signals, 4).shape == (20, 12)
        equal = [signal[:1] for signal in signals]
        np.testing.assert_array_equal(raw_features(equal, 4), np.concatenate(equal))


class TestFinding:
    def test_the_controls_have_the_estimators(self):
        assert lsm_sim.controls.EchoStateClassifier is EchoStateClassifier
        assert lsm_sim.controls.EchoStateRegressor is EchoStateRegressor

    def test_the_package_loads_scikit_learn_only_when_asked_for_them(self):
        code = "import sys, lsm_sim as m; print('sklearn' in sys.modules); m.controls.EchoStateClassifier; print('sklearn' in sys.modules)"
        result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert result.stdout.split() == ["False", "True"]
