"""Check that PyTorch is installed and recent enough; it is imported only when needed."""

from __future__ import annotations

import importlib
import re
from typing import Any

from lsm_sim.errors import BackendUnavailableError
from lsm_sim.support.environment import install

OLDEST = (2, 13)  # the oldest version for which equal spikes were tested


def import_torch() -> Any:
    """Return the module torch.

    Raises
    ------
    BackendUnavailableError
        It is missing, too old or damaged; the message has the command to install it.
    """
    try:
        torch = importlib.import_module("torch")
        version = str(torch.__version__)
    except ModuleNotFoundError as error:
        if error.name == "torch":
            raise BackendUnavailableError(f"torch: not installed; install it with: {install('torch')}") from error
        raise BackendUnavailableError(f"torch: cannot be imported ({error}); repair it with: {_upgrade()}") from error
    except Exception as error:  # a library that is missing on this machine, a damaged installation
        msg = f"torch: cannot be imported ({type(error).__name__}: {error}); repair it with: {_upgrade()}"
        raise BackendUnavailableError(msg) from error
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise BackendUnavailableError(
            f"torch: got version {version}, expected {oldest} or newer; upgrade it with: {_upgrade()}"
        )
    return torch


def _upgrade() -> str:
    return install("torch", "--upgrade")
