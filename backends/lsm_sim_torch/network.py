"""A program's numbers as tensors."""

from __future__ import annotations

from typing import Any

import torch

from lsm_sim.dynamics import LIF
from lsm_sim.program.program import Program
from lsm_sim_torch.adjoint import STP
from lsm_sim_torch.differentiable import WEIGHT, Problem
from lsm_sim_torch.forward import Network
from lsm_sim_torch.surrogate import FastSigmoid
from lsm_sim_torch.wiring import Wiring

ARRAYS = tuple(array.name for array in LIF.arrays["float64"] if array.name != "refractory")


def values_of(program: Program, device: Any = "cpu", dtype: Any = torch.float64) -> dict[str, Any]:
    """Return the numbers of a float64 program that can be trained, by the names of `Problem.network`."""
    plastic = [block for block in program.blocks if block.rule == "stp"]
    arrays = {WEIGHT: program.synapses().weight} | {
        name: program.arrays[name] for name in ARRAYS if name in program.arrays
    }
    arrays |= {f"{name}/{n}": block.arrays[name] for n, block in enumerate(plastic) for name in STP}
    return {name: torch.tensor(values, device=device, dtype=dtype) for name, values in arrays.items()}


def problem_of(program: Program, surrogate: Any, device: Any = "cpu", dtype: Any = torch.float64) -> Problem:
    """Return what stays as it is while the program is trained."""
    refractory = None
    if program.refractory.any():
        refractory = torch.tensor(program.refractory, device=device)[:, None]
    scale = torch.tensor(program.threshold, device=device, dtype=dtype).abs()[:, None]
    exponents = [block.exponent for block in program.blocks if block.rule == "stp"]
    return Problem(Wiring(program, device), refractory, exponents, surrogate, torch.where(scale > 0, scale, 1))


def network_of(program: Program, device: Any = "cpu") -> Network:
    """Return the network of a float64 program."""
    return problem_of(program, FastSigmoid(), device).network(values_of(program, device))
