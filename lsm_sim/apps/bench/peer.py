"""Peers: the compared simulators, and how they are found.

A package provides peers by an entry point of the group ``lsm_sim.peers``: a function of `Settings` that returns a list of `Peer`,
or raises `BackendUnavailableError` if a package that it needs is not installed. The core imports no peer itself.
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
SWEPT = (OURS, CEILING)  # the others would take hours for a sweep, so they must be named

Counts: TypeAlias = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Settings:
    """Settings passed to all peers.

    Parameters
    ----------
    backend
        Which lsm_sim backend to measure.
    n_threads
        Number of threads for rows that use all cores.
    quick
        Whether to skip peers that compile for minutes; these raise `UnsupportedError` in `Peer.prepare`.
    """

    backend: str = "fast"
    n_threads: int = 1
    quick: bool = False


@dataclass(frozen=True, eq=False)
class Task:
    """The task of every peer: run this program with these samples, each from rest, and count its spikes.

    Parameters
    ----------
    workload
        The workload it was made from.
    program, stimulus
        The network and its input.
    dense
        The same stimulus as a dense array, (B, T, C).
    bins
        Edges of the bins in steps, (B, K + 1).
    counts
        The correct counts, (B, K, N).
    events
        Synaptic events of each sample, (B,): each spike and each stimulus event counts once per synapse of its source.
    first_seconds
        Time of our backend from the program to the counts of the first sample, including compilation.
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
        Runs the first n samples of the task for a given n and returns their counts (n, K, N), or None if the peer
        does not count.
    batch
        Number of samples that run together; ``run`` is called with multiples of it, or with all samples.
    """

    run: Callable[[int], Counts | None]
    batch: int = 1


@dataclass(frozen=True)
class Peer:
    """One row of the table.

    Parameters
    ----------
    name
        Name of the row.
    prepare
        Context manager that builds the network of a task and releases it at the end; raises `UnsupportedError` with the
        reason if it cannot run the task.
    about
        How it runs, and what it omits.
    n_threads
        Number of threads that it uses.
    exact
        Whether its counts must be equal to ours.
    role
        Its role in ratios: ``"loop"``, ``"ceiling"``, ``"public"`` or ``"runner"``; most have none.
    family
        The name of its entry point; set by `find`.
    """

    name: str
    prepare: Callable[[Task], AbstractContextManager[Ready]]
    about: str = ""
    n_threads: int = 1
    exact: bool = True
    role: str = ""
    family: str = ""


def known() -> list[str]:
    """Return the names of all declared peers, installed or not; ours first."""
    names = {entry.name for entry in metadata.entry_points(group=ENTRY_POINTS)}
    return sorted(names, key=lambda name: (name != OURS, name != CEILING, name))


def find(names: Sequence[str] | None, settings: Settings) -> tuple[list[Peer], dict[str, str]]:
    """Return the peers of these entry points (None: of all), and by name the reasons why others cannot run here."""
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
        except Exception as error:  # run the other peers even if a package is broken
            missing[name] = f"cannot be loaded ({type(error).__name__}: {error})"
    return peers, missing
