"""What each feature beyond plain LIF costs: W of `lsm-sim bench` with and without it, in the fast engine on one thread.

    .venv/bin/python benchmarks/features.py            # features only
    .venv/bin/python benchmarks/features.py --brian2   # and Brian2's own Tsodyks-Markram synapses, compiled, a run per sample

Features are chosen so that W fires as before, because what a step costs depends mostly on spikes: the second current has the time
constant of the first, thresholds rise by a ten-thousandth, and recurrent weights are larger where plasticity makes them smaller.
The engines take turns, processor time is measured, and the ratio to trust is the median over turns that follow each other.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from contextlib import ExitStack

import numpy as np

import lsm_sim as lsm
from lsm_sim import ms
from lsm_sim.apps.bench.peers.brian2_network import LATE, Cells, PlainLoop, brian2, spike_source
from lsm_sim.apps.bench.workloads import BINS, DT, W, liquid, stimulus
from lsm_sim.backend import Request, compiled
from lsm_sim.spikes.bins import equal_bins

STP = {"U": 0.4, "tau_rec": 40 * ms, "tau_facil": 20 * ms}
GAIN = 3.0  # of recurrent weights with plasticity, so that W fires at about 32 Hz as without
SECOND = {"tau_syn_inh": 5 * ms}
ADAPTIVE = {"tau_adapt": 100 * ms, "adapt_step": 1e-4}


def variant(*, second=False, adaptive=False, plastic=False):
    """Return W with some features."""
    plain = liquid(W)
    more = (SECOND if second else {}) | (ADAPTIVE if adaptive else {})
    synapses = [
        dataclasses.replace(s, weight=GAIN * s.weight, stp=lsm.TsodyksMarkram(**STP))
        if plastic and s.pre != "external"
        else s
        for s in plain.synapses
    ]
    if second:  # input channels have no sign, so their receptor is named
        synapses = [dataclasses.replace(s, receptor="exc") if s.pre == "external" else s for s in synapses]
    neurons = [dataclasses.replace(group, **more) for group in plain.neurons]
    return lsm.lower(dataclasses.replace(plain, neurons=neurons, synapses=synapses), DT)


VARIANTS = {
    "plain": {},
    "two currents": {"second": True},
    "adaptive thresholds": {"adaptive": True},
    "short-term plasticity": {"plastic": True},
    "all three": {"second": True, "adaptive": True, "plastic": True},
}


class TsodyksMarkramLoop(PlainLoop):
    """W with the synapses of Brian2's examples, where every synapse has its own x and y (our r and f), updated at spikes."""

    def __init__(self, program, tau_rec, tau_facil, use):
        self._program = program
        with brian2() as b2:
            self._tick = program.dt * b2.second
            self._inputs = spike_source(b2, program)
            constants = {"tau_rec": tau_rec * b2.second, "tau_facil": tau_facil * b2.second, "U": use}
            self._cells = _PlasticCells(b2, program, self._inputs, constants)
            self._network = b2.Network(*self._cells.parts, name="bench_network")
            self._network.store()


class _PlasticCells(Cells):
    def __init__(self, b2, program, inputs, constants):
        self._constants = constants
        super().__init__(b2, program, inputs)

    def _synapses(self, pre, source, which, n_pre, *, late, name):
        if late:  # input synapses are static
            return super()._synapses(pre, source, which, n_pre, late=late, name=name)
        model = "w : 1\ndx/dt = (1 - x) / tau_rec : 1 (event-driven)\ndy/dt = -y / tau_facil : 1 (event-driven)"
        on_pre = "y += U * (1 - y)\nu_post += w * x * y\nx -= x * y"
        synapses = self._b2.Synapses(
            pre, self.group, model, on_pre=on_pre, clock=self._clock, name=name, namespace=self._constants
        )
        synapses.connect(i=source[which], j=self._program.post[which])
        synapses.w[:] = self._program.weight[which]
        synapses.delay[:] = self._program.delay[which] * self._tick
        synapses.x = 1
        return synapses


def seconds(function):
    start = time.process_time()
    function()
    return time.process_time() - start


def measure(runs, rounds):
    """Return the processor time of each run in each round; the runs take turns."""
    times = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            times[name].append(seconds(run))
    return {name: np.array(found) for name, found in times.items()}


def features(n_samples, rounds):
    spikes = lsm.Spikes.from_dense(stimulus(W, n_samples), DT)
    request = Request(spikes=False, bins=equal_bins(spikes.n_steps, BINS), n_threads=1, progress=False)
    with ExitStack() as stack:
        engines = {name: stack.enter_context(compiled(variant(**own), "fast")) for name, own in VARIANTS.items()}
        rates = {name: run(spikes, request).counts.sum() / n_samples / W.n_neurons for name, run in engines.items()}
        runs = {name: lambda run=run: run(spikes, request) for name, run in engines.items()}
        times = measure(runs, rounds)
    print(f"{'W with':<24}{'rate (Hz)':>10}{'ms per sample':>16}{'ratio, median of pairs':>26}")
    for name, found in times.items():
        ratio = np.median(found / times["plain"])
        print(f"{name:<24}{rates[name]:>10.1f}{1e3 * np.median(found) / n_samples:>16.3f}{ratio:>26.3f}")


def beside_brian2(rounds):
    n_samples = 2
    spikes = lsm.Spikes.from_dense(stimulus(W, n_samples), DT)
    request = Request(spikes=False, bins=equal_bins(spikes.n_steps, BINS), n_threads=1, progress=False)
    program = variant(plastic=True)
    static = dataclasses.replace(liquid(W), synapses=[
        dataclasses.replace(s, weight=GAIN * s.weight) if s.pre != "external" else s for s in liquid(W).synapses
    ])  # fmt: skip
    loop = TsodyksMarkramLoop(lsm.lower(static, DT), STP["tau_rec"], STP["tau_facil"], STP["U"])
    theirs = loop.counts(spikes, BINS)
    with compiled(program, "fast") as run:
        ours = run(spikes, request).counts
        many = lsm.Spikes.concatenate([spikes] * 10)
        wide = dataclasses.replace(request, bins=equal_bins(many.n_steps, BINS))
        times = measure({"brian2": lambda: loop.counts(spikes, BINS), "fast": lambda: run(many, wide)}, rounds)
    rates = [counts.sum() / n_samples / W.n_neurons for counts in (theirs, ours)]
    per_sample = times["brian2"] / n_samples, times["fast"] / len(many)
    print(f"\nshort-term plasticity in Brian2 (a state per synapse): {rates[0]:.1f} Hz, in lsm_sim: {rates[1]:.1f} Hz")
    print(f"{1e3 * np.median(per_sample[0]):.1f} and {1e3 * np.median(per_sample[1]):.2f} ms per sample; Brian2 takes")
    print(
        f"{np.median(per_sample[0] / per_sample[1]):.0f} times as long (median of {rounds} pairs); spikes are one step later: {LATE}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--brian2", action="store_true", help="beside Brian2's own synapses; compiling takes a minute")
    args = parser.parse_args()
    features(args.samples, args.rounds)
    if args.brian2:
        beside_brian2(args.rounds)


if __name__ == "__main__":
    main()
