"""How long a step of a live session takes, and how long from a piece of sound to the answer: percentiles over single calls.

    .venv/bin/python benchmarks/live.py [--steps 20000] [--frames 3000] [--arithmetic float64]

Three tables, in microseconds: median, 99th and 99.9th percentile, and the largest time.

- ``session.step`` of a network of N neurons, wired and driven like W (see `lsm_sim.apps.bench.workloads`; 100 synapses per neuron),
  1 ms a step.
- 10 ms of sound (80 samples) through mel front end, encoder, liquid of N neurons, features and readout to the label, `advance`
  and `predict`.
- The same with a readout that also learns, `learn` with recursive least squares on one bin of counts.

Each is measured twice: as Python runs it, and with the garbage collector off. "collected" is the share of the calls during which
the collector ran, and its longest run. For steady times call ``gc.freeze()`` after everything is set up, or collect between
two frames.
"""

from __future__ import annotations

import argparse
import gc
import time
from contextlib import contextmanager

import numpy as np
from sklearn.pipeline import make_pipeline

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import Hz, ms
from lsm_sim.apps.bench import workloads

SIZES = (200, 1000, 4000)
RATE, PIECE = 8000, 80


@contextmanager
def watched():
    """Yield a list to which the garbage collector's runs are added, in microseconds."""
    runs, began = [], [0]

    def look(phase, _):
        if phase == "start":
            began[0] = time.perf_counter_ns()
        else:
            runs.append((time.perf_counter_ns() - began[0]) / 1000)

    gc.callbacks.append(look)
    try:
        yield runs
    finally:
        gc.callbacks.remove(look)


def report(name, call, inputs, warm_up=200):
    """Time ``call`` on each input and print a line, with the collector and without."""
    for one in inputs[:warm_up]:
        call(one)
    for collects in (True, False):
        gc.collect()
        (gc.enable if collects else gc.disable)()
        out = np.empty(len(inputs))
        with watched() as runs:
            for i, one in enumerate(inputs):
                start = time.perf_counter_ns()
                call(one)
                out[i] = (time.perf_counter_ns() - start) / 1000
        gc.enable()
        columns = "".join(f"{value:10.1f}" for value in (*np.percentile(out, [50, 99, 99.9]), out.max()))
        collected = f"{len(runs) / len(out):9.2%} {max(runs, default=0):9.0f}" if collects else f"{'off':>9}"
        print(f"{name:44}{columns}  {collected}", flush=True)


def header(title):
    """Print the head of a table."""
    print(f"\n{title:44}{'median':>10}{'99 %':>10}{'99.9 %':>10}{'largest':>10}  {'collected':>9}   longest")


def steps(n_neurons, n_steps, arithmetic):
    """Measure ``session.step``."""
    workload = workloads.Workload(f"N={n_neurons}", n_neurons, min(0.1, 100 / n_neurons))
    program = lsm.lower(workloads.liquid(workload), workloads.DT)
    rng = np.random.default_rng(1)
    dense = rng.random((n_steps, workloads.N_INPUTS)) < workload.input_rate * workloads.DT
    if arithmetic == "loihi":
        program = lsm.quantise(program, lsm.Spikes.from_dense(dense[:1000], workloads.DT)).program
    events = [np.flatnonzero(row) for row in dense]
    with lsm.open(program) as session:
        report(f"step, N = {n_neurons}", session.step, events)


def answers(n_neurons, n_frames, arithmetic, *, learns):
    """Measure the way from sound to the answer."""
    rng = np.random.default_rng(2)
    sounds = [rng.normal(0, 0.1 + 0.2 * (i % 2), 4000) for i in range(40)]
    labels = np.arange(40) % 2
    front = lsm.audio.MelSpectrogram(RATE, hop=10 * ms, reference=-10.0)
    model = lsm.LiquidClassifier(
        lambda n: models.speech(n_inputs=n, n_neurons=n_neurons),
        lsm.encode.Rate(200 * Hz, frame=10 * ms),
        lsm.Counts(1 if learns else 5, sqrt=True),
        "rls" if learns else "ridge",
        arithmetic=arithmetic,
    )
    pipeline = make_pipeline(front, model).fit(sounds, labels)
    sound = rng.normal(0, 0.2, n_frames * PIECE).reshape(-1, PIECE)
    with lsm.open(pipeline, window=0.5) as live:
        live.advance(rng.normal(0, 0.2, 4 * PIECE))

        def answer(piece):
            live.advance(piece)
            live.predict()
            if learns:
                live.learn(0)

        what = ", learns" if learns else ""
        report(f"10 ms of sound to the answer, N = {n_neurons}{what}", answer, list(sound))


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--frames", type=int, default=3000)
    parser.add_argument("--arithmetic", choices=["float64", "loihi"], default="float64")
    asked = parser.parse_args()
    header("microseconds")
    for n_neurons in SIZES:
        steps(n_neurons, asked.steps, asked.arithmetic)
    header("microseconds")
    for n_neurons in (200, 500, 1000, 4000):
        answers(n_neurons, asked.frames, asked.arithmetic, learns=False)
    answers(500, asked.frames, asked.arithmetic, learns=True)


if __name__ == "__main__":
    main()
