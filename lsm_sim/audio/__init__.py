"""Sound: read wav files, and compute the time courses of frequency bands from recordings, as input for encoders.

A recording is a `Recording`, which has a sample rate, or a one-dimensional array of samples at the rate of the front end.
"""

from lsm_sim.audio.cochlea import Cochleagram
from lsm_sim.audio.mel import MelSpectrogram
from lsm_sim.audio.vowels import FORMANTS, spoken_vowels
from lsm_sim.audio.wav import Recording, read_wav

__all__ = ["FORMANTS", "Cochleagram", "MelSpectrogram", "Recording", "read_wav", "spoken_vowels"]
