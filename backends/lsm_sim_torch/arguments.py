"""Checks of the arguments of a twin."""

from __future__ import annotations

from typing import Any

import torch

from lsm_sim.describe.liquid import Liquid
from lsm_sim.errors import DescriptionError, UnsupportedError
from lsm_sim.program.program import Program
from lsm_sim.support import checks
from lsm_sim_torch.adjoint import STP
from lsm_sim_torch.delays import DELAYS
from lsm_sim_torch.network import ARRAYS
from lsm_sim_torch.sources import OfLiquid, OfProgram

WEIGHTS = ("input_weight", "recurrent_weight")
TRAINABLE = (*WEIGHTS, *DELAYS, *ARRAYS, *STP)


def checked_dtype(dtype: Any) -> Any:
    """Return the type of numbers; refuse half precision with the reason."""
    if dtype in (torch.float16, torch.bfloat16):
        raise UnsupportedError(
            f"Twin dtype: got {dtype}, whose 8 to 11 bits are too few for sums of weights; use torch.float32 or torch.float64"
        )
    if dtype not in (torch.float64, torch.float32):
        raise DescriptionError(f"Twin dtype: got {dtype!r}, expected torch.float64 or torch.float32")
    return dtype


def checked_device(device: Any, where: str) -> Any:
    """Return the processor or the graphics card, with its number; raise if it is not here."""
    expected = "'cpu', 'cuda' or a card such as 'cuda:1'"
    try:
        found = torch.device(device)
    except (RuntimeError, TypeError):
        raise DescriptionError(f"{where}: got {device!r}, expected {expected}") from None
    if found.type == "cpu":
        return torch.device("cpu")
    if found.type != "cuda":
        raise DescriptionError(f"{where}: got {device!r}, expected {expected}")
    n_cards = torch.cuda.device_count()
    number = found.index
    if number is None and n_cards:
        number = torch.cuda.current_device()
    if number is None or number >= n_cards:
        raise DescriptionError(f"{where}: got {device!r}, but PyTorch finds {n_cards} cards here; use 'cpu'")
    return torch.device("cuda", number)


def source_of(network: Any, dt: Any, weight_bits: int | None) -> OfProgram | OfLiquid:
    """Return what a twin is made of; refuse a program that cannot be differentiated."""
    checks.instance(network, (Program, Liquid), "Twin network", "a Program or a Liquid")
    if isinstance(network, Liquid):
        if dt is None:
            raise DescriptionError("Twin dt: got None, expected the step in seconds for a Liquid, such as dt=1*ms")
        return OfLiquid(network, dt, weight_bits)
    if dt is not None and abs(checks.positive(dt, "Twin dt", "time") - network.dt) > 1e-9 * network.dt:
        raise DescriptionError(f"Twin dt: got {dt:g} s, but the program has steps of {network.dt:g} s; leave dt out")
    if network.arithmetic != "float64":
        raise UnsupportedError(
            f"Twin: the program is in {network.arithmetic} arithmetic, whose integers have no gradient; train the float64 program "
            "and quantise what program() returns"
        )
    return OfProgram(network)


def checked_names(train: Any, program: Program, of_liquid: bool) -> tuple[str, ...]:
    """Return the names of what is trained; raise if the program does not have it."""
    names = (train,) if isinstance(train, str) else tuple(checks.items(train, "Twin train", "a list of names"))
    plastic = any(block.rule == "stp" for block in program.blocks)
    has = {*WEIGHTS, *DELAYS, *(name for name in ARRAYS if name in program.arrays), *(STP if plastic else ())}
    for name in names:
        if name not in TRAINABLE:
            raise DescriptionError(f"Twin train: got {name!r}, expected some of: {', '.join(TRAINABLE)}")
        if name not in has:
            raise DescriptionError(f"Twin train: got {name!r}, which the program does not have")
        if name == "u0" and of_liquid:
            raise DescriptionError(
                "Twin train: got 'u0', which a liquid cannot describe; make the twin of lower(liquid, dt)"
            )
    return tuple(dict.fromkeys(names))
