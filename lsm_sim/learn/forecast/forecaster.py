"""The estimator that predicts a time series from the spikes of a liquid that the series drives."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin, clone
from sklearn.utils.validation import check_is_fitted

from lsm_sim.dynamics import ARITHMETICS
from lsm_sim.encode import Encoder, Population
from lsm_sim.encode.background import with_background
from lsm_sim.engine.protocol import DEFAULT
from lsm_sim.errors import DescriptionError
from lsm_sim.learn import model_file
from lsm_sim.learn.features import RESOLUTION
from lsm_sim.learn.forecast import saved
from lsm_sim.learn.forecast.free_running import Running, checked_warm_up, closed_loop
from lsm_sim.learn.forecast.ridge import TimeRidge
from lsm_sim.learn.forecast.series import Scaler, aligned, checked_series, checked_targets, nrmse
from lsm_sim.learn.forecast.states import beside, checked_taus, run_counts, sample_edges, with_traces
from lsm_sim.learn.forecast.time_constants import correlation_time, sample_frame, trace_taus, with_time_scale
from lsm_sim.learn.gain import warn_of_extremes
from lsm_sim.learn.parts import HoldsRecords, LiquidLike, build_liquid, checked_encoder
from lsm_sim.learn.readout import resolve
from lsm_sim.program.lowering import lower
from lsm_sim.program.program import Program
from lsm_sim.quantisation.quantise import quantise
from lsm_sim.simulate import rescale
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.units import Hz, ms

DEFAULT_ENCODER = Population(n=32, width=1.2, max_rate=500 * Hz, frame=12 * ms)


class LiquidForecaster(RegressorMixin, HoldsRecords):
    """Predict a series, or targets of each of its samples, from the spikes of a liquid.

    The liquid runs once through the whole series, from rest. At the end of each sample a linear readout predicts the target
    ``horizon`` samples later. Its features are each neuron's spike count in the sample, and exponential traces of these
    counts; later samples are not used.

    Parameters
    ----------
    liquid
        A `Liquid`, or a function that returns one for a number of input channels.
    encoder
        How samples become spikes; its ``frame`` is the duration of a sample. None: 32 Gaussian tuning curves at up to 500
        Hz, `lsm_sim.encode.Population`, 12 ms for each sample, or with ``taus=None`` up to 48 ms if the series is fast.
    taus
        Time constants of the traces, in samples; may be empty if counts are kept. None: time constants are chosen in `fit`
        from the autocorrelation of the series: those of the traces, and the ``time_scale`` of a function ``liquid`` that has
        this argument, as `lsm_sim_models.forecasting` has; see `lsm_sim.learn.forecast.time_constants`.
    resolution
        Of the traces, in spikes: what one spike adds to a trace is rounded to a multiple of it; see `lsm_sim.Traces`.
    counts
        Whether the counts of the sample itself are among the features.
    with_encoder
        Whether the readout also sees the counts and traces of the spikes that enter the liquid.
    horizon
        Number of samples from the newest sample seen to the target.
    washout
        Number of samples at the start of every series that are not used to train or score, because the liquid starts at rest.
    readout
        Any scikit-learn regressor; None: `TimeRidge`.
    margin
        The range of each channel in `fit`, widened by this fraction at both ends, is mapped to [0, 1]; later values outside
        it are clipped.
    dt
        Step, in seconds.
    backend, n_threads, progress
        As in `lsm_sim.run`.
    arithmetic
        ``"float64"``, or ``"loihi"``: the integers of Loihi, calibrated with the series of `fit`; see `lsm_sim.quantise`.
        There is a warning if a later series exceeds the chip's registers.
    """

    _default_parts: Mapping[str, Any] = {"encoder": DEFAULT_ENCODER}

    def __init__(
        self,
        liquid: LiquidLike,
        encoder: Encoder | None = None,
        *,
        taus: Sequence[float] | None = None,
        resolution: float | None = RESOLUTION,
        counts: bool = True,
        horizon: int = 1,
        washout: int = 100,
        readout: Any = None,
        margin: float = 0.02,
        dt: float = 1 * ms,
        backend: str = DEFAULT,
        n_threads: int | None = None,
        progress: bool | None = None,
        arithmetic: str = "float64",
        with_encoder: bool = True,
    ) -> None:
        self.liquid = liquid
        self.encoder = encoder
        self.taus = taus
        self.resolution = resolution
        self.counts = counts
        self.horizon = horizon
        self.washout = washout
        self.readout = readout
        self.margin = margin
        self.dt = dt
        self.backend = backend
        self.n_threads = n_threads
        self.progress = progress
        self.arithmetic = arithmetic
        self.with_encoder = with_encoder

    def fit(self, series: Any, targets: Any = None) -> LiquidForecaster:
        """Train the readout.

        Parameters
        ----------
        series
            Shape (T,) or (T, channels), finite, in equal steps of time.
        targets
            Shape (T,) or (T, targets), one row for each sample; row t + horizon is predicted from samples 0 ... t. None: the
            series itself.
        """
        array = checked_series(series)
        wanted = self._targets(array, targets)
        rows, ahead = aligned(len(array), self.horizon, self.washout)
        self.prepare(array)
        self.one_target_ = np.ndim(series if targets is None else targets) == 1
        self.own_targets_ = targets is None
        readout = TimeRidge() if self.readout is None else resolve(self.readout, "regress")
        features = self.features(array)[rows]
        self._warn_of_extremes(features)
        self.readout_ = readout.fit(features, wanted[ahead, 0] if self.one_target_ else wanted[ahead])
        return self

    def _warn_of_extremes(self, features: Floats) -> None:
        """Warn of a liquid that never or always fires, if its counts are among the features."""
        frame = getattr(self.encoder_, "frame", None)
        if self.counts and frame is not None:
            warn_of_extremes(self.program_, float(features[:, : self.program_.n_neurons].mean()) / frame)

    def prepare(self, series: Any) -> LiquidForecaster:
        """Learn the range of the series and build the network; nothing is trained."""
        array = checked_series(series)
        return self._built(Scaler.fit(array, self.margin), array)

    def _built(self, scaler: Scaler, calibration: Floats, program: Program | None = None) -> LiquidForecaster:
        """Build the network; the series ``calibration`` calibrates quantisation. None: lower the liquid."""
        self.encoder_ = checked_encoder(self.encoder, DEFAULT_ENCODER)
        self.scaler_, self.calibration_ = scaler, calibration
        checks.flag(self.with_encoder, "with_encoder")
        n_channels = self.encoder_.n_channels(calibration.shape[1])
        self.liquid_ = build_liquid(self._timed(calibration), n_channels, "the encoder returns for the series")
        n_inputs = self.liquid_.with_noise_channels().n_inputs
        if program is not None and program.n_inputs != n_inputs:
            raise DescriptionError(f"program: got {program.n_inputs} input channels, expected {n_inputs}")
        self.program_ = lower(self.liquid_, self.dt) if program is None else program
        self.integers_: Program | None = None
        return self

    def _timed(self, series: Floats) -> LiquidLike:
        """Choose the time constants and the default encoder's frame, and return the liquid, or the function with its ``time_scale``."""
        if self.taus is not None:
            self.taus_ = tuple(checked_taus(self.taus).tolist())
            return self.liquid
        correlation = correlation_time(series)
        self.taus_ = trace_taus(correlation)
        if self.encoder is None:
            self.encoder_ = dataclasses.replace(DEFAULT_ENCODER, frame=sample_frame(correlation, self.dt))
        frame = getattr(self.encoder_, "frame", None)
        timed: LiquidLike = self.liquid if frame is None else with_time_scale(self.liquid, correlation, frame)
        return timed

    def _program(self) -> Program:
        """Return the program in the requested arithmetic."""
        if checks.choice(self.arithmetic, "arithmetic", ARITHMETICS) == "float64":
            return self.program_
        if self.integers_ is None:
            stimulus = with_background(self.encode(self.calibration_), self.liquid_)
            self.integers_ = quantise(self.program_, stimulus).program
        return self.integers_

    def without_recurrence(self) -> LiquidForecaster:
        """Return a prepared copy whose recurrent weights are 0, for the same range of the series."""
        check_is_fitted(self, "program_")
        liquid = rescale.scale(self.liquid_, 0.0, "recurrent")
        copy: LiquidForecaster = clone(self).set_params(liquid=liquid)
        return copy._built(self.scaler_, self.calibration_)

    def encode(self, series: Any) -> Spikes:
        """Return the spikes that enter the liquid, one sample of T frames."""
        check_is_fitted(self, "program_")
        array = checked_series(series)
        self.scaler_.warn_if_outside(array)
        spikes: Spikes = self.encoder_([self.scaler_(array)], self.dt)
        return spikes

    def features(self, series: Any) -> Floats:
        """Return what the readout sees at the end of each sample, shape (T, features): counts, then each trace.

        Each of these parts has all neurons and, where the readout sees the encoder, then all input channels.
        """
        array = checked_series(series)
        stimulus = self.encode(array)
        edges = sample_edges(stimulus, len(array))
        everything = with_background(stimulus, self.liquid_)
        counts = run_counts(self._program(), self.backend, everything, edges, self.n_threads, self.progress)
        if self.with_encoder:
            counts = beside(counts, stimulus, edges)
        return with_traces(counts, self.taus_, keep_counts=self.counts, resolution=self.resolution)

    def encoder_features(self, series: Any) -> Floats:
        """Return the same counts and traces of the spikes that enter the liquid: the control without a liquid."""
        array = checked_series(series)
        stimulus = self.encode(array)
        counts = stimulus.payload_sums(sample_edges(stimulus, len(array)))[0]
        return with_traces(counts, self.taus_, keep_counts=self.counts, resolution=self.resolution)

    def predict(self, series: Any) -> Floats:
        """Return predictions, one row for each sample: row t predicts target t + horizon from samples 0 ... t.

        The liquid starts at rest, so the first ``washout`` rows are unreliable. To predict after the training samples, pass
        the series from its start.
        """
        check_is_fitted(self, "readout_")
        return np.asarray(self.readout_.predict(self.features(series)))

    def generate(self, n: int, series: Any) -> Floats:
        """Return the ``n`` samples after a series that the model makes by itself, (n,) or (n, channels) as in `fit`.

        The liquid runs through the series from rest; then each prediction is fed back as the next sample. The result equals, to
        the bit, that of `predict` on the series and what was generated so far, repeated n times, if the readout predicts
        each row by itself, as `TimeRidge` does. Predictions outside the range of `fit` are clipped when they are fed back, not
        in the result; there is a warning.

        The horizon must be 1 and the targets in `fit` the series itself. The encoder must need no later sample, the liquid
        must have no background noise, and the backend must support "state".

        Parameters
        ----------
        n
            Number of samples.
        series
            The samples before, at least as many as the washout.
        """
        check_is_fitted(self, "readout_")
        if self.horizon != 1 or not self.own_targets_:
            got = "other targets" if not self.own_targets_ else f"the horizon {self.horizon}"
            raise DescriptionError(
                f"generate: the model was trained with {got}, expected the horizon 1 and the series as its own target; fit such a model"
            )
        if self.liquid_.noise():
            raise DescriptionError(
                "generate: the liquid has background noise, which depends on the whole stimulus; use a liquid without it"
            )
        n_more, array = checked_warm_up(n, series, self.scaler_)
        running = Running(
            self._program(),
            self.backend,
            self.encoder_,
            self.n_threads,
            self.taus_,
            self.counts,
            self.resolution,
            self.with_encoder,
        )
        session, first, advance = running.start(self.scaler_(array), n_more)
        with session:
            out = closed_loop(n_more, self.scaler_, first, advance, self.readout_.predict)
        return out[:, 0] if self.one_target_ else out

    def nrmse(self, series: Any, targets: Any = None, *, start: int | None = None) -> float:
        """Return the error of the predictions made at samples ``start`` and later, see `lsm_sim.learn.forecast.nrmse`.

        None: after the washout. With ``start`` at the length of the training series, pass the series from its start.
        """
        return nrmse(*self._scored(series, targets, start))

    def score(self, series: Any, targets: Any = None, *, start: int | None = None) -> float:
        """Return R^2, which is 1 - NRMSE^2 for one target; rows as in `nrmse`."""
        from sklearn.metrics import r2_score

        predicted, true = self._scored(series, targets, start)
        return float(r2_score(true, predicted))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the trained model to a file, without pickle; see `lsm_sim.learn.model_file`."""
        model_file.save(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> LiquidForecaster:
        """Read a model that `save` wrote."""
        return model_file.load(path, cls)

    def to_parts(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what a model file stores, see `lsm_sim.learn.model_file.Saved`."""
        check_is_fitted(self, "readout_")
        return saved.to_parts(self)

    @classmethod
    def from_parts(cls, description: Mapping[str, Any], arrays: Mapping[str, Any]) -> LiquidForecaster:
        """Return the fitted forecaster from the result of `to_parts`."""
        liquid, encoder, settings = saved.parameters(description)
        model = cls(liquid, encoder, **settings)
        saved.restore(model, description, arrays)
        return model

    def _scored(self, series: Any, targets: Any, start: int | None) -> tuple[Floats, Floats]:
        array = checked_series(series)
        wanted = self._targets(array, targets)
        rows, ahead = aligned(len(array), self.horizon, self.washout if start is None else start)
        return checked_series(self.predict(array)[rows]), wanted[ahead]

    def _targets(self, series: Floats, targets: Any) -> Floats:
        if targets is not None:
            return checked_targets(targets, len(series))
        checks.whole(self.horizon, "horizon of a series that is its own target", minimum=1)
        return series
