"""What the tasks share: sizes, the states of a liquid or an echo-state network, and the choice of a row on the tuning seed."""

from __future__ import annotations

from typing import Any

import lsm_sim as lsm
from lsm_sim import ms
from lsm_sim.encode import Encoder
from lsm_sim.learn.echo_state import EchoStateRegressor
from lsm_sim.learn.forecast.series import Scaler
from lsm_sim.learn.forecast.states import run_counts, sample_edges, with_traces
from lsm_sim.simulate import rescale

WASHOUT, TRAIN, TEST, TUNING = 300, 4000, 2000, 101
Values = dict[str, float]
ESN = {"spectral_radius": 0.95, "density": 0.1, "bias": 0.2}


def features(
    liquid: lsm.Liquid, encoder: Encoder, taus: tuple[float, ...], series: Any, arithmetic: str = "float64"
) -> Any:
    """Return counts and traces of every sample; the range and the integers are found on the training samples."""
    scaler = Scaler.fit(series[: WASHOUT + TRAIN, None], 0.02)
    stimulus = encoder([scaler(series[:, None])], 1 * ms)
    program = lsm.lower(liquid, 1 * ms)
    if arithmetic == "loihi":
        program = lsm.quantise(program, stimulus.crop(0, WASHOUT * stimulus.durations[0] / len(series))).program
    counts = run_counts(program, "fast", stimulus, sample_edges(stimulus, len(series)), 1, False)
    return with_traces(counts, taus, keep_counts=True)


def without(liquid: lsm.Liquid) -> lsm.Liquid:
    return rescale.scale(liquid, 0.0, "recurrent")


def esn(series: Any, scaling: float, seed: int, n: int = 500) -> Any:
    """Return the states of an echo-state network for a series that is mapped to [-1, 1]."""
    scaler = Scaler.fit(series[: WASHOUT + TRAIN, None], 0.02)
    return EchoStateRegressor(n, input_scaling=scaling, seed=seed, n_threads=1, **ESN).states(
        [2 * scaler(series[:, None]) - 1]
    )[0]


def best(rows: dict[str, Any], by: str, largest: bool = False) -> dict[str, Any]:
    """Return the row that is best on the tuning seed."""
    found = {name: row(TUNING, "float64")[by] for name, row in rows.items()}
    print("  tuning: " + ", ".join(f"{name} {value:.4g}" for name, value in found.items()), flush=True)
    name = (max if largest else min)(found, key=lambda name: found[name])
    return {name: rows[name]}
