"""Memory capacity: how much of the past values a linear readout tells from one state."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import ms
from lsm_sim.encode import Bits
from lsm_sim.measures import memory_capacity
from memory_tasks.common import TEST, TRAIN, WASHOUT, Values, best, esn, features, without

N_LAGS = 80


def noise(seed: int) -> Any:
    return np.random.default_rng(seed).uniform(size=WASHOUT + TRAIN + TEST)


def capacity(states: Any, series: Any, n_lags: int = N_LAGS) -> Values:
    found = memory_capacity(states, series, n_lags=n_lags, washout=WASHOUT, test=TEST / (TRAIN + TEST))
    return {"MC": found.capacity}


def remembering(frame: int, **settings: Any) -> Callable[[int], lsm.Liquid]:
    return lambda seed: models.long_memory(n_inputs=12, seed=seed, frame=frame * ms, **settings)


def capacity_of(
    make: Callable[[int], lsm.Liquid], frame: int, taus: tuple[float, ...], seed: int, arithmetic: str
) -> Values:
    series = noise(seed)
    return capacity(features(make(seed), Bits(12, frame=frame * ms), taus, series, arithmetic), series)


def capacity_esn(scaling: float, seed: int, _: str) -> Values:
    return capacity(esn(noise(seed), scaling, seed), noise(seed))


TWO = {"tau_syn": 1 * ms, "recurrent_weight": 1.5}
FRAMES = {5: (remembering(5), (2.0, 8.0)), 2: (remembering(2, **TWO), (1.0, 4.0))}
ALL_ROUND = functools.partial(models.memory, n_inputs=12)


def capacity_rows() -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for frame, (make, taus) in FRAMES.items():
        name = f"{frame} steps per sample, delays {64 / frame:.3g} samples"
        rows[name] = functools.partial(capacity_of, make, frame, taus)
        rows[f"off, {name}"] = functools.partial(capacity_of, lambda seed, make=make: without(make(seed)), frame, taus)
    name = "8 steps per sample (all-round), delays 8 samples"
    rows[name] = functools.partial(capacity_of, lambda seed: ALL_ROUND(seed=seed), 8, (0.7, 3.0))
    rows[f"off, {name}"] = functools.partial(capacity_of, lambda seed: without(ALL_ROUND(seed=seed)), 8, (0.7, 3.0))
    tuned = {
        f"off, tuned: {frame} steps per sample, delays {64 / frame:.3g} samples": functools.partial(
            capacity_of, lambda seed, frame=frame: without(remembering(frame, tau_syn=1 * ms)(seed)), frame, (1.0, 4.0)
        )
        for frame in (1, 2, 3)
    }
    rows |= best(tuned, "MC", largest=True)
    rows |= best({f"ESN, input x {s:g}": functools.partial(capacity_esn, s) for s in (0.02, 0.05, 0.1)}, "MC", True)
    return rows
