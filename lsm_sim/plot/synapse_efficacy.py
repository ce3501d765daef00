"""Plot of what the spikes of one source deliver through a synapse with short-term plasticity."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from lsm_sim.describe.distributions import Distribution
from lsm_sim.describe.plasticity import TsodyksMarkram
from lsm_sim.describe.synapses import Synapses
from lsm_sim.errors import DescriptionError
from lsm_sim.plot.time_axis import TimeUnit, per_second
from lsm_sim.support import checks, figures
from lsm_sim.support.checks import Floats
from lsm_sim.support.seeding import stream
from lsm_sim.units import Hz

_TRAIN, _PAUSE = 10, 0.5  # spikes of a regular train; s until one more
_POINTS = 1000  # of each curve
_DRAWS = 10001  # of which the median stands for a distribution
_MOST_SPIKES = 100_000


def synapse(
    plasticity: Any,
    spikes: Any = 20 * Hz,
    ax: Axes | None = None,
    *,
    source: int = 0,
    unit: TimeUnit = "ms",
) -> Axes:
    """Draw the efficacy of a synapse at each spike of its source, with the resources r and the facilitation f in between.

    The efficacy is the fraction of ``weight`` that a spike delivers, after a long silence U; see `lsm_sim.TsodyksMarkram`.

    Parameters
    ----------
    plasticity
        `TsodyksMarkram`, or `Synapses` that have it. The median stands for a distribution.
    spikes
        A rate in Hz: ten spikes at equal distances, and one more after half a second; or the times of spikes, in seconds.
    ax
        Where to draw; None: a new figure.
    source
        Which source, where parameters are arrays.
    unit
        Unit of the time axis, ``"ms"`` or ``"s"``.
    """
    scale = per_second(unit)
    u, tau_rec, tau_facil = _parameters(plasticity, checks.whole(source, "synapse source"))
    times = _times(spikes)
    end = times[-1] + 0.1 * max(times[-1], 0.1)
    start = -0.03 * end  # so that a spike at 0 does not hide behind the axis
    moments = np.sort(np.concatenate([np.linspace(start, end, _POINTS), times, np.nextafter(times, np.inf)]))
    resources, facilitation, efficacy = _course(u, tau_rec, tau_facil, times, moments)
    ax = figures.axes(ax, height=1.8)
    figures.tidy(ax, f"Time ({unit})", "Fraction")
    curves = [("resources r", resources, figures.BLUE)]
    curves += [("facilitation f", facilitation, figures.COLOURS[2])] if tau_facil else []
    for label, values, colour in curves:
        ax.plot(moments * scale, values, color=colour, linewidth=figures.THIN, label=label, zorder=2)
    ax.vlines(
        times * scale, 0, efficacy, color=figures.VERMILION, linewidth=2 * figures.LINE, label="efficacy", zorder=3
    )
    ax.set_ylim(0, 1.02)
    ax.set_xlim(start * scale, end * scale)
    ax.legend(
        fontsize=figures.TICK, frameon=False, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1), columnspacing=1.2
    )
    return ax


def _parameters(plasticity: Any, source: int) -> list[float]:
    if isinstance(plasticity, Synapses):
        where, plasticity = f"synapse {plasticity.pre} -> {plasticity.post}", plasticity.stp
        if plasticity is None:
            raise DescriptionError(f"{where}: got static synapses, whose efficacy is always 1; expected some with stp")
    if not isinstance(plasticity, TsodyksMarkram):
        got = type(plasticity).__name__
        raise DescriptionError(f"synapse: got {got}, expected TsodyksMarkram(...), or Synapses that have it")
    given = plasticity.given()
    return [_number(name, given.get(name, 0.0), source) for name in ("U", "tau_rec", "tau_facil")]


def _number(name: str, value: Any, source: int) -> float:
    if isinstance(value, Distribution):
        return float(np.median(value.draw(_DRAWS, stream(0, f"plot/synapse/{name}"))))
    if isinstance(value, np.ndarray):
        if source >= value.size:
            raise DescriptionError(f"synapse source: got {source}, expected 0..{value.size - 1}")
        return float(value[source])
    return float(value)


def _times(spikes: Any) -> Floats:
    """Return the times of the spikes, in seconds."""
    values = checks.real_array(spikes, "synapse spikes")
    if values.ndim == 0:
        train = np.arange(_TRAIN) / checks.positive(spikes, "synapse spikes", "rate")
        return np.append(train, train[-1] + _PAUSE)
    values = checks.real_array(spikes, "synapse spikes", "time")
    if values.ndim != 1 or not 0 < values.size <= _MOST_SPIKES or values[0] < 0 or (np.diff(values) <= 0).any():
        raise DescriptionError(
            f"synapse spikes: got an array of shape {values.shape}, expected a rate, or 1 to {_MOST_SPIKES} ascending times >= 0"
        )
    return values


def _course(
    u: float, tau_rec: float, tau_facil: float, times: Floats, moments: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return resources and facilitation at ``moments``, and the efficacy at each spike: the closed form between spikes.

    At the moment of a spike they have the values just before it.
    """
    resources, facilitation, efficacy = np.ones(moments.size), np.zeros(moments.size), np.empty(times.size)
    r, f = 1.0, 0.0  # just after the spike before
    for k, time in enumerate(times):
        before = times[k - 1] if k else 0.0
        gap = time - before
        r, f = 1 - (1 - r) * _kept(gap, tau_rec), f * _kept(gap, tau_facil)
        x = f + u * (1 - f)
        efficacy[k] = x * r
        r, f = r - x * r, x
        later = moments > time
        resources[later] = 1 - (1 - r) * _kept(moments[later] - time, tau_rec)
        facilitation[later] = f * _kept(moments[later] - time, tau_facil)
    return resources, facilitation, efficacy


def _kept(gap: Any, tau: float) -> Any:
    return np.exp(-gap / tau) if tau else np.zeros(np.shape(gap))
