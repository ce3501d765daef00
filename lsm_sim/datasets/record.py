"""The class of all labelled data sets."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lsm_sim.audio import Recording
from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Bools, Floats, Ints, read_only
from lsm_sim.support.records import rebuild

Samples = Sequence[Floats] | Sequence[Recording] | Floats | Spikes


@dataclass(frozen=True)
class Source:
    """Origin, licence and citation of a data set."""

    origin: str
    licence: str
    citation: str


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """B labelled samples.

    Parameters
    ----------
    name
        Name of the function that returned it.
    X
        Samples: a list of `Recording` or of series (T_i, C), an array (B, T, C), or `Spikes`.
    y
        Class of each sample, (B,): an index into ``classes``. Samples of several segments have one per segment,
        (B, segments).
    classes
        Names of the classes.
    source
        Origin, licence and citation.
    groups
        Speaker or record of each sample, (B,); None if unknown.
    split
        True for the samples of the published test set, (B,); None if no split is published.
    sample_rate
        Samples per second of sounds and recordings, in Hz; None for other data.
    frame
        Interval between frames of a series, in seconds; None for other data.
    """

    name: str
    X: Samples
    y: Ints
    classes: tuple[str, ...]
    source: Source
    groups: npt.NDArray[np.str_] | None = None
    split: Bools | None = None
    sample_rate: float | None = None
    frame: float | None = None

    def __post_init__(self) -> None:
        for field in ("y", "groups", "split"):
            value = getattr(self, field)
            if value is not None and len(value) != len(self.X):
                raise DescriptionError(f"{self.name}: {len(self.X)} samples, but {len(value)} values of {field}")
            if value is not None:
                object.__setattr__(self, field, read_only(np.array(value)))
        if self.y.size and not 0 <= self.y.min() <= self.y.max() < len(self.classes):
            top = len(self.classes) - 1
            raise DescriptionError(f"{self.name}: got labels {self.y.min()}..{self.y.max()}, expected 0..{top}")

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild(self)

    def __len__(self) -> int:
        return len(self.X)

    def __getitem__(self, key: slice | Sequence[int] | npt.NDArray[Any]) -> Dataset:
        """Return the samples selected by a slice, a list of indices or a mask."""
        chosen = np.atleast_1d(np.arange(len(self))[key])
        X: Any = self.X[chosen] if isinstance(self.X, (np.ndarray, Spikes)) else [self.X[i] for i in chosen]
        groups = None if self.groups is None else self.groups[chosen]
        split = None if self.split is None else self.split[chosen]
        return dataclasses.replace(self, X=X, y=self.y[chosen], groups=groups, split=split)

    @property
    def train(self) -> Dataset:
        """The published training set."""
        return self[~self._published()]

    @property
    def test(self) -> Dataset:
        """The published test set."""
        return self[self._published()]

    def _published(self) -> Bools:
        if self.split is None:
            raise DescriptionError(f"{self.name}: no split is published; cross-validate, or select samples by index")
        return self.split

    def __repr__(self) -> str:
        parts = [f"{len(self)} samples", f"{len(self.classes)} classes"]
        if self.groups is not None:
            parts.append(f"{len(np.unique(self.groups))} groups")
        if self.split is not None:
            parts.append(f"{int(self.split.sum())} for testing")
        return f"Dataset({self.name}: {', '.join(parts)})"
