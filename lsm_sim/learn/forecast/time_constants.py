"""Time constants of a forecaster, chosen from the autocorrelation of the training series."""

from __future__ import annotations

import functools
import inspect
from typing import Any

import numpy as np

from lsm_sim.describe.liquid import Liquid
from lsm_sim.support.checks import Floats

_TAUS = (1.0, 3.0, 10.0)  # samples: chosen for Mackey-Glass at tau = 17, whose correlation time is 8.78 samples,
_REFERENCE, _FRAME = 8.78, 0.012  # and with them the constants of the liquid, at 12 ms for a sample
_LONGEST_FRAME = 4.0  # times _FRAME
_SHORTEST_TAUS, _SHORTEST = 0.25, 0.05  # factors on the traces and on the liquid; the longest is 1 for both
_OWN = ("time_scale", "tau_syn", "delay")  # arguments with which a user sets the constants of the liquid


def correlation_time(series: Floats) -> float:
    """Return the lag, in samples, at which the autocorrelation of a series (T, channels) falls to 1/e.

    Between two lags it is interpolated; of several channels it is the median. A constant channel does not count, and a series
    of such channels has the correlation time of the Mackey-Glass series for which the defaults were chosen.

    Examples
    --------
    >>> wave = np.sin(2 * np.pi * np.arange(4000) / 50)[:, None]
    >>> round(correlation_time(wave), 1)  # cos(2 pi lag / 50) = 1/e
    9.5
    """
    found = [_channel(column) for column in series.T if column.min() < column.max()]
    return float(np.median(found)) if found else _REFERENCE


def _channel(column: Floats) -> float:
    centred = (column - column.mean()) / np.abs(column - column.mean()).max()
    power = np.abs(np.fft.rfft(centred, 2 * len(centred))) ** 2
    correlation = np.fft.irfft(power)[: len(centred)]
    correlation = correlation / correlation[0] - np.exp(-1)
    below = np.flatnonzero(correlation < 0)
    if not below.size:
        return float(len(centred))
    lag = int(below[0])
    return lag - 1 + float(correlation[lag - 1] / (correlation[lag - 1] - correlation[lag]))


def trace_taus(correlation: float) -> tuple[float, ...]:
    """Return time constants of traces, in samples, for a correlation time in samples."""
    return tuple(float(np.clip(correlation / _REFERENCE, _SHORTEST_TAUS, 1)) * tau for tau in _TAUS)


def sample_frame(correlation: float, dt: float) -> float:
    """Return how long a sample lasts in the default encoder, in seconds: 12 to 48 ms, longer for faster series.

    So the spikes of a correlation time, from which the readout tells values apart, are as many as for slower series.
    """
    longer = float(np.clip(_REFERENCE / max(correlation, 1e-9), 1, _LONGEST_FRAME))
    return max(1, round(_FRAME * longer / dt)) * dt


def with_time_scale(liquid: Any, correlation: float, frame: float) -> Any:
    """Return the function with the ``time_scale`` of a series if it has such an argument; anything else as it was given.

    The scale is 1 for a series that is as slow as Mackey-Glass or slower, at 12 ms for a sample, and proportional to the
    correlation time, in seconds, of faster ones. Where ``functools.partial`` sets ``time_scale``, ``tau_syn`` or ``delay``,
    they remain.
    """
    if isinstance(liquid, Liquid | type) or not callable(liquid):
        return liquid
    try:
        arguments = inspect.signature(liquid).parameters
    except (TypeError, ValueError):  # some compiled functions have no signature
        return liquid
    keywords = liquid.keywords if isinstance(liquid, functools.partial) else {}
    if "time_scale" not in arguments or set(keywords) & set(_OWN):
        return liquid
    scale = float(np.clip(correlation / _REFERENCE, _SHORTEST, 1)) * frame / _FRAME
    return functools.partial(liquid, time_scale=scale)
