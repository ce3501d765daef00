"""Settings of the benchmarks on time series: each series, its forecaster and its controls."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import joblib
import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from lsm_sim.encode import Bits, Encoder, Population
from lsm_sim.learn.controls.comparison import Comparison
from lsm_sim.learn.forecast import Forecasts, LiquidForecaster, beside_controls
from lsm_sim.support import environment
from lsm_sim.support.checks import Floats
from lsm_sim.support.parallel import Work, in_order
from lsm_sim.units import Hz, ms

_BLOCK = 200  # consecutive samples that the paired test treats as one unit, because their errors are correlated
ALONE = Work()  # this process
_MOST_THREADS = 4  # one seed takes about 500 MB


@dataclass(frozen=True, eq=False)
class SeriesSetting:
    """One benchmark.

    Parameters
    ----------
    series
        Function of a number of samples and a seed; returns the series, and its targets or None if it is its own target.
    model
        Name of the liquid in `lsm_sim_models`.
    encoder, taus, with_encoder
        Parameters of the forecaster.
    horizon
        In samples.
    parameters
        Parameters of the liquid.
    esn
        Parameters of the echo-state network.
    n_neurons
        Size of the liquid and of the echo-state network.
    washout, n_train, n_test, n_lags
        In samples; ``n_train`` does not include the washout.
    """

    series: Callable[[int, int], tuple[Floats, Floats | None]]
    model: str
    encoder: Encoder | None
    taus: tuple[float, ...] | None
    horizon: int
    parameters: Mapping[str, Any] = field(default_factory=dict)
    esn: Mapping[str, Any] = field(default_factory=dict)
    n_neurons: int = 500
    washout: int = 300
    n_train: int = 4000
    n_test: int = 2000
    n_lags: int = 20
    with_encoder: bool = False

    def forecaster(self, seed: int, **changed: Any) -> LiquidForecaster:
        """Return the unfitted forecaster; ``changed`` are overrides of its parameters, such as the horizon."""
        import lsm_sim_models as models

        make = getattr(models, self.model)
        liquid = functools.partial(make, n_neurons=self.n_neurons, seed=seed, **self.parameters)
        own: dict[str, Any] = {
            "encoder": self.encoder,
            "taus": self.taus,
            "horizon": self.horizon,
            "washout": self.washout,
            "with_encoder": self.with_encoder,
        }
        return LiquidForecaster(liquid, **own | changed)

    def run(self, seed: int, **changed: Any) -> Forecasts:
        """Return the forecasts for one seed, which determines the series, the liquid and the echo-state network."""
        model = self.forecaster(seed, **changed)
        n_before = self.washout + self.n_train
        series, targets = self.series(n_before + self.n_test + model.horizon, seed)
        return beside_controls(model, series, targets, n_train=n_before, n_lags=self.n_lags, esn=self.esn, seed=seed)

    def compare(
        self, seeds: Sequence[int], *, n_threads: int | None = None, work: Work = ALONE, **changed: Any
    ) -> Comparison:
        """Return the forecasts for several seeds, run in parallel; ``changed`` as in `forecaster`."""
        found = self._run_all(seeds, n_threads, work, changed)
        views = list(found[0].predicted)
        return Comparison(
            metric="nrmse",
            seeds=tuple(seeds),
            truth=np.array([one.true[:, 0] for one in found]),
            predictions={view: [one.predicted[view][:, 0] for one in found] for view in views},
            n_features=found[0].n_features,
            seconds={view: sum(one.seconds[view] for one in found) for view in views},
            rates=[one.rate for one in found if one.rate is not None],
            blocks=np.arange(self.n_test) // _BLOCK,
            settings=self.described(**changed),
        )

    def _run_all(
        self, seeds: Sequence[int], n_threads: int | None, work: Work, changed: Mapping[str, Any]
    ) -> list[Any]:
        """Return the forecasts for each seed, from threads or from other processes."""
        if not work.alone:
            return [*in_order(_one_seed, (self, changed), [*seeds], work)]
        with threadpool_limits(
            1
        ):  # parallel over seeds only, so that the number of cores changes no order of summation
            pool = joblib.Parallel(min(n_threads or environment.cores(), _MOST_THREADS), backend="threading")
            return list(pool(joblib.delayed(self.run)(seed, n_threads=1, **changed) for seed in seeds))

    def described(self, **changed: Any) -> dict[str, Any]:
        """Return all settings that are needed to repeat this, as plain numbers and text."""
        own = dataclasses.asdict(self) | {"series": self.series.__name__.strip("_"), "encoder": repr(self.encoder)}
        return own | {"taus": None if self.taus is None else list(self.taus)} | changed


def _one_seed(shared: tuple[SeriesSetting, Mapping[str, Any]], seed: int, _n_threads: int | None) -> Forecasts:
    """Return the forecasts for one seed in another process, with sums in the same order."""
    setting, changed = shared
    with threadpool_limits(1):
        return setting.run(seed, n_threads=1, **changed)


def _mackey_glass(n: int, seed: int) -> tuple[Floats, None]:
    from lsm_sim.datasets import mackey_glass

    return mackey_glass(n, seed=seed), None


def _narma10(n: int, seed: int) -> tuple[Floats, Floats]:
    from lsm_sim.datasets import narma10

    return narma10(n, seed=seed)


def _lorenz(n: int, seed: int) -> tuple[Floats, None]:
    from lsm_sim.datasets import lorenz

    return lorenz(n, seed=seed)[:, 0], None


def _laser(n: int, seed: int) -> tuple[Floats, None]:
    from lsm_sim.datasets import laser

    return laser(n, seed=seed), None


_CURVES = Population(n=32, width=1.2, max_rate=500 * Hz, frame=12 * ms)
_DIGITS = Bits(n=12, frame=8 * ms)
_ESN = {"spectral_radius": 0.95, "bias": 0.2, "density": 0.1}
_RECURRENCE_MATTERS = {
    "tau_m": 8 * ms,
    "tau_syn": 80 * ms,
    "taps": 2,
    "input_weight": 28.0,
    "recurrent_weight": 1.5,
    "drive": (1.0, 4.4),
}

SETTINGS = {
    "mackey_glass": SeriesSetting(
        _mackey_glass, "forecasting", _CURVES, (1.0, 3.0, 10.0), horizon=84, esn=_ESN | {"input_scaling": 1.0}
    ),
    # The same series in an exact code: without a population of tuning curves, recurrence matters.
    "mackey_glass_bits": SeriesSetting(
        _mackey_glass,
        "memory",
        _DIGITS,
        (1.0, 3.0, 10.0),
        horizon=84,
        parameters=_RECURRENCE_MATTERS,
        esn=_ESN | {"input_scaling": 1.0},
    ),
    "narma10": SeriesSetting(
        _narma10,
        "memory",
        _DIGITS,
        (0.7, 2.0, 5.0),
        horizon=0,
        parameters={"recurrent_weight": 2.0},
        esn=_ESN | {"input_scaling": 0.1},
    ),
    "lorenz": SeriesSetting(
        _lorenz,
        "forecasting",
        _CURVES,
        (1.0, 3.0, 10.0),
        horizon=25,
        parameters={"recurrent_weight": 0.9},
        esn=_ESN | {"input_scaling": 1.0},
    ),
    # A fast series with nothing set: the forecaster chooses its time constants, and its readout sees the encoder.
    "laser": SeriesSetting(
        _laser, "forecasting", None, None, horizon=1, esn=_ESN | {"input_scaling": 1.0}, with_encoder=True
    ),
}
