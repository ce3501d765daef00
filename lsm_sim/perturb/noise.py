"""Noise of a given signal-to-noise ratio: white, pink, or the babble of other recordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from lsm_sim.audio import Recording
from lsm_sim.audio.filters import filtered
from lsm_sim.errors import DescriptionError
from lsm_sim.perturb.recordings import each_recording, generator, recordings
from lsm_sim.perturb.sounds import decibels, set_checked
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats

Kind = Literal["white", "pink", "babble"]
KINDS: tuple[Kind, ...] = ("white", "pink", "babble")
_LOWEST = 20.0  # Hz, below which pink noise is white


@dataclass(frozen=True)
class Noise:
    """Noise added to a recording: 10 log10(mean of signal^2 / mean of noise^2) is ``snr``, over the whole recording.

    A silent recording has no such ratio and stays as it is.

    Parameters
    ----------
    snr
        Signal-to-noise ratio, in dB.
    kind
        ``"white"``; ``"pink"``, whose power falls by 3 dB per octave; ``"babble"``, the sum of other recordings, each of
        equal mean power, repeated to the length of the recording from a random sample on.
    others
        Recordings for babble, such as those of training, at the sample rate of the recordings that are perturbed. A recording is not
        added to itself.
    voices
        Number of recordings in babble.
    seed
        Determines the noise; it also depends on the samples of the recording.

    Examples
    --------
    >>> tone = Recording(np.sin(np.arange(8000) / 5), 8000)
    >>> noise = Noise(10.0)(tone).samples - tone.samples
    >>> round(float(10 * np.log10(np.mean(tone.samples**2) / np.mean(noise**2))), 6)
    10.0
    """

    snr: float = 10.0
    kind: Kind = "white"
    others: Sequence[Recording] = ()
    voices: int = 4
    seed: int = 0

    def __post_init__(self) -> None:
        checks.choice(self.kind, "Noise kind", KINDS)
        others = tuple(recordings(self.others, "Noise others"))
        if self.kind == "babble" and not any(sound.samples.any() for sound in others):
            got = "none" if not others else "silent recordings only"
            raise DescriptionError(
                f"Noise others: got {got}, expected recordings to make babble of; give some in others"
            )
        voices = checks.whole(self.voices, "Noise voices", minimum=1, maximum=1000)
        seed = checks.whole(self.seed, "Noise seed")
        set_checked(self, snr=decibels(self.snr, "Noise snr"), others=others, voices=voices, seed=seed)

    def __repr__(self) -> str:
        others = f", {len(self.others)} others, voices={self.voices}" if self.kind == "babble" else ""
        return f"Noise({self.snr:g}, {self.kind!r}{others}, seed={self.seed})"

    def __call__(self, X: Any) -> Any:
        """Return the recording, or the list of recordings, with noise."""
        return each_recording(X, "Noise", self._noisy)

    def _noisy(self, sound: Recording) -> Floats:
        signal = _power(sound.samples)
        if signal == 0:
            return sound.samples
        noise = self._noise(sound, generator(f"noise/{self.kind}", self.seed, sound.samples))
        return np.asarray(sound.samples + noise * np.sqrt(signal / _power(noise) / 10 ** (self.snr / 10)))

    def _noise(self, sound: Recording, rng: np.random.Generator) -> Floats:
        if self.kind == "babble":
            return self._babble(sound, rng)
        white = rng.standard_normal(len(sound))
        if self.kind == "white":
            return white
        return filtered(white, sound.sample_rate, lambda f: 1 / np.sqrt(np.maximum(f, _LOWEST)))

    def _babble(self, sound: Recording, rng: np.random.Generator) -> Floats:
        if self.others[0].sample_rate != sound.sample_rate:
            raise DescriptionError(
                f"Noise others: got {self.others[0].sample_rate} Hz, but the recording has {sound.sample_rate} Hz, expected one "
                "sample rate; resample the recordings first"
            )
        known = [own for own in self.others if own.samples.any() and not np.array_equal(own.samples, sound.samples)]
        if not known:
            raise DescriptionError(
                "Noise others: got only the recording itself, expected other ones to make babble of; give some in others"
            )
        total = np.zeros(len(sound))
        for k in rng.integers(len(known), size=self.voices):
            voice = known[k].samples
            start = rng.integers(len(voice))
            part = np.resize(np.roll(voice, -start), len(sound))  # repeated to this length
            total += part / np.sqrt(_power(voice))
        return total if total.any() else rng.standard_normal(len(sound))


def _power(samples: Floats) -> float:
    return float(np.mean(samples**2))
