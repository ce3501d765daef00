"""Inject faults into runs of Lava and check what they leave behind. ``python -m tests.lava_faults 100`` prints a table of 100."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import psutil

from lsm_sim.backend import Request
from lsm_sim.errors import RunError
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim_lava import Lava, runner
from lsm_sim_lava.interpreter import Interpreter
from lsm_sim_lava.supervisor import Worker

LONG = 200_000  # steps; takes minutes, so that every fault occurs during the run
ROOT = Path(__file__).parents[1]


def program():
    """Return two neurons that drive each other, with delays and a refractory period."""
    return Program(
        arithmetic="loihi", dt=1e-3, n_inputs=1, n_neurons=2, indptr=[0, 1, 2, 3], post=[0, 1, 0], weight=[90, 90, -7],
        delay=[0, 3, 0], threshold=[50, 60], bias=[0, 900], refractory=[0, 2], du=[500, 600], dv=[100, 200],
    )  # fmt: skip


def stimulus(n_steps=LONG):
    return Spikes.from_events(
        np.arange(0, n_steps, 3), np.zeros(len(range(0, n_steps, 3))), n_steps=n_steps, n_channels=1, dt=1e-3
    )


def run_long(backend, **options):
    with backend.compile(program()) as runner:
        return runner(stimulus(), Request(progress=False, **options))


def use_folder(folder):
    """Keep the files of all workers in one folder, to tell them from those of other programs."""
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)


def folders():
    return list(Path(tempfile.gettempdir()).glob("lsm_sim_lava_*"))


def left_behind():
    """Return remaining processes, shared-memory segments and folders of workers."""
    found = [str(path) for path in (*folders(), *Path(tempfile.gettempdir()).glob("pymp-*"))]
    for path in Path("/dev/shm").glob("lsmlava*_*"):
        if not psutil.pid_exists(int(path.name.removeprefix("lsmlava").partition("_")[0])):
            found.append(str(path))
    for process in psutil.process_iter(["cmdline", "status"]):
        with contextlib.suppress(psutil.Error):
            ours = any(tempfile.gettempdir() in word for word in process.info["cmdline"] or ())
            if ours and process.info["status"] != "zombie" and process.pid != os.getpid():
                found.append(f"process {process.pid}")
    return found


def is_running():
    return any((folder / "job1/spikes.bin").exists() for folder in folders())


def when_running(action, backend):
    """Call ``action`` with the worker once a run has started."""

    def wait():
        while not is_running():
            time.sleep(0.02)
        time.sleep(0.05)
        action(backend.worker)

    threading.Thread(target=wait, daemon=True).start()


def expect_error(backend):
    """Run, and return the message of the error."""
    try:
        run_long(backend)
    except RunError as error:
        return str(error)
    finally:
        backend.worker.close()
    raise AssertionError("no error")


def with_worker(kind):
    """Return a backend with another kind of worker."""
    backend = Lava()
    object.__setattr__(backend, "worker", kind(backend.interpreter))
    return backend


def faulty(method, folder, fault="raise ValueError('the injected fault')"):
    """Return a Python whose worker has a fault in ``method`` at step 5."""
    code = f"""
        import os, sys
        sys.path.insert(0, os.getcwd())
        from lsm_sim_lava.lava_import import import_lava
        import_lava()
        from lsm_sim_lava.processes import events, neurons, synapses
        def raising(self, original={method}):
            if self.time_step == 5:
                {fault}
            original(self)
        {method} = raising
        from lsm_sim_lava import worker
        worker.main()
    """
    script, python = Path(folder) / "faulty.py", Path(folder) / "python"
    script.write_text(textwrap.dedent(code))
    python.write_text(f'#!/bin/sh\nshift 2\nexec "{sys.executable}" "{script}" "$@"\n')
    python.chmod(0o755)
    return Interpreter(str(python), "0.10.0")


def exception_in(method):
    def inject():
        with tempfile.TemporaryDirectory(prefix="faulty") as folder:
            return expect_error(Lava(interpreter=faulty(method, folder)))

    return inject


def signal_worker(number):
    def inject():
        backend = Lava()
        when_running(lambda worker: os.kill(worker.pid, number), backend)
        return expect_error(backend)

    return inject


def kill_a_lava_process():
    backend = Lava()
    when_running(lambda worker: psutil.Process(worker.pid).children()[2].kill(), backend)
    return expect_error(backend)


def time_out():
    return expect_error(Lava(time_limit=0.5))


def hanging_process():
    """Make a Lava process sleep forever at step 5."""
    with tempfile.TemporaryDirectory() as folder:
        python = faulty("neurons.PyNeuronsFixed.run_spk", folder, "__import__('time').sleep(1000)")
        usual, runner._STALL = runner._STALL, 1.0
        try:
            return expect_error(Lava(interpreter=python))
        finally:
            runner._STALL = usual


def ctrl_c():
    backend = Lava()
    when_running(lambda _worker: os.kill(os.getpid(), signal.SIGINT), backend)
    try:
        run_long(backend)
    except KeyboardInterrupt:
        return "KeyboardInterrupt"
    finally:
        backend.worker.close()
    raise AssertionError("no KeyboardInterrupt")


def full_disk():
    """Write spikes to a device that is always full."""

    class Full(Worker):
        def _write_job(self, job, *others):
            super()._write_job(job, *others)
            (job / "spikes.bin").symlink_to("/dev/full")

    backend = with_worker(Full)
    with backend.compile(program()) as runner:
        try:
            runner(stimulus(100))
        except RunError as error:
            return str(error)
        finally:
            backend.worker.close()
    raise AssertionError("no error")


def no_space_for_the_job():
    """Remove the folder of jobs."""

    class Gone(Worker):
        def _write_job(self, job, *others):
            super()._write_job(job / "nowhere", *others)

    return expect_error(with_worker(Gone))


def broken_pipe():
    class Deaf(Worker):
        def _send(self, job):
            read, write = os.pipe()
            os.close(read)
            self.kept, self._process.stdin = self._process.stdin, os.fdopen(write, "wb", buffering=0)
            try:
                super()._send(job)
            finally:
                self.kept.close()

    return expect_error(with_worker(Deaf))


def signal_parent(number):
    """Run Lava in a script, end the script, and check that everything else ends too."""

    def inject():
        parent = subprocess.Popen(
            [sys.executable, "-c", "from tests.lava_faults import run_long, Lava; run_long(Lava())"],
            cwd=ROOT,
            stderr=subprocess.PIPE,
        )
        while not is_running():
            assert parent.poll() is None
            time.sleep(0.02)
        parent.send_signal(number)
        parent.communicate()
        end = time.monotonic() + 5
        while left_behind() and time.monotonic() < end:
            time.sleep(0.02)
        return f"ended with {parent.returncode}"

    return inject


FAULTS = {
    "exception in the neurons": exception_in("neurons.PyNeuronsFixed.run_spk"),
    "exception in the synapses": exception_in("synapses.QuickDelaySparseFixed.run_spk"),
    "exception in the source": exception_in("events.PyEvents.run_spk"),
    "SIGTERM to the worker": signal_worker(signal.SIGTERM),
    "SIGKILL to the worker": signal_worker(signal.SIGKILL),
    "SIGKILL to a Lava process": kill_a_lava_process,
    "SIGTERM to the parent": signal_parent(signal.SIGTERM),
    "SIGKILL to the parent": signal_parent(signal.SIGKILL),
    "Ctrl-C in a script": signal_parent(signal.SIGINT),
    "Ctrl-C": ctrl_c,
    "time-out": time_out,
    "a process that hangs": hanging_process,
    "full disk": full_disk,
    "no folder": no_space_for_the_job,
    "broken pipe": broken_pipe,
}


def main():
    """Inject the given number of faults, all kinds in turn; exit with 1 if anything was left or took too long."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # shells start background jobs with Ctrl-C ignored
    wrong = 0
    folder = tempfile.mkdtemp()
    use_folder(folder)
    for i in range(int(sys.argv[1])):
        name = list(FAULTS)[i % len(FAULTS)]
        begin = time.monotonic()
        message = FAULTS[name]()
        seconds, left = time.monotonic() - begin, left_behind()
        wrong += bool(left) or seconds > 10
        print(f"{i + 1:3} {name:26} {seconds:5.1f} s  left: {left or 'nothing'}  {message}", flush=True)
    with Lava().compile(program()) as runner:
        spikes = runner(stimulus(50)).spikes
    shutil.rmtree(folder)
    print(f"afterwards a run gives {spikes.n_events} spikes; {wrong} faults were not handled")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
