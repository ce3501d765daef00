"""Errors of ridge regression on groups of samples that are left out, without training once for each group."""

from __future__ import annotations

import numpy as np

from lsm_sim.support.checks import Floats, Ints


def errors_left_out(X: Floats, y: Floats, alphas: Floats, groups: Ints) -> Floats:
    """Return the mean squared error of ridge regression on each group after training on all others, for each alpha.

    With H the matrix that maps targets to predictions (intercept included), and r the residuals of all samples, those of a
    group g that is left out are  (I - H_gg)^-1 r_g  (as for single samples in Golub, Heath and Wahba 1979), so one decomposition
    serves all alphas and groups.

    Parameters
    ----------
    X, y
        Features (n, p) and targets (n, k).
    alphas
        Strengths of the regularisation, all > 0.
    groups
        Number of each sample's group, (n,).
    """
    n = len(X)
    U, squared = _left_singular_vectors(X - X.mean(axis=0))
    centred = y - y.mean(axis=0)
    out = np.empty(len(alphas))
    for j, alpha in enumerate(alphas):
        weight = squared / (squared + alpha)
        residual = centred - U @ (weight[:, None] * (U.T @ centred))
        total = 0.0
        for group in np.unique(groups):
            own = np.flatnonzero(groups == group)
            remaining = np.eye(own.size) - 1 / n - (U[own] * weight) @ U[own].T
            total += float(np.sum(np.linalg.solve(remaining, residual[own]) ** 2))
        out[j] = total / y.size
    return out


def _left_singular_vectors(X: Floats) -> tuple[Floats, Floats]:
    """Return U and the squared singular values of X = U S V', without those that are 0 but for rounding.

    They come from the smaller of X X' and X' X, which is several times faster than a decomposition of X itself. That loses
    singular values below 1e-8 of the largest, which any alpha in use suppresses.
    """
    wide = X.shape[0] <= X.shape[1]
    squared, vectors = np.linalg.eigh(X @ X.T if wide else X.T @ X)
    kept = squared > squared.max(initial=0) * np.finfo(np.float64).eps * max(X.shape)
    squared, vectors = squared[kept], vectors[:, kept]
    return (vectors if wide else X @ vectors / np.sqrt(squared)), squared
