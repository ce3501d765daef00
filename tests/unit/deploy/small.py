"""A small classifier of made-up signals, for tests of deployment."""

from __future__ import annotations

from typing import Any

import numpy as np

import lsm_sim as lsm
from lsm_sim import Hz, ms

ENCODER = lsm.encode.Rate(max_rate=300 * Hz, frame=5 * ms)


def liquid(n_inputs: int = 3, t_ref: float = 0.0) -> lsm.Liquid:
    """Return a recurrent liquid of 40 neurons."""
    lif: Any = {"tau_m": 15 * ms, "tau_syn": 8 * ms, "t_ref": t_ref}
    return lsm.Liquid(
        [lsm.Inputs("in", n_inputs)],
        [lsm.Neurons("exc", 40, **lif)],
        [
            lsm.Synapses("in", "exc", lsm.FixedProbability(0.7), lsm.Normal(0.3, 1), lsm.Uniform(1 * ms, 20 * ms)),
            lsm.Synapses("exc", "exc", lsm.FixedProbability(0.1), lsm.Normal(0, 0.3), lsm.Uniform(1 * ms, 5 * ms)),
        ],
        seed=4,
    )


def signals(n: int = 90, *, ragged: bool = False) -> tuple[Any, Any]:
    """Return signals of three channels, of which another one is the loudest in each of three classes, and the classes."""
    rng = np.random.default_rng(3)
    y = np.arange(n) % 3
    lengths = rng.integers(12, 24, n) if ragged else np.full(n, 16)
    X = [rng.uniform(0, 0.6, (length, 3)) + 0.4 * np.eye(3)[label] for length, label in zip(lengths, y, strict=True)]
    return (X if ragged else np.array(X)), y


def trained(features: Any = None, readout: Any = "centred_ridge", *, ragged: bool = False, **how: Any) -> Any:
    """Return a fitted classifier."""
    X, y = signals(ragged=ragged)
    how = {"scale": None} | how
    return lsm.LiquidClassifier(liquid(), ENCODER, features or lsm.Counts(bins=3), readout, **how).fit(X, y)
