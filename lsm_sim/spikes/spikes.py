"""Spikes of a batch of samples, as events: the input and the output of a network."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from lsm_sim.errors import DescriptionError
from lsm_sim.spikes import sources
from lsm_sim.spikes.bins import checked_edges
from lsm_sim.spikes.checks import checked
from lsm_sim.support import checks, npz
from lsm_sim.support.brief import brief
from lsm_sim.support.checks import Bools, Floats, Ints
from lsm_sim.support.memory import check_memory

FORMAT = "lsm_sim.spikes/1"
CASE_FORMATS = (
    "lsm_sim.case/1",
    "lsm_sim.case/2",
)  # a program, a stimulus and its results; see `lsm_sim.engine.conformance`

_FIELDS = ("step", "channel", "offsets", "n_steps", "n_channels", "dt")


@dataclass(frozen=True, eq=False, repr=False)
class Spikes:
    """Events of B samples, sorted by sample, step, channel, without repeats.

    Parameters
    ----------
    step, channel
        Step and channel (or neuron) of each event, both (E,).
    offsets
        (B+1,): events ``offsets[b]:offsets[b+1]`` belong to sample b.
    n_steps
        (B,): duration of each sample, in steps, at least 1.
    n_channels
        Number of channels (or neurons).
    dt
        Duration of a step, in seconds.
    groups
        Names of ranges of channels; ``spikes["exc"]`` selects one.
    """

    step: npt.NDArray[np.int32]
    channel: npt.NDArray[np.int32]
    offsets: Ints
    n_steps: Ints
    n_channels: int
    dt: float
    groups: Mapping[str, range] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in checked(vars(self)).items():
            object.__setattr__(self, name, value)

    @staticmethod
    def from_dense(dense: Any, dt: float) -> Spikes:
        """Return the spikes of boolean (or 0/1) arrays: (B, T, C), one (T, C), or a list of (T_i, C) of any lengths."""
        return Spikes(*sources.from_dense(dense), dt)

    @staticmethod
    def from_events(
        step: Any, channel: Any, *, n_steps: Any, n_channels: int, dt: float, sample: Any = None, sort: bool = False
    ) -> Spikes:
        """Return the spikes of event lists, shape (E,) each; ``n_steps`` is one number or one per sample (B,).

        Events must be sorted by sample, step and channel unless ``sort`` is set. Without ``sample`` all events belong to one sample.
        """
        events = sources.from_events(step, channel, sample, n_steps=n_steps, n_channels=n_channels, sort=sort)
        return Spikes(*events, dt)

    @staticmethod
    def from_times(
        times: Any, channel: Any, *, duration: Any, n_channels: int, dt: float, sample: Any = None
    ) -> Spikes:
        """Return the spikes of events at ``times`` in seconds, in any order; step k covers times [k dt, (k+1) dt).

        ``duration`` is one number or one per sample, in seconds. Two events of a channel in one step are an error.
        """
        dt = checks.positive(dt, "dt", "time")
        events = sources.from_times(times, channel, sample, duration=duration, n_channels=n_channels, dt=dt)
        try:
            return Spikes(*events, dt)
        except DescriptionError as error:
            if "twice" in str(error):
                raise DescriptionError(f"{error}; use a smaller dt than {dt:g} s") from None
            raise

    @staticmethod
    def concatenate(parts: Sequence[Spikes]) -> Spikes:
        """Return one batch with the samples of all ``parts``."""
        if not parts:
            raise DescriptionError("Spikes.concatenate: got no parts, expected at least one")
        for part in parts:
            if not isinstance(part, Spikes):
                raise DescriptionError(f"Spikes.concatenate: got {type(part).__name__}, expected Spikes")
            if (part.n_channels, part.dt) != (parts[0].n_channels, parts[0].dt):
                raise DescriptionError(f"Spikes.concatenate: got {parts[0]} and {part}, expected equal channels and dt")
        before = np.cumsum([0, *(part.n_events for part in parts[:-1])])
        offsets = [np.zeros(1, np.int64), *(part.offsets[1:] + n for part, n in zip(parts, before, strict=True))]
        step, channel, n_steps = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("step", "channel", "n_steps")
        )
        first = parts[0]
        return Spikes(step, channel, np.concatenate(offsets), n_steps, first.n_channels, first.dt, first.groups)

    def __len__(self) -> int:
        return len(self.n_steps)

    @property
    def n_events(self) -> int:
        """Total number of spikes."""
        return len(self.step)

    @property
    def durations(self) -> Floats:
        """Duration of each sample, in seconds, shape (B,)."""
        return np.asarray(self.n_steps * self.dt)

    @property
    def sample(self) -> Ints:
        """Sample of each event, shape (E,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    def times(self) -> Floats:
        """Return the time of each event from the start of its sample, in seconds, shape (E,)."""
        return np.asarray(self.step, np.float64) * self.dt

    def __getitem__(self, key: str | int | slice | Sequence[int] | npt.NDArray[Any]) -> Spikes:
        """Return the channels of a group (a name) or some samples (an index, a slice, a list of indices or booleans)."""
        return self._group(key) if isinstance(key, str) else self._samples(key)

    def _group(self, name: str) -> Spikes:
        if name not in self.groups:
            raise DescriptionError(f"no group {name!r}; known: {', '.join(self.groups) or 'none'}")
        members = self.groups[name]
        keep = (self.channel >= members.start) & (self.channel < members.stop)
        offsets = np.concatenate([[0], np.cumsum(keep)])[self.offsets]
        channel = self.channel[keep] - members.start
        groups = {name: range(len(members))}
        return Spikes(self.step[keep], channel, offsets, self.n_steps, len(members), self.dt, groups)

    def _samples(self, key: Any) -> Spikes:
        try:
            chosen = np.atleast_1d(np.arange(len(self))[key])
        except IndexError:
            raise IndexError(f"no sample {key!r}; there are {len(self)}") from None
        sizes = np.diff(self.offsets)[chosen]
        offsets = np.concatenate([[0], np.cumsum(sizes)])
        events = np.arange(offsets[-1]) - np.repeat(offsets[:-1], sizes) + np.repeat(self.offsets[chosen], sizes)
        return Spikes(
            self.step[events],
            self.channel[events],
            offsets,
            self.n_steps[chosen],
            self.n_channels,
            self.dt,
            self.groups,
        )

    def counts(self, bins: int | Ints = 1) -> npt.NDArray[np.int32]:
        """Return the spike count of each channel in each bin, shape (B, bins, C).

        ``bins`` is a number of equal bins over each sample's own length, or edges in steps, shape (B, bins + 1).
        """
        edges = checked_edges(bins, self.n_steps)
        n_bins = edges.shape[1] - 1
        size = len(self) * n_bins * self.n_channels
        check_memory(size * 8, "Spikes.counts")
        sample = self.sample
        begin = np.cumsum(self.n_steps) - self.n_steps  # all samples on one time axis
        starts, moment = edges + begin[:, None], self.step + begin[sample]
        bin_index = np.searchsorted(starts.ravel(), moment, side="right") - 1 - sample
        flat = bin_index * self.n_channels + self.channel
        return np.bincount(flat, minlength=size).astype(np.int32).reshape(len(self), n_bins, self.n_channels)

    def rates(self) -> Floats:
        """Return the mean rate of each channel, in Hz, shape (B, C)."""
        return self.counts(1)[:, 0] / self.durations[:, None]

    def raster(self, sample: int = 0) -> Bools:
        """Return one sample as a boolean array, shape (T, C)."""
        one = self[sample]
        check_memory(int(one.n_steps[0]) * self.n_channels, "Spikes.raster")
        dense = np.zeros((int(one.n_steps[0]), self.n_channels), bool)
        dense[one.step, one.channel] = True
        return dense

    def to_dense(self) -> Bools:
        """Return all samples as a boolean array, shape (B, T, C); shorter samples are padded with silence."""
        longest = int(self.n_steps.max(initial=0))
        check_memory(len(self) * longest * self.n_channels, "Spikes.to_dense")
        dense = np.zeros((len(self), longest, self.n_channels), bool)
        dense[self.sample, self.step, self.channel] = True
        return dense

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the spikes to an .npz file; an unfinished file is never left behind."""
        groups = {
            "group_name": np.array(list(self.groups), dtype=np.str_),
            "group_start": np.array([members.start for members in self.groups.values()], dtype=np.int64),
            "group_stop": np.array([members.stop for members in self.groups.values()], dtype=np.int64),
        }
        npz.write(path, {"format": FORMAT} | {name: getattr(self, name) for name in _FIELDS} | groups)

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Spikes:
        """Read spikes from an .npz file; a case file gives its stimulus."""
        arrays = npz.read(path)
        kind = brief(arrays.get("format", ""))
        if kind not in (FORMAT, *CASE_FORMATS):
            raise DescriptionError(f"{path}: got format {kind or 'none'!r}, expected {FORMAT!r} or {CASE_FORMATS[0]!r}")
        try:
            return _spikes_of(arrays) if kind == FORMAT else _stimulus_of(arrays)
        except KeyError as error:
            raise DescriptionError(f"{path}: no {error} in the file; it is damaged") from None
        except (DescriptionError, ValueError, TypeError, OverflowError) as error:
            raise DescriptionError(f"{path}: {error}") from None

    def __repr__(self) -> str:
        shortest, longest = (self.n_steps.min(), self.n_steps.max()) if len(self) else (0, 0)
        steps = f"{longest}" if shortest == longest else f"{shortest}..{longest}"
        return f"Spikes({len(self)} samples of {steps} steps, {self.n_channels} channels, {self.n_events} events, dt={self.dt:g} s)"


def _spikes_of(arrays: Mapping[str, Any]) -> Spikes:
    ends = zip(arrays["group_name"], arrays["group_start"], arrays["group_stop"], strict=True)
    groups = {str(name): range(int(start), int(stop)) for name, start, stop in ends}
    return Spikes(**{name: arrays[name] for name in _FIELDS}, groups=groups)


def _stimulus_of(case: Mapping[str, Any]) -> Spikes:
    if "stimulus_payload" in case:
        raise DescriptionError("the stimulus has payloads, which this version of lsm_sim does not support; upgrade it")
    return Spikes.from_events(
        case["stimulus_step"],
        case["stimulus_channel"],
        n_steps=case["n_steps"],
        n_channels=case["n_inputs"],
        dt=case["dt"],
    )
