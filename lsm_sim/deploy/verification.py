"""Running the samples of a deployment's folder again, and comparing everything to the bit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lsm_sim.deploy.bundle import MANIFEST, read_all
from lsm_sim.deploy.deployment import Deployment
from lsm_sim.engine.protocol import DEFAULT, Backend, compiled
from lsm_sim.errors import RunError
from lsm_sim.support.files import PathLike


@dataclass(frozen=True)
class Verification:
    """What `verify` compared and found equal: ``n_samples``, ``n_spikes`` and ``n_values`` (of v), and the backend."""

    backend: str
    n_samples: int
    n_spikes: int
    n_values: int

    def __str__(self) -> str:
        return (
            f"{self.n_samples} samples on {self.backend}: {self.n_spikes} spikes and {self.n_values} values of v are equal to "
            "the bit, and so are the scores"
        )


def verify(folder: PathLike, *, backend: str | Backend = DEFAULT) -> Verification:
    """Compare the files of a folder with their digests, run its samples, and compare every spike, v and score to the bit.

    Raises
    ------
    DescriptionError
        If a file is damaged, missing or of another format.
    RunError
        If the backend answers differently; the message has the first difference.
    """
    fields, samples = read_all(folder)
    made = Deployment(**fields)
    name = backend if isinstance(backend, str) else backend.name
    with compiled(made.program, backend) as runner:
        outcome = runner(samples.stimulus, made.readout.request(samples.stimulus))
    got = outcome.spikes
    assert got is not None  # `compiled` has checked it
    v = made.readout.v(samples.stimulus, outcome)
    difference = got.difference(replace(samples.spikes, groups=got.groups))
    if difference is None and not np.array_equal(v, samples.v):
        b, i = np.argwhere(v != samples.v)[0]
        difference = f"sample {b}, integrator {i}: got v = {v[b, i]}, expected {samples.v[b, i]}"
    if difference is not None:
        raise RunError(f"{folder}: {name} answers differently: {difference}")
    if not np.array_equal(made.readout.sums(v, samples.edges), samples.sums):
        raise RunError(f"{folder}: the scores of {name} differ from those in {MANIFEST}")
    return Verification(name, len(samples.stimulus), got.n_events, int(v.size))
