"""Weights on their grid: what the forward pass uses, what a program stores, and what engines add exactly."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from lsm_sim.program.grid import FINEST_EXPONENT, grid_exponent, round_to_grid
from lsm_sim.program.program import Program
from lsm_sim.support.checks import Floats, Ints

_EXACT_BITS = 52  # of a sum of magnitudes, in units of the grid


class Grids:
    """The grids of the blocks of a program: each block has its own, as in `lsm_sim.lower`.

    ``trained`` says which blocks are rounded; the weights of the others are on their grid already.
    """

    def __init__(self, program: Program, trained: Sequence[bool]) -> None:
        bounds = np.cumsum([0, *(block.n_synapses for block in program.blocks)])
        self._parts = [slice(int(a), int(b)) for a, b in itertools.pairwise(bounds)]
        self._posts = [block.post for block in program.blocks]
        self._trained, self._n = list(trained), program.n_neurons
        self._plastic = [block.rule == "stp" for block in program.blocks]

    def rounded(self, weight: Floats, bits: int | None) -> Floats:
        """Return all weights (S,), those of trained blocks on a grid of ``bits`` bits; None: of 2^-30, or what sums allow."""
        out = weight.copy()
        for part, post, trained in zip(self._parts, self._posts, self._trained, strict=True):
            if trained and part.stop > part.start:
                out[part] = self._finest(weight[part], post) if bits is None else round_to_grid(weight[part], bits)
        return out

    def _finest(self, weight: Floats, post: Ints) -> Floats:
        largest = np.bincount(post, np.abs(weight), minlength=self._n).max(initial=0.0)
        exponent = min(FINEST_EXPONENT, _EXACT_BITS - int(np.frexp(largest)[1]))
        return np.ldexp(np.rint(np.ldexp(weight, exponent)), -exponent)

    def plastic_exponents(self, weight: Floats) -> list[int]:
        """Return the exponent of the grid of each plastic block."""
        both = zip(self._parts, self._plastic, strict=True)
        return [grid_exponent(weight[part]) for part, plastic in both if plastic]


class Replaced(torch.autograd.Function):
    """Other values in the place of some, with the gradient of those: exactly the new ones, unlike ``x + (new - x)``."""

    @staticmethod
    def forward(_ctx: Any, values: Any, new: Any) -> Any:
        """Return the new values."""
        return torch.as_tensor(new, dtype=values.dtype, device=values.device).clone()

    @staticmethod
    def backward(_ctx: Any, gradient: Any) -> Any:
        """Return the gradient as it is."""
        return gradient, None
