"""What the faults in this folder share: a program, its runs, and a look at what they leave behind."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import psutil

from lsm_sim.backend import Request, compiled
from lsm_sim.errors import RunError
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim_lava import Lava
from lsm_sim_lava.interpreter import Interpreter

LONG = 200_000  # steps; takes minutes, so that every fault occurs during the run
ROOT = Path(__file__).parents[2]
struck: list[float] = []  # when the fault occurred, if it was not at once


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


def spikes_of(backend, n_steps):
    """Return the number of spikes of a run."""
    with compiled(program(), backend) as ready:
        return ready(stimulus(n_steps), Request(progress=False)).spikes.n_events


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
        strike(action, backend.worker)

    threading.Thread(target=wait, daemon=True).start()


def strike(action, *arguments):
    """Call ``action`` and note the time."""
    struck.append(time.monotonic())
    action(*arguments)


def lava_processes(worker):
    """Return the processes that the worker has forked; the tracker of shared memory, which a run can do without, is none."""
    found = []
    for child in psutil.Process(worker.pid).children():
        with contextlib.suppress(psutil.Error):
            if not any("resource_tracker" in word for word in child.cmdline()):
                found.append(child)
    return found


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


def start_script():
    """Start a script that runs Lava for minutes."""
    return subprocess.Popen(
        [sys.executable, "-c", "from tests.lava_faults.tools import Lava, run_long; run_long(Lava())"],
        cwd=ROOT,
        stderr=subprocess.PIPE,
    )


def end_of(script):
    """Wait until a script and all that it started have ended, and say how."""
    script.communicate()
    end = time.monotonic() + 5
    while left_behind() and time.monotonic() < end:
        time.sleep(0.02)
    return f"ended with {script.returncode}"
