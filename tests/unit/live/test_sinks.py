"""Sinks write each answer at once, and end quietly."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from lsm_sim.errors import DescriptionError, RunError
from lsm_sim.live import Answer, JsonLines


def lines(*answers):
    stream = io.StringIO()
    sink = JsonLines(stream)
    assert all(sink.write(answer) for answer in answers)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_each_answer_is_one_object_on_a_line():
    found = lines(Answer(0.01), Answer(0.02, "no"), Answer(np.float64(0.03), np.int64(3), np.array([0.25, 1.0, 0.5])))
    assert found == [
        {"time": 0.01},
        {"time": 0.02, "label": "no"},
        {"time": 0.03, "label": 3, "margin": 0.5, "scores": [0.25, 1.0, 0.5]},
    ]


def test_predicted_values_are_arrays():
    assert lines(Answer(0.0, np.array([0.5, np.nan]))) == [{"time": 0.0, "label": [0.5, None]}]


def test_what_is_not_finite_is_null():
    assert lines(Answer(0.0, float("nan"), [np.inf, 1.0])) == [
        {"time": 0.0, "label": None, "margin": None, "scores": [None, 1.0]}
    ]


def test_one_score_has_no_margin():
    assert Answer(0.0, 1, [0.5]).margin is None
    assert Answer(0.0, 1).margin is None


def test_each_line_is_flushed():
    class Stream(io.StringIO):
        flushed = 0

        def flush(self):
            self.flushed = self.tell()

    stream = Stream()
    JsonLines(stream).write(Answer(1.0))
    assert stream.flushed == len(stream.getvalue()) > 0


SCRIPT = """
import sys
from lsm_sim.live import Answer, JsonLines
sink, n = JsonLines(), 0
while sink.write(Answer(n)):
    n += 1
assert not sink.write(Answer(n))
print("ended", file=sys.stderr)
"""


def test_a_closed_pipe_is_a_quiet_end():
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(SCRIPT)], stdout=-1, stderr=-1, text=True) as process:
        assert process.stdout.readline() == '{"time": 0.0}\n'
        process.stdout.close()
        assert process.stderr.read() == "ended\n"
        assert process.wait(60) == 0


def test_a_full_disk_is_an_error():
    class Full(io.StringIO):
        def flush(self):
            raise OSError(28, "No space left on device")

    with pytest.raises(RunError, match=r"JsonLines: cannot write an answer .*No space left"):
        JsonLines(Full()).write(Answer(0.0))


def test_nothing_is_written_after_with():
    stream = io.StringIO()
    with JsonLines(stream) as sink:
        pass
    assert not sink.write(Answer(0.0))
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a",), "time: got"),
        ((float("nan"),), "time: got nan"),
        ((0.0, 1, [[1.0]]), r"scores: got float64 of shape \(1, 1\)"),
        ((0.0, 1, ["a"]), "scores: got"),
        ((0.0, 1, [[1], [1, 2]]), "scores: got"),
    ],
)
def test_wrong_answers_are_refused(arguments, message):
    with pytest.raises(DescriptionError, match=message):
        Answer(*arguments)


def test_other_labels_and_streams_are_refused():
    with pytest.raises(DescriptionError, match="label: got object"):
        Answer(0.0, object()).as_json()
    with pytest.raises(DescriptionError, match="stream: got int"):
        JsonLines(5)
    with pytest.raises(DescriptionError, match=r"write answer: got dict"):
        JsonLines(io.StringIO()).write({})
