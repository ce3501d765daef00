"""The interface of backends, and how to find a backend."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from importlib import metadata
from typing import Protocol, cast, runtime_checkable

import numpy as np
import numpy.typing as npt

from lsm_sim.engine.state import State
from lsm_sim.errors import BackendUnavailableError, DescriptionError, RunError, UnsupportedError
from lsm_sim.program.checks import check_again
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.environment import install
from lsm_sim.support.equality import fields_equal
from lsm_sim.support.printing import short_repr

ENTRY_POINTS = "lsm_sim.backends"
DEFAULT = "fast"


@dataclass(frozen=True, eq=False)
class Request:
    """What a runner should return, and how it should run; no field changes a spike.

    Parameters
    ----------
    spikes
        Return every spike. If False, memory does not grow with the number of spikes.
    bins
        Edges in steps, shape (B, K + 1), from 0 to the sample's length: return spike counts per bin.
    neurons
        Record state variables of these neurons, at the end of each step.
    variables
        Which state variables to record, such as ``("v",)``; None: all that the program has.
    steps
        Record only at these steps, ascending; None: at every step. Steps after the end of a sample are ignored.
    excursions
        Loihi arithmetic only: count how often the chip's registers would be exceeded.
    n_threads
        Maximum number of threads; None: one per core. Results do not depend on it; backends without threads ignore it.
    keep_state
        Return the state at the end of each sample, from which another run can go on; the engine must support "state".
    progress
        Show a progress bar; None: on a terminal, if the run takes more than a second.
    """

    spikes: bool = True
    bins: Ints | None = None
    neurons: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    variables: tuple[str, ...] | None = None
    steps: Ints | None = None
    excursions: bool = False
    n_threads: int | None = None
    progress: bool | None = None
    keep_state: bool = False


@dataclass(frozen=True, eq=False, repr=False)
class Excursions:
    """Where Loihi's registers would be exceeded, per sample and kind: |a| >= 2^15, |u| >= 2^23 before it wraps, |u + bias| >= 2^23.

    In a program with two synaptic currents the first two kinds count either current (once where both exceed it), and the third
    is |u + u2 + bias|. w of an adaptive threshold stops at its limit and is not counted.

    Parameters
    ----------
    count
        Number of times, shape (B, 3).
    step, neuron
        First occurrence (the lowest neuron of the first step), shape (B, 3); -1 if there is none.
    """

    KINDS = ("a", "u", "u + bias")

    count: Ints
    step: Ints
    neuron: Ints

    def __eq__(self, other: object) -> bool:
        """Return whether both are equal in every field."""
        return fields_equal(self, other) if isinstance(other, Excursions) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return short_repr(self)


@dataclass(frozen=True, eq=False, repr=False)
class Outcome:
    """What a runner returns; what was not requested is None or empty.

    ``counts`` has shape (B, K, N); ``traces[name][b]`` has shape (recorded steps of sample b, recorded neurons).
    """

    spikes: Spikes | None = None
    counts: npt.NDArray[np.int32] | None = None
    traces: Mapping[str, tuple[Floats, ...]] = field(default_factory=dict)
    excursions: Excursions | None = None
    state: State | None = None

    @property
    def u(self) -> tuple[Floats, ...] | None:
        """The trace of u, None if it was not recorded."""
        return self.traces.get("u")

    @property
    def v(self) -> tuple[Floats, ...] | None:
        """The trace of v, None if it was not recorded."""
        return self.traces.get("v")

    def __eq__(self, other: object) -> bool:
        """Return whether both are equal in every field."""
        return fields_equal(self, other) if isinstance(other, Outcome) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return short_repr(self)


class Runner(Protocol):
    """A compiled program."""

    def __call__(self, stimulus: Spikes, request: Request | None = None) -> Outcome:
        """Run every sample of ``stimulus`` from rest."""
        ...


class StatefulRunner(Protocol):
    """A compiled program of an engine that has "state" in its `Backend.supports`."""

    def __call__(self, stimulus: Spikes, request: Request | None = None, state: State | None = None) -> Outcome:
        """Run every sample of ``stimulus`` from rest, or on from ``state``."""
        ...


@runtime_checkable
class Backend(Protocol):
    """An engine."""

    @property
    def name(self) -> str:
        """The name by which it is found."""
        ...

    @property
    def supports(self) -> frozenset[str]:
        """What it can do beyond plain LIF: names from `Program.needs`, "graded" and "state". Anything else is refused."""
        ...

    def legalise(self, program: Program) -> Program:
        """Return the nearest program that this engine runs exactly, or raise `UnsupportedError` with every reason."""
        ...

    def compile(self, program: Program) -> AbstractContextManager[Runner]:
        """Build the program, yield its runner, and always release it."""
        ...


def missing_support(engine: Backend, program: Program) -> list[str]:
    """Return one reason for each need of the program that the engine does not support."""
    supported = ", ".join(sorted(engine.supports)) or "plain LIF only"
    return [
        f"the program needs {need!r}, which this backend does not support (it supports: {supported}); use another backend"
        for need in sorted(program.needs - engine.supports)
    ]


def needs_of(stimulus: Spikes) -> frozenset[str]:
    """Return what an engine must be able to do to run a stimulus, beside what the program needs."""
    return frozenset() if stimulus.payload is None else frozenset({"graded"})


def check_state_supported(engine: Backend, request: Request, state: State | None) -> None:
    """Raise `UnsupportedError` if a state is given or requested and the engine does not support states."""
    if (request.keep_state or state is not None) and "state" not in engine.supports:
        raise UnsupportedError(
            f"{engine.name}: a state is given or requested ('state'), which this backend does not support; use another backend"
        )


def check_stimulus_supported(engine: Backend, stimulus: Spikes) -> None:
    """Raise `UnsupportedError` if the stimulus needs what the engine does not support."""
    if not needs_of(stimulus) <= engine.supports:
        raise UnsupportedError(
            f"{engine.name}: the events of the stimulus have payloads ('graded'), which this backend does not support; use "
            "another backend"
        )


def check_supported(engine: Backend, program: Program, reasons: Sequence[str] = ()) -> None:
    """Raise `UnsupportedError` with every reason: unsupported needs of the program, then ``reasons``.

    Every `legalise` calls it, and so does `compiled`, so that no new feature of a program is ignored silently, and so that
    its arrays are checked once more: engines use them as indices, and nothing in Python is really read-only.
    """
    check_again(vars(program), program.model)
    every = [*missing_support(engine, program), *reasons]
    if every:
        raise UnsupportedError(f"{engine.name}: " + "; ".join(every))


@dataclass(frozen=True, eq=False)
class Compiled:
    """A program that is ready to run: the program after `legalise`, its runner, and the backend."""

    program: Program
    runner: Runner
    backend: Backend

    def __call__(self, stimulus: Spikes, request: Request | None = None, state: State | None = None) -> Outcome:
        """Run every sample of ``stimulus``; raise `RunError` if a requested result is missing."""
        check_state_supported(self.backend, request or Request(), state)
        if isinstance(stimulus, Spikes):  # the runner refuses anything else
            check_stimulus_supported(self.backend, stimulus)
        if state is None:
            outcome = self.runner(stimulus, request)
        else:
            outcome = cast("StatefulRunner", self.runner)(stimulus, request, state)
        missing = _missing(self.program, request or Request(), outcome)
        if missing:
            raise RunError(f"the backend returned no {' and no '.join(missing)} although they were requested")
        return outcome


def _missing(program: Program, request: Request, outcome: Outcome) -> list[str]:
    wanted = {"spikes": request.spikes, "counts": request.bins is not None, "excursions": request.excursions}
    wanted["state"] = request.keep_state
    missing = [name for name, requested in wanted.items() if requested and getattr(outcome, name) is None]
    variables = program.state if request.variables is None else request.variables
    traces = variables if np.size(request.neurons) else ()
    return missing + [name for name in traces if name not in outcome.traces]


@contextmanager
def compiled(program: Program, backend: str | Backend) -> Iterator[Compiled]:
    """Find the backend, refuse programs that it cannot run, compile, and release it at the end."""
    if isinstance(backend, str):
        engine = find(backend)
    else:
        engine = backend
        check_interface(type(backend).__name__, backend)
    check_supported(engine, program)
    legal = engine.legalise(program)
    with engine.compile(legal) as runner:
        yield Compiled(legal, runner, engine)


@functools.cache
def _declared() -> tuple[metadata.EntryPoint, ...]:
    """Return the entry points of installed packages; searching them takes milliseconds, so it is done once."""
    return tuple(metadata.entry_points(group=ENTRY_POINTS))


def known() -> list[str]:
    """Return the names of all backends that packages declare, whether or not they can run here."""
    return sorted({entry.name for entry in _declared()})


def get_backend(name: str) -> Backend:
    """Return the backend called ``name``.

    Raises
    ------
    DescriptionError
        No package declares it.
    BackendUnavailableError
        It is declared, but a package that it needs is missing; the message says how to install it.
    """
    checks.instance(name, str, "backend", "the name of a backend")
    for entry in _declared():
        if entry.name == name:
            try:
                backend: Backend = entry.load()()
            except BackendUnavailableError:
                raise
            except ImportError as error:
                msg = f"backend {name!r} cannot be imported ({error}); install it with: {install(name)}"
                raise BackendUnavailableError(msg) from error
            check_interface(name, backend)
            return backend
    raise DescriptionError(f"no backend {name!r}; known: {', '.join(known()) or 'none: install lsm-sim with pip'}")


find = get_backend  # its short name in `lsm_sim.backend`


def check_interface(name: str, backend: object) -> None:
    """Raise if an object lacks a part of the interface `Backend`."""
    missing = [part for part in ("name", "supports", "legalise", "compile") if not hasattr(backend, part)]
    if missing:
        msg = (
            f"backend {name!r}: {type(backend).__name__} has no {', '.join(missing)}, expected what lsm_sim.backend.Backend "
            "lists; supports is a frozenset of strings, empty for plain LIF"
        )
        raise DescriptionError(msg)
    supports = getattr(backend, "supports")  # noqa: B009
    if not isinstance(supports, frozenset) or not all(isinstance(need, str) for need in supports):
        msg = f"backend {name!r}: got supports = {supports!r}, expected a frozenset of strings, empty for plain LIF"
        raise DescriptionError(msg)
