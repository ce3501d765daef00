"""Faults at a random moment while the worker and its network start."""

from __future__ import annotations

import contextlib
import os
import threading
import time

import psutil

from lsm_sim.errors import RunError
from lsm_sim_lava import Lava
from tests.lava_faults.tools import end_of, expect_error, lava_processes, start_script, strike

_WORKER, _SCRIPT, _NETWORK = 3.0, 5.0, 0.5  # seconds until each has started, and some more
_EXEC = 0.05  # seconds after which the tracker of shared memory has its own command line


def _soon(action, worker):
    """Call ``action`` with the worker, in a thread, once it has been started; do nothing if it ends before."""

    def wait():
        while not worker.alive:
            time.sleep(0.01)
        with contextlib.suppress(RunError, psutil.Error, ProcessLookupError):
            action(worker)

    threading.Thread(target=wait, daemon=True).start()


def signal_worker(number):
    """Send a signal to the worker at any moment of its start."""

    def inject(rng):
        def action(worker):
            time.sleep(rng.uniform(0, _WORKER))
            strike(os.kill, worker.pid, number)

        backend = Lava()
        _soon(action, backend.worker)
        return expect_error(backend)

    return inject


def signal_a_lava_process(number):
    """Send a signal to one of the Lava processes while more of them are started, or soon after."""

    def inject(rng):
        def action(worker):
            while not (worker.folder / "job1").exists():
                time.sleep(0.001)
            time.sleep(rng.uniform(0, _NETWORK))
            while not (processes := lava_processes(worker)):
                time.sleep(0.001)
            chosen = rng.choice(processes)
            time.sleep(_EXEC)
            if chosen in lava_processes(worker):
                strike(chosen.send_signal, number)
            else:
                action(worker)

        backend = Lava()
        _soon(action, backend.worker)
        return expect_error(backend)

    return inject


def signal_parent(number):
    """Send a signal to a script at any moment until its run has started."""

    def inject(rng):
        parent = start_script()
        time.sleep(rng.uniform(0, _SCRIPT))
        strike(parent.send_signal, number)
        return end_of(parent)

    return inject
