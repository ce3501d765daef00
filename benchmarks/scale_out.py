"""Several workers beside one: time of a sweep, of tasks that do nothing, and of a transform whose size grows with the workers.

    python benchmarks/scale_out.py [--seconds 60] [--workers 2] [--dask ADDRESS]

Strong scaling: the same sweep of seeds with 1 and with N workers; the sweep is made as long as asked by timing one seed first. Weak
scaling: a transform of n samples by one worker, and of N n by N. Overhead: tasks that return at once. Processes
stay for the next call; each has imported what it needs before the clock starts. Compare ratios, and run it on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import tempfile
import time

import numpy as np
import psutil

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import streams
from lsm_sim.learn.controls import compare
from lsm_sim.support.parallel import Work, in_order

LIQUID = models.random_ei(n_inputs=4, n_neurons=500, seed=1)
ENCODER = lsm.encode.Rate(100.0, frame=0.01)


def nothing(shared, task, n_threads):  # noqa: ARG001
    return task


def with_samples(shared, task, n_threads):  # noqa: ARG001
    return task.sum()


def overhead(n_workers, dask):
    """Print the milliseconds for each task, after the processes have started."""
    work = Work(None, dask) if dask else Work(n_workers)
    for name, function, task in (
        ("nothing", nothing, 0),
        ("a chunk of 50 samples (50 x 100 x 80)", with_samples, np.zeros((50, 100, 80))),
    ):
        results = in_order(function, None, (task for _ in range(500)), work)
        for _ in range(50):  # by then the processes run
            next(results)
        started = time.perf_counter()
        n = sum(1 for _ in results)
        print(f"overhead, {name}: {(time.perf_counter() - started) / n * 1e3:.2f} ms a task")


def processor_time():
    """Return the processor time so far of this process and of its workers, which other programs change little."""
    processes = (psutil.Process(), *psutil.Process().children(recursive=True))
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def busy_time():
    """Return the seconds so far in which cores worked, for any program."""
    times = psutil.cpu_times()
    return sum(getattr(times, name, 0.0) for name in ("user", "nice", "system", "irq", "softirq", "steal"))


def sweep(seeds, workers, X, y, n_threads):
    """Return what a comparison with these seeds takes, and its predictions.

    It takes seconds by the clock and of processor time; the third number is how many cores other programs used meanwhile.
    """
    model = lsm.LiquidClassifier(LIQUID, ENCODER, lsm.Counts(3), n_threads=n_threads, progress=False)
    started, used, busy = time.perf_counter(), processor_time(), busy_time()
    found = compare(model, X, y, seeds=seeds, views=("liquid",), workers=workers, progress=False)
    seconds, used, busy = time.perf_counter() - started, processor_time() - used, busy_time() - busy
    return (seconds, used, (busy - used) / seconds), found.predictions["liquid"]


def strong(seconds, n_workers):
    """Print how much faster N workers are on a sweep of about so many seconds, each with one thread."""
    rng = np.random.default_rng(1)
    X, y = rng.random((400, 20, 4)), np.arange(400) % 4
    sweep((0,), None, X, y, 1)
    (one, *_), _ = sweep((0, 1), None, X, y, 1)
    n = max(2 * n_workers, round(seconds / (one / 2)) // n_workers * n_workers)
    sweep(range(n_workers), n_workers, X, y, 1)  # the processes import what they need
    (alone, used, others), expected = sweep(range(n), None, X, y, 1)
    (together, used_together, others_together), found = sweep(range(n), n_workers, X, y, 1)
    same = all(np.array_equal(a, b) for a, b in zip(expected, found, strict=True))
    print(
        f"strong scaling: a sweep of {n} seeds, {alone:.1f} s alone, {together:.1f} s with {n_workers} workers",
        end=": ",
    )
    print(f"{alone / together:.2f}x, {used_together / used:.2f} times the processor time, equal: {same}")
    cores = used_together / together
    print(
        f"cores used by other programs: {others:.2f} meanwhile alone, {others_together:.2f} with {n_workers} workers",
        end="; ",
    )
    print(f"by the workers {cores:.2f} of {psutil.cpu_count()}")


def weak(n, n_workers):
    """Print the efficiency of N workers on N times as many samples."""
    model = lsm.LiquidTransformer(LIQUID, ENCODER, lsm.Counts(1), n_threads=1, progress=False)
    X = np.random.default_rng(2).random((1000, 20, 4))
    model.fit(X[:100])
    with tempfile.TemporaryDirectory() as folder:
        streams.transform(model, X, f"{folder}/f", chunk=500, workers=n_workers)  # the processes import what they need
    seconds, used = [], []
    for workers in (None, n_workers):
        with tempfile.TemporaryDirectory() as folder:
            batches = (X for _ in range(n // 1000 * (workers or 1)))
            started, before = time.perf_counter(), processor_time()
            streams.transform(model, batches, f"{folder}/f", chunk=500, workers=workers)
            seconds.append(time.perf_counter() - started)
            used.append(processor_time() - before)
    print(
        f"weak scaling: {n} samples {seconds[0]:.1f} s alone, {n_workers} times as many {seconds[1]:.1f} s with {n_workers}",
        end=": ",
    )
    print(f"efficiency {seconds[0] / seconds[1]:.2f}, by processor time {used[0] * n_workers / used[1]:.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--dask", help="address of a scheduler, for the overhead")
    arguments = parser.parse_args()
    overhead(arguments.workers, arguments.dask)
    if not arguments.dask:
        strong(arguments.seconds, arguments.workers)
        weak(arguments.samples, arguments.workers)


if __name__ == "__main__":
    main()
