"""The gradient of a run, written out by hand: several times faster than PyTorch's own, and equal to it.

With s the spikes, x = v before the reset, psi the surrogate's derivative at x, and g_y the gradient with respect to y, one
step back in time is::

    g_s = (gradient of the output) + (what later arrivals return) + jump g_w
    g_x = (1 - s) g_v + psi g_s                  the reset itself is taken as given
    g_w = decay_w (g_w - psi g_s)
    g_u = decay_u (later g_u) + g_x,   g_v = decay_v g_x        where held: neither, as v stays 0 since the reset

and what arrives at a step has the gradient g_u of that step. Roundings to the grid of the weights count as the identity.

A delay d is a whole number of steps, so the loss has no derivative with respect to it. Its gradient is that of a synapse whose
weight is shared, by linear interpolation, between the steps beside a delay that is not whole; at a whole one it is the mean of the
slopes on both sides::

    g_d = w * sum over k of g_u[k] (s[k - 1 - (d + 1)] - s[k - 1 - (d - 1)]) / 2

with the slope on one side at the shortest and the longest delay. As g_u has passed the way back through the current, this is the
finite difference of the current that a spike causes. The forward pass has the rounded delay (straight through). The finite
difference is that of SLAYER (Shrestha and Orchard, NeurIPS 2018), which trains one delay of each neuron; delays of synapses by
interpolation, rounded in the end, are those of Hammouamri, Khalfaoui-Hassani and Masquelier, ICLR 2024 ("dilated convolutions with
learnable spacings").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from lsm_sim_torch.forward import Network, Plastic, Record
from lsm_sim_torch.wiring import Synapses

STP = ("stp_U", "stp_decay_rec", "stp_decay_facil")


@dataclass(eq=False)
class Gradients:
    """Of each step (steps, N, batch): of what v adds, of x by the surrogate, of w before and after the jump; of all arrivals.

    ``arrivals`` (steps + reach, targets, batch) ends in zeros. ``first`` are the gradients of the variables at the start.
    """

    arrivals: Any
    drive: Any
    spikes: Any
    w_before: Any
    w_after: Any
    inputs: Any
    first: dict[str, Any]
    plastic: list[dict[str, Any]]


class Adjoint:
    """One way back through a recorded run; ``scale`` (N, 1) is that of the surrogate."""

    def __init__(
        self, network: Network, record: Record, surrogate: Callable[[Any], Any], scale: Any, wish_inputs: bool
    ) -> None:
        self._network, self._record, self._wiring = network, record, network.wiring
        limit = network.arrays["threshold"] if record.limit is None else record.limit
        self._psi = surrogate((record.reached - limit).div_(scale)) / scale
        self._spikes = record.spikes(network.wiring)
        shape, like = record.reached.shape, record.reached
        wiring = network.wiring
        adaptive = "jump" in network.arrays
        empty = like.new_empty
        zeros = like.new_zeros(shape[1:])
        self.out = Gradients(
            arrivals=like.new_zeros(shape[0] + wiring.reach, wiring.n_targets, shape[2]),
            drive=empty(shape),
            spikes=empty(shape),
            w_before=empty(shape) if adaptive else None,
            w_after=empty(shape) if adaptive else None,
            inputs=like.new_zeros(shape[0], wiring.n_inputs, shape[2]) if wish_inputs else None,
            first={},
            plastic=[],
        )
        self._now = dict.fromkeys(record.variables, zeros)
        self._static = wiring.static.back.matrix(network.weight) if len(network.weight) else None
        self._senders = [
            _SenderAdjoint(network, record, number, self.out.arrivals) for number in range(len(network.plastic))
        ]

    def run(self, gradient: Any) -> Gradients:
        """Return the gradients, from that of the spikes (steps, N, batch)."""
        kept = 1 - self._spikes
        for k in range(len(gradient) - 1, -1, -1):
            self._step(k, self._gradient_of_spikes(k, gradient[k]), kept[k])
        self.out.first = self._now
        self.out.plastic = [sender.totals for sender in self._senders]
        return self.out

    def _gradient_of_spikes(self, k: int, own: Any) -> Any:
        out, n_inputs = self.out, self._wiring.n_inputs
        if self._static is not None:
            back = self._static @ self._wiring.window(out.arrivals, k + 1)
            own = own + back[n_inputs:]
            if out.inputs is not None:
                out.inputs[k] = back[:n_inputs]
        for sender in self._senders:
            payload, sent = sender.step(k)
            own = own + sent[n_inputs:]
            if out.inputs is not None:
                out.inputs[k] += payload[:n_inputs]
        return own

    def _step(self, k: int, g_s: Any, kept: Any) -> None:
        p, out, now, n = self._network.arrays, self.out, self._now, self._wiring.n_neurons
        if "w" in now:
            out.w_after[k] = now["w"]
            g_s = g_s + p["jump"] * now["w"]
        by_spike = torch.mul(g_s, self._psi[k], out=out.spikes[k])
        if "w" in now:
            now["w"] = p["decay_w"] * torch.sub(now["w"], by_spike, out=out.w_before[k])
        drive = torch.mul(now["v"], kept, out=out.drive[k]).add_(by_spike)
        if self._record.free is not None:
            drive.mul_(self._record.free[k])
        now["v"] = p["decay_v"] * drive
        for name, rows in (("u", slice(0, n)), ("u2", slice(n, None))):
            if name in now:
                total = torch.add(now[name], drive, out=out.arrivals[k, rows])
                now[name] = p["decay_" + name] * total


class _SenderAdjoint:
    """The way back through the sources of a block with short-term plasticity."""

    def __init__(self, network: Network, record: Record, number: int, arrivals: Any) -> None:
        self._block: Plastic = network.plastic[number]
        self._wiring, self._own = network.wiring, record.plastic[number]
        self._record, self._arrivals = record, arrivals
        self._back = self._block.synapses.back.matrix(self._block.weight) if len(self._block.weight) else None
        zeros = record.reached.new_zeros(network.wiring.n_sources, record.reached.shape[2])
        self._r, self._f = zeros, zeros
        self.totals = {name: zeros.new_zeros(len(zeros)) for name in STP}

    def step(self, k: int) -> tuple[Any, Any]:
        """Go one step back; return the gradients of the payloads and of whether each source sends, (sources, batch)."""
        p, own, sent = self._block.arrays, self._own, self._record.sent[k]
        r, f = own.r[k], own.f[k]
        x = f + p["stp_U"] * (1 - f)
        back = torch.zeros_like(r)
        if self._back is not None:
            back = self._back @ self._wiring.window(self._arrivals, k + 1)
        payload = self._record.signals[self._wiring.reach + k].clone()
        payload[self._wiring.n_inputs :] = 1
        used = back * payload - self._r
        g_sent = used * (x * r) + self._f * (x - f)
        g_x = sent * (self._f + used * r)
        g_r = self._r + sent * used * x
        g_f = self._f * (1 - sent) + g_x * (1 - p["stp_U"])
        self.totals["stp_U"] += (g_x * (1 - f)).sum(1)
        self._add_decays(k, g_r, g_f)
        self._r, self._f = p["stp_decay_rec"] * g_r, p["stp_decay_facil"] * g_f
        return back * own.efficacy[self._wiring.reach + k], g_sent

    def _add_decays(self, k: int, g_r: Any, g_f: Any) -> None:
        """Add to the gradients of the decays: r = 1 - decay_rec (1 - r before), f = decay_facil (f before)."""
        if k == 0:  # at rest: r = 1, f = 0
            return
        own, sent = self._own, self._record.sent[k - 1]
        r, f = own.r[k - 1], own.f[k - 1]
        x = f + self._block.arrays["stp_U"] * (1 - f)
        after_r = r - own.efficacy[self._wiring.reach + k - 1]
        after_f = torch.where(sent > 0, x, f)
        self.totals["stp_decay_rec"] -= (g_r * (1 - after_r)).sum(1)
        self.totals["stp_decay_facil"] += (g_f * after_f).sum(1)


def of_arrays(network: Network, record: Record, found: Gradients) -> dict[str, Callable[[], Any]]:
    """Return for each array of the neurons a function that returns its gradient (N,)."""
    p, variables, first = network.arrays, record.variables, found.first
    n, n_steps = network.wiring.n_neurons, len(record.reached)

    def before(name: str) -> Any:
        start = {"u": "u0", "v": "v0"}.get(name, "")
        rest = variables[name].new_zeros(1, *variables[name].shape[1:])
        begin = p[start].expand_as(rest[0])[None] if start in p else rest
        return torch.cat([begin, variables[name][:-1]])

    return {
        "decay_u": lambda: _dot(found.arrivals[:n_steps, :n], before("u")),
        "decay_u2": lambda: _dot(found.arrivals[:n_steps, n:], before("u2")),
        "decay_v": lambda: _dot(found.drive, before("v")),
        "bias": lambda: found.drive.sum((0, 2)),
        "threshold": lambda: -found.spikes.sum((0, 2)),
        "decay_w": lambda: _dot(found.w_before, before("w")),
        "jump": lambda: _dot(found.w_after, record.spikes(network.wiring)),
        "u0": lambda: first["u"].sum(1),
        "v0": lambda: first["v"].sum(1),
    }


def _dot(a: Any, b: Any) -> Any:
    """Return the sums over steps and batch of products (steps, N, batch)."""
    return torch.einsum("knb,knb->n", a, b)


def of_weights(network: Network, record: Record, found: Gradients, size: int) -> Any:
    """Return the gradient of each weight of the program, (size,)."""
    return _of_synapses(network, record, found, size, Synapses.weight_gradient)


def of_delays(network: Network, record: Record, found: Gradients, size: int) -> Any:
    """Return the gradient of each delay of the program per step, (size,)."""
    out = _of_synapses(network, record, found, size, Synapses.delay_gradient)
    for synapses, weight in network.weights():
        out[synapses.at] *= weight
    return out


def _of_synapses(
    network: Network, record: Record, found: Gradients, size: int, part: Callable[[Synapses, Any, Any], Any]
) -> Any:
    """Return what ``part`` gives for the synapses of each kind, from what arrives and what is sent."""
    wiring, arrivals = network.wiring, found.arrivals[: len(record.reached)]
    out = arrivals.new_zeros(size)
    out[wiring.static.at] = part(wiring.static, arrivals, record.signals)
    for block, own in zip(network.plastic, record.plastic, strict=True):
        out[block.synapses.at] = part(block.synapses, arrivals, own.efficacy * _payloads(record, wiring.n_inputs))
    return out


def _payloads(record: Record, n_inputs: int) -> Any:
    """Return what the efficacy of each source is multiplied with: payloads of channels, and 1 for neurons."""
    out = record.signals.clone()
    out[:, n_inputs:] = 1
    return out
