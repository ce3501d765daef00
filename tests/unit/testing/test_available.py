"""A backend that cannot run here skips a test, or fails it where it is required."""

from importlib import metadata

import pytest

from lsm_sim.engine import protocol
from lsm_sim.testing.available import VARIABLE, available, check_required


@pytest.fixture
def uninstalled(monkeypatch):
    """One backend is declared, and what it needs is missing."""
    entry = metadata.EntryPoint("odd", "no_such_package:Backend", protocol.ENTRY_POINTS)
    monkeypatch.setattr(protocol, "_declared", lambda: (entry,))
    monkeypatch.delenv(VARIABLE, raising=False)
    return monkeypatch


@pytest.mark.usefixtures("uninstalled")
def test_a_backend_that_cannot_run_skips_with_the_line_that_installs_it():
    with pytest.raises(pytest.skip.Exception, match=r"'odd' cannot be imported .* pip install"):
        available("odd")


def test_a_backend_that_is_required_and_cannot_run_fails(uninstalled):
    uninstalled.setenv(VARIABLE, "odd")
    check_required()
    with pytest.raises(pytest.fail.Exception, match="required here, but backend 'odd' cannot be imported"):
        available("odd")


def test_a_required_backend_that_nobody_declares_is_an_error(uninstalled):
    uninstalled.setenv(VARIABLE, "odd,od")
    with pytest.raises(pytest.UsageError, match=f"{VARIABLE}: no backend od; known: odd"):
        check_required()


def test_a_backend_that_runs_is_returned():
    assert available("reference").name == "reference"
