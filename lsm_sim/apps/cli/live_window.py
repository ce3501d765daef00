"""The window of ``lsm-sim live --plot``: scores over time and a raster.

The model and its source run in a thread of their own, so that drawing delays neither: `follow` hands over what is to be drawn and goes
on. The main thread draws, at most 10 times a second, and lets the window respond while the source waits.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from lsm_sim.errors import UnsupportedError
from lsm_sim.live import Answer
from lsm_sim.spikes.spikes import Spikes

INTERVAL = 0.1  # s from one picture to the next
_FRAMES, _ROWS = 300, 100  # that are shown; a row of the raster is one neuron, or several
_PATIENCE = 2.0  # s to wait for the last answer when the window is closed

Follow = Callable[[Callable[[Answer, Spikes], bool]], None]  # gives every answer; False: nobody looks any more


@contextlib.contextmanager
def opened_figure() -> Iterator[Any]:
    """Yield an empty figure in a window of its own; an error where matplotlib has no windows."""
    from matplotlib import pyplot as plt

    try:
        figure: Any = plt.figure(num="lsm-sim live", figsize=(8, 6), layout="constrained", clear=True)
    except Exception as error:  # of a backend without a display, of any type
        raise _no_window(str(error)) from None
    try:
        if not getattr(figure.canvas, "required_interactive_framework", None):
            raise _no_window(f"matplotlib's backend is {plt.get_backend()}, which only writes files")
        figure.canvas.manager.show()
        yield figure
    finally:
        plt.close(figure)


def _no_window(why: str) -> UnsupportedError:
    return UnsupportedError(
        f"--plot: cannot open a window ({' '.join(why.split())}), expected a display; run it where there is one, or omit --plot"
    )


class Window:
    """Draws the latest answers and spikes.

    Parameters
    ----------
    figure
        An empty figure of matplotlib.
    n_neurons
        Number of neurons.
    classes
        Names of the scores; none for a model without scores.
    """

    def __init__(self, figure: Any, n_neurons: int, classes: Any = ()) -> None:
        self.figure = figure
        self.closed = False
        self.n_drawn = 0
        self._new: deque[tuple[Answer, Any]] = deque(maxlen=_FRAMES)  # what was handed over and is not drawn yet
        self._shown: deque[tuple[Answer, Any]] = deque(maxlen=_FRAMES)
        self._rows = min(_ROWS, n_neurons)
        self._row_of = np.arange(n_neurons) * self._rows // n_neurons
        self._classes = [str(label) for label in classes]
        self._upper, self._lower = figure.subplots(2, 1, sharex=True)
        self._lines: list[Any] = []  # one for each score, or for each predicted value
        self._image = self._lower.imshow(np.zeros((1, 1)), "Greys", aspect="auto", origin="lower", vmin=0, vmax=1)
        self._lower.set(ylabel="neuron", xlabel="time (s)", ylim=(0, n_neurons))
        figure.canvas.mpl_connect("close_event", self._on_close)

    def _on_close(self, _: Any) -> None:
        self.closed = True

    def add(self, answer: Answer, spikes: Spikes) -> bool:
        """Take an answer and the spikes of its frame, for the next picture; return whether the window is still open."""
        counts = np.bincount(self._row_of[spikes.channel], minlength=self._rows)
        self._new.append((answer, counts))
        return not self.closed

    def draw(self) -> None:
        """Draw what was handed over since the last picture, if there is anything."""
        if not self._new or self.closed:
            return
        while self._new:
            self._shown.append(self._new.popleft())
        answers = [answer for answer, _ in self._shown]
        times = np.array([answer.time for answer in answers])
        first = times[0] - (times[1] - times[0] if len(times) > 1 else times[0])
        self._draw_values(times, np.array([_values(answer) for answer in answers]))
        self._upper.set_title(f"{answers[-1].time:.2f} s: {answers[-1].label}")
        counts = np.stack([counts for _, counts in self._shown], axis=1)
        self._image.set_data(np.minimum(1, counts / max(1, counts.max())))
        self._image.set_extent((first, times[-1], 0, len(self._row_of)))
        self._lower.set_xlim(first, times[-1])
        self.figure.canvas.draw_idle()
        self.n_drawn += 1

    def _draw_values(self, times: Any, values: Any) -> None:
        if not self._lines:
            self._lines = self._upper.plot(np.empty((0, values.shape[1])))
            if len(self._classes) == len(self._lines):
                self._upper.legend(self._lines, self._classes, loc="upper left", fontsize=8, ncols=5)
            self._upper.set(ylabel="score" if self._classes else "value")
        for line, column in zip(self._lines, values.T, strict=True):
            line.set_data(times, column)
        self._upper.relim()
        self._upper.autoscale_view()

    def run(self, follow: Follow) -> None:
        """Run ``follow(self.add)`` in a thread and draw until the window is closed; an error of the thread is raised here.

        After the last answer the window stays open. A source that waits for data when the window is closed is left behind.
        """
        failures: list[BaseException] = []

        def work() -> None:
            try:
                follow(self.add)
            except BaseException as error:  # raised below, in the main thread
                failures.append(error)

        worker = threading.Thread(target=work, name="lsm-sim live", daemon=True)
        worker.start()
        try:
            while not self.closed and not failures:
                self.draw()
                self.figure.canvas.start_event_loop(INTERVAL)
        finally:
            self.closed = True
            worker.join(_PATIENCE)
        if failures:
            raise failures[0]


def _values(answer: Answer) -> Any:
    """Return what is drawn of an answer, (values,): scores, or predicted values; nothing of a label without scores."""
    if answer.scores is not None:
        return answer.scores
    values = np.ravel(answer.label)
    return values.astype(np.float64) if values.dtype.kind in "biuf" else np.full(1, np.nan)
