"""Milliseconds per sample of the Brian2 backend, compared with the loop a Brian2 user writes: restore and run each sample.

All run the same network and the same stimulus and must return the same counts. Rounds alternate; the figures are medians.
Compilation happens before the first round and is not included.
"""

from __future__ import annotations

import argparse
import time
from contextlib import ExitStack

import numpy as np

import lsm_sim as lsm
from lsm_sim.apps.bench.peers.brian2_network import PlainLoop
from lsm_sim.apps.bench.workloads import BINS, DT, MAIN, find, liquid, stimulus
from lsm_sim.backend import Request
from lsm_sim.spikes.bins import equal_bins
from lsm_sim_brian2 import Brian2, rounds

ENGINES = {
    "runtime, cython": Brian2(codegen="cython"),
    "runtime, numpy": Brian2(codegen="numpy"),
    "standalone, run again": Brian2(mode="standalone"),
}


def seconds(function) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workload", default="W", choices=[workload.name for workload in MAIN])
    parser.add_argument("--samples", type=int, default=20, help="samples per call")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=None, help="OpenMP threads of the standalone program")
    parser.add_argument("--replicas", type=int, default=None, help="number of replicas; default: chosen automatically")
    parser.add_argument("--engines", nargs="*", default=list(ENGINES), choices=ENGINES)
    args = parser.parse_args()
    if args.replicas is not None:
        rounds.n_replicas = lambda _program, _n_samples: args.replicas

    (workload,) = find([args.workload])
    program = lsm.lower(liquid(workload), DT)
    spikes = lsm.Spikes.from_dense(stimulus(workload, args.samples), DT)
    request = Request(spikes=False, bins=equal_bins(spikes.n_steps, BINS), n_threads=args.threads, progress=False)
    print(program, f"{rounds.n_replicas(program, len(spikes))} replicas", sep=", ")
    loop = PlainLoop(program)
    print("compiling (a minute or two)")
    theirs = loop.counts(spikes, BINS)
    with ExitStack() as stack:
        runs = {name: stack.enter_context(ENGINES[name].compile(program)) for name in args.engines}
        for name, run in runs.items():
            ours = run(spikes, request).counts
            print(f"{name}: {(theirs != ours).sum()} of {ours.size} counts differ from the loop's")
        times = {name: [] for name in ("plain loop", *runs)}
        for _ in range(args.rounds):
            times["plain loop"].append(seconds(lambda: loop.counts(spikes, BINS)) / len(spikes))
            for name, run in runs.items():
                times[name].append(seconds(lambda run=run: run(spikes, request)) / len(spikes))
    plain = np.median(times["plain loop"])
    print(f"{'':<24}{'ms/sample':>10}{'min':>9}{'max':>9}{'/ loop':>9}")
    for name, values in times.items():
        low, middle, high = (quantile * 1e3 for quantile in np.quantile(values, [0, 0.5, 1]))
        print(f"{name:<24}{middle:>10.2f}{low:>9.2f}{high:>9.2f}{middle / plain / 1e3:>9.2f}")


if __name__ == "__main__":
    main()
