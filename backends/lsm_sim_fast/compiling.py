"""Telling the user what takes so long the first time."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from numba.core import event

from lsm_sim.support.progress import is_seen
from lsm_sim_fast.compiled.pull import advance_lanes
from lsm_sim_fast.compiled.push import advance

_KERNELS = (advance, advance_lanes)


class _Announcement(event.Listener):
    """Prints one line when a kernel is compiled rather than loaded from disk."""

    def __init__(self) -> None:
        self._told = False

    def on_start(self, event: Any) -> None:
        """Say so, once."""
        if not self._told and event.data.get("dispatcher") in _KERNELS:
            self._told = True
            text = "fast: compiling for this processor; the result is kept on disk (some seconds)"
            print(text, file=sys.stderr, flush=True)

    def on_end(self, event: Any) -> None:
        """Say nothing."""


@contextmanager
def announced(progress: bool | None) -> Iterator[None]:
    """Announce compilation while this lasts; if ``progress`` is False, only on terminals and in notebooks.

    Calibration and other steps run without a progress bar, but compilation takes seconds there, too.
    """
    if progress is False and not is_seen():
        yield
        return
    with event.install_listener("numba:compile", _Announcement()):
        yield
