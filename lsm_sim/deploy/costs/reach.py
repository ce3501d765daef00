"""Which cores the spikes of each source reach, and through how many synapses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.program.program import Program
from lsm_sim.support import checks
from lsm_sim.support.checks import Ints
from lsm_sim.support.memory import check_memory


class Counts(NamedTuple):
    """What the cores do in some steps, (steps, cores) each.

    ``operations``: synapses that something goes through; ``spikes``: spikes of the core's neurons; ``sent``: messages that they
    send, to the own core too; ``received``: messages from cores and from the host.
    """

    operations: Ints
    spikes: Ints
    sent: Ints
    received: Ints


@dataclass(frozen=True, eq=False)
class Reach:
    """The cores of a program's neurons, and what one event of each row (input channel, then neuron) reaches.

    Parameters
    ----------
    core
        The core of each neuron, (N,).
    n_inputs, n_cores
        Number of input channels and of cores.
    synapses, reached
        Sparse, (C + N, cores): number of synapses of each row in each core; and 1 where there is any.
    members
        Sparse, (N, cores): 1 for the core of each neuron.
    fan_out, own, others, n_messages
        Of each row, (C + N,): synapses; 1 if it reaches its own core (0 for inputs); number of other cores; number of all cores.
    sizes
        Number of neurons of each core, (cores,).
    """

    core: Ints
    n_inputs: int
    n_cores: int
    synapses: Any
    reached: Any
    members: Any
    fan_out: Ints
    own: Ints
    others: Ints
    n_messages: Ints
    sizes: Ints

    @property
    def n_rows(self) -> int:
        """Number of input channels and neurons."""
        return self.n_inputs + self.core.size

    def counts(self, step: Ints, row: Ints, n_steps: int) -> Counts:
        """Count what the cores do in each step, given the step and the row of every event."""
        from scipy.sparse import csr_array

        sent = csr_array((np.ones(step.size, np.int64), (step, row)), shape=(n_steps, self.n_rows))
        of_neurons = sent[:, self.n_inputs :]
        messages = self.members.multiply(self.n_messages[self.n_inputs :][:, None]).tocsr()
        return Counts(
            operations=(sent @ self.synapses).toarray(),
            spikes=(of_neurons @ self.members).toarray(),
            sent=(of_neurons @ messages).toarray(),
            received=(sent @ self.reached).toarray(),
        )


def reach_of(program: Program, core: Ints) -> Reach:
    """Return which cores each row of ``program`` reaches, with neuron i in ``core[i]``."""
    from scipy.sparse import csr_array  # here, because it is slow to import

    n_rows, n_cores = program.n_inputs + program.n_neurons, int(core.max(initial=0)) + 1
    every = program.synapses()
    ones = np.ones(every.post.size, np.int64)
    synapses = csr_array((ones, (every.source, core[every.post])), shape=(n_rows, n_cores))
    synapses.sum_duplicates()
    reached = synapses.copy()
    reached.data = np.ones_like(reached.data)
    members = csr_array((np.ones(core.size, np.int64), (np.arange(core.size), core)), shape=(core.size, n_cores))
    n_messages = np.diff(reached.indptr).astype(np.int64)
    own = np.zeros(n_rows, np.int64)
    own[program.n_inputs :] = np.asarray(reached[program.n_inputs :].multiply(members).sum(axis=1)).ravel()
    return Reach(
        core=core,
        n_inputs=program.n_inputs,
        n_cores=n_cores,
        synapses=synapses,
        reached=reached,
        members=members,
        fan_out=np.bincount(every.source, minlength=n_rows),
        own=own,
        others=n_messages - own,
        n_messages=n_messages,
        sizes=np.bincount(core, minlength=n_cores),
    )


def checked_cores(core: Any, n_neurons: int) -> Ints:
    """Return the core of each neuron as integers; None: all in core 0."""
    if core is None:
        return np.zeros(n_neurons, np.int64)
    cores = checks.whole_array(core, "core")
    if cores.shape != (n_neurons,):
        raise DescriptionError(f"core: got shape {cores.shape}, expected ({n_neurons},), the core of each neuron")
    if (cores < 0).any():
        raise DescriptionError(f"core: got {cores.min()}, expected numbers of cores from 0 on")
    if (cores >= n_neurons).any():
        raise DescriptionError(
            f"core: got {cores.max()}, expected at most {n_neurons - 1}; number the cores of {n_neurons} neurons from 0 on"
        )
    check_memory((float(cores.max(initial=0)) + 1) ** 2 * 16, "core")
    return cores
