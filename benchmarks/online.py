"""What an update of each online readout takes: median and 99th percentile over single samples, at 100, 500 and 2000 features.

    .venv/bin/python benchmarks/online.py [--updates 2000] [--targets 1]

`learn_one` is the update without scikit-learn's checks, `partial_fit` the same with one row; `predict_one` and `predict` alike.
The weights of incremental ridge are computed at the first prediction after an update, which is timed apart (``solve``).
scikit-learn's `SGDRegressor` is beside them, with `partial_fit` of one row.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from sklearn.linear_model import SGDRegressor
from sklearn.preprocessing import StandardScaler

from lsm_sim.learn.online import IncrementalRidge, LMSRegressor, RLSRegressor

READOUTS = {
    "RLSRegressor()": RLSRegressor(),
    "RLSRegressor(0.999, scaler)": RLSRegressor(0.999, scaler=StandardScaler()),
    "LMSRegressor(scaler)": LMSRegressor(scaler=StandardScaler()),
    "IncrementalRidge()": IncrementalRidge(),
    "SGDRegressor, for comparison": SGDRegressor(penalty=None, learning_rate="constant", eta0=1e-4),
}


def times(function, samples):
    """Return the time of each call, in microseconds."""
    out = np.empty(len(samples))
    for i, sample in enumerate(samples):
        start = time.perf_counter_ns()
        function(*sample)
        out[i] = (time.perf_counter_ns() - start) / 1000
    return out


def measure(name, readout, n_features, n_updates, n_targets):
    """Print the times of one readout."""
    rng = np.random.default_rng(0)
    X = rng.poisson(3.0, (n_updates, n_features)).astype(float)
    Y = X @ rng.normal(size=(n_features, n_targets)) if n_targets > 1 else X @ rng.normal(size=n_features)
    readout.fit(X[:50], Y[:50])
    ones = [(x, y if n_targets > 1 else float(y)) for x, y in zip(X, Y, strict=True)]
    batches = [(X[i : i + 1], Y[i : i + 1]) for i in range(n_updates)]
    calls = {"partial_fit": (readout.partial_fit, batches)}
    if hasattr(readout, "learn_one"):
        calls = {"learn_one": (readout.learn_one, ones), **calls}
        readout.predict_one(X[0])
        calls["predict_one"] = readout.predict_one, [(x,) for x in X]
    calls["predict"] = readout.predict, [(x[None],) for x in X]
    for method, (function, samples) in calls.items():
        if method == "predict_one":
            readout.predict_one(X[0])  # solves
        found = times(function, samples)
        print(
            f"{name:30}{n_features:>6}  {method:12}{np.median(found):>10.1f}{np.percentile(found, 99):>10.1f}",
            flush=True,
        )
    if isinstance(readout, IncrementalRidge):
        found = []
        for x, y in ones[:5]:
            readout.learn_one(x, y)
            found.append(times(readout.predict_one, [(x,)])[0])
        print(f"{name:30}{n_features:>6}  {'solve':12}{np.median(found):>10.1f}", flush=True)


def main():
    """Measure every readout at every size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--updates", type=int, default=2000)
    parser.add_argument("--targets", type=int, default=1)
    arguments = parser.parse_args()
    print(f"{'readout':30}{'features':>6}  {'method':10}{'median us':>10}{'99 % us':>10}")
    for n_features in (100, 500, 2000):
        for name, readout in READOUTS.items():
            if arguments.targets > 1 and isinstance(readout, SGDRegressor):
                continue
            measure(name, readout, n_features, arguments.updates, arguments.targets)


if __name__ == "__main__":
    main()
