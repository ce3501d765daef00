"""Feed hostile files to one reader; started by `tests.fuzz.campaign`.

The number of the current input and when it began are written where the parent sees them, so that it can end this process.
"""

from __future__ import annotations

import json
import mmap
import resource
import shutil
import struct
import sys
import time
from pathlib import Path

import numpy as np

from lsm_sim.errors import LsmError
from tests.fuzz.targets import TARGETS, read_quietly

_MOST_SPECIALS = 1000
PEAK = 500 * 2**20
_LONGEST = 1500  # characters of a message
STATE = struct.Struct("<qd")  # input, time at which it began


class Inputs:
    """The inputs of one target, by number: special ones first, then changed good files."""

    def __init__(self, name, seed, folder, first=0):
        self.target, self._seed, self._work = TARGETS[name], [seed, *name.encode()], folder / "work"
        good = folder / "good"
        good.mkdir()
        self._paths = self.target.make(good)
        self._good = {path.name: path.read_bytes() for path in sorted(good.iterdir())}
        self._changed = [path.name for path in self._paths]
        self._specials = list(self.target.special()) if first < _MOST_SPECIALS else []

    def content(self, i):
        """Return the name and the bytes of the changed file of input ``i``."""
        if i < len(self._specials):
            return self._changed[0], self._specials[i]
        rng = np.random.default_rng([*self._seed, i])
        name = str(rng.choice(self._changed))
        suffix = Path(name).suffix
        change = self.target.change.get(suffix, self.target.change[""])
        return name, change(rng, self._good[name])

    def folder(self, i):
        """Return a folder with input ``i``."""
        name, data = self.content(i)
        shutil.rmtree(self._work, ignore_errors=True)
        self._work.mkdir()
        if self.target.together:
            for other, good in self._good.items():
                (self._work / other).write_bytes(good)
        (self._work / name).write_bytes(data)
        return self._work


def main():
    """Read the job from the arguments, run its inputs, and print one line of JSON for each that went wrong."""
    name, seed, first, stop, folder = (
        sys.argv[1],
        int(sys.argv[2]),
        int(sys.argv[3]),
        int(sys.argv[4]),
        Path(sys.argv[5]),
    )
    with (folder / "state").open("r+b") as stream:
        state = mmap.mmap(stream.fileno(), STATE.size)
    inputs = Inputs(name, seed, folder, first)
    read_good(inputs)
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_status("VmSize") + 8 * 2**30, hard))
    accepted = 0
    most = {"cpu": 0.0, "peak": 0}
    for i in range(first, stop):
        place = inputs.folder(i)
        STATE.pack_into(state, 0, i, time.monotonic())
        Path("/proc/self/clear_refs").write_text("5")  # start the peak of memory anew
        begin = _cpu()
        wrong = attempt(inputs, place)
        accepted += wrong is None
        most["cpu"] = max(most["cpu"], _cpu() - begin)
        peak = _status("VmHWM")
        most["peak"] = max(most["peak"], peak)
        if peak > PEAK:
            report(i, "memory", f"peak of {peak >> 20} MB")
        if wrong:
            report(i, *wrong)
    STATE.pack_into(state, 0, stop, time.monotonic())
    print(json.dumps({"read": accepted, **most}), flush=True)


def read_good(inputs):
    """Read the good files, which imports everything and must work."""
    shutil.rmtree(inputs._work, ignore_errors=True)
    inputs._work.mkdir()
    for name, data in inputs._good.items():
        (inputs._work / name).write_bytes(data)
    read_quietly(inputs.target, inputs._work)


def attempt(inputs, place):
    """Read an input; return None if it was read, () if it was refused as documented, else what went wrong."""
    try:
        read_quietly(inputs.target, place)
    except LsmError as error:
        text = str(error)
        if "\n" in text or len(text) > _LONGEST:
            return "message", f"{len(text)} characters, {len(text.splitlines())} lines: {text[:200]}"
        return ()
    except BaseException as error:
        return type(error).__name__, str(error)[:300]
    return None


def report(i, kind, text):
    print(json.dumps({"input": i, "kind": kind, "text": text}), flush=True)


def _cpu():
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _status(key):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key):
            return int(line.split()[1]) * 1024
    return 0


if __name__ == "__main__":
    main()
