"""Packages that only some data sets need."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

from lsm_sim.errors import BackendUnavailableError


def needed(package: str, what: str) -> Any:
    """Return the package, imported now, or say how to install it."""
    try:
        with warnings.catch_warnings():  # of what they use themselves, which a user cannot change
            warnings.simplefilter("ignore", DeprecationWarning)
            return importlib.import_module(package)
    except ImportError as error:
        raise BackendUnavailableError(
            f"{what} need the package {package}, which cannot be imported ({error}); pip install 'lsm-sim[data]'"
        ) from None
