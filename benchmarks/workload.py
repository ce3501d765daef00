"""Milliseconds per sample of workload W: the fast engine through the public API beside Brian2's compiled per-sample loop.

Both run the same network and the same stimulus and must return the same counts. Rounds alternate; the figures are medians.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from brian2_loop import PlainLoop
from workloads import WORKLOADS, liquid, stimulus

import lsm_sim as lsm

BINS = 10


def seconds(function) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workload", default="W", choices=WORKLOADS)
    parser.add_argument("--samples", type=int, default=100, help="samples per round of the fast engine")
    parser.add_argument("--brian2-samples", type=int, default=5, help="samples per round of Brian2")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()

    program = lsm.lower(liquid(args.workload), 1e-3)
    spikes = stimulus(args.samples)
    few = spikes[: args.brian2_samples]
    print(program)

    def fast(batch, n_threads):
        return lsm.run(program, batch, spikes=False, bins=BINS, n_threads=n_threads, progress=False).counts

    loop = PlainLoop(program)
    print("compiling Brian2's code (up to a minute the first time)")
    theirs, ours = loop.counts(few, BINS), fast(few, 1)
    rate = ours.sum() / ours.shape[0] / program.n_neurons
    print(f"rate {rate:.1f} Hz; counts that differ: {(theirs != ours).sum()} of {ours.size}")
    times = {"fast, 1 thread": [], "fast, 2 threads": [], "Brian2 cython loop": []}
    for _ in range(args.rounds):
        times["fast, 1 thread"].append(seconds(lambda: fast(spikes, 1)) / len(spikes))
        times["fast, 2 threads"].append(seconds(lambda: fast(spikes, 2)) / len(spikes))
        times["Brian2 cython loop"].append(seconds(lambda: loop.counts(few, BINS)) / len(few))
    brian2 = np.median(times["Brian2 cython loop"])
    print(f"{'':<22}{'ms/sample':>10}{'min':>9}{'max':>9}{'x Brian2':>10}")
    for name, values in times.items():
        middle = np.median(values)
        print(
            f"{name:<22}{middle * 1e3:>10.2f}{min(values) * 1e3:>9.2f}{max(values) * 1e3:>9.2f}{brian2 / middle:>10.1f}"
        )


if __name__ == "__main__":
    main()
