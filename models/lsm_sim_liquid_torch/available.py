"""Check that PyTorch is installed and recent enough; it is imported only when needed."""

from __future__ import annotations

import re
from typing import Any

from lsm_sim.errors import BackendUnavailableError
from lsm_sim.support.environment import install
from lsm_sim.support.optional import optional

EXTRA = "cells"
OLDEST = (2, 13)  # the oldest version that was tested


def import_torch() -> Any:
    """Return the module torch.

    Raises
    ------
    BackendUnavailableError
        It is missing, too old or damaged; the message has the command to install it.
    """
    try:
        torch = optional("torch", EXTRA)
        version = str(torch.__version__)
    except OSError as error:  # a library that is missing on this machine
        raise BackendUnavailableError(
            f"torch cannot be imported ({error}); install it again with: {install(EXTRA)}"
        ) from error
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise BackendUnavailableError(
            f"torch: got version {version}, expected {oldest} or newer; upgrade it with: {install(EXTRA, '--upgrade')}"
        )
    return torch
