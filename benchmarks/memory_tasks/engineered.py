"""Engineered liquids: memory capacity and NARMA-10 of networks whose weights are solved, with recurrence and without."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import ms
from lsm_sim.encode import Bits
from memory_tasks.capacity import ALL_ROUND, capacity, noise
from memory_tasks.common import Values, features, without
from memory_tasks.narma import narma, narma_error


def engineered(make: Callable[..., lsm.Liquid], bits: int, frame: int, taus: tuple[float, ...], off: bool) -> Any:
    def row(seed: int, arithmetic: str) -> Values:
        liquid = make(seed=seed)
        liquid = without(liquid) if off else liquid
        code, (u, _) = Bits(bits, frame=frame * ms), narma(seed)
        return capacity(
            features(liquid, code, taus, noise(seed), arithmetic), noise(seed), 300 if bits == 2 else 60
        ) | (narma_error(features(liquid, code, taus, u, arithmetic), seed))

    return row


def engineered_rows() -> dict[str, Any]:
    line = functools.partial(models.delay_line, n_inputs=12)
    window = functools.partial(models.legendre, n_inputs=12)

    def chain(seed: int) -> lsm.Liquid:
        del seed  # nothing is drawn
        return models.shift_register(n_inputs=2, n_lags=250)

    return {
        "memory, all-round": engineered(ALL_ROUND, 12, 8, (0.7, 3.0), False),
        "delay_line, 24 values": engineered(line, 12, 20, (0.5, 3.0), False),
        "off, delay_line": engineered(line, 12, 20, (0.5, 3.0), True),
        "legendre, 16 polynomials, 20 samples": engineered(window, 12, 20, (0.5, 3.0), False),
        "off, legendre": engineered(window, 12, 20, (0.5, 3.0), True),
        "shift_register, 250 lags of 2 bits": engineered(chain, 2, 8, (), False),
    }
