"""What is in the page: plain data, with the places of arrays in a `Packer`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lsm_sim.engine.protocol import Request, compiled
from lsm_sim.explorer import decisions, recording, states
from lsm_sim.explorer.linear import Linear, linear, outputs
from lsm_sim.explorer.packing import Packer, kept, keys
from lsm_sim.explorer.places import places
from lsm_sim.explorer.subject import Signal, Subject
from lsm_sim.explorer.variants import Variant
from lsm_sim.learn.raw_features import bin_means
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Floats, Ints

_MOST_VALUES = 40_000  # of a signal in the page
_MOST_NEURONS = 2000  # whose contributions are in the page, for each run


def collect(
    subject: Subject,
    variants: Sequence[Variant],
    labels: Sequence[str] | None,
    signals: Sequence[Signal],
    *,
    n_ablated: int,
    most: int,
    packer: Packer,
) -> dict[str, Any]:
    """Run everything and return what the page shows."""
    spikes = [_run(one, subject.stimulus) for one in variants]
    remarks = _remarks(subject, labels, signals)
    share = _share(subject.stimulus, spikes, most, remarks)
    reading = _reading(subject, spikes[0], remarks)
    looks = [[_decision(subject, reading, one[b : b + 1]) for b in range(len(one))] for one in spikes]
    first = _first_neurons(looks[0])
    what = recording.plan(subject.program, subject.stimulus, len(variants) * len(subject.stimulus), first)
    if what.neurons.size < subject.program.n_neurons:
        remarks.append(
            f"u and v were recorded of {what.neurons.size} of {subject.program.n_neurons} neurons, those with the largest "
            f"contributions and some of each group, because a page holds {recording.BYTES / 1e6:g} MB of recordings."
        )
    components = _components(subject, variants[0], spikes[0])
    runs = []
    for j, variant in enumerate(variants):
        recorded = recording.record(variant, subject.stimulus, what)
        for b in range(len(subject.stimulus)):
            one, look = spikes[j][b], looks[j][b]
            run = {"sample": b, "variant": j} | _spikes(one, share, packer)
            run["recording"] = _recording(recorded[b], packer)
            run["path"] = _path(components, one, packer)
            run["decision"] = _packed(look, packer)
            if j == 0 and n_ablated and look.get("parts") is not None:
                run["ablation"] = _ablation(subject, variant, b, look, n_ablated, packer)
            runs.append(run)
    return {
        "subject": subject.title,
        "dt": subject.program.dt,
        "neurons": subject.program.n_neurons,
        "channels": subject.stimulus.n_channels,
        "groups": _groups(subject.program.neuron_groups, subject.program.n_neurons),
        "inputs": _groups(subject.program.input_groups, subject.stimulus.n_channels),
        "places": _places(subject, packer),
        "variants": [{"name": one.name, "remark": one.remark} for one in variants],
        "samples": _samples(subject, labels, signals, share, packer),
        "outputs": _outputs(subject, looks),
        "classifies": subject.classes is not None,
        "mean": _mean(reading, packer),
        "recorded": packer.add(what.neurons, "i4"),
        "stride": int(what.steps[1] - what.steps[0]) if what.steps.size > 1 else 1,
        "components": {
            "share": components.share.tolist(),
            "fitted": "training samples of the model"
            if subject.calibration is not None
            else "the samples in this page",
            "tau": states.TAU,
        },
        "thinned": share < 1,
        "remarks": remarks,
        "runs": runs,
    }


def _run(variant: Variant, stimulus: Spikes) -> Spikes:
    with compiled(variant.program, variant.backend) as runner:
        spikes = runner(stimulus, Request(progress=False)).spikes
    assert spikes is not None  # `compiled` has checked it
    return spikes


def _remarks(subject: Subject, labels: Any, signals: Sequence[Signal]) -> list[str]:
    remarks = []
    if subject.readout is None:
        remarks.append("There is no readout, so the page shows no decision; give a trained model to see one.")
    if labels is None:
        remarks.append("The data have no labels, so the page cannot say whether an answer is right.")
    if not signals:
        remarks.append("The data are spikes, so there is no signal above the input channels.")
    if subject.stimulus.payload is not None:
        remarks.append("Events of the input carry payloads, which the page does not show.")
    return remarks


def _share(stimulus: Spikes, spikes: Sequence[Spikes], most: int, remarks: list[str]) -> float:
    """Return which share of the spikes the page can hold."""
    total = stimulus.n_events + sum(one.n_events for one in spikes)
    if total <= most:
        return 1.0
    remarks.append(
        f"The runs have {total} spikes and the page holds {most}, so it shows {100 * most / total:.3g} % of them, chosen by step and "
        "neuron, the same in all runs. Rates are scaled up accordingly; recordings and decisions were computed from all "
        "spikes. Show fewer samples to see every spike."
    )
    return most / total


def _reading(subject: Subject, spikes: Spikes, remarks: list[str]) -> Linear | None:
    """Return the weights of a linear readout, if there is one."""
    if subject.readout is None:
        return None
    found = linear(subject.readout, subject.features, subject.program.n_neurons)
    if isinstance(found, Linear):
        rows = subject.features.of(spikes)
        if found.explains(outputs(subject.readout, rows), rows):
            return found
        found = f"the scores of {type(subject.readout).__name__} are not sums of weights times features"
    remarks.append(f"There are no contributions of neurons, because {found}.")
    return None


def _decision(subject: Subject, reading: Linear | None, one: Spikes) -> dict[str, Any]:
    """Return answer, scores and contributions of one run, as far as there are any."""
    if subject.readout is None:
        return {}
    row = subject.features.of(one)
    answer = np.atleast_1d(np.asarray(subject.readout.predict(row))[0])
    texts = map(str, answer.tolist()) if subject.classes is not None else (f"{value:.5g}" for value in answer.tolist())
    found: dict[str, Any] = {"answer": ", ".join(texts)}
    scores = decisions.scores_over_time(subject.readout, subject.features, one)
    if scores is None:
        return found
    found |= {"scores": scores, "final": scores.values[-1]}
    if reading is not None:
        found |= {"parts": decisions.contributions(reading, subject.features, row[0], one), "reading": reading}
    return found


def _first_neurons(looks: Sequence[Mapping[str, Any]]) -> Ints:
    """Return the neurons that are worth recording, the most important of each run first."""
    lists = [decisions.leaders(one["parts"], one["final"], 20).tolist() for one in looks if "parts" in one]
    longest = max(map(len, lists), default=0)
    order = [found[i] for i in range(longest) for found in lists if i < len(found)]
    return np.asarray(list(dict.fromkeys(order)), np.int64)


def _components(subject: Subject, variant: Variant, spikes: Spikes) -> states.Components:
    return states.fit(spikes if subject.calibration is None else _run(variant, subject.calibration))


def _spikes(one: Spikes, share: float, packer: Packer) -> dict[str, Any]:
    chosen = kept(one, share)
    place = packer.add_increasing(keys(one)[chosen])
    return {"spikes": place, "kept": int(chosen.sum()), "total": one.n_events}


def _recording(one: recording.Recording, packer: Packer) -> dict[str, Any]:
    values = {}
    for name, array in one.values.items():
        low, high, numbers = recording.in_16_bits(array)
        values[name] = {
            "low": packer.add(low, "f4"),
            "high": packer.add(high, "f4"),
            "values": packer.add(numbers.T, "u2"),
            "unit": one.units[name],
        }
    limit = one.threshold
    return {
        "points": len(one.times),
        "variables": values,
        "threshold": packer.add(limit.T, "f4"),
        "adapts": limit.ndim == 2,
    }


def _path(components: states.Components, one: Spikes, packer: Packer) -> dict[str, Any]:
    times, points = components.path(one)
    return {"times": packer.add(times, "f4"), "points": packer.add(points, "f4")}


def _packed(look: Mapping[str, Any], packer: Packer) -> dict[str, Any] | None:
    """Return the decision of one run, with its contributions to the last bit; of many neurons, the largest and the rest."""
    if not look:
        return None
    found: dict[str, Any] = {"answer": look["answer"]}
    if "scores" in look:
        scores = look["scores"]
        found |= {"times": packer.add(scores.times, "f4"), "scores": packer.add(scores.values, "f8")}
    if "parts" in look:
        parts = look["parts"]
        order = np.argsort(-np.abs(parts.by_neuron).max(axis=0), kind="stable")[:_MOST_NEURONS]
        shown = np.sort(order)
        rest = np.delete(parts.by_neuron, shown, axis=1).sum(axis=1)
        found |= {
            "shown": packer.add(shown, "i4"),
            "by_neuron": packer.add(parts.by_neuron[:, shown], "f8"),
            "rest": packer.add(rest, "f8"),
            "by_bin": packer.add(parts.by_bin, "f8"),
            "edges": parts.edges.tolist(),
            "intercept": look["reading"].intercept.tolist(),
        }
    return found


def _ablation(
    subject: Subject, variant: Variant, b: int, look: Mapping[str, Any], n: int, packer: Packer
) -> dict[str, Any] | None:
    neurons = decisions.leaders(look["parts"], look["final"], n)
    stimulus = subject.stimulus[b : b + 1]
    found = decisions.ablation(variant, stimulus, subject.features, subject.readout, neurons)
    if found is None:
        return None
    return {
        "neurons": found.neurons.tolist(),
        "alone": packer.add(found.alone, "f8"),
        "numbers": found.numbers.tolist(),
        "together": packer.add(found.together, "f8"),
    }


def _groups(groups: Mapping[str, range], n: int) -> list[dict[str, Any]]:
    named = groups or ({"all": range(n)} if n else {})
    return [{"name": name, "start": one.start, "stop": one.stop} for name, one in named.items()]


def _places(subject: Subject, packer: Packer) -> dict[str, Any]:
    program: Program = subject.program
    found = places(subject.liquid, program.neuron_groups or {"all": range(program.n_neurons)})
    return {"points": packer.add(found.points, "f4"), "in_space": found.in_space, "remark": found.remark}


def _samples(
    subject: Subject, labels: Sequence[str] | None, signals: Sequence[Signal], share: float, packer: Packer
) -> list[dict[str, Any]]:
    out = []
    for b, number in enumerate(subject.samples.tolist()):
        one = subject.stimulus[b]
        out.append(
            {"number": number, "label": None if labels is None else labels[b], "steps": int(one.n_steps[0])}
            | {"input": _spikes(one, share, packer), "signal": _signal(signals[b], packer) if signals else None}
        )
    return out


def _signal(signal: Signal, packer: Packer) -> dict[str, Any]:
    """Return a signal; of a long one, the means of equal parts."""
    values: Floats = signal.values[:, :_MOST_VALUES]
    frames = max(1, min(len(values), _MOST_VALUES // values.shape[1]))
    length = signal.frame * len(values) / frames
    shown = values if frames == len(values) else bin_means(values, frames)
    place = packer.add(shown, "f4")
    return {"values": place, "frames": frames, "channels": values.shape[1], "frame": length}


def _outputs(subject: Subject, looks: Sequence[Sequence[Mapping[str, Any]]]) -> list[str]:
    if subject.classes is not None:
        return subject.classes
    n = len(looks[0][0].get("final", ()))
    return [f"value {k}" for k in range(n)]


def _mean(reading: Linear | None, packer: Packer) -> dict[str, Any] | None:
    """Return the contributions of the mean training sample."""
    if reading is None or reading.mean is None:
        return None
    parts = reading.contributions(reading.mean)
    return {"by_neuron": packer.add(parts.sum(axis=1), "f8"), "by_bin": packer.add(parts.sum(axis=2), "f8")}
