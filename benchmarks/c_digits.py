"""A deployed classifier of handwritten digits in C, on this machine and on an emulated Cortex-M4: sizes, instructions, decisions.

.venv/bin/python benchmarks/c_digits.py

Decisions are compared with those of the reference engine: of whole samples, and of samples that are cut to random lengths. The
Cortex-M4 needs arm-none-eabi-gcc and qemu-system-arm; without them its rows are missing, and this is said.
"""

import dataclasses
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

import lsm_sim as lsm
from lsm_sim.apps.demo import digits
from lsm_sim.deploy import deploy

N_NEURONS, N_TRAIN, N_TEST = 200, 1200, 100
FLASH, RAM = 512_000, 64_000  # bytes; the linker refuses what does not fit


def deployed():
    """Return the deployment and the images that it has not seen, with their digits."""
    X, y = digits.images()
    liquid = digits.liquid(N_NEURONS, seed=0)
    liquid = dataclasses.replace(liquid, neurons=[dataclasses.replace(one, t_ref=0.0) for one in liquid.neurons])
    encoder = lsm.encode.Rate(300, frame=0.03)
    model = lsm.LiquidClassifier(
        liquid, encoder, lsm.Counts(bins=3), "centred_ridge", scale=None, sample_shape=(8, 8)
    ).fit(X[:N_TRAIN], y[:N_TRAIN])
    unseen = slice(N_TRAIN, N_TRAIN + N_TEST)
    return deploy(model, X[:300], y[:300]), X[unseen], y[unseen]


def cut(spikes, rng):
    """Return the samples cut to random lengths, at least half of their own."""
    lengths = rng.integers(spikes.n_steps // 2, spikes.n_steps + 1)
    kept = spikes.step < lengths[spikes.sample]
    return lsm.Spikes.from_events(
        spikes.step[kept],
        spikes.channel[kept],
        sample=spikes.sample[kept],
        n_steps=lengths,
        n_channels=spikes.n_channels,
        dt=spikes.dt,
    )


def as_text(spikes):
    """Return for each sample a line with its length, and a line for each step with the channels that have an event."""
    lines = []
    for b in range(len(spikes)):
        steps = [[] for _ in range(spikes.n_steps[b])]
        for i in range(spikes.offsets[b], spikes.offsets[b + 1]):
            steps[spikes.step[i]].append(str(spikes.channel[i]))
        lines += [f"start {spikes.n_steps[b]}", *(" ".join(step) for step in steps)]
    return "".join(f"{line}\n" for line in lines)


def compare(place, spikes, out, made, y):
    """Print how many samples have the scores and the class of the reference."""
    got = np.array([line.split() for line in out.splitlines()], int)
    decided = made.run(spikes, backend="reference", progress=False)
    classes = np.asarray(made.classes)[got[:, 0]]
    scores = (got[:, 1:] == decided.sums).all(axis=1).sum()
    print(f"{place:28s} {scores:6d} {(classes == decided.classes).sum():7d}   {(classes == y).mean():.3f}")


def make(code, *words, text=None):
    """Run make in the exported folder and return what it printed, and what the program reported."""
    limits = [f"FLASH={FLASH}", f"RAM={RAM}"]
    done = subprocess.run(
        ["make", "-s", "-C", code, *words, *limits], input=text, capture_output=True, text=True, check=True
    )
    return done.stdout, done.stderr


def on_cortex(code, spikes, made, y):
    """Build for the Cortex-M4, run all samples, and print sizes and instructions."""
    for level in ("-Os", "-O2"):
        flags = f"CFLAGS=-std=c99 {level} -Wall -Wextra -Wconversion"
        (code / "digits.elf").unlink(missing_ok=True)
        text, data, bss = map(int, make(code, "cortex-size", flags)[0].splitlines()[1].split()[:3])
        print(f"\nCortex-M4, gcc {level}: flash {text + data} bytes, RAM {data + bss} bytes with 1024 of stack")
        for name, one in spikes.items():
            out, report = make(code, "cortex-run", flags, text=as_text(one))
            print(report, end="")
            compare(f"Cortex-M4 {level}, {name}", one, out, made, y)


def main():
    """Export, build, run, compare, print."""
    made, X, y = deployed()
    spikes = {"whole": made.encode(X)}
    spikes["cut"] = cut(spikes["whole"], np.random.default_rng(0))
    with tempfile.TemporaryDirectory() as folder:
        code = Path(folder) / "digits"
        n_steps = int(spikes["whole"].n_steps.max())
        print(lsm.export(made, code, to="c", n_steps=n_steps, name="digits", cortex=True))
        make(code)
        print(f"\nof {len(X)} samples as in Python: scores classes   accuracy")
        for name, one in spikes.items():
            out = subprocess.run([code / "digits"], input=as_text(one), capture_output=True, text=True, check=True)
            compare(f"this machine, {name}", one, out.stdout, made, y)
        missing = [name for name in ("arm-none-eabi-gcc", "qemu-system-arm") if shutil.which(name) is None]
        if missing:
            print(f"not run on a Cortex-M4: no {', '.join(missing)} on this machine")
        else:
            on_cortex(code, spikes, made, y)


if __name__ == "__main__":
    main()
