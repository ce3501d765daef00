"""Runs of pairs of stimuli in one network, and how far apart their states are over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.describe.liquid import Liquid
from lsm_sim.engine.protocol import DEFAULT, Backend, Request, compiled
from lsm_sim.errors import DescriptionError
from lsm_sim.measures.stimuli import with_equal_background
from lsm_sim.program.lowering import lower
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.memory import check_memory


@dataclass(frozen=True, eq=False)
class How:
    """How networks are run: arguments of `lsm_sim.run`."""

    backend: str | Backend = DEFAULT
    n_threads: int | None = None
    progress: bool | None = None


def program_of(network: Any, stimulus: Spikes, where: str) -> Program:
    """Return the program of a liquid, or the program itself, in float64."""
    checks.instance(network, (Liquid, Program), f"{where}: network", "a Liquid or a Program")
    program = lower(network, stimulus.dt) if isinstance(network, Liquid) else network
    if program.arithmetic != "float64":
        raise DescriptionError(f"{where}: got a program in {program.arithmetic} arithmetic, expected float64")
    return program


@dataclass(frozen=True, eq=False)
class Recorded:
    """State variables of all neurons in units of their thresholds, (samples, steps, N) each, and spikes."""

    variables: dict[str, Floats]
    spikes: Spikes


def recorded(network: Any, stimulus: Spikes, steps: Ints, where: str, how: How) -> Recorded:
    """Run the stimulus and return the state at the end of these steps.

    Currents are divided by 1 - decay_u too: then they are what v has still to receive from them.
    """
    program = program_of(network, stimulus, where)
    check_memory(8.0 * len(program.state) * len(stimulus) * steps.size * program.n_neurons, where)
    request = Request(neurons=np.arange(program.n_neurons), steps=steps, n_threads=how.n_threads, progress=how.progress)
    with compiled(program, how.backend) as runner:
        outcome = runner(with_equal_background(stimulus, network), request)
        unit = {name: np.asarray(runner.program.threshold, float) for name in runner.program.state}
        for name, decay in (("u", runner.program.decay_u), ("u2", runner.program.decay_u2)):
            if name in unit and decay is not None:
                unit[name] = unit[name] * (1 - np.asarray(decay))
    assert outcome.spikes is not None  # `compiled` has checked it
    return Recorded({name: np.stack(values) / unit[name] for name, values in outcome.traces.items()}, outcome.spikes)


def apart(values: Floats, n_pairs: int) -> Floats:
    """Return the root mean square over neurons of the difference of sample b and sample b + P, (P, steps)."""
    return np.asarray(np.sqrt(((values[:n_pairs] - values[n_pairs:]) ** 2).mean(axis=2)))
