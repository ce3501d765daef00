"""A recurrent core of leaky units that spike, or emit a clamped linear value."""

from __future__ import annotations

from typing import Any

import torch

from lsm_sim.support import checks
from lsm_sim_liquid_torch.time_constants import TimeConstants


class _Spike(torch.autograd.Function):
    """One where the potential is at least 1, else zero; the gradient is that of the potential clamped to [0, 1], widened to [0, 2]."""

    @staticmethod
    def forward(context: Any, v: Any) -> Any:
        context.save_for_backward(v)
        return (v >= 1).to(v.dtype)

    @staticmethod
    def backward(context: Any, gradient: Any) -> Any:  # type: ignore[override, unused-ignore]
        (v,) = context.saved_tensors
        return gradient * ((v > 0) & (v < 2)).to(v.dtype) / 2


class SpikingLiquidCore(torch.nn.Module):
    """Leaky units that integrate frames and spikes, and spike themselves: a small liquid whose weights are trained.

    With the potential v, the spikes s, and a frame I:

        v <- exp(-gap / tau) (v - s) + W s + U I + b
        s <- 1 where v >= 1, else 0

    With ``graded`` the spikes have a size, s <- min(max(v, 0), 1): clamped linear units. tau is positive by construction
    (`TimeConstants`). The gradient of a spike is 1/2 where v is between 0 and 2, else 0; that of a graded spike is exact. The output is v
    and s. Good as a control for liquids that are not trained, and for event-like input; a frame is an event at its time, and nothing
    happens between frames. A `Twin` of lsm_sim_torch trains a liquid with delays and time steps, which then runs on every engine.

    W. Maass, T. Natschlaeger, H. Markram, "Real-time computing without stable states", Neural Computation 14, 2002; E. O. Neftci,
    H. Mostafa, F. Zenke, "Surrogate gradient learning in spiking neural networks", IEEE Signal Processing Magazine 36, 2019.

    Parameters
    ----------
    n_inputs, n_neurons
        Channels C of a frame, and number N of units; the output has 2 N values.
    graded
        Whether spikes have a size between 0 and 1.
    """

    def __init__(self, n_inputs: int, n_neurons: int, *, graded: bool = False) -> None:
        super().__init__()
        self.n_outputs = 2 * n_neurons
        self.graded = checks.flag(graded, "SpikingLiquidCore graded")
        self.tau = TimeConstants(n_neurons)
        self.recurrent = torch.nn.Linear(n_neurons, n_neurons)
        self.input = torch.nn.Linear(n_inputs, n_neurons, bias=False)
        torch.nn.init.normal_(self.recurrent.weight, std=0.5 / n_neurons**0.5)
        torch.nn.init.normal_(self.input.weight, std=1 / n_inputs**0.5)

    def begin(self, frame: Any) -> Any:
        """Return potentials and spikes before the first frame, each (B, N)."""
        zeros = frame.new_zeros(len(frame), self.n_outputs // 2)
        return zeros, zeros

    def step(self, frame: Any, gap: Any, state: Any) -> tuple[Any, Any]:
        """Return the output, (B, 2 N), and the state after a frame (B, C) and the gap before it (B, 1)."""
        v, s = state
        v = torch.exp(-gap / self.tau()) * (v - s) + self.recurrent(s) + self.input(frame)
        s = v.clamp(0, 1) if self.graded else _Spike.apply(v)
        return torch.cat([v, s], 1), (v, s)
