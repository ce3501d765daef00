"""What spiking liquids remember: memory capacity, Mackey-Glass, NARMA-10 and spike templates, in both arithmetics.

    .venv/bin/python benchmarks/liquid_memory.py capacity mackey_glass narma templates templates_off floor engineered --seeds 5 --jobs 2

Every row is the mean and standard deviation over the seeds 0, 1, ..., each of which has a network and data of its own, with 500 neurons,
300 samples of washout, 4000 for training and 2000 for the test (templates: 1500 and 500 samples; 900 and 300 for the floor). The settings were chosen on other
seeds, 101 to 103. ``off`` is the same liquid with recurrent weights of 0; ``off, tuned`` the best of several settings without
recurrence, and ``ESN`` the best of several input scalings of an echo-state network with as many units, both chosen on seed 101.
"""

from __future__ import annotations

import argparse
import functools
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from threadpoolctl import threadpool_limits

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import Hz, ms
from lsm_sim.datasets import mackey_glass, narma10, spike_templates
from lsm_sim.encode import Bits, Encoder, Population
from lsm_sim.learn.echo_state import EchoStateRegressor
from lsm_sim.learn.forecast import TimeRidge, held_out_nrmse, lags
from lsm_sim.learn.forecast.series import Scaler
from lsm_sim.learn.forecast.states import run_counts, sample_edges, with_traces
from lsm_sim.learn.readout import ridge
from lsm_sim.measures import memory_capacity
from lsm_sim.simulate import rescale

WASHOUT, TRAIN, TEST, TUNING = 300, 4000, 2000, 101
N_LAGS, N_DECODED = 80, 14
Values = dict[str, float]
ARITHMETICS = ("float64", "loihi")
ESN = {"spectral_radius": 0.95, "density": 0.1, "bias": 0.2}


def features(
    liquid: lsm.Liquid, encoder: Encoder, taus: tuple[float, ...], series: Any, arithmetic: str = "float64"
) -> Any:
    """Return counts and traces of every sample; the range and the integers are found on the training samples."""
    scaler = Scaler.fit(series[: WASHOUT + TRAIN, None], 0.02)
    stimulus = encoder([scaler(series[:, None])], 1 * ms)
    program = lsm.lower(liquid, 1 * ms)
    if arithmetic == "loihi":
        program = lsm.quantise(program, stimulus.crop(0, WASHOUT * stimulus.durations[0] / len(series))).program
    counts = run_counts(program, "fast", stimulus, sample_edges(stimulus, len(series)), 1, False)
    return with_traces(counts, taus, keep_counts=True)


def without(liquid: lsm.Liquid) -> lsm.Liquid:
    return rescale.scale(liquid, 0.0, "recurrent")


def esn(series: Any, scaling: float, seed: int, n: int = 500) -> Any:
    """Return the states of an echo-state network for a series that is mapped to [-1, 1]."""
    scaler = Scaler.fit(series[: WASHOUT + TRAIN, None], 0.02)
    return EchoStateRegressor(n, input_scaling=scaling, seed=seed, n_threads=1, **ESN).states(
        [2 * scaler(series[:, None]) - 1]
    )[0]


# ------------------------------------------------------------------------------------------------ memory capacity


def noise(seed: int) -> Any:
    return np.random.default_rng(seed).uniform(size=WASHOUT + TRAIN + TEST)


def capacity(states: Any, series: Any, n_lags: int = N_LAGS) -> Values:
    found = memory_capacity(states, series, n_lags=n_lags, washout=WASHOUT, test=TEST / (TRAIN + TEST))
    return {"MC": found.capacity}


def remembering(frame: int, **settings: Any) -> Callable[[int], lsm.Liquid]:
    return lambda seed: models.long_memory(n_inputs=12, seed=seed, frame=frame * ms, **settings)


def capacity_of(
    make: Callable[[int], lsm.Liquid], frame: int, taus: tuple[float, ...], seed: int, arithmetic: str
) -> Values:
    series = noise(seed)
    return capacity(features(make(seed), Bits(12, frame=frame * ms), taus, series, arithmetic), series)


def capacity_esn(scaling: float, seed: int, _: str) -> Values:
    return capacity(esn(noise(seed), scaling, seed), noise(seed))


TWO = {"tau_syn": 1 * ms, "recurrent_weight": 1.5}
FRAMES = {5: (remembering(5), (2.0, 8.0)), 2: (remembering(2, **TWO), (1.0, 4.0))}
ALL_ROUND = functools.partial(models.memory, n_inputs=12)


