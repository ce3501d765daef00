"""Perturbations of programs: dead neurons, noise on the weights, weights of few bits."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.perturb.sounds import set_checked
from lsm_sim.program.blocks import SynapseBlock
from lsm_sim.program.grid import round_to_grid
from lsm_sim.program.program import Program
from lsm_sim.support import checks
from lsm_sim.support.seeding import stream


@dataclass(frozen=True)
class DeadNeurons:
    """Neurons that never spike: round(fraction * N) of them, chosen at random.

    The weights of all synapses into and out of a dead neuron become 0, and so do its bias and its initial state.

    Parameters
    ----------
    fraction
        Of all neurons, from 0 to 1.
    seed
        Determines which.
    """

    fraction: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        fraction = checks.probability(self.fraction, "DeadNeurons fraction")
        set_checked(self, fraction=fraction, seed=checks.whole(self.seed, "DeadNeurons seed"))

    def __call__(self, program: Program) -> Program:
        """Return the program with dead neurons."""
        checks.instance(program, Program, "DeadNeurons", "a Program")
        if (np.asarray(program.threshold) < 0).any():
            raise DescriptionError(
                "DeadNeurons: got a negative threshold, with which a neuron spikes at rest, expected thresholds >= 0"
            )
        dead = np.zeros(program.n_neurons, bool)
        order = stream(self.seed, "perturb/dead").permutation(program.n_neurons)
        dead[order[: round(self.fraction * program.n_neurons)]] = True
        sources = np.concatenate([np.zeros(program.n_inputs, bool), dead])
        changed = _with_weights(
            program, lambda block: np.where(dead[block.post] | sources[block.sources()], 0, block.weight)
        )
        state = {name: getattr(program, name) for name in ("bias", "u0", "v0")}
        still: dict[str, Any] = {
            name: np.where(dead, 0, value).astype(value.dtype) for name, value in state.items() if value is not None
        }
        return dataclasses.replace(changed, **still)


@dataclass(frozen=True)
class WeightNoise:
    """Noise on the weights: w * (1 + sd * N(0, 1)), drawn once for each synapse.

    Weights are rounded to the grid of programs: multiples of 2^-30, or whole numbers in loihi arithmetic, where the result is
    clipped to the largest magnitude that the weights had.

    Parameters
    ----------
    sd
        Standard deviation relative to each weight: 0.1 is 10 %.
    seed
        Determines the noise.
    """

    sd: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        sd = checks.real(self.sd, "WeightNoise sd")
        if not 0 <= sd <= 10:
            raise DescriptionError(f"WeightNoise sd: got {sd:g}, expected 0 to 10")
        set_checked(self, sd=sd, seed=checks.whole(self.seed, "WeightNoise seed"))

    def __call__(self, program: Program) -> Program:
        """Return the program with other weights."""
        checks.instance(program, Program, "WeightNoise", "a Program")
        rng = stream(self.seed, "perturb/weights")

        def noisy(block: SynapseBlock) -> Any:
            weight = block.weight * (1 + self.sd * rng.standard_normal(block.n_synapses))
            if program.arithmetic == "loihi":
                most = np.abs(block.weight).max(initial=0)
                weight = np.clip(weight, -most, most)
            return weight

        return _with_weights(program, noisy)


@dataclass(frozen=True)
class WeightBits:
    """Weights of few bits: step * round(w / step), where step = largest magnitude / (2^(bits - 1) - 1).

    The step is that of all synapses of a receptor and rule together. In loihi arithmetic the result is rounded to whole
    numbers. `lsm_sim.quantise` is the way to Loihi's integers; this one changes the weights only.

    Parameters
    ----------
    bits
        Of each weight, with its sign: 2 to 24.
    """

    bits: int = 8

    def __post_init__(self) -> None:
        set_checked(self, bits=checks.whole(self.bits, "WeightBits bits", minimum=2, maximum=24))

    def __call__(self, program: Program) -> Program:
        """Return the program with coarser weights."""
        checks.instance(program, Program, "WeightBits", "a Program")
        return _with_weights(program, self._coarse)

    def _coarse(self, block: SynapseBlock) -> Any:
        largest = np.abs(block.weight).max(initial=0)
        if largest == 0:
            return block.weight
        step = largest / (2 ** (self.bits - 1) - 1)
        return step * np.rint(block.weight / step)


def _with_weights(program: Program, change: Callable[[SynapseBlock], Any]) -> Program:
    """Return a program with the weights of each block replaced, on the grid of its arithmetic."""

    def on_grid(block: SynapseBlock) -> Any:
        weight = np.asarray(change(block), np.float64)
        return np.rint(weight).astype(np.int64) if program.arithmetic == "loihi" else round_to_grid(weight, None)

    first, *more = program.blocks
    others = tuple(dataclasses.replace(block, weight=on_grid(block)) for block in more)
    return dataclasses.replace(program, weight=on_grid(first), more_blocks=others)
