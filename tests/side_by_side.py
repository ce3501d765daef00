"""Many small programs as one, without synapses between them, so that a slow engine runs them all at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes


def joined(programs):
    """Return one program that holds all of them."""
    n_inputs = sum(p.n_inputs for p in programs)
    first = np.cumsum([0, *(p.n_neurons for p in programs)])
    sizes = [np.diff(p.indptr) for p in programs]
    rows = [s[: p.n_inputs] for s, p in zip(sizes, programs, strict=True)]
    rows += [s[p.n_inputs :] for s, p in zip(sizes, programs, strict=True)]
    synapses = [slice(0, p.indptr[p.n_inputs]) for p in programs], [slice(p.indptr[p.n_inputs], None) for p in programs]

    def take(name, shift):
        parts = []
        for chosen in synapses:
            parts += [getattr(p, name)[c] + s for p, c, s in zip(programs, chosen, shift, strict=True)]
        return np.concatenate(parts)

    none = [0] * len(programs)
    names = programs[0].model.required(programs[0].arithmetic)
    return Program(
        arithmetic=programs[0].arithmetic,
        dt=programs[0].dt,
        n_inputs=n_inputs,
        n_neurons=int(first[-1]),
        indptr=np.concatenate([[0], np.cumsum(np.concatenate(rows))]),
        post=take("post", first[:-1].tolist()),
        weight=take("weight", none),
        delay=take("delay", none),
        **{name: np.concatenate([getattr(p, name) for p in programs]) for name in names},
    )


def unions(programs):
    """Return lists of programs that can be joined: weights of one program must lie on one grid that keeps sums exact."""
    try:
        joined(programs)
    except DescriptionError:
        half = len(programs) // 2
        return [*unions(programs[:half]), *unions(programs[half:])]
    return [programs]


def joined_stimulus(stimuli):
    """Return one stimulus of one sample; all have the same length."""
    return Spikes.from_dense(np.hstack([s.raster() for s in stimuli]), stimuli[0].dt)


def part_of(outcome, programs, i):
    """Return raster, u and v of the i-th program."""
    first = sum(p.n_neurons for p in programs[:i])
    own = slice(first, first + programs[i].n_neurons)
    return outcome.spikes.raster()[:, own], outcome.u[0][:, own], outcome.v[0][:, own]


def chip_like(rng, program):
    """Return the program changed to parameters that Lava's own processes support."""
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
