"""Random cases by seed, and the comparison of a backend with the reference on one of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lsm_sim.dynamics import Arithmetic
from lsm_sim.engine.protocol import Backend, Outcome, Request, compiled
from lsm_sim.engine.reference import Reference
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.testing.difference import difference
from lsm_sim.testing.joined import joined
from lsm_sim.testing.programs import EXTRA_ARRAYS, GRADED, random_program, random_stimulus, some_needs
from lsm_sim.testing.running import random_request, run

Adapt = Callable[[np.random.Generator, Program], Program]


def as_drawn(_rng: np.random.Generator, program: Program) -> Program:
    """Return ``program`` itself."""
    return program


@dataclass(frozen=True, eq=False)
class RandomCases:
    """Random cases, one for each seed: the same seed always gives the same case.

    Parameters
    ----------
    arithmetic
        Of the programs.
    size
        How many programs are joined into one; more than one have weights of at most 16 bits, which can always be joined.
    supports
        What the programs may need beyond plain LIF; each needs a random part of it.
    max_samples, max_steps
        Of a stimulus.
    limits
        Further arguments of `random_program`.
    adapt
        What changes a random program into one that the backend runs.

    Examples
    --------
    >>> cases = RandomCases("loihi")
    >>> cases(17).program.digest == cases(17).program.digest
    True
    """

    arithmetic: Arithmetic
    size: int = 1
    supports: Collection[str] = ()
    max_samples: int = 4
    max_steps: int = 80
    limits: dict[str, Any] = field(default_factory=dict)
    adapt: Adapt = as_drawn

    def __call__(self, seed: int) -> RandomCase:
        """Return the case of a seed."""
        rng = np.random.default_rng(seed)
        parts = [self._part(rng) for _ in range(self.size)]
        program = parts[0] if self.size == 1 else joined(parts)
        graded = GRADED in self.supports and seed % 3 == 0
        stimulus = random_stimulus(rng, program, max_samples=self.max_samples, max_steps=self.max_steps, graded=graded)
        request = random_request(rng, program, stimulus)
        return RandomCase(program, stimulus, request, f"{self.arithmetic}, seed {seed}")

    def _part(self, rng: np.random.Generator) -> Program:
        limits = self.limits if self.size == 1 else self.limits | {"wide": False}
        wishes = {"needs": some_needs(rng, EXTRA_ARRAYS.keys() & set(self.supports))} | limits
        return self.adapt(rng, random_program(rng, self.arithmetic, **wishes))


@dataclass(frozen=True, eq=False)
class RandomCase:
    """A program, a stimulus, a request, and a ``label`` that says how to draw them again."""

    program: Program
    stimulus: Spikes
    request: Request
    label: str


def check_case(backend: Backend, case: RandomCase) -> None:
    """Run a case on the backend and fail, naming the seed and the first difference, unless it answers as the reference.

    The reference runs what the backend's `legalise` returns, so that a backend that quantises is tested too.
    """
    __tracebackhide__ = True
    legal = backend.legalise(case.program)
    before = legal.digest
    with backend.compile(legal) as runner:
        got = runner(case.stimulus, case.request)
    if legal.digest != before:
        raise AssertionError(f"{case.label}: the backend changed the arrays of the program")
    expected = run(Reference(), legal, case.stimulus, case.request)
    assert_same(got, expected, case.request, case.stimulus, f"{case.label}, {legal!r}")


def assert_same(got: Outcome, expected: Outcome, request: Request, stimulus: Spikes, label: str) -> None:
    """Fail with ``label`` and the first difference between ``got`` and ``expected``, of the same request and stimulus."""
    __tracebackhide__ = True
    found = difference(got, expected, request, stimulus.n_steps)
    if found:
        raise AssertionError(f"{label}: {found}")


def check_cuts(backend: Backend, case: RandomCase, seed: int) -> None:
    """Cut a run in two at a random step, each half on the backend or on the reference; fail unless nothing changes."""
    __tracebackhide__ = True
    program, stimulus = backend.legalise(case.program), case.stimulus
    if stimulus.n_steps.min() < 2:
        return
    cut = int(np.random.default_rng(seed).integers(1, stimulus.n_steps.min())) * stimulus.dt
    request = Request(neurons=np.arange(program.n_neurons), progress=False, keep_state=True)
    engines = {backend.name: backend, "reference": Reference()}
    with ExitStack() as stack:
        runs = {name: stack.enter_context(compiled(program, engine)) for name, engine in engines.items()}
        whole = runs["reference"](stimulus, request)
        for first, second in itertools.product(runs, repeat=2):
            begun = runs[first](stimulus.crop(0, cut), request)
            ended = runs[second](stimulus.crop(cut), request, begun.state)
            label = f"{case.label}, {program!r}, cut at {cut:g} s, {first}, then {second}"
            assert begun.spikes is not None
            assert ended.spikes is not None
            spikes = Spikes.concatenate([begun.spikes, ended.spikes], along="time")
            if whole.spikes is None or spikes.difference(whole.spikes):
                raise AssertionError(f"{label}: {whole.spikes and spikes.difference(whole.spikes)}")
            if ended.state != whole.state:
                raise AssertionError(f"{label}: another state at the end")
