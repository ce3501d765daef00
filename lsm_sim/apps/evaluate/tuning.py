"""``--tune``: comparisons of labelled data in which each row has three settings, of which training samples choose one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from lsm_sim.apps.evaluate.evaluation import Evaluation
from lsm_sim.apps.evaluate.options import Options
from lsm_sim.apps.evaluate.splits import Split
from lsm_sim.datasets import Dataset
from lsm_sim.describe.liquid import Liquid
from lsm_sim.errors import DescriptionError
from lsm_sim.learn.controls.comparison import NAMES
from lsm_sim.learn.controls.folds import folds_of
from lsm_sim.learn.controls.stopwatch import Stopwatch
from lsm_sim.learn.controls.tuned import Setting, compare_tuned
from lsm_sim.learn.controls.views import Samples, prepared, without_recurrence
from lsm_sim.learn.echo_state import EchoStateClassifier
from lsm_sim.learn.features import Counts
from lsm_sim.learn.parts import checked_features
from lsm_sim.learn.pipelines import front_and_liquid, learns
from lsm_sim.learn.raw_features import bin_means
from lsm_sim.learn.readout import resolve
from lsm_sim.learn.transformer import DEFAULT_FEATURES, LiquidTransformer
from lsm_sim.simulate import rescale
from lsm_sim.support.checks import Floats, Ints

_Key: TypeAlias = tuple[int, Ints | None]  # seed, and training samples

_BINS = (0.6, 1.0, 1.6)  # times the bins of the liquid, for raw samples and encoder
_RECURRENCE = (0.5, 1.0, 1.5)  # times the recurrent weights of the liquid
_INPUT = (0.5, 1.0, 2.0)  # times the input weights, recurrence off
_RESERVOIRS = ((1.0, 0.3), (1.0, 1.0), (0.3, 1.0))  # leak and input scaling


def tuned(
    make: Callable[[int], Any], data: Dataset, split: Split, options: Options, seconds: Mapping[str, float]
) -> Evaluation:
    """Return the comparison of a benchmark with every row tuned."""
    own = _Rows(make, data.X)
    last = front_and_liquid(make(options.seeds[0]))[1]
    found = compare_tuned(
        own.views(),
        data.y,
        folds_of(split.folds, data.y, "classify", options.seeds[0]),
        readout=resolve(last.readout, "classify"),
        seeds=options.seeds,
        groups=data.groups,
        settings={"split": split.name, "budget": len(_INPUT)},
        n_threads=options.n_threads,
        workers=options.workers,
        dask=options.dask,
        progress=options.progress,
    )
    title = f"{data!r}, {split.text}\nevery row: {len(_INPUT)} settings, chosen on training samples for each seed and fold\n"
    title += "\n".join(choice(view, counts) for view, counts in found.chosen.items())
    comparison = dataclasses.replace(found.comparison, seconds={**seconds, **found.comparison.seconds})
    return Evaluation(options.name, title, {split.name: comparison}, {"options": options.asked()}, 0.0)


def choice(view: str, counts: Mapping[str, int]) -> str:
    """Return which settings of a view were chosen how often."""
    listed = "; ".join(f"{text} ({n})" for text, n in sorted(counts.items(), key=lambda item: -item[1]))
    return f"  {NAMES[view]}: {listed}"


@dataclasses.dataclass(eq=False)
class _Rows:
    """The settings of each row of the table, for models by seed and samples."""

    make: Callable[[int], Any]
    X: Any

    def __post_init__(self) -> None:
        last = front_and_liquid(self.make(0))[1]
        counts = checked_features(last.features, DEFAULT_FEATURES)
        if not isinstance(counts, Counts) or counts.window is not None:
            raise DescriptionError("--tune: needs counts in bins; omit it")
        self.learns = learns(self.make(0))  # such as the range of values: from the training samples of each fold
        self.features, self.n_threads = counts, last.n_threads
        self._fronts: dict[str, Any] = {}
        self._last: tuple[int, Ints, Samples] | None = None

    def views(self) -> dict[str, Sequence[Setting]]:
        """Return equally many settings of each view."""
        bins = [max(1, round(self.features.bins * factor)) for factor in _BINS]
        return {
            "raw": [self._setting(f"{n} bins", self._raw, n) for n in bins],
            "encoder": [self._setting(f"{n} bins", self._encoder, n) for n in bins],
            "recurrence_off": [self._setting(f"input weights x {x:g}", self._spikes, x, 0.0) for x in _INPUT],
            "esn": [self._setting(f"leak {a:g}, input scaling {x:g}", self._reservoir, a, x) for a, x in _RESERVOIRS],
            "liquid": [self._setting(f"recurrent weights x {x:g}", self._spikes, 1.0, x) for x in _RECURRENCE],
        }

    def _setting(self, text: str, function: Callable[..., Floats], *values: Any) -> Setting:
        def features(seed: int, train: Ints | None = None) -> Floats:
            return function((seed, train), *values)

        return Setting(text, features, self.learns)

    def _samples(self, key: _Key) -> Samples:
        """Return the samples for a seed and, if something before the readout learns, the training samples of a fold."""
        last = self._last
        seed, train = key
        everything: Ints = np.arange(len(self.X))
        chosen = everything if train is None else train
        if last is None or last[0] != seed or not np.array_equal(last[1], chosen):
            fronts = {} if self.learns else self._fronts
            last = seed, chosen, prepared(self.make(seed), self.X, chosen, Stopwatch(), fronts)
            self._last = last
        return last[2]

    def _raw(self, key: _Key, bins: int) -> Floats:
        return np.array([bin_means(signal, bins).ravel() for signal in self._samples(key).signals])

    def _encoder(self, key: _Key, bins: int) -> Floats:
        return dataclasses.replace(self.features, bins=bins).of(self._samples(key).stimulus)

    def _spikes(self, key: _Key, entry: float, recurrent: float) -> Floats:
        samples = self._samples(key)
        ready = samples.transformer
        liquid = scaled(ready.liquid_, entry, recurrent)
        parameters = ready.get_params(deep=False) | {"liquid": liquid}
        return LiquidTransformer(**parameters).prepare(ready.input_).respond(samples.stimulus)

    def _reservoir(self, key: _Key, leak: float, scaling: float) -> Floats:
        samples = self._samples(key)
        size = samples.transformer.liquid_.n_neurons
        model = EchoStateClassifier(
            size, bins=self.features.bins, leak=leak, input_scaling=scaling, seed=key[0], n_threads=self.n_threads
        )
        return model.features(samples.signals)


def scaled(liquid: Liquid, entry: float, recurrent: float) -> Liquid:
    """Return a liquid with the weights of its inputs and between its neurons multiplied; recurrent 0: no synapses there."""
    changed = rescale.scale(rescale.scale(liquid, entry, "input"), recurrent or 1.0, "recurrent")
    return changed if recurrent else without_recurrence(changed)
