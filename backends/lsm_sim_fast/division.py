"""How a batch is divided: samples over threads, neurons of a sample over threads, or 64 samples side by side.

Nothing here changes a spike, only the time that they take. The figures were measured on one core of the processors named
beside them (docs/performance.md says how, ``lsm-sim bench`` measures them again); only their ratios matter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lsm_sim.backend import Request
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Floats
from lsm_sim_fast.compiled.pull import LANES
from lsm_sim_fast.form import Form
from lsm_sim_fast.pull_layout import pull_fits
from lsm_sim_fast.tuning import DEFAULT, Tuning


@dataclass(frozen=True)
class _Costs:
    """Nanoseconds: per neuron and step; pushing one event along a synapse; reading a synapse for 64 samples."""

    neuron: float
    push: float
    pull: float


_COSTS = {  # by the forms of the neurons and of the rows
    (1, 1): _Costs(0.64, 0.51, 1.25),  # Intel Xeon at 2.6 GHz
    (1, None): _Costs(0.30, 0.36, 1.15),  # AMD EPYC, between Zen 4 and Zen 5 (0.23, 0.29 and 1.14)
    (None, None): _Costs(0.30, 0.45, 2.9),  # the same, Zen 5 (0.24, 0.35 and 2.9)
}


def teams(n_threads: int, n_samples: int, n_neurons: int, tuning: Tuning = DEFAULT) -> tuple[int, int]:
    """Return the number of teams, each of which pushes one sample at a time, and of threads in each.

    Samples are independent, so each gets a thread of its own as long as there are enough of them.
    """
    n_teams = min(n_threads, n_samples)
    return n_teams, max(1, min(n_threads // n_teams, n_neurons // tuning.share))


def pull_teams(n_threads: int, n_samples: int, n_neurons: int, tuning: Tuning = DEFAULT) -> tuple[int, int]:
    """Return the number of teams, each of which pulls 64 samples at a time, and of threads in each."""
    n_teams = min(n_threads, -(-n_samples // LANES))
    return n_teams, max(1, min(n_threads // n_teams, n_neurons // tuning.pull_share))


def only_counts(request: Request) -> bool:
    """Whether counts are all that is asked for."""
    others = request.spikes or request.excursions or request.neurons.size > 0
    return request.bins is not None and not others


def may_pull(request: Request, n_samples: int, n_threads: int, tuning: Tuning = DEFAULT) -> bool:
    """Whether the pull kernel can do what is asked, counts and nothing else, and could be faster at any rate."""
    return tuning.pull is not False and only_counts(request) and n_samples >= tuning.pull_samples * n_threads


def suits_pull(program: Program, tuning: Tuning = DEFAULT) -> bool:
    """Whether the pull kernel can run a program, at the speed that `pull_wins` reckons with."""
    return program.n_neurons <= tuning.pull_neurons and pull_fits(program, tuning)


def probed(stimulus: Spikes) -> Spikes:
    """Return the first quarter of the first sample, at least one step: enough to see how much the network spikes."""
    first = stimulus[0]
    n_steps = max(1, int(first.n_steps[0]) // 4)
    n = int(np.searchsorted(first.step, n_steps))
    return Spikes(
        first.step[:n],
        first.channel[:n],
        np.array([0, n]),
        np.array([n_steps]),
        first.n_channels,
        first.dt,
        first.groups,
    )


def pull_wins(
    program: Program, spikes: Floats, n_samples: int, n_threads: int, form: Form, tuning: Tuning = DEFAULT
) -> bool:
    """Return whether pulling ``n_samples`` takes less time than pushing them.

    ``spikes`` (C+N,) are those of each source per step.
    """
    costs = _COSTS[form.vector, form.rows]
    events = float(spikes @ np.diff(program.indptr))
    push = program.n_neurons * costs.neuron + events * costs.push
    pull = LANES * program.n_neurons * costs.neuron + program.n_synapses * costs.pull
    n_teams, n_parts = pull_teams(n_threads, n_samples, program.n_neurons, tuning)
    turns = -(-n_samples // (LANES * n_teams))
    return turns * pull / n_parts < -(-n_samples // n_threads) * push
