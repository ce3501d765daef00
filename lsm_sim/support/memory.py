"""Refuse what cannot fit before it is allocated."""

from __future__ import annotations

from lsm_sim.errors import DescriptionError

_LITTLE = 2**20  # bytes: not worth the time to ask how much is free


def check_memory(n_bytes: float, where: str) -> None:
    """Raise `DescriptionError` where ``n_bytes`` more would not fit into the memory that is free now."""
    if n_bytes < _LITTLE:
        return
    import psutil  # here, because it takes as long to import as the rest of the package

    free = psutil.virtual_memory().available
    if n_bytes > free:
        gigabyte = 2**30
        msg = (
            f"{where}: needs about {n_bytes / gigabyte:.3g} GiB but {free / gigabyte:.3g} GiB are free; make it smaller"
        )
        raise DescriptionError(msg)
