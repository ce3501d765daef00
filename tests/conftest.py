"""Settings and fixtures that all tests share."""

from __future__ import annotations

import contextlib
import functools
import gc
import os
import sys

import pytest

from lsm_sim import backend as backends
from lsm_sim import testing
from lsm_sim.testing.available import check_required

os.environ["MPLBACKEND"] = "Agg"  # open no windows, in subprocesses either

pytest_plugins = ["lsm_sim.testing.plugin"]


def pytest_addoption(parser):
    parser.addoption(
        "--regenerate-golden", action="store_true", help="write tests/golden anew from the reference; review the diff"
    )


def pytest_configure():
    check_required()


_OPEN = contextlib.ExitStack()


def pytest_unconfigure():
    _OPEN.close()


@functools.cache
def shared_lava():
    """Return the Lava backend with one worker for all tests."""
    return _OPEN.enter_context(testing.available("lava"))


def available(name):
    """Return the backend; where it cannot run, fail if it is required here, else skip with the line that installs it."""
    found = shared_lava() if name == "lava" else testing.available(name)
    interpret_brian2()
    return found


def interpret_brian2():
    """Make Brian2, once it is imported, run its equations in NumPy, because compiling all of them takes minutes."""
    if "brian2" in sys.modules:
        sys.modules["brian2"].prefs.codegen.target = "numpy"


@pytest.fixture(autouse=True)
def _interpreted_brian2():
    interpret_brian2()


_IMPORTED = 0  # the number of modules at the last call of gc.freeze


@pytest.fixture(autouse=True, scope="module")
def _nothing_permanent_is_searched_for_garbage():
    """Exempt tests and modules from garbage collection, which walks all of them, and Brian2 collects in each run."""
    global _IMPORTED
    if len(sys.modules) > _IMPORTED + 100:
        gc.collect()
        gc.freeze()
        _IMPORTED = len(sys.modules)


RUNNABLE = [
    name for name in backends.known() if name != "loihi2"
]  # it needs a chip; tests/unit/backends/test_loihi2.py has a substitute


@pytest.fixture(params=RUNNABLE)
def backend(request):
    """Each declared backend that can run here."""
    return available(request.param)


@pytest.fixture(params=[name for name in RUNNABLE if name != "reference"])
def other_backend(request):
    """Each declared backend that can run here, except the reference."""
    return available(request.param)


@pytest.fixture
def reference():
    return available("reference")


@pytest.fixture
def fast():
    return available("fast")


@pytest.fixture
def brian2():
    """The Brian2 backend, with Brian2 set to run in NumPy."""
    return available("brian2")


@pytest.fixture
def lava():
    """The Lava backend."""
    return available("lava")
