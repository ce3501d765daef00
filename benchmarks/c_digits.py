"""A deployed classifier of handwritten digits in C, on this machine: sizes, and whether it decides as the reference engine.

.venv/bin/python benchmarks/c_digits.py
"""

import dataclasses
import subprocess
import tempfile
from pathlib import Path

import numpy as np

import lsm_sim as lsm
from lsm_sim.apps.demo import digits
from lsm_sim.deploy import deploy

N_NEURONS, N_TRAIN, N_TEST = 200, 1200, 100


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


def as_text(spikes):
    """Return a line for each step of all samples, with the channels that have an event."""
    lines = []
    for b in range(len(spikes)):
        steps = [[] for _ in range(spikes.n_steps[b])]
        for i in range(spikes.offsets[b], spikes.offsets[b + 1]):
            steps[spikes.step[i]].append(str(spikes.channel[i]))
        lines += [" ".join(step) for step in steps]
    return "".join(f"{line}\n" for line in lines)


def main():
    """Export, build, run, compare, print."""
    made, X, y = deployed()
    spikes = made.encode(X)
    with tempfile.TemporaryDirectory() as folder:
        code = Path(folder) / "digits"
        print(lsm.export(made, code, to="c", n_steps=int(spikes.n_steps[0]), name="digits"))
        subprocess.run(["make", "-s", "-C", code], check=True)
        out = subprocess.run(
            [code / "digits"], input=as_text(spikes), capture_output=True, text=True, check=True
        ).stdout
    got = np.array([line.split() for line in out.splitlines()], int)
    decided = made.run(X, backend="reference", progress=False)
    classes = np.asarray(made.classes)[got[:, 0]]
    print(f"samples with equal scores  {(got[:, 1:] == decided.sums).all(axis=1).sum()} of {len(X)}")
    print(f"samples with equal classes {(classes == decided.classes).sum()} of {len(X)}")
    print(f"accuracy                   {(classes == y).mean():.3f}")


if __name__ == "__main__":
    main()
