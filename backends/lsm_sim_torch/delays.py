"""Trained delays: whole steps in every run, and numbers between them for the optimiser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from lsm_sim.errors import DescriptionError
from lsm_sim.program.checks import MAX_DELAY
from lsm_sim.program.program import Program
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints
from lsm_sim_torch.wiring import Wiring

DELAYS = ("input_delay", "recurrent_delay")


class Delays:
    """The delays of a program, of which some are trained; a trained one is 1 to ``longest`` steps.

    Here a delay of d steps is stored in a program as d - 1.

    Parameters
    ----------
    names
        Those of `DELAYS` that are trained.
    rows
        The synapses (indices) of each name.
    max_delay
        The longest delay in seconds; None: the longest one of the program.
    """

    def __init__(
        self, program: Program, names: Sequence[str], rows: Mapping[str, Ints], max_delay: Any, device: Any
    ) -> None:
        self.names, self._rows = tuple(names), rows
        self._program, self._device = program, device
        self._stored = program.synapses().delay.astype(np.int64)
        self.longest = _longest(program, self._stored[self._trained()], max_delay)
        self._made: tuple[Ints, Wiring] | None = None

    def _trained(self) -> Ints:
        return np.concatenate([self._rows[name] for name in self.names])

    def start(self, name: str, dtype: Any) -> Any:
        """Return the delays of a name in steps, as they are before training."""
        return torch.tensor(self._stored[self._rows[name]] + 1, dtype=dtype, device=self._device)

    def steps(self, values: Mapping[str, Any]) -> Any:
        """Return ``values`` in the places of their synapses, (S,), and 0 where a delay is not trained."""
        out = next(iter(values.values())).new_zeros(len(self._stored))
        for name, steps in values.items():
            out = out.index_copy(0, torch.as_tensor(self._rows[name], device=self._device), steps)
        return out

    def stored(self, values: Mapping[str, Floats]) -> Ints:
        """Return all delays (S,) as a program stores them, with ``values`` in steps rounded in the place of the trained ones."""
        out = self._stored.copy()
        for name, steps in values.items():
            out[self._rows[name]] = np.clip(np.rint(steps), 1, self.longest).astype(np.int64) - 1
        return out

    def wiring(self, stored: Ints) -> Wiring:
        """Return the synapses with these delays."""
        if self._made is None or not np.array_equal(self._made[0], stored):
            self._made = stored, Wiring(self._program, self._device, stored, self.longest)
        return self._made[1]


def trained_delays(
    program: Program, names: Sequence[str], rows: Mapping[str, Ints], max_delay: Any, device: Any
) -> Delays | None:
    """Return the delays of a program of which some are trained, None if ``names`` has none of them."""
    own = [name for name in DELAYS if name in names]
    if own:
        return Delays(program, own, rows, max_delay, device)
    if max_delay is not None:
        raise DescriptionError(
            f"Twin max_delay: got {max_delay!r}, but no delay is trained; add 'recurrent_delay' to train, or leave it out"
        )
    return None


def _longest(program: Program, trained: Ints, max_delay: Any) -> int:
    """Return the longest delay in steps that training may reach; raise if a delay is longer, or nothing can change."""
    dt, present = program.dt, int(trained.max(initial=0)) + 1
    if max_delay is None:
        longest = program.max_delay + 1
    else:
        time = checks.positive(max_delay, "Twin max_delay", "time")
        longest = int(checks.steps(np.rint(np.array([time / dt])), "Twin max_delay", dt)[0])
        if longest < present:
            raise DescriptionError(
                f"Twin max_delay: got {time:g} s, but a synapse that is trained has a delay of {present * dt:g} s; use at least that"
            )
        if longest > MAX_DELAY:
            raise DescriptionError(
                f"Twin max_delay: got {time:g} s, expected at most {MAX_DELAY} steps of {dt:g} s; use a shorter one"
            )
    if longest == 1:
        raise DescriptionError(
            f"Twin train: no delay can change, as the longest is one step of {dt:g} s; give a longer max_delay"
        )
    return longest
