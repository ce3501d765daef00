"""``lsm_sim.open``: a live session of whatever can run step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lsm_sim.describe.liquid import Liquid
from lsm_sim.errors import DescriptionError
from lsm_sim.program.program import Program
from lsm_sim.simulate.session import Session


def open_live(network: Any, dt: float | None = None, **options: Any) -> Any:
    """Start a live session of a network, a trained model, or a pipeline that ends in one.

    Parameters
    ----------
    network
        A `Liquid` or a `Program` gives a `Session`; a trained model, or a fitted scikit-learn pipeline of front ends and a
        model, gives a `lsm_sim.learn.live.LiveModel`.
    dt
        Step of a `Liquid`, in seconds; None: 1 ms. A `Program` and a model have their own.
    options
        Of a network: ``backend``, a backend that supports "state", or its name; ``record``, as for `lsm_sim.run`, for
        ``session.traces``; ``state``, that of an earlier run or session of one sample, to go on from; ``trial``, on which
        background noise depends. Of a model: see `lsm_sim.LiquidClassifier.open`.

    Raises
    ------
    DescriptionError, UnsupportedError, BackendUnavailableError
        See `lsm_sim.errors`.
    """
    if isinstance(network, Liquid | Program):
        _check(network, options, ("backend", "record", "state", "trial"))
        return Session(network, dt, **options)
    if dt is not None:
        raise DescriptionError("open: got dt for a model, which has its own; leave it out")
    if isinstance(network, type) or not (hasattr(network, "open") or hasattr(network, "steps")):
        got = network.__name__ if isinstance(network, type) else type(network).__name__
        raise DescriptionError(f"network: got {got}, expected a Liquid, a Program or a trained model")
    _check(network, options, ("window", "rng", "state", "trial"))
    if hasattr(network, "open"):
        return network.open(**options)
    from lsm_sim.learn.live import LiveModel  # slow to import: scikit-learn

    return LiveModel(network, **options)


def _check(network: Any, options: Mapping[str, Any], known: Sequence[str]) -> None:
    for name in options:
        if name not in known:
            raise DescriptionError(
                f"open: no option {name!r} for a {type(network).__name__}; known: {', '.join(known)}"
            )
