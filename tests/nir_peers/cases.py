"""Random recurrent networks that norse, spikingjelly and snntorch can run, and their stimuli.

Decays are 1 - 2^-k and the time step a power of two, because norse computes with single precision constants, in which these are
exact. spikingjelly and snntorch want the same parameters in all neurons; snntorch has a time step of 1e-4 s and no recurrence
that works.

    python -m tests.nir_peers.cases FOLDER      # write what benchmarks/nir_peers/answer.py reads
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

import lsm_sim as lsm

N_INPUTS, N_NEURONS, N_STEPS = 8, 40, 1000
SEEDS = range(20)
NAMES = {f"{peer}_{seed}": (peer, seed) for peer in ("norse", "spikingjelly") for seed in SEEDS}
NAMES |= {f"snntorch_{kind}": ("snntorch", seed) for seed, kind in enumerate(("forward", "recurrent"))}


def case(name: str) -> tuple[lsm.Program, lsm.Spikes]:
    """Return the program and the stimulus of a name."""
    peer, seed = NAMES[name]
    rng = np.random.default_rng([sorted({peer for peer, _ in NAMES.values()}).index(peer), seed])
    dt = 1e-4 if peer == "snntorch" else 2.0**-10
    size, low = (N_NEURONS, 1) if peer == "norse" else (1, 2)
    program = lsm.Program(
        arithmetic="float64",
        dt=dt,
        n_inputs=N_INPUTS,
        n_neurons=N_NEURONS,
        **_synapses(rng, recurrent=name != "snntorch_forward"),
        decay_u=_each(1 - 2.0 ** -rng.integers(low, 5, size)),
        decay_v=_each(1 - 2.0 ** -rng.integers(low + 1, 6, size)),
        threshold=_each(1 + rng.integers(0, 64, size) / 64 + 2.0**-21),  # never equal to a sum of weights
        bias=np.zeros(N_NEURONS),
        refractory=np.zeros(N_NEURONS, np.int64),
    )
    return program, lsm.Spikes.from_dense([rng.random((N_STEPS, N_INPUTS)) < 0.1], dt)


def _each(values: Any) -> Any:
    return np.broadcast_to(values, N_NEURONS).copy()


def _synapses(rng: np.random.Generator, *, recurrent: bool) -> dict[str, Any]:
    """Return synapses whose weights are multiples of 2^-8, mostly positive from inputs and negative between neurons."""
    rows = N_INPUTS + N_NEURONS
    chance = np.repeat([0.4, 0.2 if recurrent else 0.0], [N_INPUTS, N_NEURONS])
    source, post = np.nonzero(rng.random((rows, N_NEURONS)) < chance[:, None])
    weight = rng.integers(-16, 49, source.size) / 2**8
    weight[source >= N_INPUTS] -= 5 / 64
    weight[weight == 0] = 2.0**-8
    indptr = np.concatenate([[0], np.cumsum(np.bincount(source, minlength=rows))])
    return {"indptr": indptr, "post": post, "weight": weight, "delay": np.zeros(source.size, np.int64)}


def main() -> None:
    """Write all files."""
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    for name in NAMES:
        program, stimulus = case(name)
        lsm.export(program, folder / f"{name}.nir", to="nir")
        np.savez(folder / f"{name}.npz", stimulus=stimulus.to_dense()[0], dt=program.dt)


if __name__ == "__main__":
    main()
