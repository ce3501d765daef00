"""Backends by name, in a test: one that is not installed skips the test, unless it is required."""

from __future__ import annotations

import os

import pytest

from lsm_sim.engine import protocol
from lsm_sim.errors import BackendUnavailableError

VARIABLE = "LSM_SIM_REQUIRE_BACKENDS"
"""Environment variable: names of backends, with commas between them, whose absence is a failure."""


def required() -> list[str]:
    """Return the names of the backends that must run here."""
    return [name for name in os.environ.get(VARIABLE, "").split(",") if name]


def check_required() -> None:
    """Refuse names that no package declares, so that a slip of the keyboard does not make a backend optional."""
    unknown = [name for name in required() if name not in protocol.known()]
    if unknown:
        raise pytest.UsageError(f"{VARIABLE}: no backend {', '.join(unknown)}; known: {', '.join(protocol.known())}")


def available(name: str) -> protocol.Backend:
    """Return the backend called ``name``; where it cannot run, fail if it is required here, else skip with the line that installs it."""
    try:
        return protocol.find(name)
    except BackendUnavailableError as error:
        if name in required():
            pytest.fail(f"required here, but {error}")
        pytest.skip(str(error))
