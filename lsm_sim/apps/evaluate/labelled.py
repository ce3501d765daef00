"""The benchmarks on labelled samples: data, split and settings of the liquid."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lsm_sim.apps.evaluate import reading, settings_others, settings_speech
from lsm_sim.apps.evaluate.configured import configured, configured_ensemble
from lsm_sim.apps.evaluate.evaluation import Evaluation
from lsm_sim.apps.evaluate.options import LARGER, WORDS, Options, known_rows
from lsm_sim.apps.evaluate.splits import Split, fsdd_split, groups_apart, published, shuffled
from lsm_sim.apps.evaluate.starting import find_and_start
from lsm_sim.apps.evaluate.stressing import check_stress, stressed
from lsm_sim.apps.evaluate.tuning import tuned
from lsm_sim.datasets import Dataset
from lsm_sim.errors import DescriptionError
from lsm_sim.learn.controls import Stopwatch, compare
from lsm_sim.learn.controls.comparison import Metric
from lsm_sim.learn.controls.rows import load
from lsm_sim.support import checks

Models = tuple[Callable[..., Any], Callable[..., Any] | None]


# Best on training data among radii of 0.2 to 0.99, inputs of 0.1 to 3 and leaks of 0.1 to 1; docs/benchmarks.md
_ESN = {"spectral_radius": 0.9, "input_scaling": 1.0, "leak": 1.0}
_SLOW_ESN = {"spectral_radius": 0.9, "input_scaling": 0.1, "leak": 0.1}


@dataclass(frozen=True)
class Benchmark:
    """One data set.

    Parameters
    ----------
    read
        Returns the data.
    split
        Returns the training and test samples.
    models
        Returns, for the options, the functions that create the liquid's estimator and the ensemble for a seed.
    esn
        Parameters of the echo-state network.
    metric
        The score.
    unused
        Options that do not apply.
    """

    read: Callable[[Options], Dataset]
    split: Callable[[Dataset, Options], Split]
    models: Callable[[Options], Models]
    esn: Mapping[str, Any] = field(default_factory=lambda: _ESN)
    metric: Metric = "accuracy"
    unused: tuple[str, ...] = ()


_SPEECH = ("test_speakers", "loso", "robust", "train_noise")
BENCHMARKS: Mapping[str, Benchmark] = {
    "fsdd": Benchmark(
        reading.fsdd,
        fsdd_split,
        lambda options: settings_speech.fsdd(new_speakers=options.new_speakers, robust=options.robust),
        unused=("horizons", "limit"),
    ),
    "japanese_vowels": Benchmark(
        reading.japanese_vowels,
        published,
        lambda _: (settings_speech.japanese_vowels, settings_speech.japanese_vowels_ensemble),
        metric="errors",
        unused=(*_SPEECH, "horizons", "limit"),
    ),
    "digits": Benchmark(
        reading.digits,
        shuffled,
        lambda _: (settings_others.digits, None),
        unused=(*_SPEECH, "data", "horizons", "limit"),
    ),
    "spike_templates": Benchmark(
        reading.spike_templates,
        published,
        lambda _: (settings_others.spike_templates, None),
        esn=_SLOW_ESN,
        unused=(*_SPEECH, "data", "horizons", "limit", "bins"),
    ),
    "shd": Benchmark(
        reading.shd, published, lambda _: (settings_others.heidelberg, None), unused=(*_SPEECH, "horizons")
    ),
    "ssc": Benchmark(
        reading.ssc, published, lambda _: (settings_others.heidelberg, None), unused=(*_SPEECH, "horizons")
    ),
    "ecg": Benchmark(
        reading.ecg, published, lambda _: (settings_others.ecg, None), unused=(*_SPEECH, "horizons", "limit")
    ),
    "atrial_fibrillation": Benchmark(
        reading.atrial_fibrillation,
        groups_apart,
        lambda _: (settings_others.atrial_fibrillation, None),
        unused=(*_SPEECH, "horizons", "limit"),
    ),
}


def run(options: Options) -> Evaluation:
    """Run the benchmark that the options name."""
    benchmark = BENCHMARKS[options.name]
    options.refuse((*benchmark.unused, *WORDS))
    check_stress(options)
    for row in options.rows:
        checks.choice(row, "--rows", known_rows())
    load(options.views())  # says now what is missing
    find_and_start(options)
    watch = Stopwatch()
    with watch.stage("data"):
        data = benchmark.read(options)
    split = benchmark.split(data, options)
    liquid, ensemble = benchmark.models(options)

    def make(seed: int) -> Any:
        return configured(liquid(seed, **options.sized()), options)

    if options.tune:
        return tuned(make, data, split, options, watch.seconds)
    if options.stress:
        return stressed(make, data, split, benchmark.esn, options, watch.seconds)
    found = compare(
        make,
        data.X,
        data.y,
        cv=split.folds,
        seeds=options.seeds,
        views=options.views(),
        ensemble=None if options.ensemble is None else _ensemble(ensemble, liquid, options),
        larger=_larger(liquid, options) if "trained" in options.rows else None,
        esn=benchmark.esn,
        metric=benchmark.metric,
        groups=data.groups,
        workers=options.workers,
        dask=options.dask,
        progress=options.progress,
    )
    found = dataclasses.replace(found, seconds=watch.seconds | dict(found.seconds))
    return Evaluation(
        options.name,
        f"{data!r}, {split.text}",
        {split.name: found},
        {"options": options.asked(), "split": split.name},
        0.0,
    )


def _larger(liquid: Callable[..., Any], options: Options) -> Callable[[int], Any]:
    """Return the function that creates the larger liquid for a seed."""
    n_neurons = options.neurons or inspect.signature(liquid).parameters["n_neurons"].default
    return lambda seed: configured(liquid(seed, n_neurons=LARGER * n_neurons), options)


def _ensemble(make: Callable[..., Any] | None, liquid: Callable[..., Any], options: Options) -> Callable[[int], Any]:
    """Return the function that creates the ensemble for a seed; by default its members differ only in their seeds."""
    from lsm_sim.learn.ensemble import LiquidEnsemble

    size = options.ensemble or 1
    if size < 2:
        raise DescriptionError(f"--ensemble: got {size}, expected at least 2 members")

    def of(seed: int) -> Any:
        if make is not None:
            return configured_ensemble(make(seed, size=size, **options.sized()), options)
        members = [liquid(size * seed + k, **options.sized()) for k in range(size)]
        return configured_ensemble(LiquidEnsemble(members, combine="scores"), options)

    return of
