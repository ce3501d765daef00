"""Whether Brian2 is there, new enough and whole; nothing imports it before it is needed."""

from __future__ import annotations

import importlib
import re
import warnings
from typing import Any

from lsm_sim.errors import BackendUnavailableError

OLDEST = (2, 8)
INSTALL = "pip install --upgrade 'lsm-sim[brian2]'"


def import_brian2() -> Any:
    """Return the module brian2.

    Raises
    ------
    BackendUnavailableError
        It is missing, too old, or broken by the numpy beside it; the message says what to type.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Brian2 uses what its dependencies deprecate; nobody here can change that
            brian2 = importlib.import_module("brian2")
        version = str(brian2.__version__)
    except ModuleNotFoundError as error:
        if error.name == "brian2":
            raise BackendUnavailableError(f"brian2: not installed; install it with: {INSTALL}") from error
        raise BackendUnavailableError(f"brian2: cannot be imported ({error}); repair it with: {INSTALL}") from error
    except Exception as error:  # an extension built for another numpy, a name that numpy has dropped, a damaged install
        import numpy as np

        msg = (
            f"brian2: cannot be imported with numpy {np.__version__} ({type(error).__name__}: {error}); install versions "
            f"that fit each other with: {INSTALL}"
        )
        raise BackendUnavailableError(msg) from error
    if _numbers(version) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise BackendUnavailableError(f"brian2: got version {version}, expected {oldest} or newer; type: {INSTALL}")
    return brian2


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])
