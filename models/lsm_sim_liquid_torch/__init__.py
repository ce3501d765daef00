"""Time-continuous liquid cells in PyTorch: networks whose state evolves over the true time between samples.

`CellClassifier` and `CellRegressor` train one of the cells `LiquidTimeStep`, `CfC`, `LTC`, `LiquidODE` and
`SpikingLiquidCore`; `irregular_sinusoids` makes signals that only cells which know the time can tell apart. PyTorch is imported
when one of them is used, not when this package is imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsm_sim.support.pytorch import importer
from lsm_sim_liquid_torch.available import EXTRA
from lsm_sim_liquid_torch.irregular import irregular_sinusoids

if TYPE_CHECKING:
    from lsm_sim_liquid_torch.estimators import CellClassifier, CellRegressor
    from lsm_sim_liquid_torch.from_ncps import LTC, CfC
    from lsm_sim_liquid_torch.liquid_ode import LiquidODE
    from lsm_sim_liquid_torch.liquid_time_step import LiquidTimeStep
    from lsm_sim_liquid_torch.network import LiquidNeuralNetwork
    from lsm_sim_liquid_torch.spiking_core import SpikingLiquidCore

__all__ = [
    "LTC",
    "CellClassifier",
    "CellRegressor",
    "CfC",
    "LiquidNeuralNetwork",
    "LiquidODE",
    "LiquidTimeStep",
    "SpikingLiquidCore",
    "irregular_sinusoids",
]

_MODULES = {
    "CellClassifier": "estimators",
    "CellRegressor": "estimators",
    "CfC": "from_ncps",
    "LTC": "from_ncps",
    "LiquidNeuralNetwork": "network",
    "LiquidODE": "liquid_ode",
    "LiquidTimeStep": "liquid_time_step",
    "SpikingLiquidCore": "spiking_core",
}

__getattr__ = importer(__name__, _MODULES, EXTRA)
