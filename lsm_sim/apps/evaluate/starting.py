"""What is done before the data are read."""

from __future__ import annotations

from typing import Any

from lsm_sim.apps.evaluate.options import Options
from lsm_sim.engine.protocol import find
from lsm_sim.support.parallel import Work, start


def find_and_start(options: Options) -> None:
    """Fail early if the backend cannot run; let workers import what they need, which takes as long as reading the data."""
    work = Work(options.workers, options.dask)
    find(options.backend)
    start(work, _ready, options.backend)


def _ready(backend: str) -> Any:
    """Import this package and the backend, in another process."""
    return find(backend).name
