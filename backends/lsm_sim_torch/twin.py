"""A program as a PyTorch module: the same spikes as every engine, and gradients."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from lsm_sim.describe.liquid import Liquid
from lsm_sim.engine.requests import check_stimulus
from lsm_sim.errors import DescriptionError, UnsupportedError
from lsm_sim.program.blocks import SynapseBlock
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.memory import check_memory
from lsm_sim_torch import differentiable, forward
from lsm_sim_torch.adjoint import STP
from lsm_sim_torch.arguments import WEIGHTS, checked_device, checked_dtype, checked_names, source_of
from lsm_sim_torch.delays import DELAYS, trained_delays
from lsm_sim_torch.differentiable import DELAY, WEIGHT
from lsm_sim_torch.network import problem_of, values_of
from lsm_sim_torch.rounding import Grids, Replaced
from lsm_sim_torch.sources import OfLiquid
from lsm_sim_torch.surrogate import FastSigmoid

_TENSORS = 12  # of the size (steps, neurons, batch), that a run keeps for its gradient


class Twin(torch.nn.Module):
    """A program, or a liquid and a step, as a module that PyTorch trains by surrogate gradients.

    In float64 its spikes are, to the bit, those of `program` on every engine: parameters that PyTorch changes are rounded to
    the grid of weights in the forward pass, and the gradient passes the rounding as it is. In float32 it is about twice as
    fast, and a few spikes in a thousand may differ.

    Parameters
    ----------
    network
        A `Program` of float64 arithmetic, or a `Liquid`, to which `liquid` writes back.
    dt
        The step in seconds; for a liquid only.
    dtype
        ``torch.float64`` or ``torch.float32``.
    surrogate
        What takes the place of the derivative of a spike: a function of z = (v - threshold) / scale.
    train
        What is trained: "input_weight", "recurrent_weight", "input_delay", "recurrent_delay", and names of arrays of a
        program: "decay_u", "decay_v", "threshold", "bias", "u0", "v0", "decay_u2", "decay_w", "jump", "stp_U",
        "stp_decay_rec", "stp_decay_facil". Each is a parameter of this name; arrays of plastic block n are "stp_U_n". Delays
        are in steps, from 1 on; a run rounds them to whole ones, see `lsm_sim_torch.adjoint` for their gradient.
    dale
        Whether `clamp_` keeps the sign of every neuron's outgoing weights. The sign is that of its group in a liquid, and in a
        program that of its weights, where they have one.
    weight_bits
        Round weights to so many bits in the forward pass, as `lsm_sim.lower` does. None: to multiples of 2^-30.
    device
        Where it computes: "cpu", or a graphics card, such as "cuda" or "cuda:1".
    max_delay
        The longest delay in seconds that training may give a synapse, rounded to steps. None: the longest one of the network.
    """

    def __init__(
        self,
        network: Program | Liquid,
        dt: Any = None,
        dtype: Any = torch.float64,
        surrogate: Callable[[Any], Any] | None = None,
        train: Sequence[str] = WEIGHTS,
        *,
        dale: bool = True,
        weight_bits: int | None = None,
        device: Any = "cpu",
        max_delay: float | None = None,
    ) -> None:
        super().__init__()
        self.dale = checks.flag(dale, "Twin dale")
        self.weight_bits = None if weight_bits is None else checks.whole(weight_bits, "Twin weight_bits", minimum=2)
        self.dtype, self.device = checked_dtype(dtype), checked_device(device, "Twin device")
        self._source = source_of(network, dt, self.weight_bits)
        self._base = self._source.program
        self.surrogate = FastSigmoid() if surrogate is None else surrogate
        if not callable(self.surrogate):
            raise DescriptionError(f"Twin surrogate: got {surrogate!r}, expected a function such as FastSigmoid(5)")
        self._names = checked_names(train, self._base, isinstance(network, Liquid))
        sources = self._base.sources()
        self._rows = {
            "input_weight": np.flatnonzero(sources < self._base.n_inputs),
            "recurrent_weight": np.flatnonzero(sources >= self._base.n_inputs),
        }
        self._rows |= {delay: self._rows[weight] for delay, weight in zip(DELAYS, WEIGHTS, strict=True)}
        self._delays = trained_delays(self._base, self._names, self._rows, max_delay, self.device)
        self.max_delay = None if self._delays is None else self._delays.longest * self._base.dt
        self._problem = problem_of(self._base, self.surrogate, self.device, dtype)
        self._fixed = values_of(self._base, self.device, dtype)
        trained = np.zeros(self._base.n_synapses, bool)
        for name in WEIGHTS:
            if name in self._names:
                trained[self._rows[name]] = True
        numbers = self._base.synapses().block
        self._grids = Grids(self._base, [bool(trained[numbers == n].any()) for n in range(len(self._base.blocks))])
        self._add_parameters()

    def _add_parameters(self) -> None:
        """Register a parameter for each name in ``train``; plastic arrays have one for each block."""
        self._parameter_of: dict[str, str] = {}  # by key of the values: the name of the parameter
        for name in self._names:
            if self._delays is not None and name in DELAYS:
                self.register_parameter(name, torch.nn.Parameter(self._delays.start(name, self.dtype)))
            if name in WEIGHTS:
                values = self._fixed[WEIGHT][torch.as_tensor(self._rows[name], device=self.device)]
                self.register_parameter(name, torch.nn.Parameter(values))
            for key in [key for key in self._fixed if key.partition("/")[0] == name]:
                self._parameter_of[key] = key.replace("/", "_")
                self.register_parameter(self._parameter_of[key], torch.nn.Parameter(self._fixed[key].clone()))

    def forward(self, inputs: Any, mask: Any = None) -> Any:
        """Return the spikes (B, T, N), 1 or 0, of ``inputs`` (B, T, C): payloads of events, usually 1, and 0 where there is none.

        ``mask`` (B, T) is True where a sample runs, from its first step to its last; the spikes after that are 0, and so are
        their gradients. None: all samples have T steps.
        """
        by_step, mask = self._checked(inputs, mask)
        problem, values = self._ready()
        spikes = differentiable.run(problem, by_step, values).permute(2, 0, 1)
        return spikes if mask is None else spikes * mask[:, :, None]

    @property
    def n_neurons(self) -> int:
        """Number of neurons, N."""
        return self._base.n_neurons

    def traces(self, inputs: Any) -> dict[str, Any]:
        """Return the state variables at the end of each step by name, such as "v" (B, T, N), without gradients."""
        by_step, _ = self._checked(inputs, None)
        with torch.no_grad():
            problem, values = self._ready()
            network = problem.network(values)
            record, _ = forward.run(network, by_step, forward.State.start(network, by_step.shape[2]))
        return {name: value.permute(2, 0, 1) for name, value in record.variables.items()}

    def events(self, stimulus: Spikes) -> tuple[Any, Any]:
        """Return ``stimulus``, a batch of spikes, as what `forward` takes: the inputs (B, T, C) and the mask (B, T)."""
        check_stimulus(self._base if getattr(stimulus, "payload", None) is None else self.program(), stimulus)
        shape = len(stimulus), int(stimulus.n_steps.max()), stimulus.n_channels
        check_memory(8 * shape[0] * shape[1] * shape[2], "Twin events")
        inputs, payload = np.zeros(shape), 1 if stimulus.payload is None else stimulus.payload
        inputs[stimulus.sample, stimulus.step, stimulus.channel] = payload
        mask = np.arange(shape[1]) < stimulus.n_steps[:, None]
        return (
            torch.as_tensor(inputs, dtype=self.dtype, device=self.device),
            torch.as_tensor(mask, device=self.device),
        )

    def clamp_(self) -> Twin:
        """Put parameters back into their ranges, and with ``dale`` weights to the right side of 0; call it after each step of the optimiser."""
        with torch.no_grad():
            if self.dale and "recurrent_weight" in self._names:
                weight = self.recurrent_weight
                sign = torch.as_tensor(self._source.signs[self._rows["recurrent_weight"]], device=self.device)
                weight.masked_fill_((sign * weight) < 0, 0)
            for key, name in self._parameter_of.items():
                low, high = self._source.bounds(key.partition("/")[0])
                ends = (torch.as_tensor(end, dtype=self.dtype, device=self.device) for end in (low, high))
                getattr(self, name).clamp_(*ends)
            if self._delays is not None:
                for name in self._delays.names:
                    getattr(self, name).clamp_(1, self._delays.longest)
        return self

    def program(self, weight_bits: int | None = None) -> Program:
        """Return the program that the twin is now.

        In float64, every engine gives the spikes of `forward` for it, unless ``weight_bits`` asks for another grid; None: that
        of the twin.
        """
        columns: dict[str, Any] = {"weight": self._rounded(weight_bits)}
        if self._delays is not None:
            delay = self._stored_delays()
            order = self._source.order(delay)
            columns = {
                "post": self._base.synapses().post[order],
                "weight": columns["weight"][order],
                "delay": delay[order],
            }
        arrays: dict[str, Any] = {**self._source.arrays(self._trained_arrays())}
        first = 0
        blocks: list[SynapseBlock] = []
        plastic = 0
        for block in self._base.blocks:
            changed: dict[str, Any] = {name: all_[first : first + block.n_synapses] for name, all_ in columns.items()}
            first += block.n_synapses
            if block.rule == "stp":
                keys = {name: f"{name}/{plastic}" for name in STP}
                changed |= {name: self._numbers(key) for name, key in keys.items() if key in self._parameter_of}
                plastic += 1
            blocks.append(dataclasses.replace(block, **changed))
        own = {one.name: getattr(blocks[0], one.name) for one in dataclasses.fields(blocks[0])}
        units = self._source.units(self._trained_arrays()) if isinstance(self._source, OfLiquid) else self._base.units
        return dataclasses.replace(self._base, **own, more_blocks=blocks[1:], **arrays, units=units)

    def liquid(self, weight_bits: int | None = None, keep_signs: bool = True) -> Liquid:
        """Return the liquid that the twin is now, with explicit synapses: lowered again, it is `program`, to the bit.

        Lower it with the ``weight_bits`` of the twin.

        Parameters
        ----------
        weight_bits
            As in `program`.
        keep_signs
            Whether groups keep their sign; weights that break Dale's law are then refused. False: groups have no sign.
        """
        if any(name in STP for name in self._names):
            raise UnsupportedError(
                "Twin liquid: trained short-term plasticity has no way back to a liquid; use program()"
            )
        columns = self._rounded(weight_bits), self._stored_delays()
        return self._source.liquid(*columns, self._trained_arrays(), checks.flag(keep_signs, "Twin liquid keep_signs"))

    def _rounded(self, weight_bits: int | None) -> Floats:
        """Return all weights on a grid of ``weight_bits``, None: of those of the twin."""
        bits = self.weight_bits if weight_bits is None else checks.whole(weight_bits, "Twin weight_bits", minimum=2)
        return self._source.as_lowered(self._grids.rounded(self._weights(), bits))

    def _weights(self) -> Floats:
        """Return all weights in float64, trained ones before they are rounded."""
        out: Floats = self._base.synapses().weight.copy()
        for name in WEIGHTS:
            if name in self._names:
                out[self._rows[name]] = self._numbers(name)
        return out

    def _stored_delays(self) -> Ints:
        """Return all delays (S,) as a program stores them, trained ones rounded."""
        if self._delays is None:
            return self._base.synapses().delay
        return self._delays.stored({name: self._numbers(name) for name in self._delays.names})

    def _trained_arrays(self) -> dict[str, Floats]:
        return {key: self._numbers(key) for key in self._parameter_of if "/" not in key}

    def _numbers(self, key: str) -> Floats:
        """Return the values of a parameter in float64; raise if they are not finite."""
        values: Floats = getattr(self, self._parameter_of.get(key, key)).detach().cpu().double().numpy().copy()
        if not np.isfinite(values).all():
            raise DescriptionError(f"Twin {key}: got a value that is not finite; go back to an earlier state_dict")
        return values

    def _ready(self) -> tuple[differentiable.Problem, dict[str, Any]]:
        """Return what is needed for a run, with the parameters as they are now."""
        values, problem = dict(self._fixed), self._problem
        for key, name in self._parameter_of.items():
            values[key] = getattr(self, name)
        arrays = self._trained_arrays()
        for name, lowered in self._source.arrays(arrays).items():
            if name not in arrays or not np.array_equal(lowered, arrays[name]):
                values[name] = Replaced.apply(values[name], torch.tensor(lowered))
        weight = values[WEIGHT]
        for name in WEIGHTS:
            if name in self._names:
                rows = torch.as_tensor(self._rows[name], device=self.device)
                weight = weight.index_copy(0, rows, getattr(self, name))
        if set(self._names) & set(WEIGHTS):
            exact = self._weights()
            rounded = self._grids.rounded(exact, self.weight_bits)
            if self.dtype == torch.float64 or self.weight_bits is not None:
                weight = Replaced.apply(weight, torch.as_tensor(rounded))
            problem = dataclasses.replace(problem, exponents=self._grids.plastic_exponents(rounded))
        if self._delays is not None:
            problem = dataclasses.replace(problem, wiring=self._delays.wiring(self._stored_delays()))
            values[DELAY] = self._delays.steps({name: getattr(self, name) for name in self._delays.names})
        return problem, values | {WEIGHT: weight}

    def _checked(self, inputs: Any, mask: Any) -> tuple[Any, Any]:
        """Return the inputs by step (T, C, B), and the mask as numbers."""
        checks.instance(inputs, torch.Tensor, "Twin inputs", "a tensor (B, T, C); see Twin.events")
        n_inputs = self._base.n_inputs
        if inputs.ndim != 3 or inputs.shape[2] != n_inputs or 0 in inputs.shape[:2]:
            raise DescriptionError(f"Twin inputs: got shape {tuple(inputs.shape)}, expected (B, T, {n_inputs})")
        if not torch.isfinite(inputs).all():
            raise DescriptionError(
                "Twin inputs: got a value that is not finite, expected payloads of events, 0 where there is none"
            )
        parameter = next(self.parameters(), None)
        if parameter is not None and (parameter.dtype != self.dtype or parameter.device != self.device):
            got = f"{parameter.dtype} on {parameter.device}"
            raise DescriptionError(
                f"Twin: its parameters were changed to {got}, expected {self.dtype} on {self.device}; make a new Twin with dtype and device"
            )
        size = inputs.shape[0] * inputs.shape[1] * (_TENSORS * self._base.n_neurons + 3 * n_inputs)
        check_memory(size * (8 if self.dtype == torch.float64 else 4), "Twin: what a run keeps for its gradient")
        if mask is not None:
            mask = torch.as_tensor(mask, device=self.device)
            if mask.shape != inputs.shape[:2]:
                raise DescriptionError(f"Twin mask: got shape {tuple(mask.shape)}, expected {tuple(inputs.shape[:2])}")
            mask = mask.to(self.dtype)
        return inputs.to(self.device, self.dtype).permute(1, 2, 0).contiguous(), mask
