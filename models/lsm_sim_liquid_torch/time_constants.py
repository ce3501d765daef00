"""Time constants that are positive whatever is learned."""

from __future__ import annotations

import math
from typing import Any

import torch

SHORTEST, LONGEST = 0.5, 20.0  # of the initial time constants, in mean gaps between frames
SMALLEST = 1e-2


class TimeConstants(torch.nn.Module):
    """Time constants of some neurons, in mean gaps between frames, (N,).

    They are positive by construction, and learned through r:

        tau = 0.01 + log(1 + exp(r))

    At first they are drawn from 0.5 to 20, uniformly on a logarithmic scale.
    """

    def __init__(self, n_neurons: int) -> None:
        super().__init__()
        tau = torch.exp(torch.empty(n_neurons).uniform_(math.log(SHORTEST), math.log(LONGEST))) - SMALLEST
        self.raw = torch.nn.Parameter(tau + torch.log(-torch.expm1(-tau)))

    def forward(self) -> Any:
        """Return the time constants."""
        return SMALLEST + torch.nn.functional.softplus(self.raw)
