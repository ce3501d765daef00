"""Spikes as a Neo block, one segment for each sample, and back. Neo is optional and imported only here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.groups import group_of_each
from lsm_sim.spikes.trains import trains
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.support.optional import optional

FORM = "lsm_sim"  # the annotation with what a block does not say by itself: dt, channels, groups
_NAMES = ("dt", "n_channels", "groups", "graded")
_ULPS = 8 * np.finfo(np.float64).eps  # rounding of a time that was converted to another unit and shifted
_EXPECTED = "a Neo Block, a Segment, SpikeTrains, or a list of Segments or of lists of SpikeTrains"


def to_neo(spikes: Any, *, silent: bool = True) -> Any:
    """Return a `neo.Block` with a Segment for each sample and in it a SpikeTrain for each channel; `from_neo` is the way back.

    Trains have times and ``t_stop`` in seconds from the start of the sample, annotations ``channel`` and, if it is in a
    group, ``group``, and an array annotation ``payload`` if events have payloads. The annotation ``lsm_sim`` of the block
    and of its segments has dt, the number of channels and the ranges of the groups. Needs the extra ``analysis``.

    Parameters
    ----------
    silent
        Make trains for channels without spikes too.
    """
    neo = optional("neo", "analysis")
    silent = checks.flag(silent, "Spikes.to_neo silent")
    groups = {name: [members.start, members.stop] for name, members in spikes.groups.items()}
    form = {"dt": spikes.dt, "n_channels": spikes.n_channels, "groups": groups, "graded": spikes.payload is not None}
    block = neo.Block(name="spikes", **{FORM: form})
    for b, duration in enumerate(spikes.durations):
        segment = neo.Segment(name=f"sample {b}", index=b, **{FORM: form | {"duration": float(duration)}})
        segment.spiketrains.extend(_trains(neo, spikes[b], silent))
        block.segments.append(segment)
    return block


def _trains(neo: Any, one: Any, silent: bool) -> list[Any]:
    """Return a SpikeTrain for each channel of a single sample."""
    t_stop = float(one.durations[0])
    group, names = group_of_each(one), list(one.groups)
    payload = None if one.payload is None else one.payload[np.argsort(one.channel, kind="stable")].astype(np.int64)
    out, begin = [], 0
    for channel, times in enumerate(trains(one)):
        end = begin + len(times)
        if silent or len(times):
            carried = None if payload is None else {"payload": payload[begin:end]}
            member = {"group": names[group[channel]]} if group[channel] >= 0 else {}
            notes = {"channel": channel} | member
            out.append(neo.SpikeTrain(times, units="s", t_stop=t_stop, array_annotations=carried, **notes))
        begin = end
    return out


def events(data: Any, dt: Any, n_channels: Any) -> tuple[dict[str, Any], dict[str, range]]:
    """Return the arguments of `Spikes.from_times`, and the groups."""
    neo = optional("neo", "analysis")
    samples = _samples(neo, data)
    form = _common_form([data, *samples] if isinstance(data, neo.Block) else samples)
    if dt is None and "dt" not in form:
        raise DescriptionError(
            "Spikes.from_neo dt: got none, expected the duration of a step, such as dt=0.001 (in seconds)"
        )
    dt = _seconds(form["dt"] if dt is None else dt)
    parts, durations = [], []
    for b, sample in enumerate(samples):
        found = _trains_of(neo, sample, b)
        start, stop = _ends(sample, found, b)
        durations.append(_whole_steps(start, stop, dt) * dt)
        parts += [(b, c, _relative(train, start, dt, durations[-1], b), train) for c, train in _numbered(found, b)]
    size = [len(times) for _, _, times, _ in parts]
    if n_channels is None:
        n_channels = form.get("n_channels", max((c for _, c, _, _ in parts), default=-1) + 1)
    given = {
        "times": np.concatenate([np.empty(0), *(times for _, _, times, _ in parts)]),
        "channel": np.repeat(np.array([c for _, c, _, _ in parts], np.int64), size),
        "sample": np.repeat(np.array([b for b, _, _, _ in parts], np.int64), size),
        "payload": _payload([train for *_, train in parts], form.get("graded", False)),
        "duration": np.array(durations),
        "n_channels": checks.whole(n_channels, "Spikes.from_neo n_channels"),
        "dt": dt,
    }
    return given, form.get("groups", {})


def _samples(neo: Any, data: Any) -> list[Any]:
    """Return the samples, each a segment or a list of trains."""
    if isinstance(data, neo.Block):
        return list(data.segments)
    if isinstance(data, neo.Segment):
        return [data]
    if isinstance(data, neo.SpikeTrain):
        return [[data]]
    several = (list, tuple, type(neo.Segment().spiketrains))
    if not isinstance(data, several) or not len(data):
        got = f"an empty {type(data).__name__}" if isinstance(data, several) else type(data).__name__
        raise DescriptionError(f"Spikes.from_neo: got {got}, expected {_EXPECTED}")
    members = list(data)
    if all(isinstance(member, neo.SpikeTrain) for member in members):
        return [members]
    if all(isinstance(member, (neo.Segment, *several)) for member in members):
        return members
    wrong = next(member for member in members if not isinstance(member, (neo.Segment, *several)))
    raise DescriptionError(f"Spikes.from_neo: got a list with {type(wrong).__name__} in it, expected {_EXPECTED}")


def _common_form(containers: list[Any]) -> dict[str, Any]:
    """Return what `to_neo` has noted: dt, number of channels and groups, the same in every container that has them."""
    forms = [found for one in containers if (found := _form(one))]
    for found in forms:
        for name in _NAMES:
            if found[name] != forms[0][name]:
                raise DescriptionError(
                    f"Spikes.from_neo: got segments with {name} {forms[0][name]} and {found[name]}, expected equal ones"
                )
    return forms[0] if forms else {}


def _form(container: Any) -> dict[str, Any]:
    """Return the annotation of `to_neo` with its values checked; empty: there is none."""
    noted = getattr(container, "annotations", {}).get(FORM)
    if noted is None:
        return {}
    where = f"Spikes.from_neo: annotation {FORM!r}"
    if (
        not isinstance(noted, Mapping)
        or any(name not in noted for name in _NAMES)
        or not isinstance(noted["groups"], Mapping)
    ):
        raise DescriptionError(f"{where}: got {str(noted)[:80]!r}, expected {', '.join(_NAMES)}; remove the annotation")
    ends = {name: checks.whole_array(pair, f"{where} groups") for name, pair in noted["groups"].items()}
    if any(pair.shape != (2,) for pair in ends.values()):
        raise DescriptionError(f"{where} groups: expected start and stop of each group; remove the annotation")
    out = {
        "dt": checks.positive(noted["dt"], f"{where} dt"),
        "n_channels": checks.whole(noted["n_channels"], f"{where} n_channels"),
        "groups": {name: range(*map(int, pair)) for name, pair in ends.items()},
        "graded": checks.flag(noted["graded"], f"{where} graded"),
    }
    return out | ({"duration": checks.positive(noted["duration"], f"{where} duration")} if "duration" in noted else {})


def _seconds(dt: Any) -> float:
    """Return a number of seconds, which may be given as a quantity with a unit of time."""
    if isinstance(dt, optional("quantities", "analysis").Quantity):
        try:
            dt = dt.rescale("s").magnitude
        except ValueError:
            raise DescriptionError(
                f"Spikes.from_neo dt: got {dt}, expected a time, such as 0.001 (in seconds)"
            ) from None
    return checks.positive(dt, "Spikes.from_neo dt", "time")


def _trains_of(neo: Any, sample: Any, b: int) -> list[Any]:
    found = list(sample.spiketrains if isinstance(sample, neo.Segment) else sample)
    for train in found:
        if not isinstance(train, neo.SpikeTrain):
            raise DescriptionError(
                f"Spikes.from_neo: sample {b} contains {type(train).__name__}, expected SpikeTrains; load what was read lazily first"
            )
    return found


def _second(train: Any) -> float:
    """Return the unit of the times of a train, of its t_start and its t_stop, in seconds."""
    return float(train.units.rescale("s").magnitude)


def _ends(sample: Any, found: list[Any], b: int) -> tuple[float, float]:
    """Return when a sample begins and ends, in seconds: with the first and the last of its trains."""
    if found:
        ends = [np.array([train.t_start.magnitude, train.t_stop.magnitude]) * _second(train) for train in found]
        starts, stops = zip(*ends, strict=True)
        return float(min(starts)), float(max(stops))
    form = _form(sample)
    if "duration" not in form:
        raise DescriptionError(
            f"Spikes.from_neo: sample {b} has no spike trains, so its duration is unknown; leave it out"
        )
    return 0.0, form["duration"]


def _whole_steps(start: float, stop: float, dt: float) -> int:
    """Return how many steps a sample lasts; the last one may be incomplete, so that no spike is outside."""
    steps = checks.real((stop - start) / dt, "Spikes.from_neo: duration in steps")
    return math.ceil(steps - max(1e-9, _ULPS * max(abs(start), abs(stop)) / dt))


def _relative(train: Any, start: float, dt: float, duration: float, b: int) -> Floats:
    """Return the times of a train from the start of its sample, in seconds; those within rounding errors of a step are on it."""
    own = checks.real_array(np.asarray(train.magnitude), f"Spikes.from_neo: spike times of sample {b}")
    seconds = own * _second(train)
    times = seconds - start
    nearest = np.rint(times / dt)
    on_grid = np.abs(times / dt - nearest) <= _ULPS * np.maximum(np.abs(seconds), abs(start)) / dt
    times = np.where(on_grid, nearest * dt, times)
    if times.size and times.max() >= duration:
        raise DescriptionError(
            f"Spikes.from_neo: sample {b} has a spike at {seconds.max():g} s, where its last step has ended; in Neo both ends of "
            "a train belong to it, so choose a t_stop half a step earlier or later"
        )
    return np.asarray(times, np.float64)


def _numbered(found: list[Any], b: int) -> list[tuple[int, Any]]:
    """Return the trains of a sample with their channels: the annotation "channel" if each has it, else their order."""
    if not all("channel" in train.annotations for train in found):
        return list(enumerate(found))
    where = f"Spikes.from_neo: annotation 'channel' in sample {b}"
    channels = [checks.whole(train.annotations["channel"], where) for train in found]
    seen: set[int] = set()
    for channel in channels:
        if channel in seen:
            raise DescriptionError(
                f"{where}: two trains have channel {channel}, expected one each; remove the annotation, and trains are numbered in order"
            )
        seen.add(channel)
    return list(zip(channels, found, strict=True))


def _payload(found: list[Any], expected: bool) -> Any:
    """Return the payload of every spike; None: no train has payloads. ``expected``: `to_neo` has noted that there are some."""
    has = ["payload" in train.array_annotations for train in found]
    if expected and any(len(train) and not one for train, one in zip(found, has, strict=True)):
        raise DescriptionError(
            "Spikes.from_neo: the payloads are lost, as in files whose format has no array annotations; use another, such as PickleIO"
        )
    if not any(has):
        return None
    parts = [train.array_annotations.get("payload", np.ones(len(train), np.int64)) for train in found]
    return np.concatenate([checks.whole_array(np.asarray(part), "Spikes.from_neo: payload") for part in parts])
