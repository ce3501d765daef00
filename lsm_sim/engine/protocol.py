"""What a backend is, and how one is found."""

from __future__ import annotations

import functools
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib import metadata
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from lsm_sim.errors import BackendUnavailableError, DescriptionError
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Floats, Ints

ENTRY_POINTS = "lsm_sim.backends"
DEFAULT = "fast"


@dataclass(frozen=True, eq=False)
class Request:
    """What a runner shall return, and how it may run; nothing here changes a spike.

    Parameters
    ----------
    spikes
        Return every spike. Without it nothing is stored that grows with the number of spikes.
    bins
        Edges in steps, shape (B, K + 1), from 0 to the sample's length: return spike counts per bin.
    neurons
        Record u and v of these neurons, at the end of each step.
    steps
        Record only at these steps, ascending; None: at every step. A sample ends the list at its own length.
    excursions
        Loihi arithmetic only: count where the chip's registers would be left.
    n_threads
        At most so many threads; None: one per core. Backends without threads ignore it.
    progress
        Show a progress bar; None: when the output is a terminal and the work takes more than a second.
    """

    spikes: bool = True
    bins: Ints | None = None
    neurons: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    steps: Ints | None = None
    excursions: bool = False
    n_threads: int | None = None
    progress: bool | None = None


@dataclass(frozen=True, eq=False)
class Excursions:
    """Where Loihi's registers would be left, per sample and kind: |a| >= 2^15, |u| >= 2^23 before it wraps, |u + bias| >= 2^23.

    Parameters
    ----------
    count
        How often, shape (B, 3).
    step, neuron
        Where first (the lowest neuron of the first step), shape (B, 3); -1 where never.
    """

    KINDS = ("a", "u", "u + bias")

    count: Ints
    step: Ints
    neuron: Ints


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a runner returns: only what was asked for, the rest is None.

    ``counts`` has shape (B, K, N); ``u[b]`` and ``v[b]`` have shape (recorded steps of sample b, recorded neurons).
    """

    spikes: Spikes | None = None
    counts: npt.NDArray[np.int32] | None = None
    u: tuple[Floats, ...] | None = None
    v: tuple[Floats, ...] | None = None
    excursions: Excursions | None = None


class Runner(Protocol):
    """A compiled program."""

    def __call__(self, stimulus: Spikes, request: Request | None = None) -> Outcome:
        """Run every sample of ``stimulus`` from rest."""
        ...


@runtime_checkable
class Backend(Protocol):
    """An engine."""

    @property
    def name(self) -> str:
        """The name under which it is found."""
        ...

    def legalise(self, program: Program) -> Program:
        """Return the nearest program that this engine runs exactly, or raise `UnsupportedError` with every reason."""
        ...

    def compile(self, program: Program) -> AbstractContextManager[Runner]:
        """Build, yield the runner, always release."""
        ...


@functools.cache
def _declared() -> tuple[metadata.EntryPoint, ...]:
    """Return what packages declare; looking through all of them takes milliseconds, so it is done once."""
    return tuple(metadata.entry_points(group=ENTRY_POINTS))


def known() -> list[str]:
    """Return the names of all backends that packages declare, whether or not they can run here."""
    return sorted({entry.name for entry in _declared()})


def find(name: str) -> Backend:
    """Return the backend called ``name``.

    Raises
    ------
    DescriptionError
        No package declares it.
    BackendUnavailableError
        It is declared, but something it needs is missing; the message says what to type.
    """
    for entry in _declared():
        if entry.name == name:
            try:
                backend: Backend = entry.load()()
            except BackendUnavailableError:
                raise
            except ImportError as error:
                msg = f"backend {name!r} cannot be imported ({error}); install it with: pip install 'lsm-sim[{name}]'"
                raise BackendUnavailableError(msg) from error
            return backend
    raise DescriptionError(f"no backend {name!r}; known: {', '.join(known()) or 'none: install lsm-sim with pip'}")
