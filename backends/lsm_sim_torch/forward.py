"""The forward pass: the steps of a program for a batch, in the order of operations of `lsm_sim.engine.reference`.

Every tensor of a step has shape (neurons or sources, batch). Products and sums are separate operations, because a fused one
rounds once instead of twice; sums over synapses may be in any order, because they are exact on the grid of the weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from lsm_sim_torch.wiring import PlasticSynapses, Synapses, Wiring


@dataclass(frozen=True, eq=False)
class Plastic:
    """A block with short-term plasticity: its arrays by name (sources, 1), its weights (S,) and the exponent of their grid."""

    synapses: PlasticSynapses
    arrays: Mapping[str, Any]
    weight: Any
    exponent: int


@dataclass(frozen=True, eq=False)
class Network:
    """Everything that a run needs: arrays of neurons by name (N, 1), weights of static synapses (S,), plastic blocks."""

    wiring: Wiring
    arrays: Mapping[str, Any]
    weight: Any
    plastic: list[Plastic]
    refractory: Any  # (N, 1); None: no neuron is ever held

    def weights(self) -> list[tuple[Synapses, Any]]:
        """Return the synapses of each kind with their weights."""
        return [(self.wiring.static, self.weight), *((block.synapses, block.weight) for block in self.plastic)]


@dataclass(eq=False)
class PlasticState:
    """Resources and facilitation of the sources of a block (sources, batch), and their efficacies in the last steps."""

    r: Any
    f: Any
    efficacy: Any


@dataclass(eq=False)
class State:
    """The state of a batch between two steps.

    ``variables`` are those of the neurons by name, (N, batch); ``signals`` (reach, sources, batch) what was sent last;
    ``held_until`` the last step of this run at which each neuron is held; ``pending`` (steps, targets, batch) what arrives
    beside what ``signals`` brings.
    """

    variables: dict[str, Any]
    signals: Any
    held_until: Any
    plastic: list[PlasticState]
    pending: Any = None

    @staticmethod
    def start(network: Network, batch: int) -> State:
        """Return the state at the start of samples."""
        wiring, like = network.wiring, network.arrays["threshold"]
        rest = like.new_zeros(wiring.n_neurons, batch)
        names = {"u": "u0", "v": "v0"}
        variables = {name: network.arrays.get(array, rest).expand_as(rest) for name, array in names.items()}
        variables |= {name: rest for name, array in (("u2", "decay_u2"), ("w", "jump")) if array in network.arrays}
        none = like.new_zeros(wiring.n_sources, batch)
        past = like.new_zeros(wiring.reach, wiring.n_sources, batch)
        held = None if network.refractory is None else torch.full_like(rest, -1, dtype=torch.int64)
        return State(variables, past, held, [PlasticState(none + 1, none, past) for _ in network.plastic])


@dataclass(eq=False)
class PlasticRecord:
    """Of each step of a block: efficacies, with those before the first step, and r and f before anything is sent."""

    efficacy: Any
    r: Any
    f: Any


@dataclass(eq=False)
class Record:
    """What a run leaves behind, each (steps, neurons, batch).

    ``variables`` are those at the end of each step, ``reached`` is v before the reset, ``limit`` the threshold where it is not
    constant, ``free`` 0 where a neuron was held and 1 elsewhere; ``signals`` (reach + steps, sources, batch).
    """

    signals: Any
    variables: dict[str, Any]
    reached: Any
    limit: Any = None
    free: Any = None
    sent: Any = None  # (steps, sources, batch): which sources sent, 1 or 0; None without plastic blocks
    plastic: list[PlasticRecord] = field(default_factory=list)

    def spikes(self, wiring: Wiring) -> Any:
        """Return the spikes of the neurons, (steps, N, batch)."""
        return self.signals[wiring.reach :, wiring.n_inputs :]


def run(network: Network, inputs: Any, state: State, sent: Any = None) -> tuple[Record, State]:
    """Run all steps of ``inputs`` (steps, C, batch), the payloads of events; return the record and the state at the end.

    ``sent`` (steps, C, batch) is 1 where there is an event, whose payload may be 0; None: where the payload is not 0.
    """
    return _Run(network, inputs, state, sent).all_steps()


class _Run:
    def __init__(self, network: Network, inputs: Any, state: State, sent: Any) -> None:
        wiring, n_steps, batch = network.wiring, inputs.shape[0], inputs.shape[2]
        self._network, self._wiring, self._state = network, wiring, state
        like = network.arrays["threshold"]
        shape = n_steps, wiring.n_neurons, batch
        signals = torch.cat([state.signals, like.new_zeros(n_steps, wiring.n_sources, batch)])
        signals[wiring.reach :, : wiring.n_inputs] = inputs
        self._record = Record(signals, {name: like.new_empty(shape) for name in state.variables}, like.new_empty(shape))
        if "jump" in network.arrays:
            self._record.limit = like.new_empty(shape)
        if network.refractory is not None:
            self._record.free = like.new_empty(shape)
        self._graded = False
        if network.plastic:
            self._prepare_plastic(inputs, sent)
        self._static = network.wiring.static.there.matrix(network.weight) if len(network.weight) else None

    def _prepare_plastic(self, inputs: Any, sent: Any) -> None:
        wiring, record = self._wiring, self._record
        events = (inputs != 0).to(inputs.dtype) if sent is None else sent
        self._graded = bool((events != inputs).any())
        record.sent = record.signals[wiring.reach :].clone()
        record.sent[:, : wiring.n_inputs] = events
        empty = torch.empty_like(record.sent)
        record.plastic = [
            PlasticRecord(torch.cat([one.efficacy, empty]), empty.clone(), empty.clone()) for one in self._state.plastic
        ]
        self._sums = [
            block.synapses.sums.matrix(torch.full_like(block.weight, 2.0**-block.exponent))
            for block in self._network.plastic
        ]
        self._mantissas = [block.weight[:, None] * 2.0**block.exponent for block in self._network.plastic]

    def all_steps(self) -> tuple[Record, State]:
        """Run, and return the record and the state."""
        state, record, reach = self._state, self._record, self._wiring.reach
        n_steps = len(record.reached)
        now, held_until = dict(state.variables), state.held_until
        plastic = [(one.r, one.f) for one in state.plastic]
        for k in range(n_steps):
            free = None if held_until is None else torch.lt(held_until, k, out=record.free[k])
            spiked = self._step(k, now, self._arrivals(k), free)
            if held_until is not None:
                held_until = torch.where(spiked > 0, k + self._network.refractory, held_until)
            plastic = [self._send(k, number, *one) for number, one in enumerate(plastic)]
        end = State(
            now,
            record.signals[n_steps:],
            None if held_until is None else (held_until - n_steps).clamp_(min=-1),
            [PlasticState(r, f, one.efficacy[n_steps:]) for (r, f), one in zip(plastic, record.plastic, strict=True)],
            None if state.pending is None or n_steps >= reach else state.pending[n_steps:],
        )
        return record, end

    def _arrivals(self, k: int) -> Any:
        """Return what arrives at a step, (targets, batch)."""
        network, wiring, record = self._network, self._wiring, self._record
        signals = wiring.window(record.signals, k)
        none = self._static is None
        out = signals.new_zeros(wiring.n_targets, signals.shape[1]) if none else self._static @ signals
        for number, block in enumerate(network.plastic):
            sender = block.synapses.window
            efficacy = wiring.window(record.plastic[number].efficacy, k).index_select(0, sender)
            amount = torch.round(self._mantissas[number] * efficacy)
            if self._graded:
                amount = amount * signals.index_select(0, sender)
            out = out + self._sums[number] @ amount
        pending = self._state.pending
        return out if pending is None or k >= len(pending) else out + pending[k]

    def _step(self, k: int, now: dict[str, Any], arriving: Any, free: Any) -> Any:
        """Advance the variables of the neurons by one step; return the spikes (N, batch), 1 or 0."""
        p, record, n = self._network.arrays, self._record, self._wiring.n_neurons
        now["u"] = torch.mul(now["u"], p["decay_u"], out=record.variables["u"][k]).add_(arriving[:n])
        current = now["u"]
        if "u2" in now:
            now["u2"] = torch.mul(now["u2"], p["decay_u2"], out=record.variables["u2"][k]).add_(arriving[n:])
            current = current + now["u2"]
        v = torch.mul(now["v"], p["decay_v"], out=record.reached[k]).add_(current + p["bias"])
        if free is not None:
            v.mul_(free)  # a neuron is held only after a spike, at 0
        threshold = p["threshold"]
        if "w" in now:
            w = torch.mul(now["w"], p["decay_w"], out=record.variables["w"][k])
            threshold = torch.add(w, threshold, out=record.limit[k])
        spiked = torch.gt(v, threshold, out=record.signals[self._wiring.reach + k, self._wiring.n_inputs :])
        now["v"] = torch.mul(v, 1 - spiked, out=record.variables["v"][k])
        if "w" in now:
            now["w"] = w.add_(p["jump"] * spiked)
        return spiked

    def _send(self, k: int, number: int, r: Any, f: Any) -> tuple[Any, Any]:
        """Recover, and use resources where sources send; return r and f at the end of the step."""
        p, record = self._network.plastic[number].arrays, self._record
        own, sent, n_inputs = record.plastic[number], record.sent[k], self._wiring.n_inputs
        sent[n_inputs:] = record.signals[self._wiring.reach + k, n_inputs:]
        r = own.r[k].copy_(1 - p["stp_decay_rec"] * (1 - r))
        f = torch.mul(f, p["stp_decay_facil"], out=own.f[k])
        x = f + p["stp_U"] * (1 - f)
        used = torch.mul(x * r, sent, out=own.efficacy[self._wiring.reach + k])
        return r - used, torch.where(sent > 0, x, f)
