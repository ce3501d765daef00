"""A run as a function that PyTorch differentiates by the adjoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from lsm_sim_torch import adjoint, forward
from lsm_sim_torch.forward import Network, Plastic, State
from lsm_sim_torch.wiring import Wiring

WEIGHT, DELAY = "weight", "delay"


@dataclass(frozen=True, eq=False)
class Problem:
    """What stays as it is while a network is trained.

    Parameters
    ----------
    refractory
        (N, 1); None: no neuron is ever held.
    exponents
        Of the grid of the weights of each plastic block.
    surrogate, scale
        The surrogate's derivative, and the scale (N, 1) of its argument.
    """

    wiring: Wiring
    refractory: Any
    exponents: Sequence[int]
    surrogate: Callable[[Any], Any]
    scale: Any

    def network(self, values: dict[str, Any]) -> Network:
        """Return the network with these values: `WEIGHT` (S,), arrays by name (N,), those of plastic block n by "name/n".

        `DELAY` (S,) in steps is for gradients only: the delays of the network are those of the wiring.
        """
        weight = values[WEIGHT]
        arrays = {
            name: value[:, None] for name, value in values.items() if name not in (WEIGHT, DELAY) and "/" not in name
        }
        plastic = [
            Plastic(
                synapses,
                {name: values[f"{name}/{number}"][:, None] for name in adjoint.STP},
                weight[synapses.at],
                self.exponents[number],
            )
            for number, synapses in enumerate(self.wiring.plastic)
        ]
        return Network(self.wiring, arrays, weight[self.wiring.static.at], plastic, self.refractory)


def run(problem: Problem, inputs: Any, values: dict[str, Any]) -> Any:
    """Return the spikes (steps, N, batch) of ``inputs`` (steps, C, batch)."""
    return _Run.apply(problem, tuple(values), inputs, *values.values())


class _Run(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, problem: Problem, names: tuple[str, ...], inputs: Any, *values: Any) -> Any:
        network = problem.network(dict(zip(names, values, strict=True)))
        record, _ = forward.run(network, inputs, State.start(network, inputs.shape[2]))
        ctx.problem, ctx.names, ctx.network, ctx.record = problem, names, network, record
        ctx.n_synapses = len(values[names.index(WEIGHT)])
        return record.spikes(network.wiring).clone()

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        network, record, problem = ctx.network, ctx.record, ctx.problem
        wish = dict(zip(("inputs", *ctx.names), ctx.needs_input_grad[2:], strict=True))
        way = adjoint.Adjoint(network, record, problem.surrogate, problem.scale, wish["inputs"])
        found = way.run(gradient)
        choices = adjoint.of_arrays(network, record, found)
        out: dict[str, Any] = {"inputs": found.inputs}
        for name in ctx.names:
            if not wish[name]:
                out[name] = None
            elif name == WEIGHT:
                out[name] = adjoint.of_weights(network, record, found, ctx.n_synapses)
            elif name == DELAY:
                out[name] = adjoint.of_delays(network, record, found, ctx.n_synapses)
            elif "/" in name:
                array, _, number = name.partition("/")
                out[name] = found.plastic[int(number)][array]
            else:
                out[name] = choices[name]()
        return None, None, *out.values()
