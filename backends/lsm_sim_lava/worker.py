"""The child process in which all of Lava runs: ``python -m lsm_sim_lava.worker FOLDER``.

It reads one line per job from standard input, the name of a folder with the job's files, and writes its answer to a file
there. Its output goes to a file that the parent reads only to find the cause of a failure. When the parent has ended, the
worker ends itself and all its processes.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from multiprocessing import popen_fork
from pathlib import Path
from typing import Any

from lsm_sim.engine.state import State
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import npz
from lsm_sim_lava import process_group
from lsm_sim_lava.lava_import import import_lava, name_segments_after, unlink_segments
from lsm_sim_lava.recorder import Recording

READY, DONE, FAILURE, OUTPUT = "ready.json", "done.json", "failure.txt", "output.txt"
SCHEDULE = ("lengths", "read_steps", "gap", "held_steps")  # of a job on the chip
STATE = "state.npz"  # in the folder of a job that goes on from a state
_POLL = 0.2  # seconds between checks of the parent
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Report that Lava is ready, then run jobs until the parent closes the pipe."""
    folder, parent = Path(sys.argv[1]), int(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    os.register_at_fork(after_in_child=_end_with_the_worker)
    name_segments_after(os.getpid())
    # not a daemon: if the main thread fails while the files are being removed, Python waits for this thread
    threading.Thread(target=_watch, args=(folder, parent)).start()
    try:
        import_lava()
        from lsm_sim_lava import network

        _report_failures(folder / FAILURE)
        _report_killed(folder / FAILURE)
    except Exception as error:  # a broken installation may raise any type
        _answer(folder, folder / READY, {"error": f"{type(error).__name__}: {error}"})
        raise
    _answer(folder, folder / READY, {"python": sys.version.split()[0]})
    for line in sys.stdin:
        _serve(folder, Path(line.rstrip("\n")), network)
    end_everything(folder)


def _serve(folder: Path, job: Path, network: Any) -> None:
    try:
        settings = npz.read(job / "settings.npz")
        program, stimulus = Program.load(settings.pop("program")), Spikes.load(job / "stimulus.npz")
        stock = settings.pop("stock_synapses")
        host = {name: settings.pop(name) for name in ("address", "partition", "board") if name in settings}
        pauses = {name: settings.pop(name) for name in SCHEDULE if name in settings}
        recording = Recording(folder=str(job), n_samples=len(stimulus), **settings)
        if host:
            from lsm_sim_lava import chip

            chip.choose_host(**host)
            chip.run(program, stimulus, recording, chip.Schedule(**pauses))
        else:
            state = State.load(job / STATE) if (job / STATE).exists() else None
            network.run(program, stimulus, recording, stock_synapses=stock, state=state)
        answer = {}
    except Exception as error:  # reported by the parent
        traceback.print_exc()
        answer = {"error": f"{type(error).__name__}: {error}"}
    _answer(folder, job / DONE, answer)


def _answer(folder: Path, path: Path, answer: dict[str, str]) -> None:
    """Write a file completely or not at all; on a full disk leave a sign, as the parent would wait for it."""
    part = path.with_suffix(".part")
    try:
        part.write_text(json.dumps(answer), encoding="utf-8")
        part.replace(path)
    except OSError:
        (folder / FAILURE).touch()  # an empty file needs no space
        raise


def _report_failures(path: Path) -> None:
    """Make every Lava process write the cause of its failure to a file, because Lava itself often waits for ever."""
    from lava.magma.runtime import runtime

    original: Callable[..., None] = runtime.target_fn

    def target(*args: Any, **kwargs: Any) -> None:
        try:
            original(*args, **kwargs)
        except BaseException as error:
            _add_line(path, f"{type(error).__name__}: {error}")
            raise

    runtime.target_fn = target


def _report_killed(path: Path) -> None:
    """Write down a Lava process that was killed when its exit status is collected: after that it has left no trace."""

    class Popen(popen_fork.Popen):
        ended_here = False

        def _send_signal(self, number: int) -> None:
            self.ended_here = True
            super()._send_signal(number)  # type: ignore[misc]

        def poll(self, flag: int = os.WNOHANG) -> int | None:
            code = super().poll(flag)
            if code is not None and code < 0 and not self.ended_here:
                _add_line(path, f"a Lava process was killed by {process_group.signal_name(-code)}")
            return code

    popen_fork.Popen = Popen  # type: ignore[misc]


def _add_line(path: Path, line: str) -> None:
    with path.open("a", encoding="utf-8") as stream:
        stream.write(f"{line}\n")


def _end_with_the_worker() -> None:
    """Make the kernel end this child when the worker ends for any reason (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _watch(folder: Path, parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_POLL)
    end_everything(folder)


def end_everything(folder: Path) -> None:
    """Remove the worker's files and shared memory, and end its whole process group, including this process."""
    for pid in process_group.members(os.getpid()):
        if pid != os.getpid():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    process_group.remove(folder)
    unlink_segments(os.getpid())  # last, because the main thread may still be creating some
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
