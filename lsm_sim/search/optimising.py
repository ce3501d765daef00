"""`optimise`: check everything, hold samples out, run the trials, return what was found."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Sequence, Sized
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from lsm_sim.errors import BackendUnavailableError, DescriptionError
from lsm_sim.learn.estimators import LiquidClassifier
from lsm_sim.learn.pipelines import front_and_liquid
from lsm_sim.learn.readout import Task as Kind
from lsm_sim.search.candidates import check_space
from lsm_sim.search.digest import digest
from lsm_sim.search.found import Found
from lsm_sim.search.objectives import checked_objectives
from lsm_sim.search.records import Problem
from lsm_sim.search.space import Space, checked_space
from lsm_sim.search.splits import split
from lsm_sim.support import checks, environment
from lsm_sim.support.brief import brief
from lsm_sim.support.files import PathLike
from lsm_sim.support.parallel import Work
from lsm_sim.support.progress import progress_bar

if TYPE_CHECKING:
    from lsm_sim.search.working import Task

_SAMPLERS = ("tpe", "random", "halton")
_MOST_WORKERS = 256
_SHARED_MEMORY = "/dev/shm"


def optimise(
    model: Any,
    X: Any,
    y: Any,
    space: Space,
    *,
    n_trials: int = 50,
    storage: PathLike | None = None,
    groups: Any = None,
    objectives: Sequence[str] | None = None,
    cv: int = 5,
    hold_out: Any = 0.2,
    sampler: str = "tpe",
    prune: bool = True,
    workers: int = 1,
    dask: str | None = None,
    seed: int = 0,
    liquid_seeds: Sequence[int] | None = None,
    progress: bool | None = None,
) -> Found:
    """Search good parameters of a model by cross-validation, and return all trials with the best one.

    The search can be killed at any time: the same call goes on where it ended, with trials that were not finished. Any number
    of processes may work on one storage. The samples of ``hold_out`` are left out before the search starts; afterwards
    `Found.compare_held_out` compares the winner with its controls on them.

    Parameters
    ----------
    model
        `lsm_sim.LiquidClassifier` or `lsm_sim.LiquidRegressor`, or a pipeline that ends in one.
    X, y
        Samples and their labels or values, one for each.
    space
        A dict from names of `set_params`, such as ``features__bins``, ``readout__alpha`` and ``liquid__neurons__exc__tau_m``, to
        `Range`, a list of choices, or a table as in a file; `load` reads it from a description.
    n_trials
        Number of trials in the storage at the end, with those of earlier calls.
    storage
        SQLite file; a new one is made. None: nothing is kept.
    groups
        Name or number of each sample's group, shape (samples,): speakers, patients. No group is both trained on and tested.
    objectives
        Some of ``"accuracy"`` (for values ``"r2"``), ``"spikes"`` per sample, and ``"neurons"``. With several there is no
        pruning, and the result is a Pareto front.
    cv
        Number of folds; with no more groups than that, each group is left out once.
    hold_out
        Fraction of the samples (of the groups, if there are any) that the search never sees, or a boolean for each sample.
    sampler
        ``"tpe"``: the tree-structured Parzen estimator of Optuna; ``"random"``; or ``"halton"``, which fills the space evenly.
    prune
        Whether a trial ends before the last fold if its mean so far is below the median of earlier trials at the same fold.
    workers
        Number of processes on this machine.
    dask
        Address of a Dask scheduler, whose workers evaluate several trials at once; this process keeps the storage.
    seed
        Of the samples held out, the folds and the sampler; not of the liquid.
    liquid_seeds
        Seeds of the liquid and the encoder, over which the score of each trial is averaged, so that settings are not chosen
        because one liquid was lucky; a trial takes as many times longer. None: only the seed of ``model``.
    progress
        Show a progress bar; None: in a terminal.

    Raises
    ------
    DescriptionError
        The model has no such parameter, a range is empty, or the storage belongs to another study.
    RunError
        No trial succeeded, the storage cannot be written, workers were killed, or the scheduler stopped; finished trials are
        kept.

    Examples
    --------
    >>> import lsm_sim as lsm, lsm_sim_models as models
    >>> from sklearn.datasets import load_iris
    >>> from lsm_sim.search import Range
    >>> model = lsm.LiquidClassifier(lambda n: models.speech(n_inputs=n, n_neurons=20))
    >>> space = {"features__bins": [1, 2, 5], "readout__alpha": Range(0.1, 1e4, log=True)}
    >>> found = optimise(model, *load_iris(return_X_y=True), space, n_trials=2, sampler="random", progress=False)
    >>> len(found.trials), found.best.values["accuracy"] > 0.8
    (2, True)
    """
    check_optuna()
    from lsm_sim.search.reading import read

    how: dict[str, Any] = {
        "n_trials": n_trials,
        "objectives": objectives,
        "workers": workers,
        "dask": dask,
        "sampler": sampler,
        "prune": prune,
    }
    how |= {"liquid_seeds": liquid_seeds}
    with tempfile.TemporaryDirectory(dir=_memory()) if storage is None else contextlib.nullcontext(storage) as place:
        path = Path(place) / "search.db" if storage is None else place
        task, problem = prepared(model, X, y, groups, space, path, cv=cv, hold_out=hold_out, seed=seed, **how)
        _run(task, int(workers), dask, progress)
        return read(task, problem)


def prepared(
    model: Any,
    X: Any,
    y: Any,
    groups: Any,
    space: Any,
    storage: Any,
    *,
    n_trials: Any,
    objectives: Any,
    cv: Any,
    hold_out: Any,
    sampler: Any,
    prune: Any,
    workers: Any,
    dask: Any,
    seed: Any,
    liquid_seeds: Any,
) -> tuple[Task, Problem]:
    """Check all arguments of `optimise`, before anything is written, and return the task and the problem."""
    from lsm_sim.search.storage import check_storage
    from lsm_sim.search.working import Task

    n_trials = checks.whole(n_trials, "n_trials", minimum=1, maximum=10**6)
    workers = checks.whole(workers, "workers", minimum=1, maximum=_MOST_WORKERS)
    Work(None if workers == 1 else workers, dask)
    how = {
        "sampler": checks.choice(sampler, "sampler", _SAMPLERS),
        "seed": checks.whole(seed, "seed", maximum=2**32 - 1),
        "prune": checks.flag(prune, "prune"),
        "liquid_seeds": _checked_seeds(liquid_seeds),
    }
    dimensions = checked_space(space)
    check_space(model, dimensions)
    problem = _problem(model, X, y, groups, cv, hold_out, how["seed"])
    wanted = checked_objectives(objectives, problem.kind)
    identity = _identity(problem, dimensions, wanted, how)
    several = workers > 1 or dask is not None
    own = _with_threads(model, workers if dask is None else environment.cores())
    path = check_storage(storage)
    task = Task(own, problem.data(), dimensions, wanted, path, identity, n_trials, several, how["liquid_seeds"])
    return task, problem


def _checked_seeds(seeds: Any) -> list[int] | None:
    if seeds is None:
        return None
    values = checks.whole_array(seeds, "liquid_seeds")
    if values.ndim != 1 or not values.size or values.min() < 0 or len(set(values.tolist())) < values.size:
        raise DescriptionError(
            f"liquid_seeds: got {brief(seeds)}, expected a list of different whole numbers >= 0, or None"
        )
    return list(values.tolist())


def _memory() -> str | None:
    """Return a folder in memory, for a storage that nobody keeps; None if there is none."""
    return _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK | os.X_OK) else None


def check_optuna() -> None:
    """Raise `BackendUnavailableError` if Optuna is not installed."""
    try:
        import optuna  # noqa: F401
    except ImportError as error:
        raise BackendUnavailableError(
            f"search needs the package optuna, which cannot be imported ({error}); install it with: "
            f"{environment.install('search')}"
        ) from None


def _run(task: Task, workers: int, dask: str | None, progress: bool | None) -> None:
    from lsm_sim.search.cluster import run_cluster
    from lsm_sim.search.processes import run_workers
    from lsm_sim.search.working import open_task, work

    with open_task(task, new=True) as (_, ledger):  # refuses the storage of another study before anything runs
        n_left = max(0, task.n_trials - ledger.n_done())
    with progress_bar(n_left, progress, unit="trial") as advance:
        if dask is not None:
            if n_left:
                run_cluster(task, dask, lambda: advance(1))
        elif workers == 1:
            work(task, lambda: True, lambda: advance(1))
        elif n_left:
            run_workers(task, min(workers, n_left), ledger, advance)


def _problem(model: Any, X: Any, y: Any, groups: Any, cv: int, hold_out: Any, seed: int) -> Problem:
    """Return the samples, checked and divided."""
    last = front_and_liquid(model)[1]
    kind: Kind = "classify" if isinstance(last, LiquidClassifier) else "regress"
    if (
        not isinstance(X, Sized)
        or (isinstance(X, np.ndarray) and X.ndim == 0)
        or isinstance(X, (str, bytes, dict, set))
    ):
        raise DescriptionError(f"X: got {type(X).__name__}, expected samples; see LiquidClassifier.fit")
    checks.shape(y, "y")
    labels = np.asarray(y) if kind == "classify" else checks.real_array(y, "y")
    if labels.shape[:1] != (len(X),) or (kind == "classify" and labels.ndim != 1) or labels.dtype.kind not in "biufUS":
        raise DescriptionError(
            f"y: got {labels.dtype} of shape {labels.shape}, expected ({len(X)},), one value per sample of X"
        )
    if groups is not None and (
        checks.shape(groups, "groups") != (len(X),) or np.asarray(groups).dtype.kind not in "biufUS"
    ):
        raise DescriptionError(f"groups: got shape {np.shape(groups)}, expected ({len(X)},), one name per sample of X")
    own = None if groups is None else np.asarray(groups)
    return Problem(model, X, labels, own, kind, split(labels, own, kind, cv=cv, hold_out=hold_out, seed=seed))


def _identity(problem: Problem, space: Space, objectives: Sequence[str], how: dict[str, Any]) -> dict[str, Any]:
    """Return what must be the same for every call that works on a storage, as plain data."""
    parts = problem.split
    return {
        "data": digest(problem.X, problem.y, problem.groups),
        "model": digest(without_runtime(problem.model)),
        "space": {name: dimension.to_dict() for name, dimension in space.items()},
        "objectives": list(objectives),
        "folds": digest(parts.seen, parts.held_out, parts.folds),
        "split": parts.text,
        **how,
    }


def without_runtime(model: Any) -> Any:
    """Return a copy of a model without parameters on which results do not depend."""
    return _set_last(model, n_threads=None, progress=False)


def _with_threads(model: Any, workers: int) -> Any:
    """Return a copy whose threads, together with those of the other workers, are no more than cores."""
    own = front_and_liquid(model)[1].n_threads
    return _set_last(model, n_threads=max(1, environment.cores() // workers) if own is None else own, progress=False)


def _set_last(model: Any, **parameters: Any) -> Any:
    copy = clone(model)
    (copy[-1] if isinstance(copy, Pipeline) else copy).set_params(**parameters)
    return copy
