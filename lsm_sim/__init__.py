"""Describe a spiking Liquid State Machine once; run it, train it, see it, deploy it: one meaning, many engines."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from lsm_sim import encode
from lsm_sim.backend import Backend, Request, find
from lsm_sim.distributions import Gamma, LogNormal, Normal, Uniform
from lsm_sim.errors import BackendUnavailableError, DescriptionError, LsmError, RunError, UnsupportedError
from lsm_sim.features import Counts, Traces
from lsm_sim.liquid import Inputs, Liquid
from lsm_sim.lowering import lower
from lsm_sim.neurons import Neurons
from lsm_sim.positions import grid, random_in_box
from lsm_sim.program import Program
from lsm_sim.results import Record, Result, Trace
from lsm_sim.running import run
from lsm_sim.spikes import Spikes
from lsm_sim.synapses import Synapses
from lsm_sim.units import Hz, kHz, ms, second, us
from lsm_sim.wiring import AllToAll, DistanceRule, Edges, FixedInDegree, FixedProbability, OneToOne, SmallWorld

if TYPE_CHECKING:
    from lsm_sim import audio, controls, datasets, forecast, plot, readout, rescale
    from lsm_sim.ensemble import LiquidEnsemble
    from lsm_sim.estimators import LiquidClassifier, LiquidRegressor
    from lsm_sim.forecast import LiquidForecaster
    from lsm_sim.quantisation import quantise
    from lsm_sim.transformer import LiquidTransformer

__version__ = "0.1.0"

_LAZY = {  # what takes long to import waits until it is asked for
    "audio": "lsm_sim.audio",
    "datasets": "lsm_sim.datasets",
    "forecast": "lsm_sim.forecast",
    "plot": "lsm_sim.plot",
    "quantise": "lsm_sim.quantisation",
    "readout": "lsm_sim.readout",
    "rescale": "lsm_sim.rescale",
    "controls": "lsm_sim.controls",
    "LiquidClassifier": "lsm_sim.estimators",
    "LiquidEnsemble": "lsm_sim.ensemble",
    "LiquidForecaster": "lsm_sim.forecast",
    "LiquidRegressor": "lsm_sim.estimators",
    "LiquidTransformer": "lsm_sim.transformer",
}

__all__ = [
    "AllToAll",
    "Backend",
    "BackendUnavailableError",
    "Counts",
    "DescriptionError",
    "DistanceRule",
    "Edges",
    "FixedInDegree",
    "FixedProbability",
    "Gamma",
    "Hz",
    "Inputs",
    "Liquid",
    "LiquidClassifier",
    "LiquidEnsemble",
    "LiquidForecaster",
    "LiquidRegressor",
    "LiquidTransformer",
    "LogNormal",
    "LsmError",
    "Neurons",
    "Normal",
    "OneToOne",
    "Program",
    "Record",
    "Request",
    "Result",
    "RunError",
    "SmallWorld",
    "Spikes",
    "Synapses",
    "Trace",
    "Traces",
    "Uniform",
    "UnsupportedError",
    "audio",
    "controls",
    "datasets",
    "encode",
    "find",
    "forecast",
    "grid",
    "kHz",
    "lower",
    "ms",
    "plot",
    "quantise",
    "random_in_box",
    "readout",
    "rescale",
    "run",
    "second",
    "us",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'lsm_sim' has no attribute {name!r}")
    module = importlib.import_module(_LAZY[name])
    return module if name == _LAZY[name].rpartition(".")[2] else getattr(module, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
