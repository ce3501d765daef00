"""All measures of one liquid, with standard stimuli."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lsm_sim.describe.liquid import Liquid
from lsm_sim.encode import Encoder
from lsm_sim.engine.protocol import DEFAULT, Backend, compiled
from lsm_sim.errors import DescriptionError
from lsm_sim.measures import standard
from lsm_sim.measures.collection import NAMES, Measures
from lsm_sim.measures.driven import Driven
from lsm_sim.measures.firing import rates
from lsm_sim.measures.processing import LAGS
from lsm_sim.support import checks
from lsm_sim.support.warn import warn
from lsm_sim.units import ms


def all_of(
    liquid: Liquid,
    encoder: Encoder | None = None,
    *,
    dt: float = 1 * ms,
    rate: float | None = None,
    duration: float = 300 * ms,
    n_stimuli: int | None = None,
    n_samples: int | None = None,
    n_lags: int = 60,
    lags: Sequence[int] = LAGS,
    taus: Sequence[float] = (2.0, 8.0),
    tau: float = 30 * ms,
    seed: int = 0,
    backend: str | Backend = DEFAULT,
    n_threads: int | None = None,
    progress: bool | None = None,
) -> Measures:
    """Return all measures of a liquid; with 500 neurons in less than a minute.

    Two kinds of stimulus are used. A series of independent uniform values in [0, 1], one channel, encoded: memory capacity
    (counts and traces), information processing capacity and effective dimension (one trace per neuron, of the first of
    ``taus``; 500 neurons drawn at random if there are more). Poisson spikes on all channels: everything else, with traces of
    ``tau`` at the end of a sample as states. A measure that does not apply is skipped, with a warning.

    Parameters
    ----------
    encoder
        How a value of one channel becomes spikes of all input channels of the liquid; its ``frame`` is the duration of a
        sample. None: `lsm_sim.encode.Population` (`Rate` if there is one channel), up to 200 Hz, 20 ms. Use the one that the
        liquid is made for: memory depends on it.
    dt
        Step, in seconds.
    rate
        Of the Poisson spikes on each channel, in Hz; None: the mean rate of the encoded series.
    duration
        Of the samples of ranks and separation, in seconds.
    n_stimuli
        Number of inputs, and of variants of one (each spike moved by 4 ms), for the ranks; None: as many as neurons, at most 500.
    n_samples
        Length of the series; None: 20 per neuron, at least 3000, at most 10 000.
    n_lags, lags
        As in `memory_capacity` and `information_processing_capacity`.
    taus
        Time constants of traces of the series, in samples.
    tau
        Time constant of traces of Poisson samples, in seconds.
    seed
        Of all stimuli.
    backend, n_threads, progress
        As in `lsm_sim.run`.

    Examples
    --------
    >>> import lsm_sim as lsm
    >>> neurons, synapses = lsm.Neurons("n", 20), [lsm.Synapses("in", "n", lsm.AllToAll(), lsm.Normal(0, 1))]
    >>> found = all_of(lsm.Liquid([lsm.Inputs("in", 8)], [neurons], synapses, seed=1), n_samples=500, progress=False)
    >>> found.memory_capacity.profile.shape
    (60,)
    """
    checks.instance(liquid, Liquid, "measures.all_of", "a Liquid")
    driven = Driven.of(liquid, encoder, dt, rate, tau, seed, backend, n_threads, progress)
    with compiled(driven.program, backend) as runner:
        spikes = standard.firing(driven, runner)
        found: dict[str, Any] = {"rates": rates(spikes)}
        skipped: dict[str, str] = {}
        _run(found, skipped, standard.of_trains(spikes))
        _run(found, skipped, standard.of_pairs(driven, runner, duration, n_stimuli))
    series = standard.of_series(driven, n_samples, n_lags, lags, taus)
    _run(found, skipped, series)
    every: dict[str, Any] = {name: found.get(name) for name in NAMES}
    return Measures(**every, settings=driven.settings(), skipped=skipped)


def _run(found: dict[str, Any], skipped: dict[str, str], todo: dict[str, Callable[[], Any]]) -> None:
    """Compute measures; one that does not apply is skipped with a warning."""
    for name, compute in todo.items():
        try:
            found[name] = compute()
        except DescriptionError as error:
            skipped[name] = str(error)
            warn(f"{name}: not measured; {error}")
