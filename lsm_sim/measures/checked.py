"""Checks that several measures share, and the plain form of their results."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats


def checked_states(states: Any, where: str, fewest: int = 2) -> Floats:
    """Return states as floats (rows, features), with at least ``fewest`` rows and a value that varies."""
    array = checks.real_array(states, f"{where}: states")
    if array.ndim != 2 or 0 in array.shape:
        raise DescriptionError(f"{where}: got states of shape {array.shape}, expected (rows, features)")
    if len(array) < fewest:
        raise DescriptionError(
            f"{where}: got {len(array)} rows of states, expected at least {fewest}; use more samples"
        )
    return array


def check_varies(states: Floats, where: str) -> None:
    """Raise if all rows are equal: a liquid that never spikes, that always spikes, or one and the same input."""
    if (states == states[0]).all():
        raise DescriptionError(
            f"{where}: got {len(states)} equal states, expected states that differ; use different inputs, and weights or rates at "
            "which neurons neither stay silent nor spike all the time"
        )


def checked_spikes(spikes: Any, where: str) -> Spikes:
    """Return spikes that contain at least one event."""
    checks.instance(spikes, Spikes, where, "Spikes, such as those of a result")
    if not spikes.n_events:
        raise DescriptionError(
            f"{where}: got no spike of {spikes.n_channels} neurons, expected some; use a stronger stimulus or larger weights, see "
            "lsm_sim.rescale.to_mean_rate"
        )
    return spikes  # type: ignore[no-any-return]


def bin_steps(width: Any, dt: float, where: str) -> int:
    """Return how many steps a bin of ``width`` seconds has, at least 1."""
    steps = round(min(checks.positive(width, f"{where} bin", "time") / dt, checks.MOST))
    if steps < 1:
        raise DescriptionError(f"{where} bin: got {width:g} s, expected at least one step of {dt:g} s")
    return steps


def binned(spikes: Spikes, width: int, where: str, fewest: int) -> list[Floats]:
    """Return the spike counts of each sample in whole bins of ``width`` steps, (bins, channels); the rest is left out."""
    out = []
    for b, n_steps in enumerate(spikes.n_steps):
        n = int(n_steps) // width
        if n < fewest:
            needed = fewest * width * spikes.dt
            raise DescriptionError(
                f"{where}: got {n} bins of {width * spikes.dt:g} s in sample {b}, expected at least {fewest}; use samples of {needed:g} s or more, or "
                "narrower bins"
            )
        edges = np.append(np.arange(n + 1) * width, n_steps)[None]
        edges = edges[:, :-1] if edges[0, -2] == n_steps else edges
        out.append(spikes[b].counts(edges)[0, :n].astype(np.float64))
    return out


def plain(record: Any) -> dict[str, Any]:
    """Return the fields of a record as numbers, lists and texts, ready for JSON; what is not finite is None."""
    return {field.name: _plain(getattr(record, field.name)) for field in dataclasses.fields(record)}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
