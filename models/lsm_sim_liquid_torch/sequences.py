"""Samples of different lengths as padded tensors, with the time between their frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats


@dataclass(frozen=True, eq=False)
class Sequences:
    """A batch of padded samples.

    Parameters
    ----------
    values
        Frames, (B, T, C); zero after the end of a sample.
    gaps
        Time from the frame before, (B, T); one after the end of a sample and at its first frame.
    lengths
        Number of frames of each sample, (B,).
    """

    values: Any
    gaps: Any
    lengths: Any

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, chosen: Any) -> Sequences:
        """Return some of the samples, padded to the longest of them."""
        lengths = self.lengths[chosen]
        longest = int(lengths.max())
        return Sequences(self.values[chosen][:, :longest], self.gaps[chosen][:, :longest], lengths)

    @staticmethod
    def pad(signals: Sequence[Floats], gaps: Sequence[Floats]) -> Sequences:
        """Return samples (frames, channels) with their gaps (frames,) as one batch."""
        lengths = [len(signal) for signal in signals]
        values = np.zeros((len(signals), max(lengths), signals[0].shape[1]), np.float32)
        padded = np.ones(values.shape[:2], np.float32)
        for k, n in enumerate(lengths):
            values[k, :n], padded[k, :n] = signals[k], gaps[k]
        return Sequences(torch.from_numpy(values), torch.from_numpy(padded), torch.tensor(lengths))


def time_differences(times: Any, signals: Sequence[Floats]) -> list[Floats] | None:
    """Return the differences between the times of each sample, (frames - 1,); None without times."""
    if times is None:
        return None
    listed = checks.items(times, "times", "one array of times per sample")
    if len(listed) != len(signals):
        raise DescriptionError(f"times: got those of {len(listed)} samples, expected {len(signals)} as in X")
    return [_differences(own, k, len(signal)) for k, (own, signal) in enumerate(zip(listed, signals, strict=True))]


def _differences(times: Any, k: int, n_frames: int) -> Floats:
    own = checks.real_array(times, f"times of sample {k}", "time")
    if own.shape != (n_frames,):
        raise DescriptionError(
            f"times of sample {k}: got shape {own.shape}, expected ({n_frames},), one time per frame of X"
        )
    differences: Floats = np.diff(own)
    if (differences <= 0).any():
        first = int(np.argmax(differences <= 0))
        raise DescriptionError(
            f"times of sample {k}: got {own[first]:g} before {own[first + 1]:g}, expected increasing times; sort the frames by time "
            "and merge those of equal time"
        )
    return differences
