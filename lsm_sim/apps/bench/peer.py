"""What can be measured, and how it is found.

A package offers peers by an entry point of the group ``lsm_sim.peers``: a function of `Settings` that returns a list of `Peer`,
or raises `BackendUnavailableError` where what it needs is not installed. The core imports none of them itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import metadata
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from lsm_sim.apps.bench.workloads import Workload
from lsm_sim.errors import BackendUnavailableError, DescriptionError
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Bools, Ints

ENTRY_POINTS = "lsm_sim.peers"
OURS, CEILING, BRIAN2 = "fast", "ceiling", "brian2"
SWEPT = (OURS, CEILING)  # the others would take hours for a sweep; ask for them by name

Counts: TypeAlias = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Settings:
    """What all peers are told.

    Parameters
    ----------
    backend
        Which backend of ours to measure.
    n_threads
        How many threads "all cores" are.
    quick
        Whether there is no time to compile for minutes; what must, raises `UnsupportedError` when it is prepared.
    """

    backend: str = "fast"
    n_threads: int = 1
    quick: bool = False


@dataclass(frozen=True, eq=False)
class Task:
    """What every peer does: run these samples through this program, each from rest, and count its spikes.

    Parameters
    ----------
    workload
        Where it comes from.
    program, stimulus
        The network, and what it is given.
    dense
        The same stimulus as a user has it, (B, T, C).
    bins
        Edges of the bins in steps, (B, K + 1).
    counts
        The right answer, (B, K, N).
    events
        Synaptic events of each sample, (B,): for each spike and each stimulus event as many as its source has synapses.
    first_seconds
        How long our backend took from the program to the counts of the first sample, compiling included.
    """

    workload: Workload
    program: Program
    dense: Bools
    stimulus: Spikes
    bins: Ints
    counts: Counts
    events: Ints
    first_seconds: float

    @property
    def rate(self) -> float:
        """Mean rate of a neuron, in Hz."""
        return float(self.counts.sum() / (self.program.n_neurons * self.stimulus.durations.sum()))


@dataclass(frozen=True)
class Ready:
    """A peer that was built for a task.

    Parameters
    ----------
    run
        Takes a number n of samples, runs the first n of the task and returns their counts (n, K, N), or None if it
        has none to return.
    batch
        So many samples run side by side; it is asked for multiples of this number, or for all samples.
    """

    run: Callable[[int], Counts | None]
    batch: int = 1


@dataclass(frozen=True)
class Peer:
    """One row of the table.

    Parameters
    ----------
    name
        What to call it.
    prepare
        Builds what runs a task, and releases it in the end. `UnsupportedError` says why it does not take part in this task.
    about
        How it runs, and what it leaves out.
    n_threads
        Threads that it uses.
    exact
        Whether its counts must be equal to ours.
    role
        What it is compared as: ``"loop"``, ``"ceiling"``, ``"public"`` or ``"runner"``; most have none.
    family
        The name of its entry point; filled in by `find`.
    """

    name: str
    prepare: Callable[[Task], AbstractContextManager[Ready]]
    about: str = ""
    n_threads: int = 1
    exact: bool = True
    role: str = ""
    family: str = ""


def known() -> list[str]:
    """Return the names of all that packages offer, installed or not; ours first."""
    names = {entry.name for entry in metadata.entry_points(group=ENTRY_POINTS)}
    return sorted(names, key=lambda name: (name != OURS, name != CEILING, name))


def find(names: Sequence[str] | None, settings: Settings) -> tuple[list[Peer], dict[str, str]]:
    """Return the peers of these entry points (None: of all), and by name why others cannot run here."""
    everyone = known()
    for name in names or ():
        if name not in everyone:
            raise DescriptionError(f"--peers: no peer {name!r}; known: {', '.join(everyone)}")
    entries = {entry.name: entry for entry in metadata.entry_points(group=ENTRY_POINTS)}
    peers: list[Peer] = []
    missing: dict[str, str] = {}
    for name in everyone if names is None else dict.fromkeys(names):
        try:
            peers += [dataclasses.replace(peer, family=name) for peer in entries[name].load()(settings)]
        except BackendUnavailableError as error:
            missing[name] = str(error)
        except Exception as error:  # a broken package must not keep the others from running
            missing[name] = f"cannot be loaded ({type(error).__name__}: {error})"
    return peers, missing
