"""The settings for speech and vowels: one function per task, from a seed to an estimator, all chosen on training data.

The choice is described in docs/audio.md. An estimator takes X of a data set directly; the seed determines liquid and encoder.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sklearn.pipeline import Pipeline, make_pipeline

from lsm_sim.audio import TELEPHONE, Cochleagram, LateralInhibition, MelSpectrogram, SpectralSubtraction, TiltTo, Trim
from lsm_sim.encode import BSA, Delta, Encoder, Rate, SideBySide
from lsm_sim.learn.common_scale import common_logistic
from lsm_sim.learn.ensemble import LiquidEnsemble
from lsm_sim.learn.estimators import LiquidClassifier
from lsm_sim.learn.features import Counts
from lsm_sim.learn.readout import ridge
from lsm_sim.units import Hz, ms

RATE = 8000  # Hz; recordings of other rates are resampled
HOP = 5 * ms
CHANGES, SMALL_CHANGES = Delta(0.08, frame=HOP), Delta(0.05, frame=HOP)
FEATURES = Counts(bins=5, sqrt=True, per_second=True)


def fsdd_upstream(seed: int, *, n_neurons: int = 500) -> Pipeline:
    """Return one liquid for speakers that are in the training set."""
    encoder = partial(_rates_and_changes, max_rate=300 * Hz)
    model = _spoken(MelSpectrogram(RATE, pre_emphasis=0.7), encoder, seed=seed, n_neurons=n_neurons)
    model[-1].set_params(features=Counts(bins=5, per_second=True), readout=ridge(soft=True))
    return model


def fsdd_new_speaker(seed: int, *, n_neurons: int = 1000) -> Pipeline:
    """Return one liquid for speakers that are not in the training set."""
    mel = MelSpectrogram(RATE, pre_emphasis=0.5, warp=1.08)
    return _sharp(mel, _rates_and_changes, seed=seed, n_neurons=n_neurons)


def fsdd_robust(seed: int, *, n_neurons: int = 500) -> Pipeline:
    """Return one liquid for speakers in the training set, in other rooms, with other microphones and noise; see docs/speech.md."""
    mel = MelSpectrogram(RATE, pre_emphasis=0.0, floor=40.0, **TELEPHONE)
    return _robust((mel,), subtracted=2.0, seed=seed, n_neurons=n_neurons)


def fsdd_robust_new_speaker(seed: int, *, n_neurons: int = 500) -> Pipeline:
    """Return the same for speakers that are not in the training set."""
    mel = MelSpectrogram(RATE, pre_emphasis=0.0, floor=50.0)
    front = (mel, LateralInhibition(0.3, 8.0))
    return _logistic(_robust(front, subtracted=1.0, seed=seed, n_neurons=n_neurons))


def fsdd(*, new_speakers: bool, robust: bool) -> tuple[Callable[..., Any], Callable[..., Any] | None]:
    """Return the functions that create the liquid and the ensemble for a seed; None: an ensemble of seeds."""
    if robust:
        return fsdd_robust_new_speaker if new_speakers else fsdd_robust, None
    return (fsdd_new_speaker, fsdd_ensemble) if new_speakers else (fsdd_upstream, None)


def fsdd_ensemble(seed: int, *, size: int = 4, n_neurons: int = 1000) -> LiquidEnsemble:
    """Return liquids with four different front ends and encoders (repeated from the fifth on), for new speakers."""
    mel = MelSpectrogram(RATE, pre_emphasis=0.5)
    warped = MelSpectrogram(RATE, pre_emphasis=0.5, warp=1.08)
    ears: tuple[Callable[..., Pipeline], ...] = (
        partial(_sharp, warped, _rates_and_changes),
        partial(_sharp, Cochleagram(RATE, pre_emphasis=0.5), _rates_and_changes),
        partial(_sharp, mel, _filtered_and_changes),
        partial(_sharp, warped, partial(_rates_and_changes, changes=SMALL_CHANGES)),
    )
    members = [ears[k % len(ears)](seed=size * seed + k, n_neurons=n_neurons) for k in range(size)]
    return LiquidEnsemble(members, combine="scores")


def japanese_vowels(seed: int, *, n_neurons: int = 1000) -> LiquidClassifier:
    """Return one liquid for the twelve cepstral coefficients of a vowel; frames are presented twelve times slower."""
    rate = Rate(200 * Hz, frame=80 * ms, interpolation="linear", seed=seed)
    encoder = SideBySide((rate, Delta(0.05, start=0.5, frame=80 * ms)))
    return LiquidClassifier(_liquid(seed, n_neurons), encoder, FEATURES, scale="channel")


def japanese_vowels_ensemble(seed: int, *, size: int = 4, n_neurons: int = 1000) -> LiquidEnsemble:
    """Return the same liquid with several seeds."""
    members = [japanese_vowels(size * seed + k, n_neurons=n_neurons) for k in range(size)]
    return LiquidEnsemble(members, combine="scores")


def _rates_and_changes(seed: int, max_rate: float = 200 * Hz, changes: Encoder = CHANGES) -> Encoder:
    return SideBySide((Rate(max_rate, power=2.0, frame=HOP, interpolation="linear", seed=seed), changes))


def _filtered_and_changes(_: int) -> Encoder:
    return SideBySide((BSA(frame=HOP), CHANGES))


def _spoken(front: Any, encoder: Callable[[int], Encoder], *, seed: int, n_neurons: int) -> Pipeline:
    return make_pipeline(front, LiquidClassifier(_liquid(seed, n_neurons), encoder(seed), FEATURES, scale=None))


def _robust(front: tuple[Any, ...], *, subtracted: float, seed: int, n_neurons: int) -> Pipeline:
    """Return a model that takes silence, noise and tilt out of a recording before the front end."""
    first = Trim(hang_over=0.0), SpectralSubtraction(subtracted), TiltTo(0.0)
    model = _spoken(front[0], _rates_and_changes, seed=seed, n_neurons=n_neurons)
    return make_pipeline(*first, *front, model[-1])


def _sharp(front: Any, encoder: Callable[[int], Encoder], *, seed: int, n_neurons: int) -> Pipeline:
    """Return the model of `_spoken` with lateral inhibition after the front end, for new speakers."""
    model = _logistic(_spoken(front, encoder, seed=seed, n_neurons=n_neurons), unit_length=True)
    return make_pipeline(model[0], LateralInhibition(0.5, 8.0, compression=0.5), model[-1])


def _logistic(model: Pipeline, *, unit_length: bool = False) -> Pipeline:
    """Return a model with the readout that was best for new speakers."""
    model[-1].set_params(readout=common_logistic(unit_length=unit_length))
    return model


def _liquid(seed: int, n_neurons: int) -> Any:
    """Return a function that creates the liquid `lsm_sim_models.speech` for a number of channels."""
    import lsm_sim_models as models

    return partial(models.speech, n_neurons=n_neurons, seed=seed)
