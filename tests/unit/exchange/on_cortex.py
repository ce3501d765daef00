"""Exported C on an emulated Cortex-M4: compiled with all warnings, linked, and run by qemu."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import NamedTuple

import pytest

from tests.unit.exchange.on_host import WARNINGS

REQUIRED = "LSM_SIM_REQUIRE_CORTEX"  # an environment variable: any text but the empty one
MISSING = [name for name in ("arm-none-eabi-gcc", "qemu-system-arm", "make") if shutil.which(name) is None]
needs_cortex = pytest.mark.skipif(
    bool(MISSING) and not os.environ.get(REQUIRED),
    reason=f"no {', '.join(MISSING)} on this machine: apt-get install gcc-arm-none-eabi qemu-system-arm make",
)


class Ran(NamedTuple):
    """What a program printed and reported."""

    lines: list[str]
    stack: int
    steps: int
    mean: int
    most: int


def make(folder, target, text=None, **variables):
    """Run make in an exported folder and return the finished process."""
    settings = {"CFLAGS": f"{WARNINGS} -O2"} | variables
    command = ["make", "-s", "-B", "-C", folder, target, *(f"{name}={value}" for name, value in settings.items())]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=120)


def ran(folder, text, **variables):
    """Build an exported folder and run it; return its output and its report."""
    done = make(folder, "cortex-run", text, **variables)
    assert done.returncode == 0, done.stderr
    report = r"\w+: stack (\d+) of \d+ bytes\n\w+: (\d+) steps, instructions of a step: mean (\d+), most (\d+)\n"
    found = re.fullmatch(report, done.stderr)
    assert found, done.stderr
    return Ran(done.stdout.splitlines(), *map(int, found.groups()))


def on_cortex(folder, text):
    """Return the lines that the program prints."""
    return ran(folder, text).lines


def linked(folder, **variables):
    """Return the bytes of flash and of RAM of the linked program; the stack is part of RAM."""
    done = make(folder, "cortex-size", **variables)
    assert done.returncode == 0, done.stderr
    text, data, bss = map(int, done.stdout.splitlines()[1].split()[:3])
    return text + data, data + bss


def sizes(file):
    """Return the bytes of text, data and bss of a compiled file."""
    done = subprocess.run(["arm-none-eabi-size", file], capture_output=True, text=True, check=True)
    return [int(word) for word in done.stdout.splitlines()[1].split()[:3]]


def symbols(folder):
    """Return the sizes, as hexadecimal text, and names of the variables and functions of the linked program."""
    done = subprocess.run(["arm-none-eabi-nm", "-S", folder / "lsm.elf"], capture_output=True, text=True, check=True)
    return [line.split()[1::2] for line in done.stdout.splitlines() if len(line.split()) == 4]
