"""A progress bar for long runs, by default shown only on terminals and in notebooks."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from lsm_sim.support import checks


def on_terminal() -> bool:
    """Return whether somebody can see a progress bar; a process may have no stderr at all."""
    return sys.stderr is not None and not sys.stderr.closed and sys.stderr.isatty()


class Advance(Protocol):
    """Advances a progress bar."""

    def __call__(self, n: int, note: str | None = None, /) -> None:
        """Go on by ``n``; ``note`` is shown behind the bar until the next one."""


@contextmanager
def progress_bar(total: int | None, show: bool | None, unit: str = "sample") -> Iterator[Advance]:
    """Yield a function that advances the bar; ``show=None``: only where somebody sees it, and only after a second.

    Without a ``total`` it tells the speed but not the time left.
    """
    shown = is_seen() if show is None else checks.flag(show, "progress")
    if not shown or sys.stderr is None:
        yield lambda *_: None
        return
    with _kind()(total=total, unit=unit, delay=0 if show else 1, leave=False) as bar:

        def advance(n: int, note: str | None = None) -> None:
            if note is not None:
                bar.set_postfix_str(note, refresh=False)
            bar.update(n)

        yield advance


def is_seen() -> bool:
    """Return whether a person reads stderr: it is a terminal, or the output of a notebook."""
    return in_notebook() or on_terminal()


def in_notebook() -> bool:
    """Return whether this process is the kernel of a notebook."""
    ipython: Any = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return shell is not None and "IPKernelApp" in shell.config


def _kind() -> Any:
    """Return the class of the bar: a widget in notebooks that have ipywidgets, else text."""
    if not in_notebook():
        from tqdm import tqdm

        return tqdm
    with warnings.catch_warnings():  # without ipywidgets tqdm warns and uses text
        warnings.simplefilter("ignore")
        from tqdm import auto

    return auto.tqdm
