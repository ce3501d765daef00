"""Packages that only some functions need, imported when such a function is called."""

from __future__ import annotations

import importlib
from typing import Any

from lsm_sim.errors import BackendUnavailableError
from lsm_sim.support.environment import install


def optional(package: str, extra: str) -> Any:
    """Import and return a package that an ``extra`` of lsm_sim installs, or raise an error that says how."""
    name = package.partition(".")[0]
    try:
        importlib.import_module(name)
        return importlib.import_module(package)
    except ImportError as error:
        if error.name == name:
            raise BackendUnavailableError(f"{name} is not installed; install it with: {install(extra)}") from None
        raise BackendUnavailableError(
            f"{name} cannot be imported ({error}); install it again with: {install(extra)}"
        ) from None
