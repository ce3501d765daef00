"""The figures of the demo, as PNG."""

from __future__ import annotations

import dataclasses
import io
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from lsm_sim import plot
from lsm_sim.apps.demo import digits
from lsm_sim.apps.demo.experiment import Findings, Plan
from lsm_sim.learn.features import Traces
from lsm_sim.simulate.run import run
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import figures
from lsm_sim.support.checks import Ints

_DPI = 170
_SHOWN = 3  # number of digits in the raster
_RATE_BIN = 0.01  # s
_MOVING = 500  # number of images whose trajectories are averaged
_MOMENTS = 60  # points per trajectory
_TAU = 0.02  # s, time constant of the trace that represents the state of a neuron


def draw(findings: Findings) -> dict[str, bytes]:
    """Return the figures by file name."""
    plan = findings.plan
    pixels, labels = digits.images()
    seed = plan.seeds[0]
    model = digits.transformer(digits.liquid(plan.n_neurons, seed), seed).fit(pixels)
    stimulus = dataclasses.replace(model.encode(pixels[:_MOVING]), groups={"columns": range(8)})
    spikes = run(model.liquid_, stimulus, backend=plan.backend, n_threads=plan.n_threads, progress=False).spikes
    assert spikes is not None  # they were requested
    return {
        "raster.png": _png(raster(pixels, labels, stimulus, spikes)),
        "confusion.png": _png(confusion(findings)),
        "trajectories.png": _png(trajectories(spikes, labels[:_MOVING], plan)),
    }


def raster(pixels: Any, labels: Ints, stimulus: Spikes, spikes: Spikes) -> Figure:
    """Draw three images, the input spikes of each, and the spikes and mean rates of the liquid."""
    figure = Figure(figsize=(9, 6), dpi=_DPI, layout="constrained")
    axes = figure.subplots(4, _SHOWN, height_ratios=(1.2, 1, 4, 1.2), sharey="row")
    for column, (image, into, out, rate) in enumerate(axes.T):
        pixel_rows = pixels[column].reshape(8, 8)
        image.imshow(pixel_rows, cmap="Greys")
        image.set_title(f"Digit {labels[column]}", fontsize=figures.LABEL)
        image.set(xticks=[], yticks=[])
        plot.raster(stimulus, column, into, histogram=False, colours={"columns": "black"})
        milliseconds = 1000 * float(stimulus.durations[column])
        place = (0, milliseconds, -0.5, 7.5)  # rows are time, columns are channels
        into.imshow(pixel_rows.T, cmap="Greys", alpha=0.45, extent=place, origin="lower", aspect="auto")
        plot.raster(spikes, column, out, histogram=False)
        plot.rates(spikes, column, rate, bin_width=_RATE_BIN)
        _label(column, into, out, rate)
    highest = max(line.get_data().values.max() for rate in axes[3] for line in rate.patches)
    axes[3, 0].set_ylim(0, 1.08 * highest)
    return figure


def _label(column: int, into: Any, out: Any, rate: Any) -> None:
    """Keep labels in the first column and in the lowest row only."""
    for ax, name in ((into, "Column"), (out, "Neuron"), (rate, "Rate (Hz)")):
        ax.set_ylabel(name if column == 0 else "", fontsize=figures.LABEL)
        ax.tick_params(labelleft=column == 0)
    for ax in (into, out):
        ax.set_xlabel("")
        ax.tick_params(labelbottom=False)
    for ax in (out, rate):
        if ax is rate or column > 0:
            ax.get_legend().remove()


def confusion(findings: Findings) -> Figure:
    """Draw the confusion matrix of the liquid, summed over all seeds."""
    figure = Figure(figsize=(4.6, 4), dpi=_DPI, layout="constrained")
    predicted = findings.predictions["liquid"]
    plot.confusion(np.tile(findings.digits, len(predicted)), np.concatenate(predicted), ax=figure.add_subplot())
    return figure


def trajectories(spikes: Spikes, labels: Ints, plan: Plan) -> Figure:
    """Draw the mean trajectory of each digit in the first two principal components of the liquid's state."""
    moments = tuple(np.arange(1, _MOMENTS + 1) / _MOMENTS)
    states = Traces(tau=_TAU, times=moments).of(spikes).reshape(len(spikes), _MOMENTS, plan.n_neurons)
    figure = Figure(figsize=(5.6, 4.2), dpi=_DPI, layout="constrained")
    plot.trajectories(states, labels, figure.add_subplot(), individuals=2)
    return figure


def _png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()
