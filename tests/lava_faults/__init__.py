"""Inject faults into runs of Lava and check what they leave behind; see `__main__`.

A fault is a function of a `random.Random` that returns the message of the error, or how the script ended.
"""

from __future__ import annotations

import signal

from tests.lava_faults import full, running, starting

FAULTS = {
    "exception in the neurons": running.exception_in("neurons.PyNeuronsFixed.run_spk"),
    "exception in the synapses": running.exception_in("synapses.QuickDelaySparseFixed.run_spk"),
    "exception in the source": running.exception_in("events.PyEvents.run_spk"),
    "SIGTERM to the worker": running.signal_worker(signal.SIGTERM),
    "SIGKILL to the worker": running.signal_worker(signal.SIGKILL),
    "SIGSTOP to the worker": running.signal_worker(signal.SIGSTOP),
    "SIGKILL to a Lava process": running.signal_a_lava_process(signal.SIGKILL),
    "SIGSTOP to a Lava process": running.signal_a_lava_process(signal.SIGSTOP),
    "SIGTERM to the parent": running.signal_parent(signal.SIGTERM),
    "SIGKILL to the parent": running.signal_parent(signal.SIGKILL),
    "Ctrl-C in a script": running.signal_parent(signal.SIGINT),
    "Ctrl-C": running.ctrl_c,
    "time-out": running.time_out,
    "a process that hangs": running.hanging_process,
    "full disk": running.full_disk,
    "no folder": running.no_space_for_the_job,
    "broken pipe": running.broken_pipe,
    "SIGTERM to the worker at start": starting.signal_worker(signal.SIGTERM),
    "SIGKILL to the worker at start": starting.signal_worker(signal.SIGKILL),
    "SIGSTOP to the worker at start": starting.signal_worker(signal.SIGSTOP),
    "SIGKILL to a Lava process at start": starting.signal_a_lava_process(signal.SIGKILL),
    "SIGTERM to a Lava process at start": starting.signal_a_lava_process(signal.SIGTERM),
    "SIGSTOP to a Lava process at start": starting.signal_a_lava_process(signal.SIGSTOP),
    "SIGTERM to the parent at start": starting.signal_parent(signal.SIGTERM),
    "SIGKILL to the parent at start": starting.signal_parent(signal.SIGKILL),
    "Ctrl-C in a script at start": starting.signal_parent(signal.SIGINT),
    "small /dev/shm": full.shared_memory_too_small,
    "small disk": full.disk_too_small,
}
