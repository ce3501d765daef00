"""The Loihi 2 backend: the same integers on the chip, with Intel's closed-source extension. Unverified on hardware."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from lsm_sim.backend import DEFAULT, Excursions, Outcome, Request, Runner, check_supported, find
from lsm_sim.engine.protocol import check_state_supported, check_stimulus_supported
from lsm_sim.errors import BackendUnavailableError
from lsm_sim.program.program import Program
from lsm_sim.quantisation.chip import chip_reasons
from lsm_sim.quantisation.quantise import in_arithmetic
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import positive
from lsm_sim_lava.chip_job import run_on_chip
from lsm_sim_lava.interpreter import Interpreter, find_interpreter
from lsm_sim_lava.supervisor import Worker

_PROBE = "from lava.utils.loihi import is_installed; print(is_installed())"
_PROBE_SECONDS = 60


@dataclass(frozen=True)
class Loihi2:
    """Run programs in Loihi's integers on a Loihi 2 chip, all samples one after the other in one job. Unverified on hardware.

    Parameters
    ----------
    address
        Address of a board in the network; None: use the next two.
    partition, board
        Partition and board of a SLURM cluster, such as Intel's research cloud; None: from Lava's environment variables.
    time_limit
        Time after which a job is ended, in seconds; None: as for `Lava`.
    """

    name: str = "loihi2"
    supports: frozenset[str] = frozenset()
    address: str | None = None
    partition: str | None = None
    board: str | None = None
    time_limit: float | None = None
    interpreter: Interpreter = field(default_factory=find_interpreter)

    def __post_init__(self) -> None:
        if self.time_limit is not None:
            positive(self.time_limit, "Loihi2 time_limit")
        if not _has_extension(self.interpreter):
            raise BackendUnavailableError(
                "backend 'loihi2': the lava-loihi extension is not installed; Intel provides it, and access to chips, to "
                "members of its research community (INRC: inrc_interest@intel.com); backend='lava' with arithmetic='loihi' "
                "runs the same integers without it"
            )

    def legalise(self, program: Program) -> Program:
        """Return the program in Loihi's integers, or raise `UnsupportedError` with every reason why the chip cannot run it."""
        if program.arithmetic != "loihi":  # before calibration runs it
            check_supported(self, program)
        integers = in_arithmetic(program, "loihi", None)
        check_supported(self, integers, chip_reasons(integers))
        return integers

    @contextmanager
    def compile(self, program: Program) -> Iterator[Runner]:
        """Start the worker, yield the runner, end the worker and all its processes."""
        program = self.legalise(program)
        worker = Worker(self.interpreter)
        host = {name: getattr(self, name) or "" for name in ("address", "partition", "board")}

        def run(stimulus: Spikes, request: Request | None = None) -> Outcome:
            request = request or Request()
            check_state_supported(self, request, None)
            if isinstance(stimulus, Spikes):  # `run_program` refuses anything else
                check_stimulus_supported(self, stimulus)
            plain = replace(request, excursions=False)
            outcome = run_on_chip(worker, program, stimulus, plain, host=host, time_limit=self.time_limit)
            return replace(outcome, excursions=_excursions(program, stimulus)) if request.excursions else outcome

        try:
            worker.start()
            yield run
        finally:
            worker.close()


def _excursions(program: Program, stimulus: Spikes) -> Excursions | None:
    """Count excursions by running the same integers here, because the chip does not report them."""
    with find(DEFAULT).compile(program) as runner:
        return runner(stimulus, Request(spikes=False, excursions=True, progress=False)).excursions


def _has_extension(interpreter: Interpreter) -> bool:
    try:
        done = subprocess.run(
            [interpreter.path, "-c", _PROBE], capture_output=True, text=True, timeout=_PROBE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout.strip() == "True"
