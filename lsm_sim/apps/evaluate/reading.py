"""The data of each benchmark."""

from __future__ import annotations

import dataclasses

import numpy as np

from lsm_sim import datasets
from lsm_sim.apps.evaluate.options import Options
from lsm_sim.datasets import Dataset

_TEMPLATES = {"segments": 4, "channels": 8}  # four times 250 ms
_N_TRAIN, _N_TEST = 1500, 500


def fsdd(options: Options) -> Dataset:
    """Read the spoken digits."""
    return datasets.fsdd(options.data)


def japanese_vowels(options: Options) -> Dataset:
    """Read the vowels."""
    return datasets.japanese_vowels(options.data)


def digits(options: Options) -> Dataset:  # noqa: ARG001
    """Return the images, rows as time."""
    return datasets.digits()


def spike_templates(options: Options) -> Dataset:
    """Draw spike trains of four segments; the label is whether the templates of the first and last one have the same number.

    This needs memory of 750 ms and a nonlinear combination: each of the two segments alone has no information on the label.
    """
    data = datasets.spike_templates(_N_TRAIN + _N_TEST, seed=options.seeds[0], **_TEMPLATES)
    return dataclasses.replace(
        data, y=data.y[:, 0] ^ data.y[:, -1], classes=("same", "other"), split=np.arange(len(data)) >= _N_TRAIN
    )


def shd(options: Options) -> Dataset:
    """Read the Spiking Heidelberg Digits."""
    return datasets.shd(options.data, limit=options.limit)


def ssc(options: Options) -> Dataset:
    """Read the Spiking Speech Commands."""
    return datasets.ssc(options.data, limit=options.limit)


def atrial_fibrillation(options: Options) -> Dataset:
    """Read the windows of beats of the records."""
    return datasets.atrial_fibrillation(options.data)


def ecg(options: Options) -> Dataset:
    """Read the beats of the records."""
    return datasets.ecg(options.data)
