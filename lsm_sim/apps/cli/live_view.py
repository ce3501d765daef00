"""How ``lsm-sim live`` shows answers: a view that is redrawn on a terminal, lines of text, or JSON lines."""

from __future__ import annotations

import contextlib
import sys
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from lsm_sim.live import Answer, JsonLines
from lsm_sim.spikes.spikes import Spikes

_WIDTH, _ROWS, _BAR = 60, 12, 40  # characters
_SHADES = " .:-=+*#%@"

Show = Callable[[Spikes], bool]  # returns whether anybody still reads


@contextlib.contextmanager
def view(session: Any, *, json: bool) -> Iterator[Show]:
    """Yield a function that shows the answer after the latest spikes."""
    if json:
        with JsonLines() as lines:
            yield lambda _: lines.write(answer_of(session))
    elif sys.stdout is not None and sys.stdout.isatty():
        from rich.live import Live
        from rich.text import Text

        picture = Picture(session.program.n_neurons)
        with Live(refresh_per_second=10) as screen:

            def show(spikes: Spikes) -> bool:
                screen.update(Text(picture.drawn(answer_of(session), getattr(session.readout, "classes_", ()), spikes)))
                return True

            yield show
    else:
        with contextlib.suppress(BrokenPipeError):
            yield lambda _: _print(_line(answer_of(session)))


def answer_of(session: Any) -> Answer:
    """Return the answer of a live model at this time."""
    scores = None
    if hasattr(session.readout, "decision_function"):
        scores = np.atleast_1d(session.decision_function())
        if scores.size == 1:  # of two classes, one score
            scores = np.array([-scores[0], scores[0]])
    return Answer(session.time, session.predict(), scores)


def _line(answer: Answer) -> str:
    margin = "" if answer.margin is None else f"  margin {answer.margin:.3f}"
    return f"{answer.time:8.3f} s  {answer.label}{margin}"


def _print(line: str) -> bool:
    print(line, flush=True)
    return True


class Picture:
    """The answer, a bar for each score, and how much groups of neurons spiked in the last frames."""

    def __init__(self, n_neurons: int) -> None:
        self._rows = min(_ROWS, n_neurons)
        self._row_of = np.arange(n_neurons) * self._rows // n_neurons
        self._sizes = np.bincount(self._row_of, minlength=self._rows)
        self._columns: deque[Any] = deque(maxlen=_WIDTH)

    def drawn(self, answer: Answer, classes: Any, spikes: Spikes) -> str:
        """Return the picture, with the spikes of the latest frame as its last column."""
        counts = np.bincount(self._row_of[spikes.channel], minlength=self._rows)
        chance = counts / (self._sizes * spikes.n_steps[0])  # spikes per neuron and step
        shade = np.ceil(np.minimum(10 * chance, 1) * (len(_SHADES) - 1)).astype(int)
        self._columns.append([_SHADES[i] for i in shade])
        raster = ["".join(column[row] for column in self._columns).rjust(_WIDTH) for row in reversed(range(self._rows))]
        return "\n".join([_line(answer), *self._bars(answer, classes), *(f"|{row}|" for row in raster)])

    def _bars(self, answer: Answer, classes: Any) -> list[str]:
        if answer.scores is None or len(answer.scores) != len(classes):
            return []
        low, high = float(min(answer.scores)), float(max(answer.scores))
        lengths = np.rint((answer.scores - low) / (high - low or 1) * _BAR).astype(int)
        wide = max(len(str(label)) for label in classes)
        return [
            f"{label!s:>{wide}} {'#' * n:<{_BAR}} {score:7.3f}"
            for label, n, score in zip(classes, lengths, answer.scores, strict=True)
        ]
