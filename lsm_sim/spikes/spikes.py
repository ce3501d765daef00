"""Spikes of a batch of samples, as events: the input and the output of a network.

What is longer than a few lines is in the files beside this one: a method such as ``to_neo = neo.to_neo`` is a function there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from lsm_sim.errors import DescriptionError
from lsm_sim.spikes import aer, counting, file, joining, neo, selecting, showing, sources, tables, timeline
from lsm_sim.spikes.checks import checked
from lsm_sim.spikes.difference import difference
from lsm_sim.spikes.trains import times_and_channels, trains
from lsm_sim.support import checks, npz
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.consecutive import consecutive
from lsm_sim.support.records import rebuild


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
    payload
        (E,): the integer that each event carries, which multiplies the weight of every synapse that it goes through; it
        may be negative. None: 1 for each event, as it is for spikes of neurons.
    """

    step: npt.NDArray[np.int32]
    channel: npt.NDArray[np.int32]
    offsets: Ints
    n_steps: Ints
    n_channels: int
    dt: float
    groups: Mapping[str, range] = field(default_factory=dict)
    payload: npt.NDArray[np.int32] | None = None

    def __post_init__(self) -> None:
        for name, value in checked(vars(self)).items():
            object.__setattr__(self, name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild(self)

    @staticmethod
    def from_dense(dense: Any, dt: float) -> Spikes:
        """Return the spikes of boolean (or 0/1) arrays: (B, T, C), one (T, C), or a list of (T_i, C) of any lengths."""
        return Spikes(*sources.from_dense(dense), dt)

    @staticmethod
    def from_events(
        step: Any,
        channel: Any,
        *,
        n_steps: Any,
        n_channels: int,
        dt: float,
        sample: Any = None,
        sort: bool = False,
        payload: Any = None,
    ) -> Spikes:
        """Return the spikes of event lists, shape (E,) each; ``n_steps`` is one number or one per sample (B,).

        Events must be sorted by sample, step and channel unless ``sort`` is set. Without ``sample`` all events belong to one
        sample. ``payload`` (E,) are integers, None: 1 for each event.
        """
        form = {"n_steps": n_steps, "n_channels": n_channels, "sort": sort}
        events, payload = sources.from_events(step, channel, sample, payload=payload, **form)
        return Spikes(*events, dt, payload=payload)

    @staticmethod
    def from_times(
        times: Any,
        channel: Any,
        *,
        duration: Any,
        n_channels: int,
        dt: float,
        sample: Any = None,
        payload: Any = None,
    ) -> Spikes:
        """Return the spikes of events at ``times`` in seconds, in any order; step k covers times [k dt, (k+1) dt).

        ``duration`` is one number or one per sample, in seconds. Two events of a channel in one step are an error. ``payload``
        (E,) are integers, None: 1 for each event.
        """
        dt = checks.positive(dt, "dt", "time")
        form = {"duration": duration, "n_channels": n_channels, "dt": dt}
        events, payload = sources.from_times(times, channel, sample, payload=payload, **form)
        try:
            return Spikes(*events, dt, payload=payload)
        except DescriptionError as error:
            if "twice" in str(error):
                raise DescriptionError(f"{error}; use a smaller dt than {dt:g} s") from None
            raise

    @staticmethod
    def from_trains(trains: Any, *, duration: float, dt: float, n_channels: int | None = None) -> Spikes:
        """Return one sample made of spike trains; `trains` is the way back.

        Parameters
        ----------
        trains
            Times of the spikes in seconds, in any order: a list with one array for each channel, or a dict of arrays by
            channel, as Brian2's ``SpikeMonitor.spike_trains()`` returns it.
        duration
            Duration of the sample, in seconds.
        dt
            Duration of a step, in seconds; step k covers times [k dt, (k+1) dt).
        n_channels
            Number of channels; None: one more than the last channel in ``trains``.

        Examples
        --------
        >>> Spikes.from_trains([[0.001, 0.004], []], duration=0.005, dt=0.001).counts()[0, 0]
        array([2, 0], dtype=int32)
        """
        times, channel, n = times_and_channels(trains, n_channels)
        return Spikes.from_times(times, channel, duration=[duration], n_channels=n, dt=dt)

    @staticmethod
    def from_pandas(frame: Any, *, duration: Any, n_channels: int, dt: float) -> Spikes:
        """Return the spikes of a pandas DataFrame with one row for each event; `to_pandas` is the way back.

        Parameters
        ----------
        frame
            Columns ``time`` (in seconds), ``channel``, unless there is only one sample ``sample``, and ``payload`` if events
            have one; others are ignored.
        duration
            In seconds; one number, or one for each sample (B,).
        n_channels, dt
            Number of channels; duration of a step, in seconds.
        """
        time, channel, sample, payload = tables.columns(frame)
        form = {"duration": duration, "n_channels": n_channels, "dt": dt}
        return Spikes.from_times(time, channel, sample=sample, payload=payload, **form)

    @staticmethod
    def from_neo(data: Any, *, dt: Any = None, n_channels: int | None = None) -> Spikes:
        """Return the spikes of Neo objects, made by `to_neo` or by others; needs the extra ``analysis``.

        A sample begins with the earliest ``t_start`` of its trains and ends with the last ``t_stop``; an incomplete last step
        counts as a whole one. Step k covers times [k dt, (k+1) dt) from the begin: a spike that is not on the grid gets the
        step that covers it, as in `from_times`, and two spikes of a train in one step are an error. Integers in the array
        annotation ``payload`` are payloads. Groups and silent samples come back from what `to_neo` has made.

        Parameters
        ----------
        data
            A Block or a list of Segments, each a sample; one Segment, SpikeTrain or list of SpikeTrains is one sample, a list
            of lists of SpikeTrains several. The channel of a train is its annotation ``channel``, if every train of the
            sample has it; otherwise trains are numbered in order.
        dt
            Duration of a step, in seconds or as a quantity with a unit of time; None: the one that `to_neo` has noted.
        n_channels
            Number of channels; None: as `to_neo` has noted, otherwise one more than the last channel.
        """
        given, groups = neo.events(data, dt, n_channels)
        spikes = Spikes.from_times(**given)
        return replace(spikes, groups=groups) if groups else spikes

    @staticmethod
    def from_aer(
        events: Any,
        *,
        sensor_size: tuple[int, int, int],
        dt: float,
        duration: Any = None,
        repeats: Literal["error", "one", "payload"] = "error",
    ) -> Spikes:
        """Return the spikes of address events, as event cameras and the data sets of the package tonic have them.

        The channel of an event is ``(p * height + y) * width + x``, as in a flattened frame of tonic, (p, y, x). An event at
        t microseconds belongs to the step that covers t, counted from 0.

        Parameters
        ----------
        events
            A structured array with fields x, y, t and p, t in microseconds, for one sample, or a list of them; in any order.
            y may be missing where the height is 1.
        sensor_size
            Width, height and number of polarities, such as (34, 34, 2).
        dt
            Duration of a step, in seconds.
        duration
            In seconds; one number, or one for each sample. None: each sample ends with the step of its last event.
        repeats
            What to do with several events of a channel in one step: ``"error"``; ``"one"``: they count as one;
            ``"payload"``: their number is the payload.

        Examples
        --------
        >>> dtype = [("x", "i2"), ("y", "i2"), ("t", "i8"), ("p", "?")]
        >>> events = np.array([(1, 0, 0, 0), (0, 1, 2500, 1)], dtype)
        >>> spikes = Spikes.from_aer(events, sensor_size=(2, 2, 2), dt=1e-3)
        >>> spikes.step, spikes.channel
        (array([0, 2], dtype=int32), array([1, 6], dtype=int32))
        """
        return Spikes.from_events(**aer.events(events, sensor_size, dt, duration, repeats))

    @staticmethod
    def concatenate(parts: Sequence[Spikes], along: Literal["samples", "time"] = "samples") -> Spikes:
        """Return one batch made of ``parts``, all with the same channels and dt; groups are those of the first part.

        Parameters
        ----------
        along
            ``"samples"``: the samples of all parts. ``"time"``: sample b is sample b of the first part, followed by sample
            b of the second, and so on.

        Examples
        --------
        >>> one = Spikes.from_dense(np.eye(2), 1e-3)
        >>> Spikes.concatenate([one, one])
        Spikes(2 samples of 2 steps, 2 channels, 4 events, dt=0.001 s)
        >>> Spikes.concatenate([one, one], along="time")
        Spikes(1 sample of 4 steps, 2 channels, 4 events, dt=0.001 s)
        """
        parts = timeline.checked_parts(parts, Spikes, along)
        append = timeline.batch_of if along == "samples" else timeline.one_after_the_other
        events, payload = append(parts)
        return Spikes(*events, parts[0].dt, parts[0].groups, payload)

    @staticmethod
    def join(parts: Mapping[str, Spikes]) -> Spikes:
        """Return spikes whose channels are those of all parts, in the order of the dict, each part a group of its name.

        Parameters
        ----------
        parts
            Spikes by name of input group, with equal dt and equal numbers of steps in every sample.

        Examples
        --------
        >>> audio, tone = (Spikes.from_dense(np.ones((3, n)), 1e-3) for n in (4, 2))
        >>> both = Spikes.join({"audio": audio, "tone": tone})
        >>> both.n_channels, dict(both.groups)
        (6, {'audio': range(0, 4), 'tone': range(4, 6)})
        """
        joining.check_parts(parts, Spikes, "Spikes.join")
        groups = consecutive({name: part.n_channels for name, part in parts.items()})
        one, *_ = every = list(parts.values())
        events, payload = joining.joined(every)
        return Spikes(*events, one.dt, groups, payload)

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

    def trains(self, sample: int = 0) -> list[Floats]:
        """Return the spike times of each channel in one sample, in seconds from its start: C arrays, ascending.

        ``spikes["exc"].trains()[5]`` are the times of neuron 5 of a group.
        """
        return trains(self[checks.whole(sample, "trains: sample")])

    to_pandas = tables.to_pandas
    to_neo = neo.to_neo
    to_aer = aer.to_aer

    def crop(self, start: float = 0.0, stop: float | None = None) -> Spikes:
        """Return the part of every sample from ``start`` to ``stop``, in seconds; its time starts at 0.

        Both are rounded to whole steps. A sample that ends before ``stop`` keeps its end; None: up to the end of each.

        Examples
        --------
        >>> spikes = Spikes.from_trains([[0.001, 0.004]], duration=0.010, dt=0.001)
        >>> spikes.crop(0.003, 0.006).trains()
        [array([0.001])]
        """
        events, payload = timeline.crop(self, start, stop)
        return Spikes(*events, self.dt, self.groups, payload)

    def __getitem__(self, key: str | int | slice | Sequence[int] | npt.NDArray[Any]) -> Spikes:
        """Return the channels of a group (a name) or some samples (an index, a slice, a list of indices or booleans)."""
        return Spikes(**(selecting.group(self, key) if isinstance(key, str) else selecting.samples(self, key)))

    counts = counting.counts
    payload_sums = counting.payload_sums
    rates = counting.rates
    raster = counting.raster
    to_dense = counting.to_dense

    save = file.save

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Spikes:
        """Read spikes from an .npz file; a case file gives its stimulus."""
        arrays = npz.read(path)
        kind = file.check_format(arrays, path)
        with file.naming(path):
            if kind in file.CASE_FORMATS:
                return Spikes.from_events(**file.stimulus(arrays))
            return Spikes(**file.fields(arrays))

    def difference(self, other: Spikes) -> str | None:
        """Return in one sentence where these spikes differ first from ``other``; None: nowhere.

        The first difference is the one of the earliest sample, then step, then channel. "got" in the sentence is ``self``,
        "expected" is ``other``. Numbers of channels, dt, numbers of steps, payloads and groups are compared too, so that
        ``a.difference(b) is None`` and ``a == b`` mean the same.

        Examples
        --------
        >>> one, other = (Spikes.from_events([step], [2], n_steps=9, n_channels=3, dt=1e-3) for step in (4, 5))
        >>> one == other
        False
        >>> one.difference(other)
        'sample 0, step 4, channel 2: got a spike, expected none (2 spikes differ; 1 and 1 in total)'
        """
        if not isinstance(other, Spikes):
            raise DescriptionError(f"Spikes.difference: got {type(other).__name__}, expected Spikes")
        return difference(self, other)

    def __eq__(self, other: object) -> bool:
        """Return whether both are equal in every field, to the bit."""
        if not isinstance(other, Spikes):
            return NotImplemented
        return self is other or difference(self, other) is None

    __hash__ = None  # type: ignore[assignment]  # equal by value, and hashing every event would be slow

    __repr__ = showing.text
    _repr_html_ = showing.html
