"""Exported C, compiled with all warnings and sanitizers, and run on this machine."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest

import lsm_sim as lsm

CLANG = shutil.which("clang")
COMPILER = shutil.which("cc") or shutil.which("gcc")
WARNINGS = "-std=c99 -pedantic -Wall -Wextra -Wconversion -Werror"
FLAGS = f"{WARNINGS} -fsanitize=undefined,address -fno-sanitize-recover=all"
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="no C compiler (cc or gcc) on this machine")


def built(folder, name="lsm"):
    """Compile an exported folder and return the program."""
    command = [COMPILER, *FLAGS.split(), "-o", folder / "host", folder / f"{name}.c", folder / "main.c"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "host"


def on_host(folder, text):
    """Compile an exported folder and return the lines that the program prints."""
    done = subprocess.run([built(folder)], input=text, capture_output=True, text=True, check=False)
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


def as_text(stimulus, start="start"):
    """Return all samples as text, each after the line ``start``, which may have the length ``{}``."""
    samples = [[start.format(stimulus.n_steps[b]), *lines_of(stimulus, b)] for b in range(len(stimulus))]
    return "".join(f"{line}\n" for lines in samples for line in lines)


def check_same(program, stimulus, folder, answered=on_host, **options):
    """Export a program, compile and run it by ``answered``; fail unless it spikes as the reference."""
    lsm.export(program, folder, to="c", graded=stimulus.payload is not None, **options)
    with lsm.get_backend("reference").compile(program) as runner:
        spikes = runner(stimulus, lsm.Request(progress=False)).spikes
    expected = [line for b in range(len(stimulus)) for line in lines_of(spikes, b)]
    assert answered(folder, as_text(stimulus)) == expected


def check_decisions(made, X, folder, answered=on_host, **options):
    """Export a deployment and run samples of any lengths; fail unless classes and scores are those of `Deployment.run`."""
    spikes = made.encode(X)
    lsm.export(made, folder, to="c", n_steps=int(spikes.n_steps.max()), **options)
    got = np.array([line.split() for line in answered(folder, as_text(spikes, "start {}"))], int)
    decided = made.run(X, backend="reference", progress=False)
    assert (got[:, 1:] == decided.sums).all()
    assert (np.asarray(made.classes)[got[:, 0]] == decided.classes).all()
    assert len(set(got[:, 0])) > 1
