"""Liquid time-constant cells."""

from __future__ import annotations

from typing import Any

import torch

from lsm_sim.support import checks
from lsm_sim_liquid_torch.time_constants import TimeConstants


class LiquidTimeStep(torch.nn.Module):
    """Neurons whose time constant depends on their input: the liquid time-constant network.

    With the state x and a frame I, which is held for the gap before it:

        f = g sigmoid(W x + U I + b)
        dx/dt = -(1/tau + f) x + f A
        x <- (x + h f A) / (1 + h (1/tau + f)),   h = gap / unfolds

    The last line, the fused step of the paper, is done ``unfolds`` times for each frame. As g and tau are positive
    by construction (1/g and tau are `TimeConstants`), the state stays bounded by A whatever the gap. Good for signals with irregular gaps and for small networks; a time constant can be
    read off each neuron.

    R. Hasani, M. Lechner, A. Amini, D. Rus, R. Grosu, "Liquid time-constant networks", AAAI 2021.

    Parameters
    ----------
    n_inputs, n_neurons
        Channels C of a frame, and size N of the state.
    unfolds
        Steps of the solver per frame.
    """

    def __init__(self, n_inputs: int, n_neurons: int, unfolds: int = 4) -> None:
        super().__init__()
        self.n_outputs = n_neurons
        self.unfolds = checks.whole(unfolds, "LiquidTimeStep unfolds", minimum=1)
        self.tau = TimeConstants(n_neurons)
        self.recurrent = torch.nn.Linear(n_neurons, n_neurons)
        self.input = torch.nn.Linear(n_inputs, n_neurons, bias=False)
        self.fastest = TimeConstants(n_neurons)
        self.target = torch.nn.Parameter(torch.randn(n_neurons))
        torch.nn.init.normal_(self.recurrent.weight, std=4 / n_neurons**0.5)
        torch.nn.init.normal_(self.input.weight, std=2 / n_inputs**0.5)

    def begin(self, frame: Any) -> Any:
        """Return the state before the first frame, (B, N)."""
        return frame.new_zeros(len(frame), self.n_outputs)

    def step(self, frame: Any, gap: Any, state: Any) -> tuple[Any, Any]:
        """Return the output, (B, N), and the state after a frame (B, C) and the gap before it (B, 1)."""
        h, leak, g, drive = gap / self.unfolds, 1 / self.tau(), 1 / self.fastest(), self.input(frame)
        for _ in range(self.unfolds):
            f = g * torch.sigmoid(drive + self.recurrent(state))
            state = (state + h * f * self.target) / (1 + h * (leak + f))
        return state, state
