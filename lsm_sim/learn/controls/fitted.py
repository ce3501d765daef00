"""A model under stress: fitted on training samples as they are, it returns features of perturbed ones."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
from sklearn.base import clone
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from lsm_sim.encode import Passthrough
from lsm_sim.learn.controls.folds import Fold
from lsm_sim.learn.controls.views import VIEWS, Samples, bins_of, features_of, off, rates_of
from lsm_sim.learn.pipelines import front_and_liquid, take
from lsm_sim.learn.raw_features import bin_means
from lsm_sim.learn.readout import fit, resolve
from lsm_sim.learn.transformer import LiquidTransformer
from lsm_sim.perturb import level_of
from lsm_sim.support import environment
from lsm_sim.support.checks import Floats, Ints

_MOST_THREADS = 8
# What each kind of perturbation changes; spikes are the raw samples of a liquid whose samples are spikes.
_SEEN: Mapping[str, Sequence[str]] = {
    "sounds": VIEWS,
    "spikes": ("encoder", "recurrence_off", "liquid"),
    "program": ("recurrence_off", "liquid"),
}


@dataclass(frozen=True, eq=False)
class Fitted:
    """A model whose front end and liquid have seen the training samples."""

    front: Any
    transformer: LiquidTransformer
    job: Any
    seed: int
    readout: Any
    length: int | None  # that raw samples all have, so that they are flattened; None: they have several

    @staticmethod
    def of(model: Any, job: Any, train: Ints, seed: int) -> Fitted:
        """Return the model of a seed, whose front end and liquid have seen some of the samples."""
        front, last = front_and_liquid(model)
        own = take(job.X, train)
        if front is not None:
            own = front.fit(own).transform(own)
        transformer = last.transformer().fit(own)
        fitted = Fitted(front, transformer, job, seed, resolve(last.readout, "classify"), None)
        length = _length(fitted.samples(None, np.arange(len(job.y)))) if "raw" in job.views else None
        return Fitted(front, transformer, job, seed, fitted.readout, length)

    @property
    def given(self) -> bool:
        """Whether the samples are spikes."""
        return isinstance(self.transformer.encoder_, Passthrough)

    def seen(self, perturbation: Any) -> Sequence[str]:
        """Return the views that a perturbation changes."""
        level = level_of(perturbation)
        return VIEWS if level == "spikes" and self.given else _SEEN[level]

    def samples(self, perturbation: Any, chosen: Ints) -> Samples:
        """Return some of the samples, perturbed."""
        level = None if perturbation is None else level_of(perturbation)
        X = take(self.job.X, chosen)
        if level == "sounds":
            X = perturbation(X)
        if self.front is not None:
            X = self.front.transform(X)
        transformer = self.transformer
        stimulus = transformer.encode(X)
        if level == "spikes":
            stimulus = perturbation(stimulus)
        signals = rates_of(stimulus) if self.given else transformer.input_.signals(transformer, X)
        return Samples(transformer, signals, stimulus)

    def features(self, perturbation: Any, views: Sequence[str], chosen: Ints) -> dict[str, Floats]:
        """Return the features of some of the samples, perturbed, by view."""
        samples = self.samples(perturbation, chosen)
        change = perturbation if perturbation is not None and level_of(perturbation) == "program" else None
        comparable = self.given or "raw" not in views or self.length is None or _length(samples) == self.length
        known = [view for view in views if view != "raw" or comparable]
        return {view: self._view(view, samples, change) for view in known}

    def _view(self, view: str, samples: Samples, change: Any) -> Floats:
        if view == "liquid":
            return _with_program(self.transformer, change).respond(samples.stimulus)
        if view == "recurrence_off":
            return _with_program(off(self.transformer), change).respond(samples.stimulus)
        if view == "raw" and not self.given and self.length is None:  # also if some of the samples are of one length
            bins = bins_of(self.transformer.features_)
            return np.array([bin_means(signal, bins).ravel() for signal in samples.signals])
        return features_of(view, samples, self.seed, self.job.esn, self.transformer.n_threads)


def _length(samples: Samples) -> int | None:
    """Return the length that all signals have, None if there are several."""
    lengths = {len(signal) for signal in samples.signals}
    return lengths.pop() if len(lengths) == 1 else None


def _with_program(transformer: LiquidTransformer, change: Any) -> LiquidTransformer:
    """Return a transformer whose program is perturbed."""
    if change is None:
        return transformer
    program = change(transformer.program())
    changed = copy.copy(transformer)
    setattr(changed, "program_" if transformer.arithmetic == "float64" else "integers_", program)
    return changed


def trained_readouts(
    fitted: Fitted, folds: Sequence[Fold], y: Any, groups: Any, clean: Mapping[str, Floats], added: Sequence[Any]
) -> dict[tuple[str, int], Any]:
    """Return the readouts of each view and fold, trained on clean samples and on what is added."""

    def one(view: str, train: Ints) -> Any:
        more = [own[view][np.searchsorted(trained, train)] for trained, own in added if view in own]
        features = np.concatenate([clean[view][train], *more])
        times = 1 + len(more)
        blocks = None if groups is None else np.tile(groups[train], times)
        return fit(clone(fitted.readout), features, np.tile(y[train], times), blocks)

    tasks = [(view, k) for view in clean for k in range(len(folds))]
    n_threads = min(fitted.transformer.n_threads or environment.cores(), _MOST_THREADS)
    with threadpool_limits(1):  # parallel over fits only, so that the number of cores changes no order of summation
        pool = joblib.Parallel(n_threads, backend="threading")
        found = pool(joblib.delayed(one)(view, folds[k][0]) for view, k in tasks)
    return dict(zip(tasks, found, strict=True))
