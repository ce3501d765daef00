"""Every label of every picture is inside the figure, and none covers another, at the width of one and of two columns."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.text import Text

import lsm_sim as lsm
from lsm_sim import ms
from tests.images.networks import answer, column_liquid

plot: Any = lsm.plot


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def drawn_texts(figure, monkeypatch):
    """Draw the figure and return each text that was drawn, with its corners in pixels."""
    drawn = {}
    original = Text.draw

    def draw(self, renderer, *args, **kwargs):
        original(self, renderer, *args, **kwargs)
        if self.get_visible() and self.get_text().strip():
            drawn[self] = outline(self, renderer)

    figure.canvas.draw()  # lays out
    monkeypatch.setattr(Text, "draw", draw)
    figure.canvas.draw()
    monkeypatch.undo()
    return [(text.get_text(), corners) for text, corners in drawn.items()]


def outline(text, renderer):
    """Return the corners of a text as it lies, a pixel inside on each side because boxes end on whole pixels, shape (4, 2)."""
    box, angle = text.get_window_extent(renderer), text.get_rotation()
    text.set_rotation(0)
    upright = text.get_window_extent(renderer)
    text.set_rotation(angle)
    half = np.array([upright.width, upright.height]) / 2 - renderer.dpi / 100
    corners = half * [[-1, -1], [1, -1], [1, 1], [-1, 1]]
    turn = np.deg2rad(angle)
    centre = [(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2]
    return corners @ [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]] + centre


def overlap(a, b):
    """Return whether two rectangles overlap: no side of either separates them."""
    for sides in (a, b):
        for direction in (sides[1] - sides[0], sides[3] - sides[0]):
            along_a, along_b = a @ direction, b @ direction
            if along_a.max() <= along_b.min() or along_b.max() <= along_a.min():
                return False
    return True


def check_labels(figure, monkeypatch):
    texts = drawn_texts(figure, monkeypatch)
    size = figure.canvas.get_width_height()
    for text, corners in texts:
        inside = (corners >= 0).all() and (corners <= size).all()
        assert inside, f"{text!r} leaves the figure: {corners} in {size}"
    for (one, a), (other, b) in combinations(texts, 2):
        assert not overlap(a, b), f"{one!r} covers {other!r}: {a}, {b}"


def states(classes=3, seed=0):
    labels = np.repeat(np.arange(classes), 4)
    steps = np.random.default_rng(seed).normal(labels[:, None, None], 1, (4 * classes, 10, 6))
    return steps.cumsum(axis=1), labels


def many_groups(n=9):
    sizes = [1, 1, 300, 1, 50, 1, 1, 20, 400]
    neurons = [lsm.Neurons(f"group{i}", sizes[i % len(sizes)]) for i in range(n)]
    return lsm.lower(lsm.Liquid([lsm.Inputs("in", 2)], neurons), 1 * ms)


def flat_sheet():
    return lsm.Liquid([lsm.Inputs("in", 1)], [lsm.Neurons("sheet", 400, positions=lsm.grid(20, 20, 1))])


def tall_column():
    return lsm.Liquid([lsm.Inputs("in", 1)], [lsm.Neurons("exc", 135, positions=lsm.grid(3, 3, 15))])


FLAT = {
    "raster": lambda ax: plot.raster(answer().spikes, ax=ax),
    "rates": lambda ax: plot.rates(answer().spikes, ax=ax),
    "one trace": lambda ax: plot.traces(answer(record={"exc": ["v"]}), neurons=[3], ax=ax),
    "traces": lambda ax: plot.traces(answer(record={"exc": ["v"]}), ax=ax),
    "u": lambda ax: plot.traces(answer(record={"inh": ["u"]}), variable="u", ax=ax),
    "weights": lambda ax: plot.weights(lsm.lower(column_liquid(), 1 * ms), ax=ax),
    "weights of many groups": lambda ax: plot.weights(many_groups(), ax=ax),
    "confusion of 3": lambda ax: plot.confusion(["one", "two", "three"], ["one", "two", "one"], ax=ax),
    "confusion of 12": lambda ax: plot.confusion([f"class {i}" for i in range(12)], ["class 5"] * 12, ax=ax),
    "confusion of 60": lambda ax: plot.confusion(np.arange(60), np.arange(60)[::-1], ax=ax),
    "trajectories": lambda ax: plot.trajectories(*states(), ax=ax),
    "trajectories of 10": lambda ax: plot.trajectories(*states(10), ax=ax),
}
DEEP = {
    "column": lambda ax: plot.column(column_liquid(), ax),
    "sheet": lambda ax: plot.column(flat_sheet(), ax),
    "tall column": lambda ax: plot.column(tall_column(), ax),
    "trajectories in 3-D": lambda ax: plot.trajectories(*states(), ax=ax, dimensions=3),
}


@pytest.mark.parametrize("name", FLAT | DEEP)
def test_labels_of_a_picture_of_its_own_are_apart(name, monkeypatch):
    check_labels((FLAT | DEEP)[name](None).figure, monkeypatch)


@pytest.mark.parametrize("name", FLAT | DEEP)
def test_labels_in_a_wide_figure_are_apart(name, monkeypatch):
    figure = plt.figure(figsize=(7, 3), layout="constrained")
    (FLAT | DEEP)[name](figure.add_subplot(projection="3d" if name in DEEP else None))
    check_labels(figure, monkeypatch)


def test_labels_of_panels_are_apart(monkeypatch):
    figure = plt.figure(figsize=(7, 5), layout="constrained")
    for place, name in enumerate(("raster", "traces", "weights", "confusion of 12"), start=221):
        FLAT[name](figure.add_subplot(place))
    check_labels(figure, monkeypatch)


def test_labels_that_do_overlap_are_found(monkeypatch):
    ax = plt.figure().add_subplot()
    ax.text(0.5, 0.5, "one")
    ax.text(0.51, 0.5, "two", rotation=30)
    with pytest.raises(AssertionError, match="'one' covers 'two'"):
        check_labels(ax.figure, monkeypatch)


def test_labels_that_leave_the_figure_are_found(monkeypatch):
    ax = plt.figure().add_subplot()
    ax.text(1.1, 0.5, "a long one")
    with pytest.raises(AssertionError, match="'a long one' leaves the figure"):
        check_labels(ax.figure, monkeypatch)
