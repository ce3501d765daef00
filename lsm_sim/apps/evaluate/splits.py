"""Splits into training and test samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from lsm_sim.apps.evaluate.options import Options
from lsm_sim.datasets import Dataset
from lsm_sim.errors import DescriptionError
from lsm_sim.learn.controls.folds import one_group_out
from lsm_sim.support.checks import Ints

FOLDS = 5


@dataclass(frozen=True, eq=False)
class Split:
    """Folds, the same for all seeds, or the number of shuffled folds; with a description."""

    name: str
    text: str
    folds: int | list[tuple[Ints, Ints]]


def shuffled(data: Dataset, options: Options) -> Split:  # noqa: ARG001
    """Return stratified folds, shuffled by the seed."""
    return Split(f"{FOLDS} folds", f"{FOLDS} stratified folds, shuffled by the seed", FOLDS)


def published(data: Dataset, options: Options) -> Split:
    """Return the published split; if there is none, one group out; if there are no groups, shuffled folds."""
    if data.split is not None:
        train, test = np.flatnonzero(~data.split), np.flatnonzero(data.split)
        if not train.size or not test.size:
            raise DescriptionError(
                f"{data.name}: got {train.size} training and {test.size} test samples, expected some of both"
            )
        return Split(
            "published", f"published split, {train.size} training and {test.size} test samples", [(train, test)]
        )
    if data.groups is not None and np.unique(data.groups).size > 1:
        return Split("one group out", "each group tested after training on all others", one_group_out(data.groups))
    return shuffled(data, options)


def groups_apart(data: Dataset, options: Options) -> Split:  # noqa: ARG001
    """Return folds none of which has a group, such as a patient, both for training and for testing."""
    n = 0 if data.groups is None else np.unique(data.groups).size
    if data.groups is None or n < 2:
        raise DescriptionError(f"{data.name}: got samples of {n} group, expected at least two to keep them apart")
    size = min(n, FOLDS)
    folds = list(StratifiedGroupKFold(size).split(np.zeros(len(data.y)), data.y, data.groups))
    return Split("groups apart", f"{size} folds, each of {n} groups in one of them", folds)


def fsdd_split(data: Dataset, options: Options) -> Split:
    """Return the upstream split, the split by the given test speakers, or one speaker out."""
    if options.test_speakers and options.loso:
        raise DescriptionError("--loso: tests every speaker in turn; omit --test-speakers or --loso")
    if not options.new_speakers:
        found = published(data, options)
        return Split("upstream", found.text.replace("published", "upstream"), found.folds)
    groups = np.array([] if data.groups is None else data.groups)
    speakers = np.unique(groups).tolist()
    if len(speakers) < 2:
        raise DescriptionError(
            f"{data.name}: got recordings of {len(speakers)} speaker, expected at least two to leave one out"
        )
    if options.loso:
        text = f"leave one speaker out ({', '.join(speakers)})"
        return Split("loso", text, one_group_out(groups))
    unknown = [name for name in options.test_speakers if name not in speakers]
    if unknown:
        raise DescriptionError(f"--test-speakers: no speaker {', '.join(unknown)}; known: {', '.join(speakers)}")
    tested = np.isin(groups, options.test_speakers)
    if tested.all():
        raise DescriptionError(f"--test-speakers: got all speakers ({', '.join(speakers)}), expected some to train on")
    name = ", ".join(options.test_speakers)
    folds = [(np.flatnonzero(~tested), np.flatnonzero(tested))]
    return Split("test speakers", f"tested on {name}, {int(tested.sum())} recordings", folds)
