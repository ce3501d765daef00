"""Brian2's standalone mode: C++ compiled for a program once, then run again with new stimuli from files.

One process runs as many rounds as the compiled program has steps; a longer batch takes several processes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from lsm_sim.backend import Request
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim_brian2 import compiler, rounds
from lsm_sim_brian2.compiled import Build, Compiled
from lsm_sim_brian2.gather import Gatherer
from lsm_sim_brian2.rounds import Round

CELLS_PER_THREAD = 20_000
"""OpenMP threads synchronise several times in each step, which costs more than they save in smaller networks."""


class Standalone:
    """Builds, runs and removes the standalone programs of one `Program`."""

    def __init__(self, program: Program, directory: Path | None) -> None:
        self._program, self._parent = program, directory
        self._built: tuple[Build, Compiled] | None = None

    def run(self, stimulus: Spikes, request: Request, advance: Callable[[int], None]) -> Gatherer:
        """Run a batch; compile first if the last build cannot run it."""
        compiled, replicas, n_steps = self._compiled(stimulus, request)
        gatherer = Gatherer(self._program, stimulus, request)
        plan = rounds.plan(stimulus.n_steps, replicas)
        for part in _portions(plan, rounds.gap(self._program), n_steps):
            compiled.run(part, stimulus, request, gatherer)
            advance(sum(one.samples.size for one in part))
        return gatherer

    def _compiled(self, stimulus: Spikes, request: Request) -> tuple[Compiled, int, int]:
        program, gap = self._program, rounds.gap(self._program)
        replicas = rounds.n_replicas(program, len(stimulus))
        cells = replicas * program.n_neurons
        n_threads = request.n_threads or max(1, min(compiler.n_cores(), cells // CELLS_PER_THREAD))
        options = n_threads, tuple(request.neurons.tolist()), request.excursions, stimulus.payload is not None
        longest = int(stimulus.n_steps.max()) + gap
        if self._built is None or not self._built[0].serves(Build(1, longest, *options)):
            self.remove()
            total = sum(one.n_steps + gap for one in rounds.plan(stimulus.n_steps, replicas))
            build = Build(replicas, total, *options)
            self._built = build, Compiled(program, build, self._parent)
        build, compiled = self._built
        return compiled, build.replicas, build.n_steps

    def remove(self) -> None:
        """Delete the built files."""
        if self._built is not None:
            self._built[1].remove()
            self._built = None


def _portions(plan: Sequence[Round], gap: int, n_steps: int) -> Iterator[list[Round]]:
    """Split the plan into parts of at most ``n_steps`` steps."""
    part: list[Round] = []
    used = 0
    for one in plan:
        if part and used + one.n_steps + gap > n_steps:
            yield part
            part, used = [], 0
        part.append(one)
        used += one.n_steps + gap
    yield part
