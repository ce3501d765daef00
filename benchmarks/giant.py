"""Memory and time of large networks on the fast engine: bytes for each synapse, from the description to the run.

    python benchmarks/giant.py [--millions 1 4 16]

Each size runs in a process of its own: a random network of 500 synapses for each neuron, lowered, packed and run
for 100 steps, where neurons fire at about 100 Hz. Peaks are of the resident memory of the process, without what Python and the
libraries took before.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time

import numpy as np

FAN_OUT, N_INPUTS = 500, 100


def peak():
    """Return the largest resident memory so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # kB on Linux


def child(n_synapses):
    import lsm_sim as lsm

    small = lsm.Spikes.from_dense(np.zeros((1, 2, 1), bool), 1e-3)
    lsm.run(lsm.Liquid([lsm.Inputs("in", 1)], [lsm.Neurons("a", 1, i_bias=60.0)]), small, bins=1, spikes=False)
    before = peak()
    n = n_synapses // FAN_OUT
    liquid = lsm.Liquid(
        [lsm.Inputs("in", N_INPUTS)],
        [lsm.Neurons("exc", n, t_ref=2e-3)],
        [
            lsm.Synapses("in", "exc", lsm.FixedProbability(0.1), weight=lsm.Uniform(0.2, 0.6)),
            lsm.Synapses(
                "exc", "exc", lsm.FixedInDegree(FAN_OUT), weight=lsm.Normal(0, 0.01), delay=lsm.Uniform(1e-3, 8e-3)
            ),
        ],
        seed=1,
    )
    started = time.perf_counter()
    program = lsm.lower(liquid, 1e-3)
    lowered, lowering = time.perf_counter() - started, peak() - before
    stored = sum(np.asarray(value).nbytes for value in program.to_arrays().values())
    stimulus = lsm.Spikes.from_dense(np.random.default_rng(0).random((1, 100, N_INPUTS)) < 0.05, 1e-3)
    started = time.perf_counter()
    result = lsm.run(program, stimulus, bins=1, spikes=False, progress=False)
    first = time.perf_counter() - started
    started = time.perf_counter()
    lsm.run(program, stimulus, bins=1, spikes=False, progress=False)
    again = time.perf_counter() - started
    print(
        json.dumps(
            {"synapses": program.n_synapses, "neurons": n, "stored": stored, "lowering": lowering}
            | {"peak": peak() - before, "lower_s": lowered, "first_s": first, "run_s": again}
            | {"rate": float(result.counts.sum()) / n / 0.1}
        )
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", type=float, nargs="+", default=[1, 4, 16])
    parser.add_argument("--child", type=int)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child)
        return
    print("synapses  neurons  Program  peak, lowering  peak, all   bytes per synapse")
    for millions in arguments.millions:
        command = [sys.executable, __file__, "--child", str(int(millions * 1e6))]
        one = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        each = [one[name] / one["synapses"] for name in ("stored", "lowering", "peak")]
        print(f"{one['synapses']:.3g}  {one['neurons']}  {each[0]:.1f}  {each[1]:.1f}  {each[2]:.1f}", end="; ")
        print(
            f"lower {one['lower_s']:.1f} s, first run {one['first_s']:.1f} s, 100 steps {one['run_s']:.2f} s, {one['rate']:.0f} Hz"
        )


if __name__ == "__main__":
    main()
