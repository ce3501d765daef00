"""Settings of a benchmark with the changes requested by the options."""

from __future__ import annotations

import dataclasses
from typing import Any

from sklearn.base import clone
from sklearn.pipeline import Pipeline

from lsm_sim.apps.evaluate.options import Options
from lsm_sim.errors import DescriptionError
from lsm_sim.learn.ensemble import LiquidEnsemble
from lsm_sim.learn.features import Counts
from lsm_sim.learn.nested import NestedChoice


def configured(model: Any, options: Options) -> Any:
    """Return a copy of a model with the backend, threads and bins of the options."""
    copy = clone(model)
    last = copy[-1] if isinstance(copy, Pipeline) else copy
    last.set_params(backend=options.backend, n_threads=options.n_threads, progress=False)
    if options.readout == "nested":
        last.set_params(readout=NestedChoice())
    if options.bins is not None:
        if not isinstance(last.features, Counts):
            raise DescriptionError(f"--bins: not an option of {options.name}; omit it")
        last.set_params(features=dataclasses.replace(last.features, bins=options.bins))
    return copy


def configured_ensemble(ensemble: LiquidEnsemble, options: Options) -> LiquidEnsemble:
    """Return a copy of an ensemble with all members configured."""
    members = [configured(member, options) for member in ensemble.members]
    return LiquidEnsemble(members, ensemble.combine, ensemble.readout)
