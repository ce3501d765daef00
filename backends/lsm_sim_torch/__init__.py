"""Liquids in PyTorch: `Twin` is a program that can be trained by gradients, `Torch` the backend that only runs it.

PyTorch is imported when one of them is used, not when this package is imported.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from lsm_sim_torch.available import import_torch
from lsm_sim_torch.engine import Torch

if TYPE_CHECKING:
    from lsm_sim_torch.estimators import TrainedLiquidClassifier, TrainedLiquidRegressor
    from lsm_sim_torch.surrogate import FastSigmoid, Triangle
    from lsm_sim_torch.twin import Twin

__all__ = ["FastSigmoid", "Torch", "TrainedLiquidClassifier", "TrainedLiquidRegressor", "Triangle", "Twin"]

_MODULES = {
    "FastSigmoid": "surrogate",
    "TrainedLiquidClassifier": "estimators",
    "TrainedLiquidRegressor": "estimators",
    "Triangle": "surrogate",
    "Twin": "twin",
}


def __getattr__(name: str) -> Any:
    """Import what needs PyTorch when it is first used, and say what to install where PyTorch is missing."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import_torch()
    return getattr(importlib.import_module(f"lsm_sim_torch.{_MODULES[name]}"), name)
