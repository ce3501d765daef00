"""What the numbers of the demo say, in words that follow from the numbers."""

from __future__ import annotations

import math

import numpy as np

from lsm_sim.apps.demo.experiment import Findings

_CLEAR = 0.005  # of accuracy: a smaller difference is within the sampling error of 1797 images


def lead(findings: Findings) -> str:
    """Return the result in a sentence or two."""
    plan, accuracy = findings.plan, findings.accuracy()
    how = "the mean of 5-fold cross-validation" + (f" with {len(plan.seeds)} seeds" if len(plan.seeds) > 1 else "")
    return (
        f"A network of {plan.n_neurons} spiking neurons with random, untrained synapses sees images row by row. A linear readout of "
        f"its spike counts recognises {100 * accuracy['liquid']:.1f} % of {len(findings.digits)} digits ({how}). "
        f"The controls show what each part contributes."
    )


def table_note(findings: Findings) -> str:
    """Return what the columns of the table mean."""
    error = _standard_error(findings)
    return (
        f"Percent of the images whose digit was predicted by a readout trained without them, and the range over seeds. With this many "
        f"images the sampling error of such a figure is about ±{100 * error:.2f} points (one binomial standard error). "
        f"The liquid fires {np.mean(findings.rates):.0f} spikes per neuron and second; "
        f"{findings.samples_per_second:.0f} images per second were encoded and run through it."
    )


def conclusions(findings: Findings) -> list[str]:
    """Return what may be concluded, in the order of the table, and what may not."""
    return [_expansion(findings), _recurrence(findings), _why(), _optimism()]


def _expansion(findings: Findings) -> str:
    accuracy = findings.accuracy()
    gain = accuracy["recurrence_off"] - accuracy["encoder"]
    wrong = {view: round((1 - value) * len(findings.digits)) for view, value in accuracy.items()}
    if gain < _CLEAR:
        return (
            f"Spiking neurons without recurrence do not do clearly better than the counted input spikes ({_points(gain)}). "
            f"More neurons give the linear readout more nonlinear features to choose from."
        )
    return (
        f"Most of the gain comes from the neurons as such: with recurrence off they add {_points(gain)} to the encoder counts, "
        f"and leave {wrong['recurrence_off']} errors where there were {wrong['encoder']}. Each neuron mixes several columns and rows, through "
        f"random signs and delays, and passes on what exceeds its threshold, so that a linear readout can separate more."
    )


def _recurrence(findings: Findings) -> str:
    per_seed = findings.per_seed()
    gains = np.subtract(per_seed["liquid"], per_seed["recurrence_off"])
    gain, detail = float(gains.mean()), ", ".join(_points(value, unit=False) for value in gains)
    figures = f"{_points(gain)}" + (f"; seed by seed: {detail}" if len(gains) > 1 else "")
    if abs(gain) < _CLEAR:
        return f"Recurrence makes no clear difference on this task ({figures})."
    if gain > 0:
        return f"Recurrence adds to the accuracy ({figures})."
    return f"Recurrence costs accuracy on this task ({figures})."


def _why() -> str:
    return (
        "That says little about recurrence in general. Here the readout sees the counts of every row at once, so the liquid need "
        "not remember anything; recurrent synapses can show their worth where it must, as in forecasting. Accuracy in a "
        "classification, without this control beside it, does not show that a liquid works."
    )


def _optimism() -> str:
    return (
        "The constants of encoder and liquid were chosen by the cross-validated accuracy of the liquid on these same images, so its "
        "figure is slightly optimistic, also beside the controls. And the controls are linear as well: a classifier that is "
        "nonlinear itself, such as a support vector machine on raw pixels, needs no liquid for this task."
    )


def raster_caption(findings: Findings) -> str:
    """Return what the raster shows."""
    return (
        "Three images, and below each: the spikes on the eight input channels over the image turned on its side, so that rows "
        f"become time; the spikes of the {findings.plan.n_neurons} neurons; and the mean rates of excitatory and inhibitory neurons. "
        "Nothing happens in the first milliseconds because spikes from the input take 1 to 60 ms."
    )


def trajectories_caption() -> str:
    """Return what the trajectories show."""
    return (
        "The state of the liquid (spikes of each neuron, each fading with 20 ms) over time, in the two directions in which it varies "
        "most. Thick lines: means of the images of each digit; thin lines: single images. All begin at rest, at the dot."
    )


def confusion_caption(findings: Findings) -> str:
    """Return what the confusion matrix shows, and the most frequent confusion."""
    n_seeds = len(findings.plan.seeds)
    pairs = [
        (int(true), int(guess))
        for predicted in findings.predictions["liquid"]
        for true, guess in zip(findings.digits, predicted, strict=True)
        if true != guess
    ]
    text = "Which digit the readout of the liquid takes for which" + (", all seeds together." if n_seeds > 1 else ".")
    if not pairs:
        return f"{text} There is no error."
    true, guess = max(sorted(set(pairs)), key=pairs.count)
    of = int((findings.digits == true).sum()) * n_seeds
    return f"{text} Most often a {true} is read as a {guess}: {pairs.count((true, guess))} of {of} times."


def _standard_error(findings: Findings) -> float:
    p = findings.accuracy()["liquid"]
    return math.sqrt(p * (1 - p) / len(findings.digits))


def _points(difference: float, *, unit: bool = True) -> str:
    """Return a difference of two fractions in percentage points."""
    return f"{100 * difference:+.2f}" + (" points" if unit else "")
