"""How fast one checkout of lsm_sim is beside another, on the workloads of `lsm-sim bench`, in both arithmetics.

    .venv/bin/python benchmarks/against.py ../old/.venv/bin/python .venv/bin/python

Each round starts two processes, one per interpreter, and lets them take turns. Both run the same programs, which the old checkout
makes and saves, and the same Poisson stimuli, from dense arrays to spike counts in ten bins. The counts must be equal. Only the
public API of lsm_sim is used, so that checkouts may differ inside.

On one thread the processor time of the process is measured, which other processes disturb least; on more threads the wall clock.
Two turns that follow each other met the same noise, so the ratio to trust is the median over such pairs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np

DT, N_STEPS, N_INPUTS, INPUT_RATE, BINS = 1e-3, 1000, 80, 50.0, 10
NETWORKS = {  # neurons, probability of a pair, mean weights (exc, inh, external), samples, runs per turn
    "W": (1000, 0.1, (0.040, -0.152, 0.152), 100, 1),
    "W-small": (135, 0.1, (0.047, -0.152, 0.159), 100, 6),
    "W-large": (10_000, 0.02, (0.022, -0.086, 0.159), 10, 1),
}
CASES = tuple(f"{name}, {kind}" for name in NETWORKS for kind in ("float64", "loihi"))


def stimulus(n_samples):
    rng = np.random.default_rng(7)
    return rng.random((n_samples, N_STEPS, N_INPUTS)) < INPUT_RATE * DT


def liquid(lsm, name):
    n, p, (exc, inh, external), *_ = NETWORKS[name]
    cells = {"tau_m": 20e-3, "tau_syn": 5e-3, "t_ref": 2e-3}
    delay = lsm.Uniform(1.01 * DT, 8.49 * DT)

    def synapses(pre, p, mean, **more):
        weight = mean * lsm.Normal(1, 0.25, minimum=0.1, maximum=2)
        return lsm.Synapses(pre, ("exc", "inh"), lsm.FixedProbability(p), weight=weight, **more)

    return lsm.Liquid(
        inputs=[lsm.Inputs("external", N_INPUTS)],
        neurons=[lsm.Neurons("exc", n * 4 // 5, **cells), lsm.Neurons("inh", n - n * 4 // 5, **cells)],
        synapses=[
            synapses("external", 0.1, external),
            synapses("exc", p, exc, delay=delay),
            synapses("inh", p, inh, delay=delay),
        ],
        seed=1,
    )


def make_programs(folder):
    """Save the program of every case."""
    import lsm_sim as lsm

    for name in NETWORKS:
        program = lsm.lower(liquid(lsm, name), DT)
        program.save(Path(folder, f"{name}, float64.npz"))
        quantised = lsm.quantise(program, lsm.Spikes.from_dense(stimulus(4), DT))
        quantised.program.save(Path(folder, f"{name}, loihi.npz"))


def take_turns(folder, n_threads):
    """Run the case that each line of the input names; answer with the seconds per sample and a digest of the counts."""
    import lsm_sim as lsm

    clock = time.process_time if n_threads == 1 else time.perf_counter
    programs = {}
    for line in sys.stdin:
        case = line.strip()
        *_, n_samples, n_runs = NETWORKS[case.split(",")[0]]
        dense = stimulus(n_samples)
        if case not in programs:
            programs[case] = lsm.Program.load(Path(folder, f"{case}.npz"))
        seconds = []
        for _ in range(n_runs):
            start = clock()
            spikes = lsm.Spikes.from_dense(dense, DT)
            counts = lsm.run(
                programs[case], spikes, spikes=False, bins=BINS, n_threads=n_threads, progress=False
            ).counts
            seconds.append(clock() - start)
        counts = np.ascontiguousarray(counts)
        digest = hashlib.sha256(counts.tobytes()).hexdigest()
        print(json.dumps([statistics.median(seconds) / n_samples, digest]), flush=True)


def start(python, *arguments):
    command = [python, __file__, *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ask(process, case):
    process.stdin.write(case + "\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    if not answer:
        raise SystemExit(f"{process.args[0]} failed on {case}")
    return json.loads(answer)


def one_round(args, folder, backwards):
    """Return the seconds per sample of each case, (turns, 2), and check that the counts of both checkouts are equal."""
    seconds = {case: [] for case in args.cases}
    with ExitStack() as stack:
        options = "--take-turns", folder, str(args.threads)
        pair = [stack.enter_context(start(python, *options)) for python in (args.old, args.new)]
        for case in args.cases:
            answers = [ask(process, case) for process in pair]  # not timed: this one packs, compiles and warms up
            if answers[0][1] != answers[1][1]:
                raise SystemExit(f"{case}: the counts differ")
            for turn in range(args.turns):
                order = (1, 0) if (turn + backwards) % 2 else (0, 1)
                measured = {which: ask(pair[which], case)[0] for which in order}
                seconds[case].append((measured[0], measured[1]))
        for process in pair:
            process.stdin.close()
    return seconds


def report(case, seconds):
    """Print one line for the seconds of a case, (rounds * turns, 2)."""
    milliseconds = 1e3 * np.array(seconds)
    middle, least = np.median(milliseconds, axis=0), milliseconds.min(axis=0)
    low, ratio, high = np.quantile(milliseconds[:, 1] / milliseconds[:, 0], (0.25, 0.5, 0.75))
    print(
        f"{case:18} {middle[0]:8.4f} {middle[1]:8.4f} {middle[1] / middle[0]:7.3f} "
        f"{least[0]:10.4f} {least[1]:8.4f} {least[1] / least[0]:7.3f} {ratio:10.3f} ({low:.3f} .. {high:.3f})"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", help="Python interpreter of the checkout to compare with")
    parser.add_argument("new", help="Python interpreter of the checkout to judge")
    parser.add_argument("--rounds", type=int, default=5, help="pairs of processes")
    parser.add_argument("--turns", type=int, default=8, help="turns of each process and case in a round")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cases", nargs="*", default=CASES, choices=CASES, metavar="CASE", help=", ".join(CASES))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([args.old, __file__, "--make-programs", folder], check=True)
        rounds = [one_round(args, folder, number % 2) for number in range(args.rounds)]
    print(f"ms per sample on {args.threads} thread(s); {args.rounds} rounds of {args.turns} turns; all counts equal")
    print(
        f"{'':18} {'old':>8} {'new':>8} {'ratio':>7} {'least old':>10} {'new':>8} {'ratio':>7} {'of pairs':>10} (quartiles)"
    )
    for case in args.cases:
        report(case, [pair for seconds in rounds for pair in seconds[case]])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--make-programs"]:
        make_programs(sys.argv[2])
    elif sys.argv[1:2] == ["--take-turns"]:
        take_turns(sys.argv[2], int(sys.argv[3]))
    else:
        main()
