"""Which measure predicts accuracy? Rank correlations over random liquids and three tasks.

    .venv/bin/python benchmarks/measures.py --liquids 200 --jobs 2

Every liquid has 100 neurons and 8 input channels; weights, time constants, delays, drive and sparseness are drawn at random. The
same liquid is measured and does three tasks: XOR of two spike templates of 250 ms, one after the other, read from 30 ms traces at the
end; handwritten digits, row by row, read from spike counts; NARMA-10, one step. Liquids that stay silent are drawn anew.
"""

from __future__ import annotations

import argparse
import time
import warnings
from typing import Any

import joblib
import numpy as np
from scipy.stats import spearmanr
from sklearn.datasets import load_digits
from threadpoolctl import threadpool_limits

import lsm_sim as lsm
from lsm_sim import Hz, measures, ms
from lsm_sim.datasets import narma10, spike_templates
from lsm_sim.encode import Population, Rate
from lsm_sim.learn.controls import holm
from lsm_sim.learn.forecast import LiquidForecaster
from lsm_sim.learn.readout import ridge

CODE = Population(8, width=1.2, max_rate=200 * Hz, frame=20 * ms)
N_NEURONS, N_CHANNELS, N_SERIES = 100, 8, 2000


def random_liquid(rng: np.random.Generator) -> lsm.Liquid:
    def between(low: float, high: float) -> float:
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    tau_m, degree = between(5, 40) * ms, int(rng.integers(5, 51))
    longest = between(2, 50) * ms
    neurons = lsm.Neurons(
        "n", N_NEURONS, tau_m=tau_m, tau_syn=between(2, 100) * ms, t_ref=2 * ms, i_bias=rng.uniform(0, 1.5) / tau_m
    )
    delays = lsm.Uniform(1 * ms, longest)
    recurrent = lsm.Normal(0, between(0.05, 4) / degree**0.5)
    synapses = [
        lsm.Synapses("in", "n", lsm.FixedInDegree(int(rng.integers(1, 9))), lsm.Normal(0, between(0.2, 4)), delays),
        lsm.Synapses("n", "n", lsm.FixedInDegree(degree), recurrent, delays),
    ]
    return lsm.Liquid([lsm.Inputs("in", N_CHANNELS)], [neurons], synapses, int(rng.integers(2**31)))


def templates(liquid: lsm.Liquid) -> float:
    data = spike_templates(600, segments=2, channels=N_CHANNELS, seed=1)
    spikes = lsm.run(liquid, data.X, n_threads=1, progress=False).spikes
    return classified(lsm.Traces(30 * ms).of(spikes), data.y[:, 0] ^ data.y[:, 1], 400)


def digits(liquid: lsm.Liquid) -> float:
    X, y = load_digits(return_X_y=True)
    stimulus = Rate(200 * Hz, frame=20 * ms)(X[:900].reshape(-1, 8, 8) / 16, 1 * ms)
    counts = lsm.run(liquid, stimulus, spikes=False, bins=4, n_threads=1, progress=False).counts
    return classified(counts.reshape(900, -1).astype(float), y[:900], 600)


def narma(liquid: lsm.Liquid) -> float:
    """Return 1 - NRMSE, so that more is better."""
    u, y = narma10(N_SERIES, seed=1)
    model = LiquidForecaster(liquid, CODE, taus=(2.0, 8.0), horizon=0, with_encoder=False, n_threads=1, progress=False)
    return 1 - model.fit(u[:1400], y[:1400]).nrmse(u, y, start=1400)


def classified(X: Any, y: Any, n_train: int) -> float:
    return float(ridge().fit(X[:n_train], y[:n_train]).score(X[n_train:], y[n_train:]))


TASKS = {"templates, XOR": templates, "digits": digits, "NARMA-10": narma}


def figures(found: measures.Measures) -> dict[str, float]:
    """Return one number for each measure; NaN where it was skipped."""
    nan = float("nan")
    kernel, general = found.kernel_rank, found.generalisation_rank
    usable = nan if kernel is None else float((kernel.singular_values > 0.01).sum())
    both = nan if kernel is None or general is None else float(kernel.rank - general.rank)
    fading, memory, ipc = found.fading_memory, found.memory_capacity, found.information_processing_capacity
    return {
        "rate": found.rates.mean,
        "silent neurons": found.rates.silent,
        "CV of intervals": nan if found.interval_cv is None else found.interval_cv.mean,
        "synchrony": nan if found.synchrony is None else found.synchrony.chi,
        "branching ratio": nan if found.branching_ratio is None else found.branching_ratio.ratio,
        "separation, slope": nan if found.separation is None else found.separation.slope,
        "separation, correlation": nan if found.separation is None else found.separation.correlation,
        "kernel rank": nan if kernel is None else float(kernel.rank),
        "kernel rank, tolerance 0.01": usable,
        "generalisation rank": nan if general is None else float(general.rank),
        "kernel - generalisation rank": both,
        "Lyapunov exponent": nan if found.lyapunov is None else found.lyapunov.exponent,
        "history left in traces": nan if fading is None else fading.remaining.get("traces", nan),
        "effective dimension": nan if found.effective_dimension is None else found.effective_dimension.dimension,
        "memory capacity": nan if memory is None else memory.capacity,
        "processing capacity": nan if ipc is None else ipc.total,
        "processing capacity, degree 1": nan if ipc is None else float(ipc.by_degree[0]),
        "processing capacity, degree 2, 3": nan if ipc is None else float(ipc.by_degree[1:].sum()),
    }


def measured(seed: int) -> tuple[dict[str, float], dict[str, float]]:
    """Draw a liquid that spikes; return its measures and what it reaches."""
    rng = np.random.default_rng(seed)
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        while True:
            liquid = random_liquid(rng)
            try:
                found = measures.all_of(liquid, CODE, n_samples=N_SERIES, n_threads=1, progress=False)
            except lsm.DescriptionError:  # silent
                continue
            return figures(found), {name: task(liquid) for name, task in TASKS.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--liquids", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=600, help="start no further liquids after this time")
    arguments = parser.parse_args()
    begin, rows = time.perf_counter(), []
    for first in range(0, arguments.liquids, 4 * arguments.jobs):
        if time.perf_counter() - begin > arguments.seconds:
            break
        seeds = range(first, min(first + 4 * arguments.jobs, arguments.liquids))
        rows += joblib.Parallel(arguments.jobs)(joblib.delayed(measured)(seed) for seed in seeds)
    print(f"{len(rows)} liquids, {time.perf_counter() - begin:.0f} s")
    table(rows)


def table(rows: list[tuple[dict[str, float], dict[str, float]]]) -> None:
    names = [*TASKS]
    for name in names:
        low, middle, high = np.percentile([row[1][name] for row in rows], (10, 50, 90))
        print(f"{name}: {middle:.3f} ({low:.3f} to {high:.3f})")
    found = {}
    for measure in rows[0][0]:
        values = np.array([row[0][measure] for row in rows])
        for name in names:
            reached = np.array([row[1][name] for row in rows])
            found[measure, name] = spearmanr(values, reached, nan_policy="omit")
    p = holm({f"{measure}/{name}": float(one.pvalue) for (measure, name), one in found.items()})
    print("\n| measure | " + " | ".join(names) + " |")
    print("|---" * (1 + len(names)) + "|")
    for measure in rows[0][0]:
        cells = []
        for name in names:
            star = "**" if p[f"{measure}/{name}"] < 0.05 else ""
            cells.append(f"{star}{found[measure, name].statistic:+.2f}{star}")
        print(f"| {measure} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
