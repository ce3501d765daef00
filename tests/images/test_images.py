"""Pictures compared with those in tests/images/baseline; what they show is tested exactly in tests/unit/plot.

After a wanted change: pytest tests/images --mpl-generate-path=tests/images/baseline, then look at each picture.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.legend import Legend
from matplotlib.text import Text

import lsm_sim as lsm
from lsm_sim import ms
from tests.images.networks import answer, column_liquid

plot: Any = lsm.plot


def compared(function):
    # Root mean square of 0..255 over all pixels. Without text and with a fixed layout nothing depends on fonts, and
    # matplotlib 3.10 and 3.11 agree to the pixel; other versions may round the edges of lines differently.
    return pytest.mark.mpl_image_compare(
        baseline_dir="baseline", style="default", backend="agg", tolerance=1, savefig_kwargs={"dpi": 100}
    )(function)


def canvas(height, **kind):
    """Return Axes that no label can move."""
    return plt.figure(figsize=(3.4, height)).add_axes((0.15, 0.2, 0.7, 0.7), **kind)


def without_text(ax):
    for text in ax.figure.findobj(Text):
        text.set_visible(False)
    for legend in ax.figure.findobj(Legend):  # its marks stand beside text
        legend.set_visible(False)
    return ax.figure


@compared
def test_raster_looks_like_the_baseline():
    return without_text(plot.raster(answer().spikes, ax=canvas(2.4)))


@compared
def test_traces_look_like_the_baseline():
    result = answer(record={"exc": ["v"]})
    return without_text(plot.traces(result, "exc", neurons=[1, 2, 5], ax=canvas(1.8)))


@compared
def test_weights_look_like_the_baseline():
    return without_text(plot.weights(lsm.lower(column_liquid(), 1 * ms), ax=canvas(2.9)))


@compared
def test_column_looks_like_the_baseline():
    return without_text(plot.column(column_liquid(), canvas(3.0, projection="3d"), max_connections=100))


@compared
def test_confusion_looks_like_the_baseline():
    true = np.repeat(np.arange(5), 20)
    predicted = np.where(np.arange(100) % 7 == 0, (true + 1) % 5, true)
    return without_text(plot.confusion(true, predicted, ax=canvas(2.9)))


@compared
def test_trajectories_look_like_the_baseline():
    states = answer(samples=4, bins=20).counts
    return without_text(plot.trajectories(states, [0, 0, 1, 1], ax=canvas(2.6)))
