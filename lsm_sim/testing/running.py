"""Random requests, and what a backend returns for a program."""

from __future__ import annotations

from typing import Any

import numpy as np

from lsm_sim.engine.protocol import Backend, Outcome, Request
from lsm_sim.program.program import Program
from lsm_sim.spikes.bins import equal_bins, windows
from lsm_sim.spikes.spikes import Spikes


def random_request(rng: np.random.Generator, program: Program, stimulus: Spikes) -> Request:
    """Return a request, drawn with ``rng``, for a part of everything that ``program`` and ``stimulus`` allow to request."""
    n_bins = int(rng.integers(1, 5))
    longest = int(stimulus.n_steps.max())
    bins = [None, equal_bins(stimulus.n_steps, n_bins), windows(stimulus.n_steps, int(rng.integers(1, longest + 1)))]
    some_steps = np.flatnonzero(rng.random(longest + 5) < rng.choice([0.0, 0.1, 1.0]))
    everyone = np.arange(program.n_neurons)
    return Request(
        spikes=bool(rng.random() < 0.8),
        bins=bins[rng.integers(3)],
        neurons=everyone if rng.random() < 0.7 else rng.choice(everyone, rng.integers(0, 4)),
        steps=None if rng.random() < 0.7 else some_steps,
        excursions=program.arithmetic == "loihi" and bool(rng.random() < 0.7),
        n_threads=int(rng.integers(1, 3)),
        variables=None if rng.random() < 0.7 else tuple(rng.permutation(program.state)[: rng.integers(1, 3)].tolist()),
        progress=False,
    )


def run(backend: Backend, program: Program, stimulus: Spikes, request: Request) -> Outcome:
    """Return what the backend returns for the program, ``stimulus`` and ``request``, after its own `legalise`."""
    with backend.compile(backend.legalise(program)) as runner:
        return runner(stimulus, request)


def answer(backend: Backend, program: Program, stimulus: Spikes, **others: Any) -> Outcome:
    """Return the spikes and the state of all neurons at every step, of ``program`` with ``stimulus`` on ``backend``.

    ``others`` are further parts of the request.
    """
    wishes: dict[str, Any] = {"neurons": np.arange(program.n_neurons), "progress": False} | others
    return run(backend, program, stimulus, Request(**wishes))
