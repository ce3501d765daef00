"""A progress bar for long runs, by default shown only on terminals."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def on_terminal() -> bool:
    """Return whether somebody can see a progress bar; a process may have no stderr at all."""
    return sys.stderr is not None and not sys.stderr.closed and sys.stderr.isatty()


@contextmanager
def progress_bar(total: int, show: bool | None, unit: str = "sample") -> Iterator[Callable[[int], None]]:
    """Yield a function that advances the bar; ``show=None``: only on a terminal, and only after a second."""
    if show is False or sys.stderr is None or (show is None and not on_terminal()):
        yield lambda _n: None
        return
    from tqdm import tqdm

    with tqdm(total=total, unit=unit, delay=0 if show else 1, leave=False) as bar:
        yield lambda n: bar.update(n)
