"""Logistic regression on features that are divided by one number, so that they keep their sizes relative to each other."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

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


def common_logistic(C: float = 3.0, max_iter: int = 300) -> BaseEstimator:
    """Return multinomial logistic regression on features that are not standardised, see `CommonScaler`.

    ``C``: the inverse regularisation; ``max_iter``: at most so many iterations.
    """
    strength = checks.positive(C, "common_logistic C")
    return make_pipeline(CommonScaler(), LogisticRegression(C=strength, max_iter=checks.whole(max_iter, "max_iter", 1)))
