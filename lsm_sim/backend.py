"""The backend interface and how to find a backend: the part of `lsm_sim.engine` that users and other packages need."""

from lsm_sim.engine.protocol import (
    DEFAULT,
    ENTRY_POINTS,
    Backend,
    Compiled,
    Excursions,
    Outcome,
    Request,
    Runner,
    check_supported,
    compiled,
    find,
    known,
    missing_support,
)

__all__ = [
    "DEFAULT",
    "ENTRY_POINTS",
    "Backend",
    "Compiled",
    "Excursions",
    "Outcome",
    "Request",
    "Runner",
    "check_supported",
    "compiled",
    "find",
    "known",
    "missing_support",
]
