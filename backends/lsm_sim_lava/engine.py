"""The Lava backend: Lava's own simulator of Loihi, in a child process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from lsm_sim.backend import Runner
from lsm_sim.checks import positive
from lsm_sim.program import Program
from lsm_sim_lava.interpreter import Interpreter, find_interpreter
from lsm_sim_lava.runner import run_program
from lsm_sim_lava.supervisor import Worker


@dataclass(frozen=True)
class Lava:
    """Run programs of either arithmetic in lava-nc 0.10.0, bit for bit like the reference.

    Parameters
    ----------
    time_limit
        A job (samples that run side by side) that takes longer is ended, in seconds. None: ten times what the slowest
        machine in sight should need, and half a minute.
    stock_synapses
        Run Lava's own models of Sparse and DelaySparse rather than our quick ones: the same bits, ten times slower.
    worker
        A running worker, such as `serving` gives; None: one for each `compile`.
    """

    name: str = "lava"
    time_limit: float | None = None
    stock_synapses: bool = False
    worker: Worker | None = None
    interpreter: Interpreter = field(default_factory=find_interpreter)

    def __post_init__(self) -> None:
        if self.time_limit is not None:
            positive(self.time_limit, "Lava time_limit")

    def legalise(self, program: Program) -> Program:
        """Return ``program`` itself: both arithmetics run exactly; see `lsm_sim.quantise` for the way to Loihi's."""
        return program

    @contextmanager
    def compile(self, program: Program) -> Iterator[Runner]:
        """Start the worker, yield the runner, end the worker with everything it started."""
        worker = self.worker or Worker(self.interpreter)
        try:
            worker.start()
            yield lambda stimulus, request=None: run_program(
                worker, program, stimulus, request, time_limit=self.time_limit, stock=self.stock_synapses
            )
        finally:
            if self.worker is None:
                worker.close()


@contextmanager
def serving(*, time_limit: float | None = None, stock_synapses: bool = False) -> Iterator[Lava]:
    """Yield a `Lava` whose runs all share one worker, so that its start (2 s) is paid once."""
    interpreter = find_interpreter()
    worker = Worker(interpreter)
    try:
        yield Lava(time_limit=time_limit, stock_synapses=stock_synapses, worker=worker, interpreter=interpreter)
    finally:
        worker.close()
