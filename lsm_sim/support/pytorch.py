"""PyTorch for packages that need it: imported when it is first used, and checked to be recent enough."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from typing import Any

from lsm_sim.errors import BackendUnavailableError
from lsm_sim.support.environment import install

OLDEST = (2, 13)  # the oldest version for which equal spikes were tested


def import_torch(extra: str) -> Any:
    """Return the module torch, which the ``extra`` of lsm_sim installs.

    Raises
    ------
    BackendUnavailableError
        It is missing, too old or damaged; the message has the command to install it.
    """
    upgrade = install(extra, "--upgrade")
    try:
        torch = importlib.import_module("torch")
        version = str(torch.__version__)
    except ModuleNotFoundError as error:
        if error.name == "torch":
            raise BackendUnavailableError(f"torch: not installed; install it with: {install(extra)}") from error
        raise BackendUnavailableError(f"torch: cannot be imported ({error}); repair it with: {upgrade}") from error
    except Exception as error:  # a library that is missing on this machine, a damaged installation
        msg = f"torch: cannot be imported ({type(error).__name__}: {error}); repair it with: {upgrade}"
        raise BackendUnavailableError(msg) from error
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise BackendUnavailableError(
            f"torch: got version {version}, expected {oldest} or newer; upgrade it with: {upgrade}"
        )
    return torch


def importer(package: str, modules: Mapping[str, str], extra: str) -> Callable[[str], Any]:
    """Return the function ``__getattr__`` of a package: it imports a name from its module when it is first used.

    ``modules`` has the module, within ``package``, of each name that needs PyTorch; where PyTorch is missing, the error says what
    to install.
    """

    def named(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        import_torch(extra)
        return getattr(importlib.import_module(f"{package}.{modules[name]}"), name)

    return named
