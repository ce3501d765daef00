"""A step after the front end for one sound whose frames come in pieces."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from lsm_sim.audio.sounds import checked_levels
from lsm_sim.errors import DescriptionError
from lsm_sim.support.checks import Floats


class FrameStream(ABC):
    """Changes frames of levels as they come; the frames of all pieces are those of the whole sound, to the bit."""

    def __init__(self) -> None:
        self._n_bands: int | None = None
        self._ended = False

    def advance(self, frames: Any) -> Floats:
        """Return the next frames (k, bands), changed."""
        self._check_open()
        levels = checked_levels(frames, "frames", self._n_bands)
        self._n_bands = levels.shape[1]
        return self._changed(levels)

    def finish(self) -> Floats:
        """Return no frames: none is held back."""
        self._check_open()
        self._ended = True
        return np.empty((0, self._n_bands or 0))

    @abstractmethod
    def _changed(self, levels: Floats) -> Floats:
        """Return these frames, changed, after those of earlier calls."""

    def _check_open(self) -> None:
        if self._ended:
            raise DescriptionError("frames: got more after finish(), expected none; start another stream")
