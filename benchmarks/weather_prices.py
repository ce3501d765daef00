"""Weather and share prices: a liquid beside what costs nothing, the last value, and ridge regression on past values.

Daily temperatures of Seattle from 2012 to 2015 (1461 days) and monthly prices of four companies from 2000 to 2010, as logarithmic
returns, come with the package vega_datasets (``pip install vega_datasets``), so that nothing is downloaded. Each series is
trained on its first three quarters; the error is the NRMSE of the last quarter, in which 1 is the error of always predicting
its mean.
"""

from __future__ import annotations

import argparse
import functools

import numpy as np
from vega_datasets import local_data

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim.learn.forecast import beside_controls, nrmse

VIEWS = {
    "raw": "ridge on past values",
    "recurrence_off": "recurrence off",
    "esn": "echo-state network",
    "liquid": "liquid",
}


def errors(series: np.ndarray, horizon: int, n_lags: int, seeds: int, n_neurons: int) -> dict[str, list[float]]:
    """Return the errors of each row of the table, one for each seed (naive forecasts and ridge have no seed)."""
    n_train = len(series) * 3 // 4
    found: dict[str, list[float]] = {}
    for seed in range(seeds):
        liquid = functools.partial(models.forecasting, n_neurons=n_neurons, seed=seed)
        model = lsm.LiquidForecaster(liquid, horizon=horizon, washout=min(200, n_train // 8))
        result = beside_controls(model, series, n_train=n_train, n_lags=n_lags, seed=seed, views=tuple(VIEWS))
        for view, error in result.nrmse().items():
            found.setdefault(VIEWS[view], []).append(error)
    known = np.arange(len(series) - len(result.true), len(series))  # the samples that are predicted
    naive = {
        "the last value": series[known - horizon],
        "the mean of the training part": np.full(len(known), series[:n_train].mean()),
    }
    return {name: [nrmse(guess[:, None], result.true)] for name, guess in naive.items()} | found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--neurons", type=int, default=300)
    arguments = parser.parse_args()
    weather = local_data.seattle_weather()["temp_max"].to_numpy(dtype=float)
    stocks = local_data.stocks()
    prices = [part["price"].to_numpy(dtype=float) for _, part in stocks.groupby("symbol") if len(part) > 100]
    tables = {
        f"highest temperature of the day, {days} ahead": [errors(weather, days, 14, arguments.seeds, arguments.neurons)]
        for days in (1, 7)
    }
    tables[f"returns of {len(prices)} companies, 1 month ahead"] = [
        errors(np.diff(np.log(series)), 1, 12, arguments.seeds, arguments.neurons) for series in prices
    ]
    for title, found in tables.items():
        print(f"\n{title}: NRMSE, mean and standard deviation over seeds")
        for name in found[0]:
            by_seed = np.mean([one[name] for one in found], axis=0)
            print(f"  {name:<32} {by_seed.mean():6.3f} {by_seed.std():6.3f}")


if __name__ == "__main__":
    main()
