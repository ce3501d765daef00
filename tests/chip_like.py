"""Random programs for the processes that Lava itself comes with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np


def chip_like(rng, program):
    """Return the program changed to what Lava's own processes hold."""
    _, keep = np.unique(program.sources() * program.n_neurons + program.post, return_index=True)
    sources = program.sources()[keep]
    indptr = np.concatenate([[0], np.cumsum(np.bincount(sources, minlength=program.n_inputs + program.n_neurons))])
    changes = {"indptr": indptr, "post": program.post[keep], "delay": program.delay[keep]}
    n = program.n_neurons
    if program.arithmetic == "float64":
        held = int(rng.integers(0, 3))
        changes |= {"weight": program.weight[keep], "refractory": np.full(n, held)}
        changes |= {"decay_v": np.full(n, 0.75)} if held else {"bias": np.zeros(n)}
        changes |= {"decay_u": rng.uniform(0.5, 1, n)} | ({} if held else {"decay_v": rng.uniform(0.5, 1, n)})
    else:
        size = int(2 ** rng.integers(0, 8))
        weight = np.sign(program.weight[keep]) * rng.integers(1, 256, keep.size) * size
        changes |= {"weight": weight, "refractory": np.zeros(n, int), "bias": rng.integers(-4095, 4096, n) << 5}
    return replace(program, **changes)
