"""Mackey-Glass, 84 samples and one sample ahead."""

from __future__ import annotations

import functools
from typing import Any

import lsm_sim_models as models
from lsm_sim import Hz, ms
from lsm_sim.datasets import mackey_glass
from lsm_sim.encode import Population
from lsm_sim.learn.forecast import held_out_nrmse, lags
from memory_tasks.common import TEST, TRAIN, WASHOUT, Values, best, esn, features

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
