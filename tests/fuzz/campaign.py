"""Run inputs in worker processes that can be ended, and collect what went wrong."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.fuzz.worker import STATE, Inputs

SECONDS = 5  # of CPU time, and of waiting times _PATIENCE, for one input
_PATIENCE = 12  # waiting is no fault of the reader on a busy machine
_START = 300  # seconds for the imports of a worker on a busy machine
ROOT = Path(__file__).parents[2]
FOUND = Path(__file__).parent / "found"


@dataclass
class Findings:
    """What happened to the inputs of one target."""

    name: str
    inputs: int = 0
    read: int = 0
    cpu: float = 0.0
    peak: int = 0
    wrong: list[tuple[int, str, str]] = field(default_factory=list)


def run(name: str, seed: int, first: int, stop: int, save: Callable[[str, str, bytes], None] | None = None) -> Findings:
    """Feed inputs ``first`` to ``stop`` to one reader; a worker that hangs or dies is replaced."""
    found = Findings(name)
    while first < stop:
        with tempfile.TemporaryDirectory(prefix="lsm_sim_fuzz_") as folder:
            first = _run_worker(found, name, seed, first, stop, Path(folder))
    found.inputs = stop
    if save is not None and found.wrong:
        with tempfile.TemporaryDirectory(prefix="lsm_sim_fuzz_") as folder:
            inputs = Inputs(name, seed, Path(folder))
            for i, kind, _text in found.wrong[:20]:
                save(f"{name} {kind} {seed} {i}", *inputs.content(i))
    return found


def _run_worker(found: Findings, name: str, seed: int, first: int, stop: int, folder: Path) -> int:
    """Run one worker to its end; return the input from which to go on."""
    (folder / "state").write_bytes(STATE.pack(-1, time.monotonic()))
    command = [sys.executable, "-m", "tests.fuzz.worker", name, str(seed), str(first), str(stop), str(folder)]
    log = (folder / "log").open("w+b")
    process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
    try:
        ended = _watch(process, folder / "state")
    finally:
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
        process.kill()
        process.wait()
    log.seek(0)
    lines = log.read().decode("utf-8", "replace").splitlines()
    log.close()
    for line in lines:
        _collect(found, line)
    at = int(STATE.unpack((folder / "state").read_bytes())[0])
    if at < 0:
        raise RuntimeError(f"{name}: the worker did not start: " + "\n".join(lines[-15:]))
    if at >= stop:
        return stop
    found.wrong.append((at, "hang" if ended is None else "death", f"ended with {ended}: {' '.join(lines[-3:])[-300:]}"))
    return at + 1


def _collect(found: Findings, line: str) -> None:
    try:
        message = json.loads(line)
    except ValueError:
        return
    if not isinstance(message, dict):
        return
    if "input" in message:
        found.wrong.append((message["input"], message["kind"], message["text"]))
    elif "read" in message:
        found.read += message["read"]
        found.cpu, found.peak = max(found.cpu, message["cpu"]), max(found.peak, message["peak"])


def _watch(process: subprocess.Popen[bytes], state: Path) -> int | None:
    """Wait for the end of a worker; None if an input took too long."""
    last, used = -2, 0.0
    while process.poll() is None:
        time.sleep(0.2)
        at, began = STATE.unpack(state.read_bytes())
        cpu = _cpu(process.pid)
        if at != last:
            last, used = at, cpu
        waited = time.monotonic() - began
        if at >= 0 and (cpu - used > SECONDS or waited > SECONDS * _PATIENCE):
            return None
        if at < 0 and waited > _START:
            return None
    return process.returncode


def _cpu(pid: int) -> float:
    """Return the CPU seconds of a process and its children."""
    try:
        times = psutil.Process(pid).cpu_times()
        total = times.user + times.system + times.children_user + times.children_system
        for child in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                total += child.cpu_times().user + child.cpu_times().system
    except psutil.Error:
        return 0.0
    return float(total)
