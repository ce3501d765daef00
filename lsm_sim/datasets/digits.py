"""Handwritten digits: the 8 x 8 images that come with scikit-learn."""

from __future__ import annotations

import numpy as np

from lsm_sim.datasets.record import Dataset, Source

SOURCE = Source(
    origin="https://archive.ics.uci.edu/dataset/80 (its test set, bundled with scikit-learn)",
    licence="CC BY 4.0",
    citation="E. Alpaydin, C. Kaynak: Optical recognition of handwritten digits. UCI Machine Learning Repository (1998)",
)


def digits() -> Dataset:
    """Return the 1797 images, rows as time: X of shape (1797, 8, 8) with values in [0, 1].

    Nothing is downloaded. No split is published for this set; 5-fold cross-validation is usual.

    >>> digits()
    Dataset(digits: 1797 samples, 10 classes)
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    names = tuple(str(name) for name in bunch.target_names)
    return Dataset("digits", bunch.images / 16, bunch.target.astype(np.int64), names, SOURCE)
