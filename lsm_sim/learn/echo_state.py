"""Echo-state networks: rate reservoirs to compare a liquid with, as scikit-learn estimators.

    x[t] = (1 - leak) x[t-1] + leak tanh(W x[t-1] + W_in s[t] + b),    x before the first frame is 0

H. Jaeger: The "echo state" approach to analysing and training recurrent neural networks. GMD report 148 (2001); with leak:
H. Jaeger, M. Lukosevicius, D. Popovici, U. Siewert, Neural Networks 20 (2007).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import joblib
import numpy as np
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from lsm_sim.errors import DescriptionError
from lsm_sim.learn.estimator_input import as_signals, checked_labels, checked_y, is_table
from lsm_sim.learn.raw_features import bin_means
from lsm_sim.learn.readout import Task, resolve
from lsm_sim.support import checks, environment
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.seeding import stream

_BLOCK_BYTES = 2**23  # of states held at once


@dataclass(frozen=True, eq=False)
class Reservoir:
    """The drawn weights: ``recurrent`` (N, N) and ``entry`` (N, C), rows are targets, and ``bias`` (N,)."""

    recurrent: Floats
    entry: Floats
    bias: Floats
    leak: float

    @cached_property
    def _recurrent(self) -> Any:
        """The recurrent weights as a sparse matrix if at most a quarter of them are not zero, where that is faster."""
        sparse = 4 * np.count_nonzero(self.recurrent) <= self.recurrent.size
        return csr_array(self.recurrent) if sparse else self.recurrent

    def run(self, signals: Sequence[Floats]) -> Floats:
        """Return the states of a few samples, shape (samples, longest, N); zero after a sample's end."""
        lengths = np.array([len(signal) for signal in signals])
        states = np.zeros((lengths.max(), len(signals), len(self.bias)))
        for b, signal in enumerate(signals):
            states[: len(signal), b] = signal @ self.entry.T + self.bias
        ordered = bool(np.all(np.diff(lengths) <= 0))  # then samples that have not ended come first
        before = np.zeros(states.shape[1:])
        for t, now in enumerate(states):
            n = int(np.sum(lengths > t)) if ordered else len(signals)
            before = self._advance(now[:n], before[:n])
        for b, n in enumerate(lengths):
            states[n:, b] = 0
        return states.transpose(1, 0, 2)

    def step(self, state: Floats, frame: Floats) -> Floats:
        """Return the state (N,) after one more frame (C,)."""
        return np.asarray(self._advance((frame @ self.entry.T + self.bias)[None], state[None])[0])

    def _advance(self, drive: Floats, state: Floats) -> Floats:
        """Replace what drives some samples, (samples, N), by their next states; ``state`` are those before."""
        drive += np.asarray(self._recurrent @ np.ascontiguousarray(state.T)).T
        np.tanh(drive, out=drive)
        if self.leak != 1:
            drive *= self.leak
            drive += (1 - self.leak) * state
        return drive


def _draw(model: Any, n_channels: int) -> Reservoir:
    """Draw a reservoir with the requested spectral radius; each kind of weight has its own random stream."""
    n = checks.whole(model.n_neurons, "n_neurons", minimum=1)
    density, leak = checks.probability(model.density, "density"), checks.probability(model.leak, "leak")
    rng = stream(checks.whole(model.seed, "seed"), "echo_state/recurrent")
    recurrent = rng.normal(size=(n, n)) * (rng.random((n, n)) < density)
    radius = np.abs(np.linalg.eigvals(recurrent)).max()
    if radius > 0:  # a small or sparse draw may have no loop
        recurrent *= checks.real(model.spectral_radius, "spectral_radius") / radius
    entry = stream(model.seed, "echo_state/input").uniform(-1, 1, (n, n_channels))
    bias = stream(model.seed, "echo_state/bias").uniform(-1, 1, n)
    scaled = checks.real(model.input_scaling, "input_scaling") * entry
    return Reservoir(recurrent, scaled, checks.real(model.bias, "bias") * bias, leak)


