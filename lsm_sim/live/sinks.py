"""Sinks: where the answers of a live model go."""

from __future__ import annotations

import contextlib
import json
import math
import os
import socket
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError, RunError
from lsm_sim.live.packets import ANSWER, packed
from lsm_sim.live.tcp import connect
from lsm_sim.support import checks


@dataclass(frozen=True, eq=False)
class Answer:
    """What a model says at one time.

    Parameters
    ----------
    time
        Seconds since the start of the data.
    label
        The class, or the predicted value or values; None if there is none yet.
    scores
        A score for each class, shape (classes,), or None.

    Examples
    --------
    >>> Answer(0.5, "yes", [0.2, 0.9]).margin
    0.7
    """

    time: float
    label: Any = None
    scores: Any = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "time", checks.real(self.time, "Answer time", "time"))
        if self.scores is not None:
            shape = checks.shape(self.scores, "Answer scores")
            scores = np.array(self.scores)
            if len(shape) != 1 or scores.dtype.kind not in "biuf":
                raise DescriptionError(
                    f"Answer scores: got {scores.dtype} of shape {shape}, expected one number for each class"
                )
            object.__setattr__(self, "scores", checks.read_only(scores.astype(np.float64)))

    @property
    def margin(self) -> float | None:
        """The highest score minus the second highest; None if there are not two scores."""
        if self.scores is None or len(self.scores) < 2:
            return None
        second, best = np.sort(self.scores)[-2:]
        return float(best - second)

    def as_json(self) -> str:
        """Return a JSON object on one line, without what is None; NaN and infinite numbers are null.

        >>> Answer(0.5, "yes", [0.25, 1.0]).as_json()
        '{"time": 0.5, "label": "yes", "margin": 0.75, "scores": [0.25, 1.0]}'
        """
        fields = {"time": self.time, "label": self.label, "margin": self.margin, "scores": self.scores}
        return json.dumps({name: _plain(value) for name, value in fields.items() if value is not None})


def _plain(value: Any) -> Any:
    """Return Python's own types for numbers, texts and arrays of them."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise DescriptionError(
        f"Answer label: got {type(value).__name__}, expected a text, a number or an array of numbers"
    )


class JsonLines:
    """Write each answer as a JSON object on a line of its own, at once.

    When the reader has gone, such as ``head`` in a pipe, `write` returns False and nothing more is written.

    Parameters
    ----------
    stream
        A text stream; None: standard output.

    Examples
    --------
    >>> sink = JsonLines(sys.stdout)
    >>> going = sink.write(Answer(0.01, 3))
    {"time": 0.01, "label": 3}
    """

    def __init__(self, stream: Any = None) -> None:
        self._stream = sys.stdout if stream is None else stream
        if not callable(getattr(self._stream, "write", None)) or not callable(getattr(self._stream, "flush", None)):
            raise DescriptionError(f"JsonLines stream: got {type(stream).__name__}, expected a text stream to write to")
        self.closed = False

    def write(self, answer: Answer) -> bool:
        """Write an answer; return whether the reader is still there."""
        line = checks.instance(answer, Answer, "JsonLines.write answer", "an Answer").as_json()
        if self.closed:
            return False
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except BrokenPipeError:
            self.closed = True
            self._forget()
        except OSError as error:
            raise RunError(
                f"JsonLines: cannot write an answer ({error}), expected room on the disk; free some"
            ) from None
        return not self.closed

    def _forget(self) -> None:
        """Send what is still in the stream's buffer to nowhere, so that Python does not fail on it when it ends."""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            try:
                os.dup2(nowhere, self._stream.fileno())
            finally:
                os.close(nowhere)

    def __enter__(self) -> JsonLines:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True


class TcpSink:
    """Send each answer as a packet of kind 4, whose payload is the line of `JsonLines`, to a program that listens.

    The connection is made on entry to ``with``, or by the first `write`. When the reader has gone, `write` returns False.

    Parameters
    ----------
    port, host
        Where the other program listens.
    stall
        Seconds for which the reader may hold up a packet; then `RunError` is raised.
    """

    def __init__(self, port: int, host: str = "127.0.0.1", stall: float = 5.0) -> None:
        self._port = checks.whole(port, "TcpSink port", minimum=1, maximum=65535)
        self._host = checks.name(host, "TcpSink host")
        self._stall = checks.positive(stall, "TcpSink stall", "time")
        self._connection: socket.socket | None = None
        self._number = 0
        self.closed = False

    def write(self, answer: Answer) -> bool:
        """Send an answer; return whether the reader is still there."""
        line = checks.instance(answer, Answer, "TcpSink.write answer", "an Answer").as_json()
        if self.closed:
            return False
        try:
            self._connected().sendall(packed(ANSWER, 0, self._number, line.encode()))
        except TimeoutError:
            self.close()
            raise RunError(
                f"TcpSink: the reader did not take an answer for {self._stall:g} s, expected one that reads; raise stall"
            ) from None
        except OSError:
            self.close()
        self._number += 1
        return not self.closed

    def _connected(self) -> socket.socket:
        if self._connection is None:
            self._connection = connect(self._host, self._port, self._stall, "TcpSink")
        return self._connection

    def close(self) -> None:
        """Close the connection; a second time does nothing."""
        self.closed = True
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> TcpSink:
        self._connected()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
