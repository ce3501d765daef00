"""Patterns of spikes: which came first, are the first and the last equal, is the number of second templates odd?"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import ms
from lsm_sim.datasets import spike_templates
from lsm_sim.learn.readout import ridge
from memory_tasks.common import Values, best

N_SAMPLES, TOGETHER = 2000, 250


def recalled(
    recurrent: float, tau_syn: float, segments: int, n: int, n_neurons: int, seed: int, arithmetic: str
) -> Values:
    """Return the accuracies, in per cent, of a readout of one 30 ms trace at the end."""
    data = spike_templates(n, segments=segments, channels=8, seed=seed)
    liquid = models.recall(n_inputs=8, n_neurons=n_neurons, seed=seed, recurrent_weight=recurrent, tau_syn=tau_syn * ms)
    program = lsm.lower(liquid, data.X.dt)
    if arithmetic == "loihi":
        program = lsm.quantise(program, data.X[:100]).program
    cut, whole = traced(program, data.X, lsm.Traces(30 * ms), lsm.Traces(30 * ms, resolution=None))
    first, last = data.y[:, 0], data.y[:, -1]
    if segments == 4:
        wanted = {"first": first, "xor14": first ^ last, "parity4": data.y.sum(axis=1) % 2}
        return {name: accuracy(cut, y) for name, y in wanted.items()}
    return {"first": accuracy(cut, first), "not cut": accuracy(whole, first), "last": accuracy(cut, last)}


def traced(program: lsm.Program, stimulus: lsm.Spikes, *kinds: lsm.Traces) -> list[Any]:
    """Return the traces of each kind, from one run in parts."""
    parts: list[list[Any]] = [[] for _ in kinds]
    for begin in range(0, len(stimulus), TOGETHER):
        spikes = lsm.run(program, stimulus[begin : begin + TOGETHER], n_threads=1, progress=False).spikes
        for kind, part in zip(kinds, parts, strict=True):
            part.append(kind.of(spikes))
    return [np.concatenate(part) for part in parts]


def accuracy(X: Any, y: Any) -> float:
    """Train on three quarters, test on the last one."""
    known = 3 * len(X) // 4
    return float(100 * ridge().fit(X[:known], y[:known]).score(X[known:], y[known:]))


def templates_rows() -> dict[str, Any]:
    def row(weight: float, tau_syn: float, n_neurons: int = 800) -> Any:
        return functools.partial(recalled, weight, tau_syn, 4, N_SAMPLES, n_neurons)

    return {"recall, N=800": row(3.0, 100), "recall, N=500": row(3.0, 100, 500), "off, N=800": row(0.0, 100)}


def templates_off_rows() -> dict[str, Any]:
    """Return the best setting without recurrence: slow synapses are a memory too."""
    tuned = {
        f"off, tuned: tau_syn {tau} ms": functools.partial(recalled, 0.0, tau, 4, N_SAMPLES, 800)
        for tau in (200, 400, 800)
    }
    return best(tuned, "parity4", largest=True)


def floor_rows() -> dict[str, Any]:
    """Thirteen segments of 250 ms: the first ended 3 s before the end."""
    return {"off, tau_syn 100 ms, 3 s back": functools.partial(recalled, 0.0, 100.0, 13, 1200, 500)}
