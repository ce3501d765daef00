import numpy as np
import pytest
from sklearn.base import clone

from lsm_sim.apps.evaluate import settings_speech
from lsm_sim.audio import Recording

SPOKEN = (
    settings_speech.fsdd_upstream,
    settings_speech.fsdd_new_speaker,
    settings_speech.fsdd_robust,
    settings_speech.fsdd_robust_new_speaker,
    settings_speech.fsdd_ensemble,
)
VOWELS = (settings_speech.japanese_vowels, settings_speech.japanese_vowels_ensemble)


def sounds(rate=8000, n=12):
    """Return tones of two heights in turn, each a little different, and their classes."""
    rng = np.random.default_rng(0)
    out = []
    for b in range(n):
        time = np.arange(round(rng.uniform(0.05, 0.15) * rate)) / rate
        height = (500, 1500)[b % 2] * rng.uniform(0.95, 1.05)
        out.append(Recording(np.sin(2 * np.pi * height * time) + 0.01 * rng.normal(size=time.size), rate))
    return out, np.arange(n) % 2


def series(n=12):
    rng = np.random.default_rng(0)
    return [rng.normal(b % 2, 0.2, (int(rng.integers(7, 29)), 12)) for b in range(n)], np.arange(n) % 2


@pytest.mark.parametrize("make", SPOKEN, ids=lambda make: make.__name__)
@pytest.mark.parametrize("rate", [8000, 44100])
def test_settings_for_speech_learn_tones(make, rate):
    X, y = sounds(rate)
    model = clone(make(3, n_neurons=30))
    assert model.fit(X[:8], y[:8]).score(X[8:], y[8:]) == 1


@pytest.mark.parametrize("make", VOWELS, ids=lambda make: make.__name__)
def test_settings_for_vowels_learn_series(make):
    X, y = series()
    assert clone(make(3, n_neurons=30)).fit(X[:8], y[:8]).score(X[8:], y[8:]) == 1


def test_one_liquid_for_known_speakers_has_at_most_500_neurons():
    X, y = sounds()
    model = settings_speech.fsdd_upstream(0).fit(X, y)
    assert model[-1].transformer_.liquid_.n_neurons <= 500


@pytest.mark.parametrize("make", [SPOKEN[-1], VOWELS[-1]], ids=lambda make: make.__name__)
def test_no_two_members_of_the_ensembles_share_a_seed(make):
    X, y = sounds() if make in SPOKEN else series()
    seeds = []
    for seed in range(3):
        for member in make(seed, size=4, n_neurons=20).fit(X, y).members_:
            last = member[-1] if hasattr(member, "steps") else member
            seeds.append(last.transformer_.liquid_.seed)
    assert sorted(seeds) == list(range(12))


def test_the_seed_fixes_the_model():
    X, y = sounds()
    first, second = (model.fit(X, y) for model in (SPOKEN[0](7, n_neurons=30), SPOKEN[0](7, n_neurons=30)))
    assert np.array_equal(first.decision_function(X), second.decision_function(X))
    other = SPOKEN[0](8, n_neurons=30).fit(X, y)
    assert not np.array_equal(first.decision_function(X), other.decision_function(X))
