"""The readout of a trained model in a graph: a matrix, integrators without a leak, and an output of their own.

    neurons -> w_out -> integrator -> scores

After the last step of a sample the scores of the model are the values of the integrators plus ``intercept`` in the metadata.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from lsm_sim.exchange.nir.building import NEURONS, Tree
from lsm_sim.exchange.nir.constants import Mode
from lsm_sim.program.program import Program
from lsm_sim.support.checks import Floats

NODES = ("w_out", "integrator", "scores")
KEY = "readout"  # in the metadata


class Readout(NamedTuple):
    """Weights (outputs, N) of spike counts, intercept (outputs,), and labels; None of a regressor."""

    weights: Floats
    intercept: Floats
    classes: Any


def model_parts(network: Any) -> tuple[Program, Readout | list[str]] | None:
    """Return the program of a fitted model, and its readout or every reason why it is none; None: it is no such model."""
    from sklearn.utils.validation import check_is_fitted  # scikit-learn takes long to import

    from lsm_sim.deploy.folding import feature_reasons, fold, readout_reasons
    from lsm_sim.learn.estimators import LiquidClassifier, LiquidRegressor
    from lsm_sim.learn.features import Counts

    if not isinstance(network, LiquidClassifier | LiquidRegressor):
        return None
    check_is_fitted(network, "readout_")
    program, features = network.transformer_.program(), network.transformer_.features_
    reasons = feature_reasons(features) + readout_reasons(network.readout_)
    if not isinstance(features, Counts) or features.bins != 1 or features.window is not None:
        reasons.append("an integrator adds up all spikes of a sample: train with features=Counts(bins=1)")
    if network.transformer_.with_encoder:
        reasons.append("with_encoder=True: the readout reads input channels too: train without it")
    if reasons:
        return program, [f"its readout cannot be written: {reason}" for reason in reasons]
    linear = fold(network.readout_, program.n_neurons)
    return program, Readout(linear.weights[:, 0], linear.intercept, linear.classes)


def with_readout(tree: Tree, readout: Readout, mode: Mode, dt: float) -> Tree:
    """Return a graph with a readout; the edge into ``output`` stays the last one."""
    n = len(readout.intercept)
    gain = 1 / dt if mode == "euler" else 1.0  # so that a spike adds its weight
    nodes = [
        {"type": "Linear", "weight": readout.weights},
        {"type": "I", "r": np.full(n, gain)},
        {"type": "Output", "shape": np.array([n])},
    ]
    chain = (NEURONS, *NODES)
    edges = [*tree["edges"][:-1], *zip(chain, NODES, strict=False), tree["edges"][-1]]
    return {**tree, "nodes": {**tree["nodes"], **dict(zip(NODES, nodes, strict=True))}, "edges": edges}


def metadata_of(readout: Readout) -> Tree:
    """Return what is needed beside the nodes."""
    labels = {} if readout.classes is None else {"classes": np.char.encode(np.asarray(readout.classes).astype(str))}
    return {KEY: {"intercept": readout.intercept, **labels}}
