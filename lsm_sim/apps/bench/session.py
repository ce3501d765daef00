"""A whole benchmark: all workloads, each with its peers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from lsm_sim.apps.bench import report, rounds, task
from lsm_sim.apps.bench.peer import SWEPT, Peer, Settings
from lsm_sim.apps.bench.rounds import Plan
from lsm_sim.apps.bench.workloads import Workload
from lsm_sim.support import environment

FORMAT = "lsm_sim.bench/1"
PEERS = ("cython", "torch", "nest-simulator")  # packages that are not in `environment.versions`


def run(
    workloads: Sequence[Workload],
    peers: Sequence[Peer],
    settings: Settings,
    plan: Plan,
    *,
    samples: int | None = None,
    seed: int | None = None,
    sweep_all: bool = False,
    say: Callable[[str], None] = lambda _text: None,
) -> Iterator[dict[str, Any]]:
    """Measure each workload and yield its summary (see `lsm_sim.apps.bench.report.summarise`).

    Parameters
    ----------
    samples, seed
        Override those of the workload; a workload of a single sample keeps its one sample.
    sweep_all
        Whether all peers run in sweeps, not only our backend and the ceiling.
    say
        Called with short progress messages.
    """
    for workload in workloads:

        def tell(text: str, name: str = workload.name) -> None:
            say(f"{name}: {text}")

        tell("drawing the network, computing the correct counts")
        one = task.make(workload, settings, samples=samples if workload.samples > 1 else None, seed=seed)
        everyone = sweep_all or not workload.sweep
        taking_part = [peer for peer in peers if everyone or peer.family in SWEPT]
        yield report.summarise(rounds.measure(one, taking_part, plan, tell))


def document(
    summaries: Sequence[dict[str, Any]], missing: dict[str, str], settings: Settings, plan: Plan
) -> dict[str, Any]:
    """Return everything as one object, for JSON."""
    return {
        "format": FORMAT,
        "backend": settings.backend,
        "threads": settings.n_threads,
        "quick": settings.quick,
        "rounds": plan.rounds,
        "quiet": all(summary["noise"]["quiet"] for summary in summaries),
        "wrong": report.wrong(summaries),
        "missing": missing,
        "workloads": list(summaries),
        "versions": environment.versions() | {name: environment.version(name) for name in PEERS},
        "machine": environment.machine(),
    }
