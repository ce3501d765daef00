"""A search whose trials are evaluated by the workers of a Dask cluster.

This process has the storage: it takes places, chooses parameters, and prunes. Workers only evaluate folds, so that they need
neither the storage nor Optuna. A task is a whole trial if the liquid runs once for all folds, else one fold.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from optuna.study import Study

from lsm_sim.learn.pipelines import learns
from lsm_sim.search.candidates import with_parameters
from lsm_sim.search.ledger import Claim, Ledger
from lsm_sim.search.parts import ERRORS, Part, Shared, evaluate_part
from lsm_sim.search.sampling import suggest
from lsm_sim.search.working import Progress, Task, open_task, opened
from lsm_sim.support.parallel.dask_cluster import Cluster, EndedWorkersError, dask_pool


def run_cluster(task: Task, address: str, told: Callable[[], Any]) -> None:
    """Evaluate trials on a cluster until all places are taken and finished; call ``told`` after each.

    Raises
    ------
    RunError
        If the scheduler does not answer or stops.
    """
    shared = Shared(task.model, task.data, "spikes" in task.objectives, task.liquid_seeds)
    with open_task(task) as (study, ledger), dask_pool(evaluate_part, shared, address, None) as pool:
        _Search(task, study, ledger, pool, told).run()


@dataclass(eq=False)
class _Running:
    """A trial that workers evaluate."""

    claim: Claim
    progress: Progress
    parameters: Mapping[str, Any]
    n_folds: int  # of a task
    beating: contextlib.ExitStack
    spikes: list[float] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(eq=False)
class _Search:
    task: Task
    study: Study
    ledger: Ledger
    pool: Cluster
    told: Callable[[], Any]
    running: dict[Any, _Running] = field(default_factory=dict)  # by the handle of its task

    def run(self) -> None:
        """Keep all workers busy until nothing is left; give back what is not finished if that is interrupted."""
        n = self.pool.at_once
        most = n + 1 + n // 4  # a worker that has finished finds a task, while this process deals with the result
        try:
            while True:
                while len(self.running) < most and (claim := self.ledger.take(self.task.n_trials)) is not None:
                    self._start(claim)
                if not self.running:
                    return
                self._go_on(self.pool.first_done([*self.running]))
        except BaseException:
            for own in self.running.values():
                own.beating.close()
                self.ledger.release(own.claim)
            raise

    def _start(self, claim: Claim) -> None:
        """Choose the parameters of a place, and give its first task to a worker."""
        beating = contextlib.ExitStack()
        try:
            beating.enter_context(self.ledger.beating(claim))
            own = self._begun(claim, beating)
            if own is None:
                beating.close()
                self._finish(claim)
            else:
                self._submit(own)
        except BaseException:
            beating.close()
            self.ledger.release(claim)
            raise

    def _begun(self, claim: Claim, beating: contextlib.ExitStack) -> _Running | None:
        """Return the trial of a place with its parameters; None if there is nothing to evaluate."""
        trial = opened(self.study, claim)
        if trial is None:
            return None
        progress = Progress(self.task, self.study, trial)
        parameters = suggest(trial, self.task.space)
        try:
            each = learns(with_parameters(self.task.model, parameters))
        except ERRORS as error:
            progress.fail(f"{type(error).__name__}: {error}")
            return None
        return _Running(claim, progress, parameters, 1 if each else len(self.task.data.folds), beating)

    def _submit(self, own: _Running) -> None:
        done = len(own.progress.scores)
        self.running[self.pool.submit((own.parameters, slice(done, done + own.n_folds)))] = own

    def _go_on(self, handle: Any) -> None:
        """Note the result of a task; then the trial is over, or its next fold follows."""
        own, part = self.running[handle], self._result(handle)
        own.spikes += part.spikes
        own.seconds += part.seconds
        pruned = any(own.progress.add(score) for score in part.scores)
        if not (part.why or pruned) and len(own.progress.scores) < len(self.task.data.folds):
            self._submit(own)
        else:
            if part.why:
                own.progress.fail(part.why)
            else:
                own.progress.end(own.spikes, part.neurons, own.seconds, pruned=pruned)
            own.beating.close()
            self._finish(own.claim)
        del self.running[handle]

    def _result(self, handle: Any) -> Part:
        try:
            found: Part = self.pool.result(handle)
        except EndedWorkersError as error:
            return Part((), why=str(error))
        return found

    def _finish(self, claim: Claim) -> None:
        self.ledger.finish(claim)
        self.told()
