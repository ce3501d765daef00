"""Running a comparison: for every seed, compute the features of every view, then train readouts on the same folds."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.learn.controls.asked import check_larger, checked_samples, checked_seeds, checked_views
from lsm_sim.learn.controls.comparison import METRICS, Comparison, Metric
from lsm_sim.learn.controls.folds import Fold, Folds, folds_of, left_out
from lsm_sim.learn.controls.readouts import View, cross_validate
from lsm_sim.learn.controls.reseed import reseeded
from lsm_sim.learn.controls.rivals import RIVALS, rival_readout
from lsm_sim.learn.controls.rows import Trial, load, plain_readout
from lsm_sim.learn.controls.settings import settings_of
from lsm_sim.learn.controls.stopwatch import Stopwatch
from lsm_sim.learn.controls.views import LEARNT, VIEWS, Samples, features_of, learnt, mean_rate, prepared
from lsm_sim.learn.estimators import LiquidClassifier
from lsm_sim.learn.pipelines import front_and_liquid, learns
from lsm_sim.learn.readout import Task, resolve
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.parallel import Work, in_order
from lsm_sim.support.progress import progress_bar


def compare(
    model: Any,
    X: Any,
    y: Any,
    *,
    cv: Folds = 5,
    seeds: Sequence[int] = (0, 1, 2, 3, 4),
    views: Sequence[str] = VIEWS,
    ensemble: Any = None,
    larger: Any = None,
    esn: Mapping[str, Any] | None = None,
    metric: Metric | None = None,
    groups: Any = None,
    workers: int | None = None,
    dask: str | None = None,
    progress: bool | None = None,
) -> Comparison:
    """Train the same readout on several views of the same samples, with the same folds and seeds.

    Features are computed once per seed, because nothing before the readout is trained. If something is (a ``scale``,
    loihi arithmetic, a front end that has to be fitted), they are computed for each fold from its training samples only.

    Parameters
    ----------
    model
        `LiquidClassifier` or `LiquidRegressor`, or a pipeline of front ends that ends in one; or a function that returns one
        for a seed. Its readout is used for all views.
    X, y
        Samples and their labels or values, one for each.
    cv
        A number of shuffled folds (stratified by class); or (train, test) pairs of indices or masks, the same for all seeds;
        or a function that returns such pairs for a seed. `lsm_sim.learn.controls.folds.one_group_out` makes pairs of groups.
    seeds
        Each seed gives a different liquid, different phases of the encoder and different shuffled folds.
    views
        Some of: ``raw``, the samples without spikes, flattened if all have the same length, else the mean of the frames in
        as many bins as the features have; ``encoder``, the same features of the encoder's spikes; ``recurrence_off``, the liquid
        without synapses between neurons, all else drawn as before; ``esn``, an echo-state network of equal size;
        ``liquid``; ``loihi``, the liquid in Loihi's integers, calibrated on training samples; and for labels what one would use
        otherwise, each with its own classifier: ``minirocket`` (needs the extra ``rivals``), ``svm`` and ``forest``, see
        `lsm_sim.learn.controls.rivals`. By default those up to ``liquid``. If the samples are spikes, raw and encoder are the same.
        Models that are trained as a whole, in PyTorch, with the parameters that they have by default: ``trained``, the liquid
        with trained weights (extra ``torch``), and its controls ``trained_off``, the same with recurrence off, ``layer``, the linear
        layer alone by the same optimiser, and ``plain``, another readout of the liquid that is not trained, whose counts are not
        standardised; ``cfc``, ``ltc``, ``liquid_ode``, ``liquid_time_step`` and ``spiking_core``, time-continuous cells (extra
        ``cells``).
    ensemble
        A `LiquidEnsemble`, or a function that returns one for a seed: an additional view.
    larger
        A model like ``model`` with more neurons, or a function that returns one for a seed: an additional view, for what training
        must be better than.
    esn
        Parameters of the echo-state network, such as ``spectral_radius``; see `lsm_sim.learn.echo_state`.
    metric
        None: accuracy for labels, NRMSE for values.
    groups
        Name or number of each sample's group, shape (samples,): speakers, patients. Samples of a group are not independent,
        so p-values count groups (`paired_test`). If no fold tests a group that it trains on, ridge regression chooses its
        regularisation by leaving groups out (`lsm_sim.readout.fit`). None: all samples are independent.
    workers
        Number of processes on this machine, each of which takes one seed at a time, with its share of the cores; None: this
        process. The results are the same.
    dask
        Address of a Dask scheduler, instead.
    progress
        Show a progress bar; None: in a terminal.

    Examples
    --------
    >>> import lsm_sim_models as models
    >>> from sklearn.datasets import load_iris
    >>> from lsm_sim.learn.estimators import LiquidClassifier
    >>> model = LiquidClassifier(lambda n: models.speech(n_inputs=n, n_neurons=20))
    >>> result = compare(model, *load_iris(return_X_y=True), seeds=(0, 1), views=("raw", "liquid"))
    >>> result.mean["raw"] > 0.8, len(result.per_seed["liquid"])
    (True, 2)
    """
    work = Work(workers, dask)
    job = _Job.checked(model, X, y, seeds, views, ensemble, larger, {} if esn is None else esn, groups)
    checks.choice(metric, "metric", METRICS, optional=True)
    n_views = len(job.all_views)
    folds = [folds_of(cv, job.y, job.task, seed) for seed in job.seeds]
    tested = [np.sort(np.concatenate([test for _, test in own])) for own in folds]
    if any(not np.array_equal(tested[0], other) for other in tested):
        raise DescriptionError("cv: got different test samples for different seeds, expected the same for every seed")
    with progress_bar(sum(map(len, folds)) * n_views, progress, unit="fit") as advance:
        if work.alone:
            for seed, own in zip(job.seeds, folds, strict=True):
                job.run(seed, own, advance)
        else:
            for part in in_order(_one_seed, job, [*zip(job.seeds, folds, strict=True)], work):
                job.add(part)
                advance(len(folds[0]) * n_views)
    kept = {view: [values[tested[0]] for values in all_values] for view, all_values in job.predictions.items()}
    return Comparison(
        metric or ("accuracy" if job.task == "classify" else "nrmse"),
        job.seeds,
        job.y[tested[0]],
        kept,
        job.n_features,
        job.watch.seconds,
        job.rates,
        None if job.groups is None else job.groups[tested[0]],
        job.settings,
    )


@dataclass(eq=False)
class _Job:
    """What is compared, and the results so far."""

    model: Any
    X: Any
    y: Any
    task: Task
    seeds: tuple[int, ...]
    views: Sequence[str]
    ensemble: Any
    larger: Any
    esn: Mapping[str, Any]
    groups: Ints | None
    n_threads: int | None = None
    predictions: dict[str, list[Any]] = field(default_factory=dict)
    n_features: dict[str, int] = field(default_factory=dict)
    rates: list[float] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    watch: Stopwatch = field(default_factory=Stopwatch)
    fronts: dict[str, Any] = field(
        default_factory=dict
    )  # output of front ends that learn nothing: the same for all seeds

    @staticmethod
    def checked(
        model: Any,
        X: Any,
        y: Any,
        seeds: Sequence[int],
        views: Sequence[str],
        ensemble: Any,
        larger: Any,
        esn: Mapping[str, Any],
        groups: Any,
    ) -> _Job:
        seeds = checked_seeds(seeds)
        checks.instance(esn, Mapping, "esn", "a dict of parameters of the echo-state network")
        _, last = front_and_liquid(reseeded(model, seeds[0]))
        check_larger(larger, seeds[0])
        task: Task = "classify" if isinstance(last, LiquidClassifier) else "regress"
        labels, numbers = checked_samples(X, y, groups, task)
        return _Job(model, X, labels, task, tuple(seeds), checked_views(views, task), ensemble, larger, esn, numbers)

    @property
    def all_views(self) -> tuple[str, ...]:
        """All that is compared."""
        more = {"ensemble": self.ensemble, "larger": self.larger}
        return (*self.views, *(view for view, given in more.items() if given is not None))

    def run(self, seed: int, folds: list[Fold], advance: Callable[[int], Any]) -> None:
        """Predict the test samples of all folds with one seed."""
        model = reseeded(self.model, seed)
        ensemble = None if self.ensemble is None else reseeded(self.ensemble, seed)
        self.n_threads = front_and_liquid(model)[1].n_threads
        larger = [] if self.larger is None else [reseeded(self.larger, seed)]
        members = [] if ensemble is None else ensemble.members
        learning = any(learns(one) for one in (model, *members, *larger))
        parts = [[fold] for fold in folds] if learning else [folds]
        predicted: dict[str, Any] = {}
        for part in parts:
            train = part[0][0] if len(parts) > 1 or len(folds) == 1 else np.arange(len(self.y))
            samples = prepared(model, self.X, train, self.watch, {} if learning else self.fronts)
            self.settings = self.settings or settings_of(model, samples.transformer, self.esn)
            views = self._views(model, ensemble, samples, train, seed, {} if learning else self.fronts)
            for one in larger:
                views["larger"] = self._larger(one, train, {} if learning else self.fronts)
            groups = left_out(self.groups, folds)
            self._predict(views, part, groups, predicted, advance)
            for view in (view for view in self.views if view in LEARNT):
                for fold in part:
                    self._predict(
                        {view: self._learnt(view, model, samples, fold[0], seed)}, [fold], groups, predicted, advance
                    )
            for fold in part:
                trial = Trial(samples, self.y, fold, _readout(model, self.task), groups, self.task, seed)
                self._train(trial, predicted, advance)
        for view in self.all_views:
            self.predictions.setdefault(view, []).append(predicted[view])

    def add(self, part: _Job) -> None:
        """Add the results of the next seed, which another process computed."""
        for view, predicted in part.predictions.items():
            self.predictions.setdefault(view, []).extend(predicted)
        self.n_features, self.settings = self.n_features | part.n_features, self.settings or part.settings
        self.rates += part.rates
        self.watch.add(part.watch)

    def _predict(self, views: Any, folds: Any, groups: Any, predicted: dict[str, Any], advance: Any) -> None:
        """Train readouts on each fold, and store what they predict for its test samples."""
        with self.watch.stage("readout"):
            found = cross_validate(views, self.y, folds, self.n_threads, advance, groups)
        for view, values in found.items():
            whole = predicted.setdefault(view, np.empty_like(self.y))
            for _, test in folds:
                whole[test] = values[test]
            self.n_features[view] = views[view].n_features

    def _train(self, trial: Trial, predicted: dict[str, Any], advance: Any) -> None:
        """Train the rows that are trained as a whole, and store what they predict for the test samples of a fold."""
        for view, row in load(self.views).items():
            with self.watch.stage(view):
                answer = row(trial)
            predicted.setdefault(view, np.empty_like(self.y))[trial.fold[1]] = answer.predicted
            self.n_features[view] = answer.n_features
            advance(1)

    def _learnt(self, view: str, model: Any, samples: Samples, train: Ints, seed: int) -> View:
        """Return a view that depends on the training samples."""
        with self.watch.stage(view):
            features = learnt(view, samples, train, seed)
        return View([features], [rival_readout(view, seed) if view in RIVALS else _readout(model, self.task)])

    def _views(
        self, model: Any, ensemble: Any, samples: Samples, train: Ints, seed: int, fronts: dict[str, Any]
    ) -> dict[str, View]:
        readout, n_threads = _readout(model, self.task), front_and_liquid(model)[1].n_threads
        out = {}
        for view in (view for view in self.views if view in VIEWS):
            with self.watch.stage(view):
                out[view] = View([features_of(view, samples, seed, self.esn, n_threads)], [readout])
        if "liquid" in out:
            self._note_rate(samples, out["liquid"].parts[0])
        if "plain" in self.views:
            own = out["liquid"].parts[0] if "liquid" in out else samples.transformer.respond(samples.stimulus)
            out["plain"] = View([own], [plain_readout(self.task)])
        if ensemble is not None:
            out["ensemble"] = self._ensemble(ensemble, train, fronts)
        return out

    def _note_rate(self, samples: Samples, features: Floats) -> None:
        rate = mean_rate(samples, features)
        if rate is not None:
            self.rates.append(rate)

    def _larger(self, larger: Any, train: Ints, fronts: dict[str, Any]) -> View:
        with self.watch.stage("larger"):
            samples = prepared(larger, self.X, train, Stopwatch(), fronts)
            return View([samples.transformer.respond(samples.stimulus)], [_readout(larger, self.task)])

    def _ensemble(self, ensemble: Any, train: Ints, fronts: dict[str, Any]) -> View:
        parts = []
        watch = Stopwatch()  # not the job's, whose stages have the same names
        with self.watch.stage("ensemble"):
            for member in ensemble.members:
                samples = prepared(member, self.X, train, watch, fronts)
                parts.append(samples.transformer.respond(samples.stimulus))
        if ensemble.combine == "scores":
            return View(parts, [_readout(member, self.task) for member in ensemble.members])
        return View([np.hstack(parts)], [resolve(ensemble.readout, self.task)])


def _one_seed(job: _Job, task: tuple[int, list[Fold]], _n_threads: int | None) -> _Job:
    """Return the results of one seed, without the samples; for another process."""
    own = dataclasses.replace(job, predictions={}, n_features={}, rates=[], settings={}, watch=Stopwatch())
    own.run(*task, lambda _: None)
    return dataclasses.replace(own, model=None, X=None, ensemble=None, larger=None, fronts={})


def _readout(model: Any, task: Task) -> Any:
    """Return the unfitted readout of a model."""
    return resolve(front_and_liquid(model)[1].readout, task)
