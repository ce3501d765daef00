"""Progress bars, and the time that compilation takes."""

import io
import sys
import time
from functools import partial
from types import SimpleNamespace

import pytest
from tqdm import tqdm

from lsm_sim.support import progress
from lsm_sim.support.compilation import stopwatch


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def notebook(monkeypatch):
    """Pretend to be a kernel."""
    shell = SimpleNamespace(config={"IPKernelApp": {}})
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))


def test_a_bar_is_shown_on_a_terminal_only(monkeypatch):
    for stderr, seen in ((Terminal(), True), (io.StringIO(), False), (None, False)):
        monkeypatch.setattr(sys, "stderr", stderr)
        assert progress.is_seen() is seen


@pytest.mark.parametrize("shell", [None, SimpleNamespace(config={"TerminalIPythonApp": {}})])
def test_a_terminal_of_ipython_is_no_notebook(monkeypatch, shell):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert not progress.in_notebook()


@pytest.mark.usefixtures("notebook")
def test_a_notebook_shows_a_bar_without_widgets_too(monkeypatch):
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    assert progress.is_seen()
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with progress.progress_bar(3, show=True) as advance:
        advance(2)
    assert "3" in stderr.getvalue()


def test_a_note_is_shown_behind_the_bar(monkeypatch, capsys):
    monkeypatch.setattr(progress, "_kind", lambda: partial(tqdm, mininterval=0))
    with progress.progress_bar(3, show=True) as advance:
        advance(1, "loss 0.5")
        advance(1)
    assert capsys.readouterr().err.count("loss 0.5") >= 2


def test_without_stderr_there_is_no_bar(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with progress.progress_bar(3, show=None) as advance:
        advance(3)


def test_a_stopwatch_stands_still_during_compilation():
    import numba

    @numba.njit
    def inner(x):
        return x + 1

    @numba.njit
    def outer(x):
        return inner(x) * 2

    start = time.perf_counter()
    with stopwatch() as watch:
        assert outer(3) == 8
        compiled = watch.compiling
        assert outer(4) == 10
        time.sleep(0.01)
        total = time.perf_counter() - start
        assert watch.compiling == compiled > 0
        assert 0.01 <= watch.seconds <= total - compiled + 0.1
