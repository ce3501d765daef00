"""Exported C, compiled with all warnings and sanitizers, and run on this machine."""

from __future__ import annotations

import shutil
import subprocess

import pytest

import lsm_sim as lsm

COMPILER = shutil.which("cc") or shutil.which("gcc")
FLAGS = "-std=c99 -pedantic -Wall -Wextra -Wconversion -Werror -fsanitize=undefined,address -fno-sanitize-recover=all"
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="no C compiler (cc or gcc) on this machine")


def built(folder, name="lsm"):
    """Compile an exported folder and return the program."""
    command = [COMPILER, *FLAGS.split(), "-o", folder / "host", folder / f"{name}.c", folder / "main.c"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "host"


def answer(program, text):
    """Return the lines that a program prints."""
    done = subprocess.run([program], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def lines_of(spikes, b):
    """Return the channels of each step of a sample as text, with payloads."""
    lines = [[] for _ in range(spikes.n_steps[b])]
    own = range(spikes.offsets[b], spikes.offsets[b + 1])
    for i in own:
        payload = "" if spikes.payload is None else f":{spikes.payload[i]}"
        lines[spikes.step[i]].append(f"{spikes.channel[i]}{payload}")
    return [" ".join(line) for line in lines]


def check_same(program, stimulus, folder, **options):
    """Export, compile and run a program; fail unless it spikes as the reference."""
    lsm.export(program, folder, to="c", graded=stimulus.payload is not None, **options)
    samples = range(len(stimulus))
    text = "".join("".join(f"{line}\n" for line in ["start", *lines_of(stimulus, b)]) for b in samples)
    with lsm.get_backend("reference").compile(program) as runner:
        spikes = runner(stimulus, lsm.Request(progress=False)).spikes
    expected = [line for b in samples for line in lines_of(spikes, b)]
    assert answer(built(folder), text) == expected