def capacity_rows() -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for frame, (make, taus) in FRAMES.items():
        name = f"{frame} steps per sample, delays {64 / frame:.3g} samples"
        rows[name] = functools.partial(capacity_of, make, frame, taus)
        rows[f"off, {name}"] = functools.partial(capacity_of, lambda seed, make=make: without(make(seed)), frame, taus)
    name = "8 steps per sample (all-round), delays 8 samples"
    rows[name] = functools.partial(capacity_of, lambda seed: ALL_ROUND(seed=seed), 8, (0.7, 3.0))
    rows[f"off, {name}"] = functools.partial(capacity_of, lambda seed: without(ALL_ROUND(seed=seed)), 8, (0.7, 3.0))
    tuned = {
        f"off, tuned: {frame} steps per sample, delays {64 / frame:.3g} samples": functools.partial(
            capacity_of, lambda seed, frame=frame: without(remembering(frame, tau_syn=1 * ms)(seed)), frame, (1.0, 4.0)
        )
        for frame in (1, 2, 3)
    }
    rows |= best(tuned, "MC", largest=True)
    rows |= best({f"ESN, input x {s:g}": functools.partial(capacity_esn, s) for s in (0.02, 0.05, 0.1)}, "MC", True)
    return rows


# ---------------------------------------------------------------------------------------------------- Mackey-Glass

CURVES = Population(32, width=4, max_rate=1000 * Hz, frame=12 * ms)
HORIZONS = (84, 1)


def glass(seed: int) -> Any:
    return mackey_glass(WASHOUT + TRAIN + TEST + max(HORIZONS), seed=seed)


def errors(states: Any, series: Any) -> Values:
    return {
        f"h={horizon}": held_out_nrmse(states, series, n_train=WASHOUT + TRAIN, horizon=horizon, washout=WASHOUT)
        for horizon in HORIZONS
    }


def forecast(recurrent: float | None, tau_syn: float, seed: int, arithmetic: str) -> Values:
    weight = {} if recurrent is None else {"recurrent_weight": recurrent}
    liquid = models.forecasting(n_inputs=32, seed=seed, tau_syn=tau_syn * ms, **weight)
    return errors(features(liquid, CURVES, (1.0, 3.0, 10.0), glass(seed), arithmetic), glass(seed))


def forecast_esn(scaling: float, seed: int, _: str) -> Values:
    return errors(esn(glass(seed), scaling, seed), glass(seed))


def mackey_glass_rows() -> dict[str, Any]:
    tuned = {f"off, tuned: tau_syn {tau} ms": functools.partial(forecast, 0.0, float(tau)) for tau in (80, 160, 320)}
    echo = {f"ESN, input x {s:g}": functools.partial(forecast_esn, s) for s in (0.5, 1.0, 2.0)}
    return {
        "forecasting, tau_syn 160 ms": functools.partial(forecast, None, 160.0),
        "off": functools.partial(forecast, 0.0, 160.0),
        **best(tuned, "h=84"),
        **best(echo, "h=84"),
        "last 20 values": lambda seed, _: errors(lags(glass(seed)[:, None], 20), glass(seed)),
    }


# ------------------------------------------------------------------------------------------------------- NARMA-10


@functools.lru_cache(maxsize=4)
def narma(seed: int) -> tuple[Any, Any]:
    return narma10(WASHOUT + TRAIN + TEST, seed=seed)


def narma_error(states: Any, seed: int) -> Values:
    return {"NRMSE": held_out_nrmse(states, narma(seed)[1], n_train=WASHOUT + TRAIN, horizon=0, washout=WASHOUT)}


def products(columns: Any) -> Any:
    first, second = np.triu_indices(columns.shape[1])
    return columns[:, first] * columns[:, second]


def decoded_pairs(states: Any, series: Any) -> Any:
    """Return the products of all pairs of the last values, as a first linear readout tells them from the states."""
    past = np.stack([np.roll(series, lag) for lag in range(N_DECODED)], axis=1)
    train = slice(WASHOUT, WASHOUT + TRAIN)
    return products(TimeRidge().fit(states[train], past[train]).predict(states) - series[train].mean())


def component_pairs(states: Any, n: int = 40) -> Any:
    """Return the products of all pairs of the first principal components of the standardised states."""
    train = slice(WASHOUT, WASHOUT + TRAIN)
    spread = states[train].std(axis=0)
    scaled = (states - states[train].mean(axis=0)) / np.maximum(spread, 1e-3 * spread.max())
    _, vectors = np.linalg.eigh(scaled[train].T @ scaled[train])
    components = scaled @ vectors[:, -n:]
    return products(components / components[train].std(axis=0))


