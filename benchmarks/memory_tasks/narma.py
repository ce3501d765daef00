"""NARMA-10: products of values nine samples apart, by linear readouts and by readouts of pairs."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

import lsm_sim_models as models
from lsm_sim import ms
from lsm_sim.datasets import narma10
from lsm_sim.encode import Bits
from lsm_sim.learn.forecast import TimeRidge, held_out_nrmse, lags
from memory_tasks.common import TEST, TRAIN, WASHOUT, Values, best, esn, features

N_DECODED = 14


@functools.lru_cache(maxsize=4)
def narma(seed: int) -> tuple[Any, Any]:
    return narma10(WASHOUT + TRAIN + TEST, seed=seed)


def narma_error(states: Any, seed: int) -> Values:
    return {"NRMSE": held_out_nrmse(states, narma(seed)[1], n_train=WASHOUT + TRAIN, horizon=0, washout=WASHOUT)}


def products(columns: Any) -> Any:
    first, second = np.triu_indices(columns.shape[1])
    return columns[:, first] * columns[:, second]


def decoded_pairs(states: Any, series: Any) -> Any:
    """Return the products of all pairs of the last values, as a first linear readout tells them from the states."""
    past = np.stack([np.roll(series, lag) for lag in range(N_DECODED)], axis=1)
    train = slice(WASHOUT, WASHOUT + TRAIN)
    return products(TimeRidge().fit(states[train], past[train]).predict(states) - series[train].mean())


def component_pairs(states: Any, n: int = 40) -> Any:
    """Return the products of all pairs of the first principal components of the standardised states."""
    train = slice(WASHOUT, WASHOUT + TRAIN)
    spread = states[train].std(axis=0)
    scaled = (states - states[train].mean(axis=0)) / np.maximum(spread, 1e-3 * spread.max())
    _, vectors = np.linalg.eigh(scaled[train].T @ scaled[train])
    components = scaled @ vectors[:, -n:]
    return products(components / components[train].std(axis=0))


READOUTS: dict[str, Callable[[Any, Any], Any]] = {
    "linear": lambda states, _: states,
    "squared traces beside": lambda states, _: np.hstack([states, states[:, states.shape[1] // 4 :] ** 2]),
    "pairs of 40 principal components beside": lambda states, _: np.hstack([states, component_pairs(states)]),
    "pairs of 14 decoded values beside": lambda states, series: np.hstack([states, decoded_pairs(states, series)]),
}


def narma_of(readout: str, n: int, weight: float, seed: int, arithmetic: str) -> Values:
    liquid = models.memory(n_inputs=12, n_neurons=n, seed=seed, recurrent_weight=weight)
    states = features(liquid, Bits(12, frame=8 * ms), (0.7, 2.0, 5.0), narma(seed)[0], arithmetic)
    return narma_error(READOUTS[readout](states, narma(seed)[0]), seed)


def narma_lags(readout: str, seed: int, _: str) -> Values:
    past = lags(narma(seed)[0][:, None], 20)
    return narma_error(past if readout == "linear" else np.hstack([past, products(past[:, :N_DECODED])]), seed)


def narma_esn(scaling: float, pairs: bool, seed: int, _: str) -> Values:
    states = esn(narma(seed)[0], scaling, seed)
    return narma_error(np.hstack([states, decoded_pairs(states, narma(seed)[0])]) if pairs else states, seed)


def narma_rows() -> dict[str, Any]:
    pairs = "pairs of 14 decoded values beside"
    rows = {f"memory, {name}": functools.partial(narma_of, name, 500, 2.0) for name in ("linear", pairs)}
    others = [name for name in READOUTS if name not in ("linear", pairs)]
    rows |= {f"readout: {name}": functools.partial(narma_of, name, 500, 2.0) for name in others}
    rows |= {f"off, {name}": functools.partial(narma_of, name, 500, 0.0) for name in ("linear", pairs)}
    rows |= best({f"ESN, input x {s:g}": functools.partial(narma_esn, s, False) for s in (0.05, 0.1, 0.2)}, "NRMSE")
    rows |= best({f"ESN, pairs, input x {s:g}": functools.partial(narma_esn, s, True) for s in (0.05, 0.1)}, "NRMSE")
    rows |= {"last 20 values, linear": functools.partial(narma_lags, "linear")}
    rows |= {"last 20 values, pairs of 14": functools.partial(narma_lags, "pairs")}
    return rows
