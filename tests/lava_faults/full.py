"""Runs whose shared memory or disk is too small, by a random amount: file systems of their own, which need Linux."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
import types
from pathlib import Path

import pytest

from lsm_sim.errors import RunError
from lsm_sim_lava import Lava, runner
from tests.lava_faults import tools

_STEPS = 500
_MOUNT = 'mount -t tmpfs -o size="$0" tmpfs "$1" && shift && exec "$@"'


def shared_memory_too_small(rng):
    """Let /dev/shm fill up after the runner has looked for room."""
    return _with_small("/dev/shm", rng.randrange(4096, 500_000), "blind")


def disk_too_small(rng):
    """Give the worker's folder a disk of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return _with_small(folder, rng.randrange(4096, 80_000), "seeing")


def _with_small(folder, size, kind):
    """Run in a process for which ``folder`` has ``size`` bytes; return what it printed last."""
    where = folder if kind == "seeing" else tempfile.gettempdir()
    mine = ["unshare", "--mount", "--map-root-user", "sh", "-c", _MOUNT, str(size), folder]
    python = [sys.executable, "-m", "tests.lava_faults.full", kind, where]
    done = subprocess.run([*mine, *python], cwd=tools.ROOT, capture_output=True, text=True, check=False)
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip(f"no mounts of one's own here ({done.stderr.strip()})")
    assert done.returncode == 0, done.stderr
    tools.struck.append(float(done.stdout.splitlines()[0]))
    return f"{size} bytes: {done.stdout.strip().splitlines()[-1]}"


def _main():
    """Run; print when it began, then the error or that the result is right; fail if anything is left."""
    if sys.argv[1] == "blind":
        runner.shutil = types.SimpleNamespace(
            disk_usage=lambda _path: types.SimpleNamespace(free=2**40), rmtree=shutil.rmtree
        )
    tools.use_folder(Path(sys.argv[2]))
    expected = tools.spikes_of("reference", _STEPS)
    print(time.monotonic())
    try:
        message = f"the {tools.spikes_of(Lava(), _STEPS)} right spikes"
        assert message == f"the {expected} right spikes"
    except RunError as error:
        message = str(error)
    left = tools.left_behind()
    assert left == [], left
    print(message)


if __name__ == "__main__":
    _main()
