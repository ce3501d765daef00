"""The plain way to run a data set in Brian2: build once, then restore and run for each sample; compiled by Cython."""

from __future__ import annotations

import numpy as np

import lsm_sim as lsm


class PlainLoop:
    """A program as a Brian2 user writes it: exact integration, one `SpikeGeneratorGroup`, one `SpikeMonitor`.

    It is the same network with the same spikes. In Brian2 an arriving spike changes u after the state was advanced, so u
    is one step late: network spikes come a step later, inputs get a step more of delay, and one more step is run.
    """

    def __init__(self, program: lsm.Program) -> None:
        import brian2 as b2

        b2.prefs.codegen.target = "cython"
        b2.BrianLogger.suppress_hierarchy("brian2")
        self._b2, self._program, self._dt = b2, program, program.dt * b2.second
        refractory = (int(program.refractory[0]) + 1) * self._dt
        constants = {
            "a_u": program.decay_u[0],
            "a_v": program.decay_v[0],
            "theta": program.threshold[0],
            "tick": self._dt,
        }
        group = b2.NeuronGroup(
            program.n_neurons,
            """dv/dt = ((a_v - 1) * v + u) / tick : 1 (unless refractory)
               du/dt = (a_u - 1) * u / tick : 1""",
            threshold="v > theta",
            reset="v = 0",
            refractory=refractory,
            method="euler",  # of these coefficients: exactly the steps of the program
            dt=self._dt,
            namespace=constants,
        )
        self._inputs = b2.SpikeGeneratorGroup(program.n_inputs, [], [] * b2.second, dt=self._dt)
        rows = program.sources()
        external = rows < program.n_inputs
        self._monitor = b2.SpikeMonitor(group)
        parts = [
            self._synapses(self._inputs, group, rows[external], external, later=1),
            self._synapses(group, group, rows[~external] - program.n_inputs, ~external, later=0),
        ]
        self._network = b2.Network(group, self._inputs, self._monitor, *parts)
        self._network.store()

    def _synapses(self, pre, post, source, which, later):
        b2, program = self._b2, self._program
        synapses = b2.Synapses(pre, post, "w : 1", on_pre="u_post += w", dt=self._dt)
        synapses.connect(i=source, j=program.post[which])
        synapses.w = program.weight[which]
        synapses.delay = (program.delay[which] + later) * self._dt
        return synapses

    def counts(self, stimulus: lsm.Spikes, bins: int) -> np.ndarray:
        """Run every sample and return its spike counts, (samples, bins, N)."""
        out = np.zeros((len(stimulus), bins, self._program.n_neurons), np.int32)
        for b in range(len(stimulus)):
            one = stimulus[b]
            n_steps = int(one.n_steps[0])
            self._network.restore()
            self._inputs.set_spikes(one.channel, one.step * self._dt)
            self._network.run((n_steps + 1) * self._dt, namespace={})
            step = np.rint(np.asarray(self._monitor.t / self._dt)).astype(int) - 1
            np.add.at(out[b], (step * bins // n_steps, np.asarray(self._monitor.i)), 1)
        return out
