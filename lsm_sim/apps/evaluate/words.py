"""The benchmark on spoken words in a row: which word came first, or whether the first and the last are the same."""

from __future__ import annotations

import dataclasses
from typing import Any

from lsm_sim import datasets
from lsm_sim.apps.evaluate import settings_words
from lsm_sim.apps.evaluate.configured import configured
from lsm_sim.apps.evaluate.evaluation import Evaluation
from lsm_sim.apps.evaluate.options import Options
from lsm_sim.apps.evaluate.settings_words import PRE_EMPHASIS, TRACE, Words
from lsm_sim.apps.evaluate.splits import Split, fsdd_split
from lsm_sim.apps.evaluate.starting import find_and_start
from lsm_sim.apps.evaluate.stressing import check_stress, stressed
from lsm_sim.apps.evaluate.tuning import choice
from lsm_sim.datasets import Dataset
from lsm_sim.learn.controls.folds import Fold, folds_of
from lsm_sim.learn.controls.stopwatch import Stopwatch
from lsm_sim.learn.controls.tuned import compare_tuned
from lsm_sim.learn.readout import ridge

BENCHMARKS = ("words",)
N_TRAIN, N_TEST = 240, 160
_WORDS = ("zero", "one")
_UNUSED = ("bins", "ensemble", "horizons", "limit", "robust", "rivals", "rows", "tune", "readout")


def run(options: Options) -> Evaluation:
    """Run the benchmark; the first seed determines the sequences, each seed the liquid, encoder and echo-state network."""
    options.refuse(_UNUSED)
    check_stress(options)
    find_and_start(options)
    watch = Stopwatch()
    with watch.stage("data"):
        data = read(options)
    split, folds = _split(data, options)
    if options.stress:
        return _stressed(data, split, options, watch.seconds)
    sounds: Any = data.X
    loihi = options.arithmetic == "loihi"
    words = Words(sounds, options.neurons or 500, options.backend, options.n_threads, loihi)
    views = words.views()
    budget = len(views["liquid"])
    how = described(options) | {"classes": list(data.classes), "budget": budget, "pre_emphasis": PRE_EMPHASIS}
    how |= {
        "trace": {"tau": TRACE.tau, "resolution": TRACE.resolution},
        "split": split.name,
        "readout": "ridge, soft scaling",
    }
    tuned = compare_tuned(
        views,
        data.y,
        folds,
        readout=ridge(soft=True),
        seeds=options.seeds,
        groups=data.groups,
        settings=how,
        n_threads=options.n_threads,
        workers=options.workers,
        dask=options.dask,
        progress=options.progress,
    )
    title = f"{data!r}, {split.text}\n{_question(options, data)}"
    title += f"\nevery row: {budget} settings, chosen on training sequences for each seed and fold\n"
    title += "\n".join(choice(view, counts) for view, counts in tuned.chosen.items())
    return Evaluation(options.name, title, {split.name: tuned.comparison}, {"options": options.asked()}, 0.0)


def _stressed(data: Dataset, split: Split, options: Options, seconds: dict[str, float]) -> Evaluation:
    """Return accuracy against each perturbation, of the first setting of the liquid; only its controls' readouts are tuned."""

    def make(seed: int) -> Any:
        return configured(settings_words.classifier(seed, **options.sized()), options)

    found = stressed(make, data, split, settings_words.ESN, options, seconds)
    return dataclasses.replace(found, title=f"{found.title}\n{_question(options, data)}")


def read(options: Options) -> Dataset:
    """Return the sequences."""
    recordings = datasets.fsdd(options.data)
    return datasets.word_sequences(
        recordings,
        **described(options),
        n_train=N_TRAIN,
        n_test=N_TEST,
        seed=options.seeds[0],
    )


def described(options: Options) -> dict[str, Any]:
    """Return the task, with the defaults for what was not asked; words None: all."""
    question = options.question or "first"
    return {
        "words": None if options.words == ("all",) else list(options.words or _WORDS),
        "question": int(question) if question.isdecimal() else question,
        "length": options.length or 2,
        "gap": options.gap or 0.0,
    }


def _split(data: Dataset, options: Options) -> tuple[Split, list[Fold]]:
    """Return the split, and its training and test sequences."""
    if options.split == "takes":
        found = fsdd_split(data, options)
        found = Split("takes", f"new recordings of the same speakers, {found.text}", found.folds)
    else:
        found = fsdd_split(data, options if options.test_speakers else dataclasses.replace(options, loso=True))
    return found, folds_of(found.folds, data.y, "classify", options.seeds[0])


def _question(options: Options, data: Dataset) -> str:
    """Return the task in one line."""
    how = described(options)
    known = {"first": "which word came first", "same": "are the first and the last word the same"}
    question = known.get(how["question"], f"which word was number {how['question']}")
    words = "all words" if how["words"] is None else ", ".join(map(str, how["words"]))
    sounds: Any = data.X
    seconds = sum(sound.duration for sound in sounds) / len(data)
    return f"{question}? {how['length']} words of {words}, then {how['gap']:g} s of silence; {seconds:.2f} s on average"
