"""The settings for speech and vowels: one function per task, from a seed to an estimator, all chosen on training data.

How they were chosen is in docs/audio.md. An estimator takes a data set's X as it is; liquids and encoders draw by the seed.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from sklearn.pipeline import Pipeline, make_pipeline

from lsm_sim import models
from lsm_sim.audio import Cochleagram, MelSpectrogram
from lsm_sim.encode import Delta, Rate, SideBySide
from lsm_sim.ensemble import LiquidEnsemble
from lsm_sim.estimators import LiquidClassifier
from lsm_sim.features import Counts
from lsm_sim.units import Hz, ms

RATE = 8000  # Hz; recordings of other rates are resampled
HOP = 5 * ms


def fsdd_upstream(seed: int, *, n_neurons: int = 500) -> Pipeline:
    """Return one liquid for speakers that were heard in training."""
    return _spoken(MelSpectrogram(RATE, pre_emphasis=0.7), seed, n_neurons)


def fsdd_new_speaker(seed: int, *, n_neurons: int = 1000) -> Pipeline:
    """Return one liquid for speakers that were not heard in training."""
    return _spoken(MelSpectrogram(RATE, pre_emphasis=0.5), seed, n_neurons)


def fsdd_ensemble(seed: int, *, size: int = 4, n_neurons: int = 1000) -> LiquidEnsemble:
    """Return liquids of different seeds, every other one behind a cochleagram, for speakers not heard in training."""
    fronts = (MelSpectrogram(RATE, pre_emphasis=0.5), Cochleagram(RATE, pre_emphasis=0.5))
    members = [_spoken(fronts[k % 2], size * seed + k, n_neurons) for k in range(size)]
    return LiquidEnsemble(members, combine="scores")


def japanese_vowels(seed: int, *, n_neurons: int = 500) -> LiquidClassifier:
    """Return one liquid for the twelve cepstral coefficients of a vowel."""
    timing: dict[str, Any] = {"frame": 20 * ms, "interpolation": "linear"}
    encoder = SideBySide((Rate(200 * Hz, seed=seed, **timing), Delta(0.05, start=0.5, **timing)))
    return LiquidClassifier(_liquid(seed, n_neurons), encoder, Counts(bins=5, sqrt=True), scale="channel")


def japanese_vowels_ensemble(seed: int, *, size: int = 4, n_neurons: int = 500) -> LiquidEnsemble:
    """Return liquids of different seeds for the same."""
    members = [japanese_vowels(size * seed + k, n_neurons=n_neurons) for k in range(size)]
    return LiquidEnsemble(members, combine="scores")


def _spoken(front: Any, seed: int, n_neurons: int) -> Pipeline:
    timing: dict[str, Any] = {"frame": HOP, "interpolation": "linear"}
    encoder = SideBySide((Rate(200 * Hz, power=2.0, seed=seed, **timing), Delta(0.08, **timing)))
    features = Counts(bins=5, sqrt=True)
    return make_pipeline(front, LiquidClassifier(_liquid(seed, n_neurons), encoder, features, scale=None))


def _liquid(seed: int, n_neurons: int, **settings: Any) -> Any:
    """Return a function from a number of channels to the liquid `lsm_sim_models.speech`."""
    return partial(models.find("speech"), n_neurons=n_neurons, seed=seed, **settings)
