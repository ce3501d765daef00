"""Faults during a run, and when a job is handed over."""

from __future__ import annotations

import os
import signal
import tempfile
import time

from lsm_sim.errors import RunError
from lsm_sim_lava import Lava, runner
from lsm_sim_lava.supervisor import Worker
from tests.lava_faults.tools import (
    end_of,
    expect_error,
    faulty,
    is_running,
    lava_processes,
    program,
    run_long,
    start_script,
    stimulus,
    strike,
    when_running,
    with_worker,
)


def exception_in(method):
    def inject(_rng):
        with tempfile.TemporaryDirectory(prefix="faulty") as folder:
            return expect_error(Lava(interpreter=faulty(method, folder)))

    return inject


def signal_worker(number):
    def inject(_rng):
        backend = Lava()
        when_running(lambda worker: os.kill(worker.pid, number), backend)
        return expect_error(backend)

    return inject


def signal_a_lava_process(number):
    def inject(rng):
        backend = Lava()
        when_running(lambda worker: rng.choice(lava_processes(worker)).send_signal(number), backend)
        return expect_error(backend)

    return inject


def time_out(_rng):
    return expect_error(Lava(time_limit=0.5))


def hanging_process(_rng):
    """Make a Lava process sleep forever at step 5."""
    with tempfile.TemporaryDirectory() as folder:
        python = faulty("neurons.PyNeuronsFixed.run_spk", folder, "__import__('time').sleep(1000)")
        usual, runner._STALL = runner._STALL, 1.0
        try:
            return expect_error(Lava(interpreter=python))
        finally:
            runner._STALL = usual


def ctrl_c(_rng):
    backend = Lava()
    when_running(lambda _worker: os.kill(os.getpid(), signal.SIGINT), backend)
    try:
        run_long(backend)
    except KeyboardInterrupt:
        return "KeyboardInterrupt"
    finally:
        backend.worker.close()
    raise AssertionError("no KeyboardInterrupt")


def full_disk(_rng):
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


def no_space_for_the_job(_rng):
    """Remove the folder of jobs."""

    class Gone(Worker):
        def _write_job(self, job, *others):
            super()._write_job(job / "nowhere", *others)

    return expect_error(with_worker(Gone))


def broken_pipe(_rng):
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

    def inject(_rng):
        parent = start_script()
        while not is_running():
            assert parent.poll() is None
            time.sleep(0.02)
        strike(parent.send_signal, number)
        return end_of(parent)

    return inject
