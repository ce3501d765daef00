"""Check that Brian2 is installed, recent enough and works; it is imported only when needed."""

from __future__ import annotations

import importlib
import re
import warnings
from typing import Any

from lsm_sim.errors import BackendUnavailableError
from lsm_sim.support.environment import install

OLDEST = (2, 8)


def _install() -> str:
    return install("brian2", "--upgrade")


def import_brian2() -> Any:
    """Return the module brian2.

    Raises
    ------
    BackendUnavailableError
        It is missing, too old, or incompatible with the installed numpy; the message has the command to install it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Brian2 uses deprecated functions of its dependencies
            brian2 = importlib.import_module("brian2")
        version = str(brian2.__version__)
    except ModuleNotFoundError as error:
        if error.name == "brian2":
            raise BackendUnavailableError(f"brian2: not installed; install it with: {_install()}") from error
        raise BackendUnavailableError(f"brian2: cannot be imported ({error}); repair it with: {_install()}") from error
    except (
        Exception
    ) as error:  # an extension built for another numpy, a name removed from numpy, a damaged installation
        import numpy as np

        msg = (
            f"brian2: cannot be imported with numpy {np.__version__} ({type(error).__name__}: {error}); install "
            f"compatible versions with: {_install()}"
        )
        raise BackendUnavailableError(msg) from error
    if _numbers(version) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise BackendUnavailableError(
            f"brian2: got version {version}, expected {oldest} or newer; upgrade it with: {_install()}"
        )
    return brian2


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])
