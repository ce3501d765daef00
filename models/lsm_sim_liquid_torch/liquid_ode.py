"""A neural differential equation, solved from frame to frame."""

from __future__ import annotations

from typing import Any

import torch

from lsm_sim.support import checks
from lsm_sim.support.optional import optional
from lsm_sim_liquid_torch.available import EXTRA
from lsm_sim_liquid_torch.time_constants import TimeConstants

_FIXED = ("euler", "midpoint", "rk4", "heun3")
_ADAPTIVE = ("dopri5", "bosh3")


class LiquidODE(torch.nn.Module):
    """Neurons that follow a differential equation between frames, by the solvers of the package torchdiffeq.

    With the state x and the input I, which is interpolated linearly between frames:

        tau dx/dt = -x + tanh(W x + U I(t) + b)

    tau is positive by construction (`TimeConstants`). Good for signals that are smooth between frames, and where accuracy of the
    solution has to be controlled: the solver can be chosen, and with an adaptive one the error is bounded.

    R. T. Q. Chen, Y. Rubanova, J. Bettencourt, D. Duvenaud, "Neural ordinary differential equations", NeurIPS 2018; Y. Rubanova,
    R. T. Q. Chen, D. Duvenaud, "Latent ODEs for irregularly-sampled time series", NeurIPS 2019.

    Parameters
    ----------
    n_inputs, n_neurons
        Channels C of a frame, and size N of the state.
    method
        "euler", "midpoint", "heun3" or "rk4", with fixed steps; "bosh3" or "dopri5", with adaptive steps.
    steps
        Steps per frame of a solver with fixed steps.
    tolerance
        Relative and absolute error of a solver with adaptive steps.
    """

    def __init__(
        self, n_inputs: int, n_neurons: int, method: str = "midpoint", steps: int = 2, tolerance: float = 1e-4
    ) -> None:
        super().__init__()
        self.n_outputs = n_neurons
        checks.choice(method, "LiquidODE method", (*_FIXED, *_ADAPTIVE))
        steps = checks.whole(steps, "LiquidODE steps", minimum=1)
        tolerance = checks.positive(tolerance, "LiquidODE tolerance")
        options = {"options": {"step_size": 1 / steps}} if method in _FIXED else {"rtol": tolerance, "atol": tolerance}
        self._solver = {"method": method, **options}
        self._solve = optional("torchdiffeq", EXTRA).odeint
        self.tau = TimeConstants(n_neurons)
        self.recurrent = torch.nn.Linear(n_neurons, n_neurons)
        self.input = torch.nn.Linear(n_inputs, n_neurons, bias=False)
        torch.nn.init.orthogonal_(self.recurrent.weight, gain=1.5)
        torch.nn.init.normal_(self.input.weight, std=1 / n_inputs**0.5)

    def begin(self, frame: Any) -> Any:
        """Return the state before the first frame, (B, N), and the input there."""
        return frame.new_zeros(len(frame), self.n_outputs), self.input(frame)

    def step(self, frame: Any, gap: Any, state: Any) -> tuple[Any, Any]:
        """Return the output, (B, N), and the state after a frame (B, C) and the gap before it (B, 1).

        Time is measured in gaps, from 0 to 1, so that one call solves the equation of all samples, whatever their gaps.
        """
        x, before = state
        now = self.input(frame)
        speed = gap / self.tau()

        def slope(share: Any, x: Any) -> Any:
            return speed * (torch.tanh(self.recurrent(x) + before + share * (now - before)) - x)

        x = self._solve(slope, x, frame.new_tensor([0.0, 1.0]), **self._solver)[-1]
        return x, (x, now)
