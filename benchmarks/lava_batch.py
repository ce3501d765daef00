"""Milliseconds per sample and step of workload W in Lava: our backend, total time, compared with plain stock Lava.

Both run the same network; the first sample must give the same spikes in both and in the fast backend.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import lsm_sim as lsm
from lsm_sim.apps.bench.workloads import DT, N_STEPS, W, liquid, stimulus
from lsm_sim_lava import Lava, runner


def plain(program, sample, folder: Path):
    """Return seconds and raster of one sample in stock Lava."""
    paths = [str(folder / name) for name in ("program.npz", "stimulus.npz", "spikes.npy")]
    program.save(paths[0])
    sample.save(paths[1])
    script = Path(__file__).with_name("lava_stock.py")
    command = [Lava().interpreter.path, str(script), *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    return float(done.stdout.splitlines()[-1]), np.load(paths[2])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-stock", action="store_true", help="do not run stock Lava")
    parser.add_argument(
        "--side-by-side", type=int, help="samples that run together in one network; default: chosen by the backend"
    )
    arguments = parser.parse_args()
    if arguments.side_by_side:
        runner.copies = lambda _program, _message_bits: arguments.side_by_side
    batch = lsm.Spikes.from_dense(stimulus(W, arguments.samples), DT)
    program = lsm.lower(liquid(W), DT)
    expected = lsm.run(program, batch, backend="fast").spikes
    ours = []
    for _ in range(arguments.rounds):
        begin = time.perf_counter()
        spikes = lsm.run(program, batch, backend="lava", progress=False).spikes
        ours.append((time.perf_counter() - begin) / len(batch) / N_STEPS * 1e3)
        if not (np.array_equal(spikes.step, expected.step) and np.array_equal(spikes.channel, expected.channel)):
            sys.exit("the spikes differ from those of the fast backend")
    rate = expected.n_events / len(batch) / program.n_neurons / (N_STEPS * batch.dt)
    print(f"{program}, {rate:.0f} spikes per neuron and second, {len(batch)} samples of {N_STEPS} steps")
    print(f"lsm_sim, total: {np.median(ours):.3f} ms per sample and step ({min(ours):.3f}..{max(ours):.3f})")
    if arguments.no_stock:
        return
    with tempfile.TemporaryDirectory() as folder:
        seconds, raster = plain(program, batch[:1], Path(folder))
    if not np.array_equal(raster, expected.raster(0)):
        sys.exit("the spikes of stock Lava differ")
    stock = seconds / N_STEPS * 1e3
    print(
        f"stock Lava, one sample after its imports: {stock:.3f} ms per step: {stock / np.median(ours):.0f} times as much"
    )


if __name__ == "__main__":
    main()
