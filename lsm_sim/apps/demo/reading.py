"""Texts of the demo's report; the sentences are chosen by the results."""

from __future__ import annotations

import math

import numpy as np

from lsm_sim.apps.demo.experiment import Findings

_CLEAR = 0.005  # difference in accuracy; smaller ones are within the sampling error of 1797 images


def lead(findings: Findings) -> str:
    """Return a summary of the result."""
    plan, accuracy = findings.plan, findings.accuracy()
    how = "the mean of 5-fold cross-validation" + (f" with {len(plan.seeds)} seeds" if len(plan.seeds) > 1 else "")
    return (
        f"A network of {plan.n_neurons} spiking neurons with random, untrained synapses receives images row by row. A linear readout of "
        f"its spike counts classifies {100 * accuracy['liquid']:.1f} % of {len(findings.digits)} digits correctly ({how}). "
        f"The controls show the contribution of each part."
    )


def table_note(findings: Findings) -> str:
    """Return the explanation of the table's columns."""
    error = _standard_error(findings)
    return (
        f"Per cent of the images classified correctly by a readout trained without them, and the range over seeds. With this many "
        f"images the sampling error of an accuracy is about ±{100 * error:.2f} points (one binomial standard error). "
        f"The mean rate in the liquid is {np.mean(findings.rates):.0f} spikes per neuron and second; "
        f"{findings.samples_per_second:.0f} images per second were encoded and simulated."
    )


def conclusions(findings: Findings) -> list[str]:
    """Return the conclusions, in the order of the table, and their limits."""
    return [_expansion(findings), _recurrence(findings), _why(), _optimism()]


def _expansion(findings: Findings) -> str:
    accuracy = findings.accuracy()
    gain = accuracy["recurrence_off"] - accuracy["encoder"]
    wrong = {view: round((1 - value) * len(findings.digits)) for view, value in accuracy.items()}
    if gain < _CLEAR:
        return (
            f"Spiking neurons without recurrence are not clearly better than the counted input spikes ({_points(gain)}). "
            f"More neurons give the linear readout more nonlinear features."
        )
    return (
        f"Most of the gain comes from the neurons themselves: without recurrence they add {_points(gain)} to the encoder counts, "
        f"and reduce the errors from {wrong['encoder']} to {wrong['recurrence_off']}. Each neuron combines several columns and rows, with "
        f"random signs and delays, and applies a threshold; a linear readout can separate these nonlinear features better."
    )


def _recurrence(findings: Findings) -> str:
    per_seed = findings.per_seed()
    gains = np.subtract(per_seed["liquid"], per_seed["recurrence_off"])
    gain, detail = float(gains.mean()), ", ".join(_points(value, unit=False) for value in gains)
    figures = f"{_points(gain)}" + (f"; for each seed: {detail}" if len(gains) > 1 else "")
    if abs(gain) < _CLEAR:
        return f"Recurrence makes no clear difference on this task ({figures})."
    if gain > 0:
        return f"Recurrence improves the accuracy ({figures})."
    return f"Recurrence reduces the accuracy on this task ({figures})."


def _why() -> str:
    return (
        "This says little about recurrence in general. Here the readout uses the counts of all rows at once, so the liquid need "
        "not remember anything; recurrence can help where memory is needed, as in forecasting. Classification accuracy "
        "without this control does not show that a liquid works."
    )


def _optimism() -> str:
    return (
        "The parameters of encoder and liquid were chosen by the cross-validated accuracy of the liquid on these same images, so its "
        "accuracy is slightly optimistic, also in comparison with the controls. All readouts here are linear: a nonlinear "
        "classifier, such as a support vector machine on raw pixels, needs no liquid for this task."
    )


def raster_caption(findings: Findings) -> str:
    """Return the caption of the raster."""
    return (
        "Three images, and below each: the spikes on the eight input channels, drawn over the transposed image, whose rows "
        f"are presented one after the other; the spikes of the {findings.plan.n_neurons} neurons; and the mean rates of excitatory and "
        "inhibitory neurons. The liquid is silent in the first milliseconds because input synapses have delays of 1 to 60 ms."
    )


def trajectories_caption() -> str:
    """Return the caption of the trajectories."""
    return (
        "The state of the liquid (spikes of each neuron, filtered exponentially with 20 ms) over time, in the two directions in which it "
        "varies most. Thick lines: means over the images of each digit; thin lines: single images. All start from rest, at the dot."
    )


def confusion_caption(findings: Findings) -> str:
    """Return the caption of the confusion matrix, with the most frequent confusion."""
    n_seeds = len(findings.plan.seeds)
    pairs = [
        (int(true), int(guess))
        for predicted in findings.predictions["liquid"]
        for true, guess in zip(findings.digits, predicted, strict=True)
        if true != guess
    ]
    text = "Confusion matrix of the readout of the liquid" + (", summed over all seeds." if n_seeds > 1 else ".")
    if not pairs:
        return f"{text} There are no errors."
    true, guess = max(sorted(set(pairs)), key=pairs.count)
    of = int((findings.digits == true).sum()) * n_seeds
    return (
        f"{text} The most frequent error is to classify {true} as {guess}: {pairs.count((true, guess))} of {of} times."
    )


def _standard_error(findings: Findings) -> float:
    p = findings.accuracy()["liquid"]
    return math.sqrt(p * (1 - p) / len(findings.digits))


def _points(difference: float, *, unit: bool = True) -> str:
    """Return a difference of two fractions in percentage points."""
    return f"{100 * difference:+.2f}" + (" points" if unit else "")
