"""How estimators handle X: detect its form, scale it, encode it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import validate_data

from lsm_sim.encode.passthrough import Passthrough
from lsm_sim.encode.signals import batch
from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Floats

SCALES = ("channel", "global", None)


@dataclass(frozen=True, eq=False)
class EstimatorInput:
    """The form of X as seen in fit.

    Parameters
    ----------
    n_samples, n_channels, n_features
        Samples in fit; channels of a signal; columns of X (equal to the channels unless rows are reshaped).
    sequences
        Whether X was sequences in fit, not a table; see `lsm_sim.learn.estimators`.
    low, high
        Range seen in fit, per channel or of all, shape (C,) or (); None: no scaling.
    """

    n_samples: int
    n_channels: int
    n_features: int
    sequences: bool = False
    low: Floats | None = None
    high: Floats | None = None

    @staticmethod
    def fit(estimator: Any, X: Any) -> EstimatorInput:
        """Learn the form and the range of X."""
        if estimator.scale not in SCALES:
            raise DescriptionError(f"scale: got {estimator.scale!r}, expected 'channel', 'global' or None")
        if isinstance(estimator.encoder_, Passthrough):
            spikes = estimator.encoder_(X, estimator.dt)
            return EstimatorInput(len(spikes), spikes.n_channels, spikes.n_channels)
        signals = as_signals(estimator, X, reset=True)
        n_features = estimator.n_features_in_ if is_table(X) else signals[0].shape[1]
        shape = len(signals), signals[0].shape[1], n_features, not is_table(X)
        if estimator.scale is None:
            return EstimatorInput(*shape)
        axis = 0 if estimator.scale == "channel" else None
        low = np.min([signal.min(axis) for signal in signals], axis=0)
        high = np.max([signal.max(axis) for signal in signals], axis=0)
        return EstimatorInput(*shape, np.asarray(low), np.asarray(high))

    def encode(self, estimator: Any, X: Any) -> Spikes:
        """Return the spikes of X."""
        encoder = estimator.encoder_
        if isinstance(encoder, Passthrough):
            given: Spikes = encoder(X, estimator.dt)
            return given
        spikes: Spikes = encoder(self.signals(estimator, X), estimator.dt)
        return spikes

    def signals(self, estimator: Any, X: Any) -> list[Floats]:
        """Return what the encoder sees of X: a scaled (frames, channels) array per sample."""
        signals = as_signals(estimator, X, reset=False, sequences=self.sequences)
        if signals[0].shape[1] != self.n_channels:
            raise DescriptionError(
                f"X: got signals of {signals[0].shape[1]} channels, expected {self.n_channels} as in fit"
            )
        if self.low is None or self.high is None:
            return signals
        extent = np.where(self.high > self.low, self.high - self.low, 1.0)
        return [np.clip((signal - self.low) / extent, 0, 1) for signal in signals]

    def encode_some(self, estimator: Any, X: Any, n: int) -> Spikes:
        """Return the spikes of at most ``n`` samples, evenly spaced."""
        chosen = np.unique(np.linspace(0, self.n_samples - 1, min(n, self.n_samples)).astype(int))
        if isinstance(estimator.encoder_, Passthrough):
            return self.encode(estimator, X)[chosen]
        table = hasattr(X, "iloc")  # a data frame, whose column names matter
        samples = X if table or isinstance(X, (list, tuple, np.ndarray)) else np.asarray(X)
        return self.encode(estimator, _safe_indexing(samples, chosen))


def is_table(X: Any) -> bool:
    """Return whether X is (samples, features) rather than signals."""
    if isinstance(X, np.ndarray):
        return X.ndim != 3
    return not (isinstance(X, (list, tuple)) and len(X) > 0 and _is_signal(X[0]))


def _is_signal(part: Any) -> bool:
    """Return whether an item of a list is a signal (frames, channels); rows of unequal length count, and are refused later."""
    try:
        return np.ndim(part) == 2
    except ValueError:
        return True


def _refuse_table(X: Any) -> None:
    """Raise if X is a table, which after fit with sequences is most likely one sample."""
    if not hasattr(X, "__len__") or len(X) == 0:
        return
    shape = f" of shape {X.shape}" if hasattr(X, "shape") else f" of {len(X)} items"
    raise DescriptionError(
        f"X: got {type(X).__name__}{shape}, one sample or a table of samples of one frame, expected a batch of samples (frames, "
        "channels) as in fit; for one sample write X[:1] instead of X[0], or [signal]; for samples of one frame X[:, None]"
    )


def as_signals(estimator: Any, X: Any, *, reset: bool, sequences: bool = False) -> list[Floats]:
    """Return X as a list of (frames, channels) arrays.

    ``reset`` makes the estimator remember the columns of X; ``sequences`` says that X was no table in fit, so that it may not be
    one now.
    """
    if not is_table(X):
        return batch(X)
    if sequences:
        _refuse_table(X)
    table = np.asarray(validate_data(estimator, X, reset=reset, dtype=np.float64))
    shape = estimator.sample_shape or (1, table.shape[1])
    if np.prod(shape) != table.shape[1]:
        raise DescriptionError(f"sample_shape: got {shape}, expected a product of {table.shape[1]}, the features of X")
    return list(table.reshape(len(table), *shape))
