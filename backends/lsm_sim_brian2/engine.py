"""The Brian2 backend and its runner."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsm_sim.backend import Outcome, Request, Runner, check_supported
from lsm_sim.engine.protocol import check_state_supported
from lsm_sim.engine.requests import checked_request
from lsm_sim.engine.state import State, checked_state
from lsm_sim.errors import DescriptionError
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.progress import progress_bar
from lsm_sim_brian2 import available, compiler, equations, rounds, synapses
from lsm_sim_brian2.gather import Gatherer
from lsm_sim_brian2.isolation import isolated
from lsm_sim_brian2.replicas import Replicas
from lsm_sim_brian2.rounds import Round
from lsm_sim_brian2.standalone import Standalone

CODEGEN = ("auto", "numpy", "cython")
MODES = ("runtime", "standalone")
SUPPORTS = frozenset({"adaptive-threshold", "blocks", "graded", "initial-state", "state", "stp", "two-currents"})
_LARGE = 100_000  # synapses: so large a network is built after an earlier one, which refers to itself, has been freed
_INT32 = 2**31  # Brian2 numbers neurons and synapses in 32 bits


@dataclass(frozen=True)
class Brian2:
    """The Brian2 backend; runs any program of either arithmetic with the same spikes, u and v as the reference.

    Parameters
    ----------
    codegen
        ``"numpy"`` compiles nothing; ``"cython"`` compiles once per machine, for 10-60 s; ``"auto"`` chooses.
    mode
        ``"runtime"``, or ``"standalone"``: C++ compiled for each program, then run again with new stimuli.
    directory
        Standalone only: build folder; None: a temporary folder. The built files are removed at the end.

    Attributes
    ----------
    supports
        All that there is; "state" in mode ``"runtime"`` only.
    """

    name: str = "brian2"
    supports: frozenset[str] = field(init=False)
    codegen: str = "auto"
    mode: str = "runtime"
    directory: str | None = None

    def __post_init__(self) -> None:
        for name, choices in (("codegen", CODEGEN), ("mode", MODES)):
            if getattr(self, name) not in choices:
                msg = f"Brian2 {name}: got {getattr(self, name)!r}, expected one of {', '.join(map(repr, choices))}"
                raise DescriptionError(msg)
        object.__setattr__(self, "supports", SUPPORTS - ({"state"} if self.mode == "standalone" else set()))
        available.import_brian2()

    def legalise(self, program: Program) -> Program:
        """Return ``program`` itself, unless it has more cells or synapses than Brian2 can number."""
        check_supported(self, program, too_many(program))
        return program

    @contextmanager
    def compile(self, program: Program) -> Iterator[Runner]:
        """Yield a runner; Brian2's objects are built, and its C++ compiled, when the first batch is run."""
        rounds.check_size(program, 1)
        if self.mode == "runtime":
            runtime = _Runtime(program, self.codegen)
            yield lambda stimulus, request=None, state=None: _run(program, stimulus, request, runtime.run, state)
            return
        compiler.check_standalone()
        standalone = Standalone(program, None if self.directory is None else Path(self.directory))
        try:
            yield self._without_states(program, standalone)
        finally:
            standalone.remove()

    def _without_states(self, program: Program, standalone: Standalone) -> Runner:
        def run(stimulus: Spikes, request: Request | None = None, state: State | None = None) -> Outcome:
            check_state_supported(self, request or Request(), state)
            return _run(program, stimulus, request, lambda *others: standalone.run(*others[:3]))

        return run


def too_many(program: Program) -> list[str]:
    """Return why Brian2 cannot number all cells and synapses; nothing if it can."""
    cells = program.n_inputs + program.n_neurons
    if max(cells, program.n_synapses) < _INT32:
        return []
    return [f"got {cells} channels and neurons and {program.n_synapses} synapses, expected less than 2^31 of each"]


_Run = Callable[[Spikes, Request, Callable[[int], None], "State | None"], Gatherer]


def _run(program: Program, stimulus: Spikes, request: Request | None, run: _Run, state: State | None = None) -> Outcome:
    request = checked_request(program, stimulus, request)
    begin = None if state is None else checked_state(program, state, len(stimulus))
    with progress_bar(len(stimulus), request.progress) as advance:
        return run(stimulus, request, advance, begin).outcome()


class _Runtime:
    """Keeps the networks of one program between calls, one per target and number of replicas."""

    def __init__(self, program: Program, codegen: str) -> None:
        self._program, self._codegen = program, codegen
        self._networks: dict[Any, Replicas] = {}
        self._n_steps = 0

    def run(self, stimulus: Spikes, request: Request, advance: Callable[[int], None], state: State | None) -> Gatherer:
        """Run a batch; use NumPy if Cython cannot compile."""
        plan = rounds.plan(stimulus.n_steps, rounds.n_replicas(self._program, len(stimulus)))
        self._n_steps += sum(part.n_steps for part in plan)
        kind = self._kind(stimulus, request)
        target = compiler.choose_target(self._codegen, kind, self._n_steps)
        if target == "cython" and not compiler.is_compiled(kind):
            gatherer = self._compile_and_run(plan, stimulus, request, advance, state)
            if gatherer is not None:
                compiler.mark_compiled(kind)
                return gatherer
            self._codegen = target = "numpy"
        return self._run_on(target, plan, stimulus, request, advance, state)

    def _kind(self, stimulus: Spikes, request: Request) -> dict[str, Any]:
        """Return everything on which the compiled code depends."""
        program = self._program
        kind: dict[str, Any] = {
            "arithmetic": program.arithmetic,
            "excursions": request.excursions,
            "synapses": program.n_synapses > 0,
            "starts": tuple(equations.start(program)),
        }
        neuron, present = equations.Neuron.of(program), synapses.kinds(program)
        beyond = {
            "variables": neuron.state if neuron.second or neuron.adaptive else (),
            "rules": tuple(one.suffix for one in present if one.suffix or len(present) > 1),
            "graded": stimulus.payload is not None,
        }
        return kind | {name: value for name, value in beyond.items() if value}

    def _compile_and_run(
        self,
        plan: list[Round],
        stimulus: Spikes,
        request: Request,
        advance: Callable[[int], None],
        state: State | None,
    ) -> Gatherer | None:
        """Return None, with a warning, if Cython cannot compile."""
        missing = compiler.missing_tools(standalone=False)
        if missing:
            compiler.warn_of_numpy(f"no {', '.join(missing)} found")
            return None
        try:
            return self._run_on("cython", plan, stimulus, request, advance, state)
        except Exception as error:  # distutils, Cython and the compiler may raise any type
            compiler.warn_of_numpy(f"{type(error).__name__}: {error}")
            return None

    def _run_on(
        self,
        target: str,
        plan: list[Round],
        stimulus: Spikes,
        request: Request,
        advance: Callable[[int], None],
        state: State | None,
    ) -> Gatherer:
        gatherer = Gatherer(self._program, stimulus, request, state)
        replicas = plan[0].samples.size
        graded = stimulus.payload is not None
        key = target, replicas, request.excursions, graded
        network = self._networks.pop(key, None)
        if network is None:
            if replicas * self._program.n_synapses > _LARGE:
                gc.collect()
            with isolated(compiler.preferences("numpy")):  # code that runs once is not worth compiling
                network = Replicas(self._program, replicas, excursions=request.excursions, graded=graded)
        with isolated(compiler.preferences(target)):
            network.run(plan, stimulus, request, gatherer, advance, state)
        self._networks[key] = network  # not kept after an interruption, because spikes may be in flight
        return gatherer
