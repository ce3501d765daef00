"""Packages that only some data sets need."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

from lsm_sim.errors import BackendUnavailableError
from lsm_sim.support.environment import install


def needed(package: str, what: str) -> Any:
    """Import and return the package, or raise an error that says how to install it."""
    try:
        with warnings.catch_warnings():  # deprecations inside these packages, which a user cannot change
            warnings.simplefilter("ignore", DeprecationWarning)
            return importlib.import_module(package)
    except ImportError as error:
        raise BackendUnavailableError(
            f"{what} need the package {package}, which cannot be imported ({error}); install it with: {install('data')}"
        ) from None
