"""The estimator that turns samples into features; `lsm_sim.learn.estimators` describes X."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted

from lsm_sim.describe.liquid import Liquid
from lsm_sim.dynamics import ARITHMETICS
from lsm_sim.encode import Encoder, Rate
from lsm_sim.encode.background import with_background
from lsm_sim.engine.excursions import warn_on_excursions
from lsm_sim.engine.protocol import DEFAULT, compiled
from lsm_sim.errors import DescriptionError
from lsm_sim.learn.estimator_input import EstimatorInput
from lsm_sim.learn.features import Counts, Features
from lsm_sim.learn.gain import AUTO, matched
from lsm_sim.learn.model_checks import checked_input, checked_settings
from lsm_sim.learn.parts import HoldsRecords, LiquidLike, build_liquid, checked_encoder, checked_features
from lsm_sim.learn.pinned import pinned, pinned_program
from lsm_sim.learn.records import RECORDS, record_from_dict, record_to_dict
from lsm_sim.program.lowering import lower
from lsm_sim.program.program import Program
from lsm_sim.quantisation.quantise import quantise
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.units import Hz, ms

DEFAULT_ENCODER = Rate(max_rate=200 * Hz, frame=50 * ms)
_CALIBRATION = 64  # samples of fit that calibrate quantisation
DEFAULT_FEATURES = Counts(bins=5, sqrt=True)
DEFAULT_PARTS: Mapping[str, Any] = {"encoder": DEFAULT_ENCODER, "features": DEFAULT_FEATURES}

# What is saved: parameters, the form of X, its range, and the calibration samples.
_SETTINGS = ("dt", "sample_shape", "scale", "backend", "arithmetic", "target_rate", "with_encoder")
_FORM = ("n_samples", "n_channels", "n_features", "sequences")
_RANGE = ("low", "high")
_STIMULUS = ("step", "channel", "offsets", "n_steps")
_PAYLOAD = "payload"  # of the stimulus, only where events have one


class LiquidTransformer(TransformerMixin, HoldsRecords):
    """Turn samples into the features of the spikes that they cause in a liquid.

    Parameters
    ----------
    liquid
        A `Liquid`, or a function that returns one for a number of input channels, such as ``lsm_sim_models.speech``.
    encoder
        How samples become spikes; see `lsm_sim.encode`. None: ``Rate(max_rate=200 * Hz, frame=50 * ms)``.
    features
        What the readout sees; see `lsm_sim.learn.features`. None: ``Counts(bins=5, sqrt=True)``.
    dt
        Step, in seconds.
    sample_shape
        (frames, channels): rows of a two-dimensional X are reshaped to it. None: a row is one frame.
    scale
        ``"channel"`` or ``"global"``: map the range seen in `fit`, per channel or of all, to [0, 1]; later values outside
        it are clipped. None: samples are not scaled.
    backend
        Name of the backend.
    arithmetic
        ``"float64"``, or ``"loihi"``: the integers of Loihi, calibrated with samples of `fit`; see `lsm_sim.quantise`. There
        is a warning if later samples exceed the chip's registers.
    n_threads
        Maximum number of threads; None: one per core. Results do not depend on it.
    progress
        Show a progress bar; None: on a terminal, if the run takes more than a second.
    target_rate
        Mean rate of the neurons, in Hz, to which `fit` scales the input weights of the liquid, with samples of `fit`; None:
        the weights remain. ``"auto"``: a liquid that a function returns is scaled to 15 Hz if it fires at less than 10 Hz, a
        `Liquid` remains as it is; see `lsm_sim.learn.gain`.
    with_encoder
        Whether the readout also sees the same features of the spikes that enter the liquid, after those of the neurons.

    Parameters of the encoder and the features can be set by names such as ``encoder__max_rate`` and ``features__bins``, also in
    a grid search. ``set_output(transform="pandas")`` makes `transform` return a data frame whose columns are
    `get_feature_names_out`.
    """

    _default_parts = DEFAULT_PARTS
    liquid_: Liquid
    program_: Program

    def __init__(
        self,
        liquid: LiquidLike,
        encoder: Encoder | None = None,
        features: Features | None = None,
        *,
        dt: float = 1 * ms,
        sample_shape: tuple[int, int] | None = None,
        scale: str | None = "channel",
        backend: str = DEFAULT,
        arithmetic: str = "float64",
        n_threads: int | None = None,
        progress: bool | None = None,
        target_rate: float | str | None = AUTO,
        with_encoder: bool = False,
    ) -> None:
        self.liquid = liquid
        self.encoder = encoder
        self.features = features
        self.dt = dt
        self.sample_shape = sample_shape
        self.scale = scale
        self.backend = backend
        self.arithmetic = arithmetic
        self.n_threads = n_threads
        self.progress = progress
        self.target_rate = target_rate
        self.with_encoder = with_encoder

    def fit(self, X: Any, y: Any = None) -> LiquidTransformer:
        """Learn the range of the samples and build the network; of the liquid, only the gain may change: ``target_rate``."""
        self._resolve()
        self.prepare(EstimatorInput.fit(self, X))
        stimulus = self.input_.encode_some(self, X, _CALIBRATION)
        given = isinstance(self.liquid, Liquid)
        self.liquid_, self.program_ = matched(
            self.liquid_, self.program_, stimulus, self.target_rate, given=given, n_threads=self.n_threads
        )
        return self.calibrate(stimulus)

    def _resolve(self) -> None:
        self.encoder_ = checked_encoder(self.encoder, DEFAULT_ENCODER)
        self.features_ = checked_features(self.features, DEFAULT_FEATURES)

    def prepare(self, form: EstimatorInput, program: Program | None = None) -> LiquidTransformer:
        """Build the network for samples of this form; `fit` learns the form from data. None: lower the liquid."""
        self._resolve()
        checks.flag(self.with_encoder, "with_encoder")
        self.input_ = form
        self.n_features_in_ = form.n_features
        n_channels = self.encoder_.n_channels(form.n_channels)
        self.liquid_ = build_liquid(self.liquid, n_channels, "the encoder returns for X")
        n_inputs = self.liquid_.with_noise_channels().n_inputs
        if program is not None and program.n_inputs != n_inputs:
            raise DescriptionError(f"program: got {program.n_inputs} input channels, expected {n_inputs}")
        self.program_ = lower(self.liquid_, self.dt) if program is None else program
        return self.calibrate(None)

    def calibrate(self, stimulus: Spikes | None) -> LiquidTransformer:
        """Use this stimulus to calibrate quantisation, if ``arithmetic`` requires it."""
        self.calibration_ = stimulus
        self.integers_: Program | None = None
        return self

    def transform(self, X: Any) -> Floats:
        """Return the features of each sample, shape (samples, features)."""
        return self.respond(self.encode(X))

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Return the names of the features: group, neuron and bin, such as ``exc[3] bin 0``.

        ``input_features`` must be None or the columns of X as in `fit`; the names do not depend on it.
        """
        check_is_fitted(self, "program_")
        self._check_columns(input_features)
        if not hasattr(self.features_, "get_feature_names_out"):
            raise DescriptionError(
                f"features: {type(self.features_).__name__} has no get_feature_names_out, so no names"
            )
        groups = self.program_.neuron_groups
        neurons = [f"{name}[{i}]" for name, members in groups.items() for i in range(len(members))]
        names = self.features_.get_feature_names_out(neurons)
        if not self.with_encoder:
            return names
        channels = [f"{group.name}[{i}]" for group in self.liquid_.inputs for i in range(group.size)]
        return np.concatenate([names, self.features_.get_feature_names_out(channels)])

    def _check_columns(self, input_features: Any) -> None:
        known = getattr(self, "feature_names_in_", None)
        if input_features is None:
            return
        if known is not None and not np.array_equal(known, input_features):
            raise DescriptionError("input_features is not equal to feature_names_in_, the columns of X in fit")
        if len(input_features) != self.n_features_in_:
            raise DescriptionError(
                f"input_features: got {len(input_features)}, expected {self.n_features_in_} as in fit"
            )

    def respond(self, stimulus: Spikes) -> Floats:
        """Return the features of the liquid's response to a stimulus, shape (samples, features)."""
        check_is_fitted(self, "program_")
        with compiled(self.program(), self.backend) as runner:
            warning_runner = warn_on_excursions(runner, runner.program)
            own = self.features_.run(
                warning_runner, with_background(stimulus, self.liquid_), self.n_threads, self.progress
            )
        return np.hstack([own, self.features_.of(stimulus)]) if self.with_encoder else own

    @property
    def n_sources(self) -> int:
        """Number of neurons, and of input channels if the readout sees them, that have features."""
        check_is_fitted(self, "program_")
        return self.program_.n_neurons + (self.liquid_.n_inputs if self.with_encoder else 0)

    def program(self) -> Program:
        """Return the program that runs, in the requested arithmetic."""
        check_is_fitted(self, "program_")
        if checks.choice(self.arithmetic, "arithmetic", ARITHMETICS) == "float64":
            return self.program_
        if self.integers_ is None:
            own = self.calibration_
            calibration = None if own is None else with_background(own, self.liquid_)
            self.integers_ = quantise(self.program_, calibration).program
        return self.integers_

    def encode(self, X: Any) -> Spikes:
        """Return the spikes that enter the liquid."""
        check_is_fitted(self, "program_")
        form: EstimatorInput = self.input_
        return form.encode(self, X)

    def to_parts(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what a model file stores, see `lsm_sim.learn.model_file.Saved`."""
        check_is_fitted(self, "program_")
        description: dict[str, Any] = {
            "liquid": self.liquid_.to_dict(),
            "encoder": record_to_dict(self.encoder_, "encoder"),
            "features": record_to_dict(self.features_, "features"),
            "settings": {name: getattr(self, name) for name in _SETTINGS},
            "input": {name: getattr(self.input_, name) for name in _FORM},
        }
        arrays = {name: getattr(self.input_, name) for name in _RANGE}
        if self.calibration_ is not None:
            arrays |= {f"calibration_{name}": getattr(self.calibration_, name) for name in (*_STIMULUS, _PAYLOAD)}
        digests, programs = pinned(self._pinned())
        return description | digests, {name: array for name, array in (arrays | programs).items() if array is not None}

    @classmethod
    def from_parts(cls, description: Mapping[str, Any], arrays: Mapping[str, Any]) -> LiquidTransformer:
        """Return the fitted transformer from the result of `to_parts`."""
        settings = checked_settings(description["settings"])
        records = {name: record_from_dict(description[name], RECORDS[name], name) for name in ("encoder", "features")}
        transformer = cls(Liquid.from_dict(description["liquid"]), **records, **settings)
        form = EstimatorInput(**checked_input(description["input"], arrays, settings["scale"]))
        transformer.prepare(form, pinned_program("program", description, arrays))
        if "calibration_step" in arrays:  # missing if no samples were needed, or in files of earlier versions
            names = [name for name in (*_STIMULUS, _PAYLOAD) if name in _STIMULUS or f"calibration_{name}" in arrays]
            fields = {name: np.atleast_1d(arrays[f"calibration_{name}"]) for name in names}
            transformer.calibrate(Spikes(**fields, n_channels=transformer.liquid_.n_inputs, dt=transformer.dt))
        transformer.integers_ = pinned_program("integers", description, arrays)
        return transformer

    def _pinned(self) -> dict[str, Program]:
        """Return the programs for a model file: the lowered one, and in loihi arithmetic the quantised one."""
        return {"program": self.program_} | ({"integers": self.program()} if self.arithmetic == "loihi" else {})

    def __sklearn_tags__(self) -> Any:
        """Declare that X may have three dimensions."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags
