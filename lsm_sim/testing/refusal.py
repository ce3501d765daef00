"""Programs that no backend can know, and a backend that must not be reached."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import fields

from lsm_sim.engine.protocol import Backend, Runner
from lsm_sim.program.program import Program

UNKNOWN_NEED = "unknown-need"


class _Needing(Program):
    """A program with a need that only a later version of lsm_sim could define."""

    @property
    def needs(self) -> frozenset[str]:
        return super().needs | {UNKNOWN_NEED}


def with_unknown_need(program: Program) -> Program:
    """Return the program with one more need, `UNKNOWN_NEED`, which no backend declares."""
    return _Needing(**{field.name: getattr(program, field.name) for field in fields(program)})


class Untouched:
    """A backend in front of another one, which fails as soon as a program reaches it."""

    def __init__(self, backend: Backend) -> None:
        self.name, self.supports = backend.name, backend.supports

    def legalise(self, program: Program) -> Program:
        """Fail."""
        raise AssertionError(f"{self.name}: {program!r} reached legalise although it was to be refused before")

    def compile(self, program: Program) -> AbstractContextManager[Runner]:
        """Fail."""
        raise AssertionError(f"{self.name}: {program!r} reached compile although it was to be refused before")
