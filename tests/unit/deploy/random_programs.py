"""Random programs and chips for the mapping, and a count of what each core uses that is written without the mapping's code."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np

from lsm_sim.deploy.chips import Chip, Limit
from lsm_sim.program.program import Program


def program(rng, n=40, n_inputs=3, fan_out=6, longest=0, settings=1, weight=254, local=None):
    """Return a loihi program; ``local``: targets are at most that far away, and neurons are shuffled."""
    rows = n_inputs + n
    size = rng.integers(0, 2 * fan_out + 1, rows)
    post = rng.integers(0, n, size.sum())
    if local is not None:
        place = rng.permutation(n)
        at_place = np.argsort(place)
        center = np.concatenate([rng.integers(0, n, n_inputs), place])
        post = at_place[(np.repeat(center, size) + rng.integers(-local, local + 1, size.sum())) % n]
    kind = rng.integers(0, settings, n)
    return Program(
        arithmetic="loihi",
        dt=1e-3,
        n_inputs=n_inputs,
        n_neurons=n,
        indptr=np.concatenate([[0], np.cumsum(size)]),
        post=post,
        weight=rng.integers(-weight, weight + 1, post.size),
        delay=rng.integers(0, longest + 1, post.size),
        threshold=400 + rng.integers(0, settings, n),
        bias=np.zeros(n, np.int64),
        refractory=np.zeros(n, np.int64),
        du=np.full(n, 400),
        dv=100 + kind,
    )


def chip(cores=10**6, delay=62, words=None, **limits):
    """Return a chip with these limits, '_' in place of spaces."""
    named = {"cores": cores, "delay": delay} | {name.replace("_", " "): value for name, value in limits.items()}
    named |= {} if words is None else {"words": words}
    return Chip("small", "Small", {name: Limit(name, value, "a test", "U") for name, value in named.items()})


def counted(program, chip, core):
    """Return what each core uses by measure, one dictionary per core, and the messages, synapse by synapse."""
    synapses = program.synapses()
    C, n_cores = program.n_inputs, int(max(core)) + 1
    lists = defaultdict(int)  # synapses by (row, core)
    longest = max((int(d) for d, w in zip(synapses.delay, synapses.weight, strict=True) if w), default=0)
    for row, post, weight in zip(synapses.source.tolist(), synapses.post.tolist(), synapses.weight, strict=True):
        if weight:
            lists[row, int(core[post])] += 1
    bits = chip.weight_bits.value + chip.index_bits.value + longest.bit_length()
    slots = next(a for a in (8, 16, 32, 64) if longest <= a - 2)
    uses = []
    for k in range(n_cores):
        members = [i for i in range(program.n_neurons) if core[i] == k]
        own = {row: n for (row, to), n in lists.items() if to == k}
        groups = {(program.du[i], program.dv[i], program.threshold[i]) for i in members}
        use = {
            "neurons": len(members),
            "input axons": len(own),
            "output axons": sum(row >= C and core[row - C] == k for row, _ in lists),
            "synapse words": sum(_words(n, bits) for n in own.values()),
            "neuron groups": len(groups),
            "neuron configurations": len({group[:2] for group in groups}),
            "thresholds": len({group[2] for group in groups}),
            "dendritic accumulators": slots * len(members),
            "axon memory words": 0,
        }
        use["axon map words"] = use["output axons"]
        parts = ("input axons", "neuron groups", "neurons", "synapse words", "axon map words")
        use["words"] = sum(use[name] for name in parts)
        uses.append(use)
    return uses, sum(row >= C and core[row - C] != to for row, to in lists), sum(row < C for row, _ in lists)


def _words(n, bits):
    blocks = [64] * (n // 64) + [n % 64] * (n % 64 > 0)
    return sum(math.ceil((block * bits + 10) / 64) for block in blocks)
