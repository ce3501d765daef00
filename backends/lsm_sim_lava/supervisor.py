"""The parent's side of the worker: start it, send it jobs, supervise it, and end it with all its processes."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import lsm_sim
from lsm_sim.engine.state import State
from lsm_sim.errors import BackendUnavailableError, DescriptionError, RunError
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import npz
from lsm_sim_lava import process_group
from lsm_sim_lava.interpreter import Interpreter
from lsm_sim_lava.lava_import import unlink_segments
from lsm_sim_lava.recorder import BEAT
from lsm_sim_lava.worker import DONE, FAILURE, OUTPUT, READY, STATE

_PREFIX = "lsm_sim_lava_"  # of folders, before the process id
_START_SECONDS = 60  # imports take 2 s on an idle machine
_SOCKET, _LONGEST_SOCKET = 34, 104  # characters that multiprocessing adds for its sockets, and the limit of macOS
_CONSEQUENCES = ("ConnectionResetError", "ConnectionRefusedError", "BrokenPipeError", "EOFError")  # of another failure
_POLL = 0.01  # seconds
_LOOK = 1.0  # seconds between checks for broken processes
_LOOKS, _LOOKS_ENDED = (
    2,
    10,
)  # in a row that it takes; more for one that may have ended regularly, which a busy machine collects late
_GRACE = 1.0  # seconds for a failing worker to report the cause, and for a killed one to disappear


@dataclass(frozen=True)
class Limits:
    """How long a job may take in total, until its first step, and without a step after that, in seconds."""

    total: float
    start: float
    stall: float


class Worker:
    """A child process that runs Lava, with its own process group and folder; see `worker`."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._process: subprocess.Popen[bytes] | None = None
        self.keep = False  # whether it keeps running after `compile`

    def start(self) -> None:
        """Start the child and wait until it has imported Lava; do nothing if it is running."""
        if self.alive:
            return
        self.close()
        self._programs: dict[int, tuple[Program, str]] = {}
        self._n_jobs = 0
        process_group.remove_leftovers(_PREFIX)
        self.folder = Path(_writing(lambda: tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}_")))
        try:
            _writing(self._spawn)
            answer = self._wait(self.folder / READY, Limits(_START_SECONDS, _START_SECONDS, _START_SECONDS))
        except BaseException:
            self.close()
            process_group.remove(self.folder)
            raise
        if "error" in answer:
            self.close()
            python = self._interpreter.path
            raise BackendUnavailableError(
                f"backend 'lava': Lava cannot be imported in {python} ({answer['error']}); repair it with: "
                f"{python} -m pip install --force-reinstall --no-deps --ignore-requires-python lava-nc==0.10.0"
            )

    @property
    def pid(self) -> int:
        """The worker's process id, which is also that of its group."""
        if self._process is None:  # a pid of 0 in a signal would mean the caller's own group
            raise RunError("lava: no worker is running")
        return self._process.pid

    def _spawn(self) -> None:
        """Start the child so that it imports this code, whatever is installed in its interpreter."""
        path = self.folder / "path"
        path.mkdir()
        for package in (Path(lsm_sim.__file__).parent, Path(__file__).parent):
            (path / package.name).symlink_to(package, target_is_directory=True)
        variables = {
            f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")
        }  # Lava has many processes already
        if len(str(self.folder)) + _SOCKET < _LONGEST_SOCKET:
            variables["TMPDIR"] = str(
                self.folder
            )  # so that temporary files of multiprocessing are removed with the folder
        with (self.folder / OUTPUT).open("wb") as output:
            self._process = subprocess.Popen(
                [self._interpreter.path, "-m", "lsm_sim_lava.worker", str(self.folder), str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=path,
                env=os.environ | variables | {"PYTHONUNBUFFERED": "1"},
                start_new_session=True,
            )

    def run(
        self,
        program: Program,
        stimulus: Spikes,
        settings: Mapping[str, Any],
        limits: Limits,
        advance: Callable[[int], None],
        state: State | None = None,
    ) -> Path:
        """Run one job, on from ``state``, and return the folder with its files, which the caller removes.

        ``advance`` gets numbers of steps.
        """
        self.start()
        self._n_jobs += 1
        job = self.folder / f"job{self._n_jobs}"
        try:
            _writing(lambda: self._write_job(job, program, stimulus, settings, state))
            self._send(job)
            beat = np.memmap(job / BEAT, np.int64, mode="r", shape=1)
            answer = self._wait(job / DONE, limits, lambda: int(beat[0]), advance)
        except BaseException:
            self.close()
            raise
        if "error" in answer:
            cause = self._cause(answer["error"])
            self.close()
            raise RunError(f"lava: the run failed ({cause})")
        return job

    def _write_job(
        self, job: Path, program: Program, stimulus: Spikes, settings: Mapping[str, Any], state: State | None
    ) -> None:
        job.mkdir()
        (job / BEAT).write_bytes(bytes(8))
        if id(program) not in self._programs:
            path = str(self.folder / f"program{len(self._programs)}.npz")
            program.save(path)
            self._programs[id(program)] = program, path  # a reference to the program, so that its id is not reused
        npz.write(job / "settings.npz", {"program": self._programs[id(program)][1], **settings})
        stimulus.save(job / "stimulus.npz")
        if state is not None:
            state.save(job / STATE)

    def _send(self, job: Path) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{job}\n".encode())
            self._process.stdin.flush()
        except OSError:
            raise RunError(f"lava: the worker has ended ({self._cause('it was killed')}); run again") from None

    def _wait(
        self,
        path: Path,
        limits: Limits,
        step: Callable[[], int] = lambda: 0,
        advance: Callable[[int], None] = lambda _: None,
    ) -> dict[str, str]:
        """Wait for the answer at ``path`` and return it; raise if the worker fails, ends, or takes too long."""
        begin = moved = time.monotonic()
        look, seen, looked = begin + _LOOK, 0, 0
        before: dict[tuple[int, str], int] = {}
        while not path.exists():
            time.sleep(_POLL)
            now = time.monotonic()
            reached = step()
            if reached > seen:
                advance(reached - seen)
                seen, moved = reached, now
            self._check_failure(path)
            if now > look:
                before = self._check_processes(before, moving=seen > looked)
                look, looked = time.monotonic() + _LOOK, seen
            _check_time(limits, seen, now - begin, now - moved)
        answer: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        return answer

    def _check_failure(self, path: Path) -> None:
        """Raise if a Lava process has reported a failure, or if the worker has ended without an answer."""
        if (self.folder / FAILURE).exists():
            self._let_finish(path)
            raise RunError(f"lava: the run failed ({self._cause(f'no space to write the cause to {self.folder}')})")
        if self._process and self._process.poll() is not None and not path.exists():
            raise RunError(f"lava: the worker ended unexpectedly ({self._cause(self._how_it_ended())}); run again")

    def _check_processes(self, before: Mapping[tuple[int, str], int], *, moving: bool) -> dict[tuple[int, str], int]:
        """Return in how many looks each broken process was seen; raise if it was too many.

        ``before`` is that of the last look. One that may have ended regularly counts only while no steps are run.
        """
        found = {one: before.get(one, 0) + 1 for one in process_group.broken(self.pid)}
        for one, looks in found.items():
            _, what = one
            if what == process_group.ENDED and moving:
                found[one] = 0
            elif looks >= (_LOOKS_ENDED if what == process_group.ENDED else _LOOKS):
                raise RunError(f"lava: the run failed (a Lava process {what}); run again")
        return found

    def _let_finish(self, path: Path) -> None:
        end = time.monotonic() + _GRACE
        while time.monotonic() < end and not path.exists():
            time.sleep(_POLL)

    def _how_it_ended(self) -> str:
        code = self._process.returncode if self._process else 0
        return f"signal {process_group.signal_name(-code)}" if code < 0 else f"exit status {code}"

    def _cause(self, otherwise: str) -> str:
        """Return the first failure that a Lava process reported, or the last line of the output with an error.

        A process whose connection was closed may report that before the one at the other end is known to have been killed.
        """
        lines: list[str] = []
        with contextlib.suppress(OSError):
            lines = (self.folder / FAILURE).read_text(encoding="utf-8", errors="replace").splitlines()
        causes = [line for line in lines if not line.startswith(_CONSEQUENCES)]
        if not causes and (lines or otherwise.startswith(_CONSEQUENCES)):
            causes = [f"a Lava process {what}" for _, what in process_group.broken(self.pid) if "killed" in what]
        if causes or lines:
            return (causes or lines)[0]
        with contextlib.suppress(OSError):
            lines = (self.folder / OUTPUT).read_text(encoding="utf-8", errors="replace").splitlines()
            errors = [line.strip() for line in lines if "Error" in line and not line.startswith(" ")]
            if errors:
                return errors[-1]
        return otherwise

    def close(self) -> None:
        """End the whole group, and remove its shared memory and files; do nothing if already closed."""
        if self._process is None:
            return
        process, self._process = self._process, None
        end = time.monotonic() + _GRACE
        process_group.kill(process.pid)
        process.wait()
        while process_group.members(process.pid) and time.monotonic() < end:
            process_group.kill(process.pid)  # again, for processes that were being forked at that moment
            time.sleep(_POLL)
        if process.stdin:
            with contextlib.suppress(OSError):
                process.stdin.close()
        unlink_segments(process.pid)
        process_group.remove(self.folder)

    @property
    def alive(self) -> bool:
        """Whether it can run a job."""
        return self._process is not None and self._process.poll() is None


def _check_time(limits: Limits, seen: int, total: float, idle: float) -> None:
    """Raise if a job has taken too long in total, or too long since the last step that was ``seen``."""
    if total > limits.total:
        where = f" at step {seen}" if seen else " during start"
        raise RunError(
            f"lava: no result within {limits.total:.3g} s{where}; increase Lava(time_limit=...), or run fewer steps"
        )
    if seen and idle > limits.stall:
        raise RunError(f"lava: the run hangs (no step for {limits.stall:.3g} s after step {seen}); run again")
    if not seen and idle > limits.start:
        raise RunError(f"lava: the run hangs (no step within {limits.start:.3g} s of its start); run again")


def _writing(action: Callable[[], Any]) -> Any:
    """Call an action that writes files; raise `RunError` if it cannot write."""
    try:
        return action()
    except (OSError, DescriptionError) as error:
        raise RunError(
            f"lava: cannot write to {tempfile.gettempdir()} ({error}); free space there or set TMPDIR"
        ) from None
