"""The Lava backend: Lava's own simulator of Loihi, in a child process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from lsm_sim.backend import Runner, check_supported
from lsm_sim.dynamics import Arithmetic
from lsm_sim.errors import DescriptionError
from lsm_sim.program.program import Program
from lsm_sim.quantisation.quantise import in_arithmetic
from lsm_sim.support.checks import positive
from lsm_sim_lava.interpreter import Interpreter, find_interpreter
from lsm_sim_lava.runner import run_program
from lsm_sim_lava.supervisor import Worker


@dataclass(frozen=True)
class Lava:
    """Run programs of either arithmetic in lava-nc 0.10.0, bit-identical to the reference.

    Parameters
    ----------
    time_limit
        Time after which a job (samples that run together) is ended, in seconds. None: 30 s plus ten times the estimated
        run time.
    stock_synapses
        Run Lava's own models of Sparse and DelaySparse instead of our faster ones: bit-identical, ten times slower.
    arithmetic
        ``"loihi"``: `legalise` converts float64 programs to Loihi's integers (see `lsm_sim.quantise`, which accepts
        calibration data). ``"float64"``: programs run unchanged.
    interpreter
        The Python that has Lava; None: that of ``LSM_SIM_LAVA_PYTHON``, or this one.

    Examples
    --------
    Each `compile` starts a worker, which takes 2 s, and ends it. Within ``with Lava() as lava:`` all runs share one worker.
    """

    name: str = "lava"
    supports: frozenset[str] = frozenset(
        {"adaptive-threshold", "blocks", "graded", "initial-state", "state", "stp", "two-currents"}
    )
    time_limit: float | None = None
    stock_synapses: bool = False
    arithmetic: Arithmetic = "float64"
    interpreter: Interpreter = field(default_factory=find_interpreter)
    worker: Worker = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.time_limit is not None:
            positive(self.time_limit, "Lava time_limit")
        if self.arithmetic not in ("float64", "loihi"):
            raise DescriptionError(f"Lava arithmetic: got {self.arithmetic!r}, expected 'float64' or 'loihi'")
        object.__setattr__(self, "worker", Worker(self.interpreter))

    def __enter__(self) -> Lava:
        self.worker.keep = True
        self.worker.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.worker.keep = False
        self.worker.close()

    @property
    def about(self) -> str:
        """Version of Lava, and the Python that runs it."""
        return f"lava-nc {self.interpreter.version} in {self.interpreter.path}"

    def legalise(self, program: Program) -> Program:
        """Return ``program`` itself, which runs exactly, or its quantised version if ``arithmetic`` is ``"loihi"``."""
        check_supported(self, program)
        return in_arithmetic(program, "loihi" if self.arithmetic == "loihi" else None, None)

    @contextmanager
    def compile(self, program: Program) -> Iterator[Runner]:
        """Start the worker, yield the runner, end the worker and all its processes."""
        try:
            self.worker.start()
            yield lambda stimulus, request=None, state=None: run_program(
                self.worker,
                program,
                stimulus,
                request,
                time_limit=self.time_limit,
                stock=self.stock_synapses,
                state=state,
            )
        finally:
            if not self.worker.keep:
                self.worker.close()
