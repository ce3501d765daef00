"""Map 20 000 neurons to cores of at most 500: messages between cores, the fullest core, and seconds of one CPU, for each method.

.venv/bin/python benchmarks/mapping.py
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from scipy.spatial import cKDTree

from lsm_sim.deploy.mapping import map_program
from lsm_sim.deploy.mapping.metis import installed
from lsm_sim.errors import LsmError
from lsm_sim.program.program import Program

LOCAL = (
    (2, 45),
    (3, 45),
    (3, 90),
    (3, 180),
)  # dimensions of space; nearest neighbours that local targets are drawn from


def sheet(n, fan_out, dimensions, pool, seed, longest_delay):
    """Return neurons at random places, in random order: 90 % of the targets are near, 10 % anywhere."""
    rng = np.random.default_rng(seed)
    place = rng.random((n, dimensions))
    far = round(0.1 * fan_out)
    near = cKDTree(place).query(place, k=pool + 1)[1][:, 1:]
    chosen = rng.random(near.shape).argsort(axis=1)[:, : fan_out - far]
    post = np.hstack([np.take_along_axis(near, chosen, axis=1), rng.integers(0, n, (n, far))]).reshape(-1)
    same = np.full(n, 400)
    return Program(
        arithmetic="loihi",
        dt=1e-3,
        n_inputs=1,
        n_neurons=n,
        indptr=np.concatenate([[0, 0], np.arange(1, n + 1) * fan_out]),
        post=post,
        weight=rng.integers(1, 120, post.size) * 2,
        delay=rng.integers(0, longest_delay + 1, post.size),
        threshold=same,
        bias=0 * same,
        refractory=0 * same,
        du=same,
        dv=same,
    )


def main():
    """Print one row for each graph, chip and method."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--neurons", type=int, default=20_000)
    options.add_argument("--per-core", type=int, default=500)
    options.add_argument("--delay", type=int, default=0, help="longest delay, in steps")
    options.add_argument("--chips", type=int, default=2)
    options.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args()
    head = "graph", "chip", "method", "cores", "messages", "in axons", "out axons", "words", "tightest limit", "CPU s"
    row = "{:<8}{:<8}{:<8}{:>6}{:>10}{:>10}{:>11}{:>8}  {:<32}{:>6}"
    print(row.format(*head))
    for dimensions, pool in LOCAL:
        program = sheet(chosen.neurons, 50, dimensions, pool, chosen.seed, chosen.delay)
        for chip in ("loihi2", "loihi1"):
            for method in ("order", "greedy", *(["metis"] if installed() else [])):
                begin = time.process_time()
                try:
                    found = map_program(
                        program,
                        chip,
                        method=method,
                        n_chips=chosen.chips,
                        neurons_per_core=chosen.per_core,
                        seed=chosen.seed,
                    )
                except LsmError as error:
                    print(f"{dimensions}D {pool:<5}{chip:<8}{method:<8}{error}", flush=True)
                    continue
                seconds = time.process_time() - begin
                uses = found.uses
                tight = next(m for m in found.margins() if m.limit.name not in ("cores", "neurons"))
                cells = [max(getattr(use, name) for use in uses) for name in ("input_axons", "output_axons")]
                words = max(sum(use.words.values()) for use in uses)
                limit = f"{tight.limit.name} {tight.used}/{tight.allowed}"
                name = f"{dimensions}D {pool}"
                print(
                    row.format(
                        name, chip, method, found.n_cores, found.messages, *cells, words, limit, f"{seconds:.1f}"
                    ),
                    flush=True,
                )


if __name__ == "__main__":
    main()
