"""Spiking liquid state machines: describe a network once; run, train, plot and deploy it on any of several backends."""

from __future__ import annotations

import importlib as _importlib
from typing import TYPE_CHECKING as _TYPE_CHECKING

from lsm_sim import encode
from lsm_sim.describe.background import Background
from lsm_sim.describe.distributions import Gamma, LogNormal, Normal, Uniform
from lsm_sim.describe.liquid import Inputs, Liquid
from lsm_sim.describe.neurons import Neurons
from lsm_sim.describe.plasticity import TsodyksMarkram
from lsm_sim.describe.positions import grid, random_in_box
from lsm_sim.describe.synapses import Synapses
from lsm_sim.describe.wiring import AllToAll, DistanceRule, Edges, FixedInDegree, FixedProbability, OneToOne, SmallWorld
from lsm_sim.engine.protocol import Backend, Request, get_backend
from lsm_sim.engine.state import State
from lsm_sim.errors import BackendUnavailableError, DescriptionError, LsmError, LsmWarning, RunError, UnsupportedError
from lsm_sim.learn.features import Counts, Traces
from lsm_sim.learn.opening import open_live as open  # noqa: A004
from lsm_sim.program.lowering import lower
from lsm_sim.program.program import Program
from lsm_sim.simulate.inject import inject
from lsm_sim.simulate.results import Record, Result, StateTrace
from lsm_sim.simulate.run import run
from lsm_sim.simulate.session import Session
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.units import Hz, kHz, ms, second, us

if _TYPE_CHECKING:
    from lsm_sim import audio, datasets, deploy, live, measures, perturb, plot, search, streams
    from lsm_sim.exchange.exporting import export
    from lsm_sim.exchange.nir.reading import read_nir
    from lsm_sim.explorer.exploring import explore
    from lsm_sim.learn import controls, forecast, readout
    from lsm_sim.learn.ensemble import LiquidEnsemble
    from lsm_sim.learn.estimators import LiquidClassifier, LiquidRegressor
    from lsm_sim.learn.forecast import LiquidForecaster
    from lsm_sim.learn.transformer import LiquidTransformer
    from lsm_sim.quantisation.quantise import quantise
    from lsm_sim.simulate import rescale

__version__ = "0.1.0"

_LAZY = {  # slow to import, so imported on first access: a module, or a name in a module
    "audio": "lsm_sim.audio",
    "controls": "lsm_sim.learn.controls",
    "datasets": "lsm_sim.datasets",
    "deploy": "lsm_sim.deploy",
    "forecast": "lsm_sim.learn.forecast",
    "live": "lsm_sim.live",
    "measures": "lsm_sim.measures",
    "perturb": "lsm_sim.perturb",
    "plot": "lsm_sim.plot",
    "explore": "lsm_sim.explorer.exploring:explore",
    "export": "lsm_sim.exchange.exporting:export",
    "quantise": "lsm_sim.quantisation.quantise:quantise",
    "read_nir": "lsm_sim.exchange.nir.reading:read_nir",
    "readout": "lsm_sim.learn.readout",
    "streams": "lsm_sim.streams",
    "search": "lsm_sim.search",
    "rescale": "lsm_sim.simulate.rescale",
    "LiquidClassifier": "lsm_sim.learn.estimators:LiquidClassifier",
    "LiquidEnsemble": "lsm_sim.learn.ensemble:LiquidEnsemble",
    "LiquidForecaster": "lsm_sim.learn.forecast:LiquidForecaster",
    "LiquidRegressor": "lsm_sim.learn.estimators:LiquidRegressor",
    "LiquidTransformer": "lsm_sim.learn.transformer:LiquidTransformer",
}

__all__ = [
    "AllToAll",
    "Backend",
    "BackendUnavailableError",
    "Background",
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
    "LsmWarning",
    "Neurons",
    "Normal",
    "OneToOne",
    "Program",
    "Record",
    "Request",
    "Result",
    "RunError",
    "Session",
    "SmallWorld",
    "Spikes",
    "State",
    "StateTrace",
    "Synapses",
    "Traces",
    "TsodyksMarkram",
    "Uniform",
    "UnsupportedError",
    "audio",
    "controls",
    "datasets",
    "deploy",
    "encode",
    "explore",
    "export",
    "forecast",
    "get_backend",
    "grid",
    "inject",
    "kHz",
    "live",
    "lower",
    "measures",
    "ms",
    "open",
    "perturb",
    "plot",
    "quantise",
    "random_in_box",
    "read_nir",
    "readout",
    "rescale",
    "run",
    "search",
    "second",
    "streams",
    "us",
]


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module 'lsm_sim' has no attribute {name!r}")
    module, _, attribute = _LAZY[name].partition(":")
    found = _importlib.import_module(module)
    return getattr(found, attribute) if attribute else found


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
