"""The views of the same samples that readouts are trained on: the liquid and its controls."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.describe.liquid import Liquid
from lsm_sim.encode import Passthrough
from lsm_sim.errors import DescriptionError
from lsm_sim.learn.controls.rivals import RIVALS, rival_features
from lsm_sim.learn.controls.stopwatch import Stopwatch
from lsm_sim.learn.echo_state import EchoStateClassifier
from lsm_sim.learn.features import Counts, Features, Traces
from lsm_sim.learn.pipelines import front_and_liquid, take
from lsm_sim.learn.raw_features import raw_features
from lsm_sim.learn.transformer import LiquidTransformer
from lsm_sim.spikes.bins import windows
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.units import ms

VIEWS = ("raw", "encoder", "recurrence_off", "esn", "liquid")
LEARNT = ("loihi", *RIVALS)  # if asked for: they learn from training samples
MORE = (*LEARNT, "plain")
_FRAME = 10 * ms  # in which spikes are counted for a rate reservoir
_CALIBRATION = 64  # about as many training samples calibrate Loihi's integers
_BINS = 5  # for raw samples and rate states if the features of spikes have no number of bins


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples prepared for a liquid.

    Parameters
    ----------
    transformer
        Fitted on the training samples.
    signals
        What the encoder sees, one (frames, channels) array per sample; for samples of spikes, counts (or sums of payloads) per
        10 ms.
    stimulus
        The spikes that enter the liquid.
    """

    transformer: LiquidTransformer
    signals: Sequence[Floats]
    stimulus: Spikes


def without_recurrence(liquid: Liquid) -> Liquid:
    """Return the liquid without synapses between neurons; everything else is drawn as before."""
    channels = [group.name for group in liquid.inputs]
    return dataclasses.replace(liquid, synapses=[group for group in liquid.synapses if group.pre in channels])


def prepared(model: Any, X: Any, train: Ints, watch: Stopwatch, fronts: dict[str, Any]) -> Samples:
    """Fit the front end and the transformer of a model on the training samples only, and return all samples of X prepared.

    ``fronts`` keeps the output of front ends, for other models with the same one.
    """
    front, last = front_and_liquid(model)
    if front is not None:
        name = repr(sorted(front.get_params().items(), key=lambda item: item[0]))
        if name not in fronts:
            with watch.stage("front_end"):
                fronts[name] = front.fit(take(X, train)).transform(X)
        X = fronts[name]
    with watch.stage("encoder"):
        transformer = last.transformer().fit(take(X, train))
        stimulus = transformer.encode(X)
        if isinstance(transformer.encoder_, Passthrough):
            return Samples(transformer, rates_of(stimulus), stimulus)
        return Samples(transformer, transformer.input_.signals(transformer, X), stimulus)


def rates_of(spikes: Spikes) -> list[Floats]:
    """Return the spikes, or the sums of their payloads, per channel and 10 ms."""
    width = max(1, round(_FRAME / spikes.dt))
    counts = spikes.payload_sums(windows(spikes.n_steps, width)).astype(np.float64)
    return [own[: -(-int(n) // width)] for own, n in zip(counts, spikes.n_steps, strict=True)]


def features_of(view: str, samples: Samples, seed: int, esn: Mapping[str, Any], n_threads: int | None) -> Floats:
    """Return the features of one view, shape (samples, features)."""
    transformer = samples.transformer
    bins = bins_of(transformer.features_)
    if view == "raw":
        given = isinstance(transformer.encoder_, Passthrough)  # its spikes are the raw samples
        return transformer.features_.of(samples.stimulus) if given else raw_features(samples.signals, bins)
    if view == "encoder":
        return transformer.features_.of(samples.stimulus)
    if view == "recurrence_off":
        return off(transformer).respond(samples.stimulus)
    if view == "esn":
        size, times = transformer.liquid_.n_neurons, _times(transformer.features_)
        reservoir = EchoStateClassifier(size, bins=bins, times=times, seed=seed, n_threads=n_threads, **esn)
        return reservoir.features(samples.signals)
    if view == "liquid":
        return transformer.respond(samples.stimulus)
    raise DescriptionError(f"views: got {view!r}, expected some of {', '.join(VIEWS)}")


def off(transformer: LiquidTransformer) -> LiquidTransformer:
    """Return a copy of a fitted transformer with recurrence off, with the same form of samples and the same calibration."""
    parameters = transformer.get_params(deep=False) | {"liquid": without_recurrence(transformer.liquid_)}
    return LiquidTransformer(**parameters).prepare(transformer.input_).calibrate(transformer.calibration_)


def learnt(view: str, samples: Samples, train: Ints, seed: int) -> Floats:
    """Return the features of a view that learns from training samples: in Loihi's integers, or of a rival."""
    transformer = samples.transformer
    if view != "loihi":
        return rival_features(view, samples.signals, bins_of(transformer.features_), train, seed)
    some = samples.stimulus[train[:: max(1, len(train) // _CALIBRATION)]]
    parameters = transformer.get_params(deep=False) | {"liquid": transformer.liquid_, "arithmetic": "loihi"}
    return LiquidTransformer(**parameters).prepare(transformer.input_).calibrate(some).respond(samples.stimulus)


def bins_of(features: Features) -> int:
    """Return the number of bins, or of moments, of features; 5 for those that have none."""
    if isinstance(features, Counts) and features.window is None:
        return features.bins
    return len(features.times) if isinstance(features, Traces) else _BINS


def _times(features: Features) -> tuple[float, ...] | None:
    """Return the times at which traces are sampled, so that a rate reservoir is sampled at the same times."""
    return features.times if isinstance(features, Traces) and not features.seconds else None


def mean_rate(samples: Samples, features: Floats) -> float | None:
    """Return spikes per neuron and second of a liquid whose features are counts; None for other features."""
    counted = samples.transformer.features_
    if not isinstance(counted, Counts):
        return None
    neurons, sources = samples.transformer.liquid_.n_neurons, samples.transformer.n_sources
    own = features[:, : features.shape[1] * neurons // sources]  # without those of the encoder
    spikes = counted.n_spikes(own, samples.stimulus)
    return spikes / (samples.transformer.liquid_.n_neurons * float(samples.stimulus.durations.sum()))
