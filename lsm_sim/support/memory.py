"""Refuse allocations that do not fit into memory."""

from __future__ import annotations

from lsm_sim.errors import DescriptionError

_MOST = 2**100  # larger integers cannot be converted to a float for the message
_LITTLE = 2**20  # bytes; below this free memory is not queried, which takes time


def check_memory(n_bytes: float, where: str) -> None:
    """Raise `DescriptionError` if ``n_bytes`` do not fit into the free memory."""
    n_bytes = min(n_bytes, _MOST)
    if n_bytes < _LITTLE:
        return
    import psutil  # imported here because it takes as long as the rest of the package

    free = psutil.virtual_memory().available
    if n_bytes > free:
        gigabyte = 2**30
        msg = (
            f"{where}: needs about {n_bytes / gigabyte:.3g} GiB but {free / gigabyte:.3g} GiB are free; make it smaller"
        )
        raise DescriptionError(msg)
