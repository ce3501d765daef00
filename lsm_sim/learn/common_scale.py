"""Logistic regression on features that are divided by one number, so that they keep their sizes relative to each other."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

from lsm_sim.support import checks


class CommonScaler(StandardScaler):
    """Centre features, and divide all by the same number, the root of the sum of their variances.

    Neurons that hardly fire keep small features. A strength of regularisation means the same for any number of features.
    ``copy``, ``with_mean`` and ``with_std`` are those of scikit-learn's StandardScaler.

    >>> CommonScaler().fit_transform([[0.0, 0.0], [8.0, 6.0]]).tolist()
    [[-0.8, -0.6], [0.8, 0.6]]
    """

    scale_: Any

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> CommonScaler:
        """Learn the means and the common scale."""
        super().fit(X, y, sample_weight)
        self.scale_ = np.full(self.var_.shape, np.sqrt(self.var_.sum()) or 1.0)
        return self


def common_logistic(C: float = 3.0, max_iter: int = 300, unit_length: bool = False) -> BaseEstimator:
    """Return multinomial logistic regression on features that are not standardised, see `CommonScaler`.

    Parameters
    ----------
    C
        The inverse regularisation.
    max_iter
        At most so many iterations.
    unit_length
        Divide the features x of each sample by their length first, x / sqrt(sum x^2), by scikit-learn's Normalizer: how many
        spikes a sample causes then counts for nothing. Of roots of counts it makes the roots of each neuron's share of the
        spikes, whose distances are those of Hellinger.
    """
    strength, steps = checks.positive(C, "common_logistic C"), checks.whole(max_iter, "max_iter", 1)
    first = [Normalizer()] if checks.flag(unit_length, "common_logistic unit_length") else []
    return make_pipeline(*first, CommonScaler(), LogisticRegression(C=strength, max_iter=steps))
