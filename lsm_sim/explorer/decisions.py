"""The decision of a readout: its scores over time, what each neuron and bin adds to them, and what happens without a neuron."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.engine.protocol import compiled
from lsm_sim.errors import DescriptionError
from lsm_sim.explorer.linear import Linear, outputs
from lsm_sim.explorer.silencing import silenced
from lsm_sim.explorer.states import moments
from lsm_sim.explorer.variants import Variant
from lsm_sim.learn.features import Counts, Features
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Floats, Ints

MOMENTS = 120  # at which scores are computed
_MOST_EVENTS = 20_000_000  # that are counted for the scores of one sample
TOGETHER = (1, 2, 3, 5, 10, 15, 20)  # how many neurons are silenced together


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of one sample as if it ended at each of these times: (P,) in seconds and (P, outputs)."""

    times: Floats
    values: Floats


@dataclass(frozen=True, eq=False)
class Contributions:
    """What the score of each output is made of: score = intercept + sum over neurons = intercept + sum over bins.

    Parameters
    ----------
    by_neuron, by_bin
        (outputs, N) and (outputs, bins).
    edges
        (bins + 1,): edges of the bins, in seconds.
    """

    by_neuron: Floats
    by_bin: Floats
    edges: Floats


@dataclass(frozen=True, eq=False)
class Ablation:
    """Scores after neurons were silenced in the network and taken from the readout.

    Parameters
    ----------
    neurons
        (n,): by the size of their contribution, largest first.
    alone
        (n, outputs): scores without this neuron.
    numbers, together
        (m,) and (m, outputs): scores without the first 1, 2, 3, ... neurons.
    """

    neurons: Ints
    alone: Floats
    numbers: Ints
    together: Floats


def scores_over_time(readout: Any, features: Features, spikes: Spikes) -> Scores | None:
    """Return the scores of the readout for the spikes of one sample up to each of some times; None if it has no scores."""
    n_steps = int(spikes.n_steps[0])
    most = max(8, min(MOMENTS, 2 * _MOST_EVENTS // max(spikes.n_events, 1)))
    steps, rows = [], []
    for step in moments(n_steps, most):
        try:
            rows.append(features.of(_until(spikes, int(step))))
        except DescriptionError:  # features at times in seconds, which this part does not reach
            continue
        steps.append(step)
    width = readout.n_features_in_ if hasattr(readout, "n_features_in_") else rows[-1].shape[1]
    usable = [i for i, row in enumerate(rows) if row.shape[1] == width]  # windows: their number grows
    values = outputs(readout, np.concatenate([rows[i] for i in usable]))
    return None if values is None else Scores(np.asarray(steps)[usable] * spikes.dt, values)


def _until(spikes: Spikes, n_steps: int) -> Spikes:
    """Return the first steps of one sample."""
    n = int(np.searchsorted(spikes.step, n_steps))
    ends = np.array([0, n]), np.array([n_steps])
    payload = None if spikes.payload is None else spikes.payload[:n]
    return Spikes(spikes.step[:n], spikes.channel[:n], *ends, spikes.n_channels, spikes.dt, payload=payload)


def contributions(found: Linear, features: Features, row: Floats, spikes: Spikes) -> Contributions:
    """Return the contributions to the scores of one sample with these features."""
    parts = found.contributions(row)
    if isinstance(features, Counts):
        edges = features.edges(spikes)[0] * spikes.dt
    else:
        times = np.asarray(getattr(features, "times", (1.0,)))
        edges = np.concatenate([[0.0], times * (1.0 if getattr(features, "seconds", False) else spikes.durations[0])])
    return Contributions(parts.sum(axis=1), parts.sum(axis=2), edges)


def leaders(parts: Contributions, scores: Floats, n: int) -> Ints:
    """Return the neurons with the largest contributions to the lead of the best class over the second, or to all values."""
    weight = np.abs(parts.by_neuron).sum(axis=0)
    if len(scores) > 1:
        best, second = np.argsort(scores, kind="stable")[::-1][:2]
        weight = np.abs(parts.by_neuron[best] - parts.by_neuron[second])
    order = np.argsort(-weight, kind="stable")[:n]
    return np.asarray(order[weight[order] > 0])


def ablation(variant: Variant, stimulus: Spikes, features: Features, readout: Any, neurons: Ints) -> Ablation | None:
    """Return the scores of one sample without each of these neurons, and without the first ones together."""
    if not neurons.size:
        return None

    def without(some: Ints) -> Floats:
        with compiled(silenced(variant.program, some), variant.backend) as runner:
            row = features.run(runner, stimulus, progress=False).copy()
        row.reshape(1, -1, variant.program.n_neurons)[:, :, some] = 0
        found = outputs(readout, row)
        assert found is not None  # there are contributions, so there are scores
        return np.asarray(found[0])

    numbers = np.array([n for n in TOGETHER if n <= neurons.size])
    alone = np.array([without(neurons[i : i + 1]) for i in range(neurons.size)])
    together = np.array([alone[0] if n == 1 else without(neurons[:n]) for n in numbers])
    return Ablation(neurons, alone, numbers, together)
