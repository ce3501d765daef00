"""Linear algebra of single samples in one thread.

OpenBLAS wakes its threads for matrices of a few hundred rows. If other programs keep the cores busy, an update that takes 40 us
in one thread then takes milliseconds; and sums would depend on the number of threads.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]


@cache
def _controller() -> Any:
    return ThreadpoolController().select(user_api="blas")  # searching the loaded libraries takes milliseconds


def one_thread() -> Any:
    """Return a context in which BLAS has one thread."""
    return _controller().limit(limits=1)
