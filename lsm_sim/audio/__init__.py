"""Sound: read wav files, and compute the time courses of frequency bands from recordings, as input for encoders.

A recording is a `Recording`, which has a sample rate, or a one-dimensional array of samples at the rate of the front end.
"""

from typing import Any

from lsm_sim.audio.cochlea import Cochleagram
from lsm_sim.audio.denoise import SpectralSubtraction
from lsm_sim.audio.lateral import LateralInhibition
from lsm_sim.audio.mean import MeanNormalisation
from lsm_sim.audio.mel import MelSpectrogram
from lsm_sim.audio.tilt import AdaptivePreEmphasis, TiltTo
from lsm_sim.audio.trim import Trim
from lsm_sim.audio.vowels import FORMANTS, spoken_vowels
from lsm_sim.audio.wav import Recording, read_wav

__all__ = [
    "FORMANTS",
    "TELEPHONE",
    "AdaptivePreEmphasis",
    "Cochleagram",
    "LateralInhibition",
    "MeanNormalisation",
    "MelSpectrogram",
    "Recording",
    "SpectralSubtraction",
    "TiltTo",
    "Trim",
    "read_wav",
    "spoken_vowels",
]

TELEPHONE: dict[str, Any] = {
    "f_min": 300.0,
    "f_max": 3400.0,
}  # Hz: MelSpectrogram(**TELEPHONE) looks at nothing outside a telephone's band
