"""Errors and warnings of a command as one line each; tracebacks only with --debug."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperCommand

from lsm_sim.errors import LsmError
from lsm_sim.support.ending import exit_code, received_code

WRONG_INPUT, UNEXPECTED = 2, 1


class ReportingCommand(TyperCommand):
    """A command that reports errors as one line on stderr and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with reporting(debug=bool(ctx.find_root().params.get("debug"))):
            return super().invoke(ctx)


@contextmanager
def reporting(debug: bool) -> Iterator[None]:
    """Convert exceptions to one line on stderr and `typer.Exit`; with ``debug`` re-raise them unchanged."""
    with warnings.catch_warnings():
        if not debug:
            warnings.showwarning = _show_warning  # catch_warnings restores the old one
        try:
            yield
        except KeyboardInterrupt as interrupt:
            raise typer.Exit(exit_code(interrupt)) from None
        except (typer.Exit, BrokenPipeError):
            raise
        except Exception as error:
            if signalled := received_code():
                raise typer.Exit(signalled) from None
            if debug:
                raise
            say(_sentence(error))
            raise typer.Exit(WRONG_INPUT if isinstance(error, (LsmError, MemoryError)) else UNEXPECTED) from None


def say(text: str) -> None:
    """Write one line to stderr."""
    if sys.stderr is not None:  # with None print would write to stdout
        print(f"lsm-sim: {' '.join(text.split())}", file=sys.stderr)


def _sentence(error: Exception) -> str:
    if isinstance(error, LsmError):
        return str(error)
    if isinstance(error, MemoryError):
        return f"out of memory ({error}); use a smaller network, fewer samples or fewer bins".replace(" ()", "")
    text = f"{type(error).__name__}: {error}".removesuffix(": ")
    return f"unexpected {text} (for the traceback: lsm-sim --debug COMMAND ..., or set LSM_SIM_DEBUG=1)"


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    say(f"warning: {message}")
