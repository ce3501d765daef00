"""A streaming transform: peak memory, time, and the same bytes after SIGKILL and resume.

    python benchmarks/streaming.py [--samples 200000] [--neurons 500] [--kills 2] [--folder DIR]

Samples of 30 steps come from a generator. One process transforms them; another is killed at random moments, and goes on. The peak is
that of the resident memory of the process, with Python and all libraries. The folder needs 8 bytes for each sample and neuron, twice.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import streams

BATCH = 500


def samples(n):
    """Yield batches of (3 frames, 8 channels) in [0, 1]."""
    for k in range(0, n, BATCH):
        yield np.random.default_rng(k).random((min(BATCH, n - k), 3, 8), np.float32), np.full(min(BATCH, n - k), k)


def child(folder, n, n_neurons):
    """Transform all samples, or those that are left, and print how long it took and the peak of memory in MB."""
    liquid = models.random_ei(n_inputs=8, n_neurons=n_neurons, seed=1)
    encoder = lsm.encode.Rate(300.0, frame=0.01)
    model = lsm.LiquidTransformer(liquid, encoder, lsm.Counts(1), target_rate=None).fit(next(samples(n))[0])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    started, used = time.perf_counter(), time.process_time()
    streams.transform(model, samples(n), folder, resume=True, progress=False)
    seconds, cpu = time.perf_counter() - started, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # kB on Linux
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak": peak, "before": before}))


def run(arguments, folder, kill_after=None):
    """Run the child; kill it after so many chunks."""
    command = [
        sys.executable,
        __file__,
        "--child",
        folder,
        "--samples",
        arguments.samples,
        "--neurons",
        arguments.neurons,
    ]
    process = subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, text=True)
    if kill_after is None:
        text, _ = process.communicate()
        return json.loads(text)
    log = Path(folder) / "chunks.jsonl"
    while not log.exists() or log.read_bytes().count(b"\n") < kill_after:
        time.sleep(0.003)
    time.sleep(random.random() * 0.2)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return len(streams.StoredFeatures(folder))


def same(one, other):
    """Return whether two folders have the same files with the same bytes."""
    names = [sorted(str(path.relative_to(top)) for path in top.rglob("*") if path.is_file()) for top in (one, other)]
    return names[0] == names[1] and all((one / name).read_bytes() == (other / name).read_bytes() for name in names[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=200_000)
    parser.add_argument("--neurons", type=int, default=500)
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--folder")
    parser.add_argument("--child")
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child, arguments.samples, arguments.neurons)
        return
    with tempfile.TemporaryDirectory(dir=arguments.folder) as top:
        whole, broken = Path(top) / "whole", Path(top) / "broken"
        found = run(arguments, whole)
        rate = arguments.samples / found["seconds"]
        print(
            f"{arguments.samples} samples of 30 steps, {arguments.neurons} neurons: {found['seconds']:.1f} s", end=", "
        )
        print(f"{rate:.0f} samples/s, {found['cpu'] / arguments.samples * 1e6:.0f} us of processor time each")
        print(f"peak {found['peak']:.0f} MB, {found['before']:.0f} MB of them before the first sample")
        n_chunks = -(-arguments.samples // 1000)
        for k in range(arguments.kills):
            after = n_chunks * (k + 1) // (arguments.kills + 1)
            print(f"killed after {run(arguments, broken, after)} samples")
        found = run(arguments, broken)
        print(f"resumed: {found['seconds']:.1f} s, peak {found['peak']:.0f} MB, same bytes: {same(whole, broken)}")


if __name__ == "__main__":
    main()
