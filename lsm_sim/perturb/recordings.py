"""Code shared by all perturbations of sounds: one recording or a list of them, random numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np

from lsm_sim.audio import Recording
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.support.seeding import stream


def each_recording(X: Any, where: str, change: Callable[[Recording], Floats]) -> Any:
    """Return a recording, or a list of them, with other samples at the same rate."""
    if isinstance(X, Recording):
        return Recording(change(X), X.sample_rate)
    sounds = recordings(X, where)
    return [Recording(change(sound), sound.sample_rate) for sound in sounds]


def recordings(X: Any, where: str) -> list[Recording]:
    """Return the recordings of a list, which must have one sample rate."""
    sounds = checks.items(X, where, "a Recording or a list of them")
    for b, sound in enumerate(sounds):
        if not isinstance(sound, Recording):
            raise DescriptionError(
                f"{where}: got {type(sound).__name__} as sound {b}, expected a Recording; write "
                "Recording(samples, sample_rate), because the sample rate must be known"
            )
        if sound.sample_rate != sounds[0].sample_rate:
            raise DescriptionError(
                f"{where}: got {sounds[0].sample_rate} Hz in sound 0 and {sound.sample_rate} Hz in sound {b}, expected one "
                "sample rate; resample the recordings first"
            )
    return sounds


def generator(name: str, seed: int, samples: Floats) -> np.random.Generator:
    """Return the random numbers for a recording: they depend on its samples and the seed, not on the batch."""
    digest = hashlib.sha256((samples + 0.0).tobytes()).hexdigest()  # + 0.0: -0.0 becomes 0.0
    return stream(seed, f"perturb/{name}/{digest}")
