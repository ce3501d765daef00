"""What the core takes from other packages by name: estimators that are not liquids, to compare liquids with."""

from __future__ import annotations

from importlib import metadata
from typing import Any

from lsm_sim.errors import BackendUnavailableError, DescriptionError

ENTRY_POINTS = "lsm_sim.models"


def known() -> list[str]:
    """Return the names of all models that packages declare."""
    return sorted({entry.name for entry in metadata.entry_points(group=ENTRY_POINTS)})


def find(name: str) -> Any:
    """Return the estimator class called ``name``.

    Raises
    ------
    DescriptionError
        No package declares it.
    BackendUnavailableError
        It is declared, but its package cannot be imported.
    """
    for entry in metadata.entry_points(group=ENTRY_POINTS):
        if entry.name == name:
            try:
                return entry.load()
            except ImportError as error:
                raise BackendUnavailableError(
                    f"model {name!r} cannot be imported ({error}); reinstall lsm-sim with pip"
                ) from error
    raise DescriptionError(f"no model {name!r}; known: {', '.join(known()) or 'none: install lsm-sim with pip'}")
