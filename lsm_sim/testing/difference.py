"""Where two outcomes differ first, in one line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from lsm_sim.engine.protocol import Excursions, Outcome, Request
from lsm_sim.engine.requests import recorded_steps
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Ints


def difference(got: Outcome, expected: Outcome, request: Request, n_steps: Ints) -> str | None:
    """Return where ``got`` differs first from ``expected``: sample, step, neuron, variable, values; None: nowhere.

    Every bit of every part counts, and so do the types of arrays and the order of events; -0.0 equals 0.0, because no spike
    can tell them apart. Within a step, state variables are compared in the order in which they are computed, and spikes last.

    Parameters
    ----------
    request
        What was requested of both.
    n_steps
        Of each sample, (B,).
    """
    one, other = _arrays(got), _arrays(expected)
    if one.keys() != other.keys():
        return f"got {', '.join(one) or 'nothing'}, expected {', '.join(other) or 'nothing'}"
    for name in other.keys() - {"spikes.step", "spikes.channel"}:  # which differ in shape by a spike
        if not _alike(one[name], other[name]):
            return _form(name, one[name], other[name])
    for b in range(len(n_steps)):
        found = _in_sample(got, expected, request, b, int(n_steps[b]))
        if found:
            return f"sample {b}, {found}"
    if got.spikes is not None and expected.spikes is not None and got.spikes.groups != expected.spikes.groups:
        return f"spikes.groups: got {dict(got.spikes.groups)}, expected {dict(expected.spikes.groups)}"
    return next(_elsewhere(one, other), None)


def _alike(got: Any, expected: Any) -> bool:
    return bool(got.dtype == expected.dtype and got.shape == expected.shape)


def _form(name: str, got: Any, expected: Any) -> str:
    return f"{name}: got {got.dtype} of shape {got.shape}, expected {expected.dtype} of shape {expected.shape}"


def _arrays(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as a flat dictionary of arrays."""
    out: dict[str, Any] = {}
    for name, trace in outcome.traces.items():
        out |= {f"{name} of sample {b}": values for b, values in enumerate(trace)}
    if outcome.counts is not None:
        out["counts"] = outcome.counts
    if outcome.excursions is not None:
        out |= {f"excursions.{name}": getattr(outcome.excursions, name) for name in ("count", "step", "neuron")}
    if outcome.spikes is not None:
        names = ("step", "channel", "offsets", "n_steps", "n_channels", "dt")
        out |= {f"spikes.{name}": np.atleast_1d(getattr(outcome.spikes, name)) for name in names}
    return out


def _in_sample(got: Outcome, expected: Outcome, request: Request, b: int, n_steps: int) -> str | None:
    """Return the earliest difference in a trace or in the spikes of sample ``b``."""
    found: list[tuple[int, str]] = []
    steps = recorded_steps(request, n_steps)
    for name, trace in expected.traces.items():
        where = np.argwhere(~np.equal(got.traces[name][b], trace[b]))
        if where.size:
            row, column = where[0]
            values = f"got {got.traces[name][b][row, column]}, expected {trace[b][row, column]}"
            found.append((int(steps[row]), f"neuron {request.neurons[column]}: {name}: {values}"))
    if got.spikes is not None and expected.spikes is not None:
        found += _spike(got.spikes, expected.spikes, b)
    step, text = min(found, key=lambda one: one[0], default=(0, ""))  # of equal steps the first in this list
    return f"step {step}, {text}" if text else None


def _spike(got: Spikes, expected: Spikes, b: int) -> list[tuple[int, str]]:
    events = [_events(spikes, b) for spikes in (got, expected)]
    wrong = sorted(events[0] ^ events[1])
    if not wrong:
        return []
    step, neuron = wrong[0]
    values = "got no spike, expected a spike" if wrong[0] in events[1] else "got a spike, expected none"
    return [(step, f"neuron {neuron}: {values} ({len(wrong)} of {len(events[1])} spikes differ)")]


def _events(spikes: Spikes, b: int) -> set[tuple[int, int]]:
    own = slice(spikes.offsets[b], spikes.offsets[b + 1])
    return set(zip(spikes.step[own].tolist(), spikes.channel[own].tolist(), strict=True))


def _elsewhere(got: dict[str, Any], expected: dict[str, Any]) -> Iterator[str]:
    """Yield what differs beside traces and the set of spikes: counts, excursions, the order of events."""
    axes = {"counts": ("sample", "bin", "neuron")}
    for name, right in expected.items():
        if not _alike(got[name], right):
            yield _form(name, got[name], right)
            continue
        where = np.argwhere(~np.equal(got[name], right))
        if where.size:
            index = tuple(where[0])
            names = axes.get(name, ("sample", "kind") if name.startswith("excursions") else ("event",))
            place = "".join(f"{axis} {_axis(axis, i)}, " for axis, i in zip(names, index, strict=True))
            yield f"{place}{name}: got {got[name][index]}, expected {right[index]}"


def _axis(axis: str, i: int) -> str:
    return repr(Excursions.KINDS[i]) if axis == "kind" else str(i)
