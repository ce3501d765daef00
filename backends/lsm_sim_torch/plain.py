"""The same run written as plain PyTorch, which differentiates it by itself: slower, and short enough to be read.

The adjoint is tested against it. Spikes and roundings have the gradients that `lsm_sim_torch.adjoint` describes. Delays are moved by
0 steps, by interpolation, so that PyTorch differentiates it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from lsm_sim_torch.adjoint import STP
from lsm_sim_torch.differentiable import DELAY, Problem
from lsm_sim_torch.forward import Network
from lsm_sim_torch.wiring import Synapses


def run(problem: Problem, inputs: Any, values: dict[str, Any]) -> Any:
    """Return the spikes (steps, N, batch) of ``inputs`` (steps, C, batch), see `differentiable.run`."""
    network = problem.network(values)
    wiring, p, batch = network.wiring, network.arrays, inputs.shape[2]
    zeros = p["threshold"].new_zeros(wiring.n_neurons, batch)
    u, v = (p[name].expand_as(zeros) if name in p else zeros for name in ("u0", "v0"))
    u2 = w = zeros
    held_until = torch.full_like(zeros, -1)
    sent: list[Any] = []
    spikes: list[Any] = []
    moved = _moved(values)
    senders = [_Sender(network, number, batch, moved) for number in range(len(network.plastic))]
    delays = _by_delay(network, moved)
    for k, events in enumerate(inputs):
        arriving = _arrivals(network, delays, sent, batch)
        for sender in senders:
            arriving = arriving + sender.arrivals()
        u = p["decay_u"] * u + arriving[: wiring.n_neurons]
        current = u
        if "decay_u2" in p:
            u2 = p["decay_u2"] * u2 + arriving[wiring.n_neurons :]
            current = u + u2
        x = p["decay_v"] * v + (current + p["bias"])
        if network.refractory is not None:
            x = torch.where(held_until >= k, v, x)
        threshold = p["threshold"]
        if "jump" in p:
            w = p["decay_w"] * w
            threshold = threshold + w
        s = _Spike.apply(x - threshold, problem.surrogate, problem.scale)
        v = x * (1 - s.detach())
        if "jump" in p:
            w = w + p["jump"] * s
        if network.refractory is not None:
            held_until = torch.where(s.detach() > 0, k + network.refractory, held_until)
        spikes.append(s)
        sent.append(torch.cat([events, s]))
        for sender in senders:
            sender.send(events, s)
    return torch.stack(spikes)


class _Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, distance: Any, surrogate: Callable[[Any], Any], scale: Any) -> Any:
        ctx.save_for_backward(distance)
        ctx.surrogate, ctx.scale = surrogate, scale
        return (distance > 0).to(distance.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        (distance,) = ctx.saved_tensors
        return gradient * (ctx.surrogate(distance / ctx.scale) / ctx.scale), None, None


class _Delivered(torch.autograd.Function):
    """The product of an amount, which is rounded, and a payload; the gradient is that of the product without rounding."""

    @staticmethod
    def forward(ctx: Any, amount: Any, payload: Any) -> Any:
        ctx.save_for_backward(amount, payload)
        return torch.round(amount) * payload

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        amount, payload = ctx.saved_tensors
        return gradient * payload, gradient * amount


def _moved(values: dict[str, Any]) -> Any:
    """Return by how much each delay is longer than that of the wiring: 0, with a gradient; None without `DELAY`."""
    return None if DELAY not in values else values[DELAY] - values[DELAY].detach()


def _shares(synapses: Synapses, moved: Any, reach: int) -> list[tuple[Any, Any]]:
    """Return the shares of each synapse's weight and at which delays (S,) they arrive."""
    delay = torch.as_tensor(synapses.delay)
    whole = torch.ones(len(delay))
    if moved is None:
        return [(delay, whole)]
    before, after = (delay - 1).clamp(min=0), (delay + 1).clamp(max=reach - 1)
    share = moved[synapses.at] / (after - before).clamp(min=1)
    return [(delay, whole), (after, share), (before, -share)]


def _by_delay(network: Network, moved: Any) -> list[tuple[int, Any]]:
    """Return for each delay the matrix of the weights of static synapses, (targets, sources)."""
    wiring, static, out = network.wiring, network.wiring.static, []
    target, source = torch.as_tensor(static.target), torch.as_tensor(static.source)
    for delays, share in _shares(static, moved, wiring.reach):
        for delay in delays.unique().tolist():
            which = (delays == delay).nonzero()[:, 0]
            empty = network.weight.new_zeros(wiring.n_targets, wiring.n_sources)
            weight = network.weight[which] * share[which]
            out.append((delay, empty.index_put((target[which], source[which]), weight, accumulate=True)))
    return out


def _arrivals(network: Network, delays: list[tuple[int, Any]], sent: list[Any], batch: int) -> Any:
    out = network.arrays["threshold"].new_zeros(network.wiring.n_targets, batch)
    for delay, matrix in delays:
        if delay < len(sent):
            out = out + matrix @ sent[-1 - delay]
    return out


class _Sender:
    """A block with short-term plasticity."""

    def __init__(self, network: Network, number: int, batch: int, moved: Any) -> None:
        self._block, self._n_targets = network.plastic[number], network.wiring.n_targets
        like = network.arrays["threshold"]
        self._r, self._f = like.new_ones(network.wiring.n_sources, batch), like.new_zeros(1)
        self._delivered: list[Any] = []
        self._unrounded: list[Any] = []
        self._shares = _shares(self._block.synapses, moved, network.wiring.reach)
        self._zeros = like.new_zeros(self._n_targets, batch)

    def send(self, events: Any, spikes: Any) -> None:
        """Advance by a step."""
        U, decay_rec, decay_facil = (self._block.arrays[name] for name in STP)
        sent = torch.cat([(events != 0).to(spikes.dtype), spikes])
        payload = torch.cat([events, torch.ones_like(spikes)])
        r, f = 1 - decay_rec * (1 - self._r), decay_facil * self._f
        x = f + U * (1 - f)
        used = sent * (x * r)
        self._r, self._f = r - used, f + sent * (x - f)
        grid, sources = 2.0**self._block.exponent, torch.as_tensor(self._block.synapses.source)
        amount = self._block.weight[:, None] * grid * used[sources]
        self._delivered.append(_Delivered.apply(amount, payload[sources]) / grid)
        self._unrounded.append((amount * payload[sources] / grid).detach())

    def arrivals(self) -> Any:
        """Return what arrives now, (targets, batch)."""
        out, target = self._zeros, torch.as_tensor(self._block.synapses.target)
        for number, (delays, share) in enumerate(self._shares):
            delivered = self._unrounded if number else self._delivered
            for delay in delays.unique().tolist():
                if delay < len(delivered):
                    which = (delays == delay).nonzero()[:, 0]
                    out = out.index_add(0, target[which], share[which, None] * delivered[-1 - delay][which])
        return out
