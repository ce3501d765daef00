"""Warnings about what is valid but probably not what was meant."""

from __future__ import annotations

import sys
import warnings

from lsm_sim.errors import LsmWarning

_OURS = "lsm_sim"


def warn(message: str) -> None:
    """Issue an `LsmWarning` that points to the line outside lsm_sim that called it."""
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(_OURS):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, LsmWarning, stacklevel=level)


def warn_if_long(seconds: float, limit: float, where: str) -> None:
    """Warn that a time of ``limit`` seconds or more was probably meant in milliseconds."""
    if seconds >= limit:
        warn(f"{where}: got {seconds:g} s, which is unusually long; did you mean {seconds:g} * ms?")
