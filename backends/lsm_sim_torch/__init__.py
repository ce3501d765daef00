"""Liquids in PyTorch: `Torch` is the backend, the forward pass in float64.

PyTorch is imported when it is used, not when this package is imported.
"""

from lsm_sim_torch.engine import Torch

__all__ = ["Torch"]