def _blocks(order: Ints, signals: Sequence[Floats], n_neurons: int) -> Iterator[Ints]:
    """Cut ``order`` into blocks whose states fit into a fixed amount of memory; the longest samples come first."""
    first = 0
    while first < len(order):
        size = max(1, _BLOCK_BYTES // (8 * n_neurons * len(signals[order[first]])))
        yield order[first : first + size]
        first += size


class _EchoState(BaseEstimator):
    """A reservoir and a readout; the two estimators differ in what the readout learns."""

    _task: Task

    def __init__(
        self,
        n_neurons: int = 500,
        *,
        spectral_radius: float = 0.9,
        input_scaling: float = 1.0,
        leak: float = 1.0,
        bias: float = 0.2,
        density: float = 0.1,
        bins: int = 5,
        times: tuple[float, ...] | None = None,
        readout: Any = "ridge",
        sample_shape: tuple[int, int] | None = None,
        seed: int = 0,
        n_threads: int | None = None,
    ) -> None:
        self.n_neurons = n_neurons
        self.spectral_radius = spectral_radius
        self.input_scaling = input_scaling
        self.leak = leak
        self.bias = bias
        self.density = density
        self.bins = bins
        self.times = times
        self.readout = readout
        self.sample_shape = sample_shape
        self.seed = seed
        self.n_threads = n_threads

    def drawn(self, n_channels: int) -> Reservoir:
        """Return the weights for signals of this many channels; needs no fit."""
        with threadpool_limits(1):
            return _draw(self, n_channels)

    def states(self, signals: Sequence[Floats]) -> list[Floats]:
        """Return the state after each frame, one array (frames, N) per (frames, channels) signal; needs no fit."""
        out: list[Any] = [None] * len(signals)
        self._each(signals, lambda states: states.copy(), out)
        return out

    def features(self, signals: Sequence[Floats]) -> Floats:
        """Return the mean states of each signal in its bins, or those at ``times``, (samples, bins * N); needs no fit."""
        size = checks.whole(self.n_neurons, "n_neurons", minimum=1)
        if self.times is None:
            out = np.empty((len(signals), checks.whole(self.bins, "bins", minimum=1) * size))
            self._each(signals, lambda states: bin_means(states, self.bins).ravel(), out)
            return out
        times = np.array([checks.probability(time, "times") for time in self.times])

        def at_times(states: Floats) -> Floats:
            frames = np.ceil(times * len(states)).astype(np.int64).clip(1) - 1
            return np.asarray(states[frames].ravel())

        out = np.empty((len(signals), len(times) * size))
        self._each(signals, at_times, out)
        return out

    def _each(self, signals: Sequence[Floats], function: Callable[[Floats], Floats], out: Any) -> None:
        """Store the result of ``function`` for the states of each sample in ``out``, a list or the rows of an array.

        Samples of similar length run together in blocks that depend on the samples only, with one thread of linear algebra
        each, so results do not depend on the number of threads.
        """
        order = np.argsort([-len(signal) for signal in signals], kind="stable")
        with threadpool_limits(1):
            reservoir = _draw(self, signals[0].shape[1])

            def run(members: Ints) -> None:
                states = reservoir.run([signals[b] for b in members])
                for b, own in zip(members, states, strict=True):
                    out[b] = function(own[: len(signals[b])])

            pool = joblib.Parallel(self.n_threads or environment.cores(), backend="threading")
            pool(joblib.delayed(run)(members) for members in _blocks(order, signals, self.n_neurons))

    def _fit(self, X: Any, y: Any) -> None:
        signals = as_signals(self, X, reset=True)
        if len(signals) != len(y):
            raise DescriptionError(f"y: got {len(y)} values for {len(signals)} samples of X")
        if self._task == "classify" and np.unique(y).size < 2:
            raise DescriptionError(f"y: got one class only, {y[0]!s}; expected at least two classes")
        self.n_channels_, self.sequences_ = signals[0].shape[1], not is_table(X)
        self.readout_ = resolve(self.readout, self._task).fit(self.features(signals), y)

    def predict(self, X: Any) -> Any:
        """Return the predicted label or value of each sample."""
        features = self._checked(X)
        return self.readout_.predict(features)

    def _checked(self, X: Any) -> Floats:
        check_is_fitted(self, "readout_")
        signals = as_signals(self, X, reset=False, sequences=self.sequences_)
        if signals[0].shape[1] != self.n_channels_:
            raise DescriptionError(
                f"X: got signals of {signals[0].shape[1]} channels, expected {self.n_channels_} as in fit"
            )
        return self.features(signals)

    def __sklearn_tags__(self) -> Any:
        """Declare that X may have three dimensions and y is needed."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.target_tags.required = True
        return tags


class EchoStateClassifier(ClassifierMixin, _EchoState):
    """Classify samples by the mean states that they cause in an echo-state network.

    X is as for `lsm_sim.LiquidClassifier`; signals are not scaled; a range of about 1 works best.

    Parameters
    ----------
    n_neurons
        Number of units of the reservoir.
    spectral_radius
        Largest magnitude of an eigenvalue of the recurrent weights.
    input_scaling, bias
        Input weights and biases are uniform between minus and plus these.
    leak
        Fraction of a unit's state that is new each frame; 1: no leak.
    density
        Fraction of recurrent weights that are not zero; these are normally distributed.
    bins
        Number of equal bins of each sample's own length; the readout sees the mean state in each.
    times
        If given, the readout sees the states at these fractions of each sample's length instead; 1 is the end.
    readout
        As for `lsm_sim.LiquidClassifier`.
    sample_shape
        (frames, channels): rows of a two-dimensional X are reshaped to it. None: a row is one frame.
    seed
        Fixes the weights.
    n_threads
        Maximum number of threads; None: one per core. Results do not depend on it.

    Examples
    --------
    >>> X = [np.full((4, 1), 0.2), np.full((6, 1), 0.9)] * 5
    >>> EchoStateClassifier(20, bins=2).fit(X, ["low", "high"] * 5).predict(X[:2]).tolist()
    ['low', 'high']
    """

    _task: Task = "classify"

    def fit(self, X: Any, y: Any) -> EchoStateClassifier:
        """Run the samples through the reservoir and train the readout."""
        self._fit(X, checked_labels(self, y))
        self.classes_ = self.readout_.classes_
        return self

    def decision_function(self, X: Any) -> Floats:
        """Return the readout's score of each class."""
        features = self._checked(X)
        return np.asarray(self.readout_.decision_function(features))


class EchoStateRegressor(RegressorMixin, _EchoState):
    """Predict values from the mean states of an echo-state network; parameters as for `EchoStateClassifier`."""

    _task: Task = "regress"

    def fit(self, X: Any, y: Any) -> EchoStateRegressor:
        """Run the samples through the reservoir and train the readout; ``y`` is (samples,) or (samples, targets)."""
        self._fit(X, checked_y(self, y, multi_output=True, y_numeric=True))
        return self

    def __sklearn_tags__(self) -> Any:
        """Declare that y may have several columns."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
