"""Many samples in one run of Brian2, one after the other and, if that is faster, in several copies of the network.

After each sample no neuron may spike until all spikes in flight have arrived; then the state is reset to rest.
"""

from __future__ import annotations

import numpy as np

from lsm_sim import Program, Spikes
from lsm_sim.apps.bench.peer import Counts
from lsm_sim.apps.bench.peers.brian2_network import LATE, Cells, brian2, check, spike_source

_MOST_COPIES = 64
_MOST_SYNAPSES = 250_000  # of all copies; with more they do not fit into the caches and copies are slower
_LEAST_SYNAPSES = 2_000_000  # summed over the samples of a call; with fewer, Brian2's overhead per run would matter
_LEAST_SAMPLES = 20
_LEAST_ROUNDS = (
    128  # minimum length of the threshold's table, whose size is part of the compiled code and should not change
)
_LONG_AGO = -1e9  # seconds


def n_replicas(program: Program, n_samples: int) -> int:
    """Return the best number of copies; samples are distributed over rounds as evenly as possible."""
    most = max(1, min(n_samples, _MOST_COPIES, _MOST_SYNAPSES // max(program.n_synapses, 1)))
    rounds = -(-n_samples // most)
    return -(-n_samples // rounds)


def batch(program: Program, replicas: int) -> int:
    """Return how many samples a run needs so that the overhead per run is negligible."""
    least = min(_LEAST_SAMPLES, _LEAST_SYNAPSES // max(program.n_synapses, 1))
    return replicas * max(1, round(least / replicas))


class OneRun:
    """A network that runs a batch without leaving Brian2's loop."""

    def __init__(self, program: Program, replicas: int) -> None:
        check(program)
        self._program, self._replicas = program, replicas
        with brian2() as b2:
            self._tick = program.dt * b2.second
            self._inputs = spike_source(b2, program, replicas)
            self._cells = Cells(b2, program, self._inputs, replicas, threshold="v > theta + closed(t)")
            self._network = b2.Network(*self._cells.parts, name="bench_network")
        self._period = 0

    def _add_rest(self, n_steps: int) -> None:
        """Reset the state to rest at the beginning of every sample of this length."""
        self._period = n_steps + self._program.max_delay + 2 * LATE + 1
        with brian2() as b2:
            rest = self._cells.group.run_regularly(
                f"v = 0\nu = 0\nlastspike = {_LONG_AGO}*second\nnot_refractory = True",
                clock=b2.Clock(dt=self._period * self._tick, name="bench_rest_clock"),
                when="start",
                name="bench_rest",
            )
            self._network.add(rest)
            self._closed = np.full(self._period, np.inf)
            self._closed[: n_steps + LATE] = 0
            self._network.store()

    def counts(self, stimulus: Spikes, bins: int) -> Counts:
        """Run every sample, all of the same length, and return the spike counts, (samples, bins, N)."""
        program, n_steps = self._program, int(stimulus.n_steps[0])
        if not self._period:
            self._add_rest(n_steps)
        period, replicas = self._period, self._replicas
        rounds = -(-len(stimulus) // replicas)
        which, copy = np.divmod(stimulus.sample, replicas)
        step = which * period + stimulus.step
        order = np.argsort(step, kind="stable")
        channel = copy * program.n_inputs + stimulus.channel
        with brian2() as b2:
            self._network.restore()
            self._inputs.set_spikes(channel[order], step[order] * self._tick)
            size = max(_LEAST_ROUNDS, 1 << rounds.bit_length())
            closed = b2.TimedArray(np.tile(self._closed, size), dt=self._tick, name="bench_closed")
            self._network.run(rounds * period * self._tick, namespace={"closed": closed})
            step, cell = self._cells.events()
        out = np.zeros((rounds * replicas, bins, program.n_neurons), np.int32)
        copy, neuron = np.divmod(cell, program.n_neurons)
        round_, step = np.divmod(step, period)
        np.add.at(out, (round_ * replicas + copy, step * bins // n_steps, neuron), 1)
        return out[: len(stimulus)]
