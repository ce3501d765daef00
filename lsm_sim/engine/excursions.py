"""Warn when a program exceeds Loihi's registers: the run is exact, but a chip would give other results."""

from __future__ import annotations

import dataclasses

import numpy as np

from lsm_sim.engine.protocol import Excursions, Outcome, Request, StatefulRunner
from lsm_sim.engine.state import State
from lsm_sim.errors import RunError
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.warn import warn


def warn_on_excursions(runner: StatefulRunner, program: Program) -> StatefulRunner:
    """Return a runner that counts excursions of a loihi program and warns about them."""
    if program.arithmetic != "loihi":
        return runner

    def run(stimulus: Spikes, request: Request | None = None, state: State | None = None) -> Outcome:
        outcome = runner(stimulus, dataclasses.replace(request or Request(), excursions=True), state)
        if outcome.excursions is None:
            raise RunError("the backend returned no excursions although they were requested")
        text = described(outcome.excursions)
        if text:
            warn(f"loihi: {text}; quantise with stimuli like these, or with more headroom")
        return outcome

    return run


def described(excursions: Excursions) -> str:
    """Return as text which registers were exceeded, how often, and where first; empty if none was."""
    parts = []
    for kind, name in enumerate(Excursions.KINDS):
        samples = np.flatnonzero(excursions.count[:, kind])
        if samples.size:
            b = int(samples[0])
            where = f"sample {b} at step {excursions.step[b, kind]} in neuron {excursions.neuron[b, kind]}"
            parts.append(f"{name} exceeded its register {excursions.count[:, kind].sum()} times, first in {where}")
    return ", ".join(parts)
