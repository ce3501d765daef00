"""How estimators handle X: detect its form, scale it, encode it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import _safe_indexing
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from lsm_sim.encode.passthrough import Passthrough
from lsm_sim.encode.signals import batch
from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.brief import brief
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
        checks.choice(estimator.scale, "scale", ("channel", "global"), optional=True)
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
        return [self.scaled(signal) for signal in signals]

    def scaled(self, signal: Floats) -> Floats:
        """Return frames (frames, channels) or one frame (channels,) with the range seen in fit mapped to [0, 1], and clipped."""
        if self.low is None or self.high is None:
            return signal
        extent = np.where(self.high > self.low, self.high - self.low, 1.0)
        return np.clip((signal - self.low) / extent, 0, 1)

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
    if not hasattr(X, "__len__") or getattr(X, "ndim", 1) == 0 or len(X) == 0:
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
    table = _table(estimator, X, reset)
    shape = _sample_shape(estimator.sample_shape, table.shape[1])
    return list(table.reshape(len(table), *shape))


def _table(estimator: Any, X: Any, reset: bool) -> Floats:
    """Return X as floats (samples, features), checked by scikit-learn, whose messages its own tests expect."""
    is_array = hasattr(X, "__array__") or hasattr(X, "__len__")
    if not is_array or isinstance(X, (str, bytes, dict, set, type)):
        raise DescriptionError(
            f"X: got {brief(repr(X))}, expected samples; see lsm_sim.learn.estimators for the forms of X"
        )
    if isinstance(X, (list, tuple)) and len(X) == 0:
        raise DescriptionError("X: got no samples, expected at least one")
    if isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1:
        raise DescriptionError(
            f"X: got an array of {X.size} objects, expected numbers; for signals of different lengths write list(X)"
        )
    _refuse_unequal_rows(X)
    try:
        return np.asarray(validate_data(estimator, X, reset=reset, dtype=np.float64))
    except (TypeError, ValueError) as error:
        if isinstance(error, TypeError) and not isinstance(X, (list, tuple)):
            raise  # scikit-learn's checks of estimators demand a TypeError for sparse matrices and arrays of objects
        raise DescriptionError(f"X: {error}") from None


def _refuse_unequal_rows(X: Any) -> None:
    lengths = {len(row) for row in X if hasattr(row, "__len__")} if isinstance(X, (list, tuple)) else set()
    if len(lengths) > 1:
        raise DescriptionError(
            f"X: got rows of {min(lengths)} to {max(lengths)} values, expected rows of equal length, or a list of (frames, "
            "channels) arrays; for signals of one channel write [numpy.reshape(x, (-1, 1)) for x in X]"
        )


def _sample_shape(sample_shape: Any, n_features: int) -> tuple[int, int]:
    """Return frames and channels of a row."""
    if sample_shape is None:
        return 1, n_features
    shape = np.asarray(sample_shape)
    if shape.shape != (2,) or shape.dtype.kind not in "iu" or shape.min() < 1 or shape.prod() != n_features:
        raise DescriptionError(
            f"sample_shape: got {sample_shape!r}, expected (frames, channels) with a product of {n_features}, the features of X"
        )
    return int(shape[0]), int(shape[1])


def checked_y(estimator: Any, y: Any, **options: bool) -> Any:
    """Return y as scikit-learn checks it; `DescriptionError` has its message."""
    try:
        return validate_data(estimator, y=y, **options)
    except (TypeError, ValueError) as error:
        raise DescriptionError(f"y: {error}") from None


def checked_labels(estimator: Any, y: Any) -> Any:
    """Return y as labels of classes."""
    labels = checked_y(estimator, y)
    try:
        check_classification_targets(labels)
    except ValueError as error:
        raise DescriptionError(f"y: {error}") from None
    return labels