READOUTS: dict[str, Callable[[Any, Any], Any]] = {
    "linear": lambda states, _: states,
    "squared traces beside": lambda states, _: np.hstack([states, states[:, states.shape[1] // 4 :] ** 2]),
    "pairs of 40 principal components beside": lambda states, _: np.hstack([states, component_pairs(states)]),
    "pairs of 14 decoded values beside": lambda states, series: np.hstack([states, decoded_pairs(states, series)]),
}


def narma_of(readout: str, n: int, weight: float, seed: int, arithmetic: str) -> Values:
    liquid = models.memory(n_inputs=12, n_neurons=n, seed=seed, recurrent_weight=weight)
    states = features(liquid, Bits(12, frame=8 * ms), (0.7, 2.0, 5.0), narma(seed)[0], arithmetic)
    return narma_error(READOUTS[readout](states, narma(seed)[0]), seed)


def narma_lags(readout: str, seed: int, _: str) -> Values:
    past = lags(narma(seed)[0][:, None], 20)
    return narma_error(past if readout == "linear" else np.hstack([past, products(past[:, :N_DECODED])]), seed)


def narma_esn(scaling: float, pairs: bool, seed: int, _: str) -> Values:
    states = esn(narma(seed)[0], scaling, seed)
    return narma_error(np.hstack([states, decoded_pairs(states, narma(seed)[0])]) if pairs else states, seed)


def narma_rows() -> dict[str, Any]:
    pairs = "pairs of 14 decoded values beside"
    rows = {f"memory, {name}": functools.partial(narma_of, name, 500, 2.0) for name in ("linear", pairs)}
    others = [name for name in READOUTS if name not in ("linear", pairs)]
    rows |= {f"readout: {name}": functools.partial(narma_of, name, 500, 2.0) for name in others}
    rows |= {f"off, {name}": functools.partial(narma_of, name, 500, 0.0) for name in ("linear", pairs)}
    rows |= best({f"ESN, input x {s:g}": functools.partial(narma_esn, s, False) for s in (0.05, 0.1, 0.2)}, "NRMSE")
    rows |= best({f"ESN, pairs, input x {s:g}": functools.partial(narma_esn, s, True) for s in (0.05, 0.1)}, "NRMSE")
    rows |= {"last 20 values, linear": functools.partial(narma_lags, "linear")}
    rows |= {"last 20 values, pairs of 14": functools.partial(narma_lags, "pairs")}
    return rows


# ------------------------------------------------------------------------------------------------------ templates

N_SAMPLES, TOGETHER = 2000, 250


def recalled(
    recurrent: float, tau_syn: float, segments: int, n: int, n_neurons: int, seed: int, arithmetic: str
) -> Values:
    """Return the accuracies, in per cent, of a readout of one 30 ms trace at the end."""
    data = spike_templates(n, segments=segments, channels=8, seed=seed)
    liquid = models.recall(n_inputs=8, n_neurons=n_neurons, seed=seed, recurrent_weight=recurrent, tau_syn=tau_syn * ms)
    program = lsm.lower(liquid, data.X.dt)
    if arithmetic == "loihi":
        program = lsm.quantise(program, data.X[:100]).program
    cut, whole = traced(program, data.X, lsm.Traces(30 * ms), lsm.Traces(30 * ms, resolution=None))
    first, last = data.y[:, 0], data.y[:, -1]
    if segments == 4:
        wanted = {"first": first, "xor14": first ^ last, "parity4": data.y.sum(axis=1) % 2}
        return {name: accuracy(cut, y) for name, y in wanted.items()}
    return {"first": accuracy(cut, first), "not cut": accuracy(whole, first), "last": accuracy(cut, last)}


def traced(program: lsm.Program, stimulus: lsm.Spikes, *kinds: lsm.Traces) -> list[Any]:
    """Return the traces of each kind, from one run in parts."""
    parts: list[list[Any]] = [[] for _ in kinds]
    for begin in range(0, len(stimulus), TOGETHER):
        spikes = lsm.run(program, stimulus[begin : begin + TOGETHER], n_threads=1, progress=False).spikes
        for kind, part in zip(kinds, parts, strict=True):
            part.append(kind.of(spikes))
    return [np.concatenate(part) for part in parts]


def accuracy(X: Any, y: Any) -> float:
    """Train on three quarters, test on the last one."""
    known = 3 * len(X) // 4
    return float(100 * ridge().fit(X[:known], y[:known]).score(X[known:], y[known:]))


def templates_rows() -> dict[str, Any]:
    def row(weight: float, tau_syn: float, n_neurons: int = 800) -> Any:
        return functools.partial(recalled, weight, tau_syn, 4, N_SAMPLES, n_neurons)

    return {"recall, N=800": row(3.0, 100), "recall, N=500": row(3.0, 100, 500), "off, N=800": row(0.0, 100)}


def templates_off_rows() -> dict[str, Any]:
    """Return the best setting without recurrence: slow synapses are a memory too."""
    tuned = {
        f"off, tuned: tau_syn {tau} ms": functools.partial(recalled, 0.0, tau, 4, N_SAMPLES, 800)
        for tau in (200, 400, 800)
    }
    return best(tuned, "parity4", largest=True)


def floor_rows() -> dict[str, Any]:
    """Thirteen segments of 250 ms: the first ended 3 s before the end."""
    return {"off, tau_syn 100 ms, 3 s back": functools.partial(recalled, 0.0, 100.0, 13, 1200, 500)}


# ----------------------------------------------------------------------------------------------- engineered liquids


def engineered(make: Callable[..., lsm.Liquid], bits: int, frame: int, taus: tuple[float, ...], off: bool) -> Any:
    def row(seed: int, arithmetic: str) -> Values:
        liquid = make(seed=seed)
        liquid = without(liquid) if off else liquid
        code, (u, _) = Bits(bits, frame=frame * ms), narma(seed)
        return capacity(
            features(liquid, code, taus, noise(seed), arithmetic), noise(seed), 300 if bits == 2 else 60
        ) | (narma_error(features(liquid, code, taus, u, arithmetic), seed))

    return row


def engineered_rows() -> dict[str, Any]:
    line = functools.partial(models.delay_line, n_inputs=12)
    window = functools.partial(models.legendre, n_inputs=12)

    def chain(seed: int) -> lsm.Liquid:
        del seed  # nothing is drawn
        return models.shift_register(n_inputs=2, n_lags=250)

    return {
        "memory, all-round": engineered(ALL_ROUND, 12, 8, (0.7, 3.0), False),
        "delay_line, 24 values": engineered(line, 12, 20, (0.5, 3.0), False),
        "off, delay_line": engineered(line, 12, 20, (0.5, 3.0), True),
        "legendre, 16 polynomials, 20 samples": engineered(window, 12, 20, (0.5, 3.0), False),
        "off, legendre": engineered(window, 12, 20, (0.5, 3.0), True),
        "shift_register, 250 lags of 2 bits": engineered(chain, 2, 8, (), False),
    }


# -------------------------------------------------------------------------------------------------------- the table


def best(rows: dict[str, Any], by: str, largest: bool = False) -> dict[str, Any]:
    """Return the row that is best on the tuning seed."""
    found = {name: row(TUNING, "float64")[by] for name, row in rows.items()}
    print("  tuning: " + ", ".join(f"{name} {value:.4g}" for name, value in found.items()), flush=True)
    name = (max if largest else min)(found, key=lambda name: found[name])
    return {name: rows[name]}


TASKS = {
    "capacity": capacity_rows,
    "mackey_glass": mackey_glass_rows,
    "narma": narma_rows,
    "templates": templates_rows,
    "templates_off": templates_off_rows,
    "floor": floor_rows,
    "engineered": engineered_rows,
}
CONTROLS = ("off", "ESN", "last", "readout")  # float64 only


def measured(row: Any, seed: int, arithmetic: str) -> Values:
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", lsm.LsmWarning)  # memory beyond the longest lag; silent neurons
        found: Values = row(seed, arithmetic)
        return found


def table(task: str, seeds: range, n_controls: int, jobs: int, save: Path | None) -> None:
    """Print one line for each row of a task and each of its figures."""
    begin = time.perf_counter()
    print(f"\n{task}", flush=True)
    for name, row in TASKS[task]().items():
        control = name.startswith(CONTROLS)
        kinds, own = (ARITHMETICS[:1], seeds[:n_controls]) if control else (ARITHMETICS, seeds)
        pool = joblib.Parallel(jobs, backend="threading")
        found = pool(joblib.delayed(measured)(row, seed, kind) for kind in kinds for seed in own)
        by_kind = {kind: found[k * len(own) : (k + 1) * len(own)] for k, kind in enumerate(kinds)}
        for figure in found[0]:
            cells = [_cell([values[figure] for values in of]) for of in by_kind.values()]
            print(f"  {name:<58}{figure:<9}" + "".join(f"{cell:>22}" for cell in cells), flush=True)
        if save is not None:
            with save.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"task": task, "row": name, "found": by_kind}) + "\n")
    print(f"  ({time.perf_counter() - begin:.0f} s)")


def _cell(values: list[float]) -> str:
    spread = np.std(values, ddof=1) if len(values) > 1 else 0.0
    return f"{np.mean(values):.4g} ± {spread:.2g}"


def main() -> None:
    """Measure the tasks that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", default=list(TASKS), choices=list(TASKS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--controls", type=int, default=5, help="seeds of the controls, the first of --seeds")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--save", type=Path, help="add every row to this file, one JSON object per line")
    options = parser.parse_args()
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    print(f"seeds {seeds.start} to {seeds.stop - 1}; float64, then Loihi's integers; mean ± standard deviation")
    for task in options.tasks:
        table(task, seeds, options.controls, options.jobs, options.save)


if __name__ == "__main__":
    main()
