"""Live sessions of trained models: encoder, liquid, features and readout advance together."""

from __future__ import annotations

from typing import Any

import numpy as np

from lsm_sim.encode.background import start_background
from lsm_sim.encode.streaming import start_encoder
from lsm_sim.engine.state import State
from lsm_sim.errors import DescriptionError
from lsm_sim.learn.linear_scores import linear_scores
from lsm_sim.learn.streaming import start_features
from lsm_sim.simulate.session import Session
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.support.exclusive import Exclusive


class LiveModel:
    """A trained model at a moment of a sample that is still going on; ``model.open()`` or `lsm_sim.open` starts one.

    After `advance` with the frames of a sample, in pieces of any size, `predict` and `decision_function` return what the model
    returns for the frames so far as a whole sample: the same spikes and features to the bit, and scores up to rounding. (Front
    ends and encoders that hold the last steps back until they are determined, such as linear interpolation between frames, need
    `finish` for the end.)
    With a ``window`` they return what it returns for the spikes of the last ``window`` seconds, while the liquid goes on: use
    the length of the training samples. The liquid is then not at rest at the start of the window, as it was in training.

    Only one thread at a time may use it. Close it, or use it in a ``with`` statement.

    Parameters
    ----------
    model
        A fitted `LiquidClassifier` or `LiquidRegressor`; or a fitted pipeline that ends in one, whose other steps have a
        method ``stream``, such as `lsm_sim.audio.MelSpectrogram` with a ``reference``.
    window, rng, state, trial
        See `lsm_sim.LiquidClassifier.open`.

    Examples
    --------
    >>> import lsm_sim as lsm
    >>> import lsm_sim_models as models
    >>> X, y = [np.full((4, 1), 0.2), np.full((6, 1), 0.9)] * 5, ["low", "high"] * 5
    >>> model = lsm.LiquidClassifier(models.speech(n_inputs=1, n_neurons=20)).fit(X, y)
    >>> with lsm.open(model) as live:
    ...     for frame in X[1]:
    ...         spikes = live.advance(frame)
    ...     print(live.predict(), round(live.time, 3))
    high 0.3
    """

    def __init__(
        self,
        model: Any,
        *,
        window: float | None = None,
        rng: np.random.Generator | None = None,
        state: State | None = None,
        trial: int = 0,
    ) -> None:
        self._front, last = _split(model)
        self._transformer, self.readout = last.live_parts()
        self._scores = linear_scores(self.readout)
        transformer = self._transformer
        self.program = transformer.program()
        self._rng, self._trial = rng, checks.whole(trial, "trial")
        self._window = None if window is None else _steps(window, transformer.dt)
        self._exclusive = Exclusive("live model", "open it again")
        self._start()
        self._session = Session(self.program, backend=transformer.backend, state=state)
        n_neurons = self.program.n_neurons
        parts = [n_neurons] + ([self._encoder.n_channels] if transformer.with_encoder else [])
        self._features = [start_features(transformer.features_, n, self.program.dt, self._window) for n in parts]

    def _start(self) -> None:
        transformer, dt = self._transformer, self._transformer.dt
        self._fronts = [step.stream() for step in self._front]
        self._encoder = start_encoder(transformer.encoder_, transformer.input_.n_channels, dt, rng=self._rng)
        self._noise = start_background(transformer.liquid_, dt, self._trial)

    def advance(self, frames: Any) -> Spikes | None:
        """Give the model the next frames and return the spikes of the liquid in these steps, None if no step is determined yet.

        ``frames`` has shape (k, channels), or (channels,) for one frame; samples of sound, shape (k,), if the model is a
        pipeline that begins with a front end for sounds. Frames that are refused change nothing.
        """
        with self._exclusive.used():
            for front in self._fronts:
                frames = front.advance(frames)
                if frames is None or not len(frames):
                    return None
            scaled = frames if isinstance(frames, Spikes) else self._scaled(frames)
            self._encoder.check(scaled)
            return self._respond(self._encoder.advance(scaled))

    def finish(self) -> Spikes | None:
        """Tell the model that the sample ends here, so that steps that were held back are run; return their spikes, or None."""
        with self._exclusive.used():
            pieces = []
            for i, front in enumerate(self._fronts):
                rest = front.finish()
                for later in self._fronts[i + 1 :]:
                    rest = None if rest is None or not len(rest) else later.advance(rest)
                if rest is not None and len(rest):
                    pieces.append(self._respond(self._encoder.advance(self._scaled(rest))))
            pieces.append(self._respond(self._encoder.finish()))
            found = [one for one in pieces if one is not None]
            return Spikes.concatenate(found, along="time") if found else None

    def _scaled(self, frames: Any) -> Floats:
        array = checks.real_array(frames, "frames")
        n_channels = self._transformer.input_.n_channels
        if array.ndim not in (1, 2) or array.shape[-1] != n_channels:
            raise DescriptionError(
                f"frames: got shape {array.shape}, expected ({n_channels},) or (k, {n_channels}), as many channels as in fit"
            )
        scaled: Floats = self._transformer.input_.scaled(array)
        return scaled

    def _respond(self, spikes: Spikes | None) -> Spikes | None:
        if spikes is None:
            return None
        response = self._session.advance(self._noise.join(spikes))
        for features, seen in zip(self._features, (response, spikes), strict=False):
            features.advance(seen)
        return response

    def features(self) -> Floats:
        """Return what the readout sees now, shape (features,)."""
        with self._exclusive.used():
            return self._now()

    def _now(self) -> Floats:
        parts = [features.now() for features in self._features]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def predict(self) -> Any:
        """Return the predicted label or value, now."""
        features = self.features()
        if hasattr(self.readout, "predict_one"):
            return self.readout.predict_one(features)
        if self._scores is None:
            return self.readout.predict(features[None])[0]
        scores = self._scores(features)
        if not hasattr(self.readout, "classes_"):
            return scores if scores.ndim else float(scores)
        return self.readout.classes_[scores.argmax() if scores.ndim else int(scores > 0)]

    def decision_function(self) -> Any:
        """Return the readout's score of each class, shape (classes,), or one number for two classes."""
        if self._scores is not None and hasattr(self.readout, "classes_"):
            scores = self._scores(self.features())
            return scores if scores.ndim else float(scores)
        return self._asked("decision_function")[0]

    def predict_proba(self) -> Floats:
        """Return the probability of each class, shape (classes,), if the readout has probabilities."""
        return np.asarray(self._asked("predict_proba")[0])

    def _asked(self, method: str) -> Any:
        function = getattr(self.readout, method, None)
        if function is None:
            raise DescriptionError(
                f"live model: the readout {type(self.readout).__name__} has no {method}; use predict"
            )
        return function(self.features()[None])

    def learn(self, target: Any) -> None:
        """Update the model's readout with the right answer at this time: a label, or a value or values, shape (targets,).

        The readout is that of the model, which changes too. It must be able to learn one sample at a time, as ``"rls"``,
        ``"lms"`` and ``"incremental_ridge"`` are; see `lsm_sim.learn.online`.
        """
        with self._exclusive.used():
            features = self._now()
            if hasattr(self.readout, "learn_one"):
                self.readout.learn_one(features, target)
                return
            if hasattr(self.readout, "partial_fit"):
                self.readout.partial_fit(features[None], np.asarray(target)[None])
                return
            raise DescriptionError(
                f"live model: the readout {type(self.readout).__name__} cannot learn from single samples; train the model with "
                "readout='rls', 'lms' or 'incremental_ridge'"
            )

    def reset(self, state: State | None = None) -> None:
        """Begin the next sample: the liquid at rest, or in ``state``, and time at 0; what the readout has learnt remains."""
        with self._exclusive.used():
            self._session.reset(state)
            self._start()
            for features in self._features:
                features.reset()

    @property
    def state(self) -> State:
        """The state of the liquid."""
        with self._exclusive.used():
            return self._session.state

    @property
    def n_steps(self) -> int:
        """Number of steps of the liquid since the start or the last `reset`."""
        return self._session.n_steps

    @property
    def time(self) -> float:
        """Time of the liquid since the start or the last `reset`, in seconds."""
        return self._session.time

    def close(self) -> None:
        """Release the engine; nothing happens if it is closed already."""
        self._exclusive.closed = True
        self._session.close()

    def __enter__(self) -> LiveModel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        where = "closed" if self._exclusive.closed else f"at {self.time:g} s"
        return f"LiveModel({self.program.n_neurons} neurons, {where})"


def _split(model: Any) -> tuple[list[Any], Any]:
    """Return the front ends and the model itself."""
    steps = [step for _, step in model.steps] if hasattr(model, "steps") else [model]
    *front, last = (step for step in steps if step not in ("passthrough", None))
    if isinstance(last, type) or not hasattr(last, "live_parts"):
        raise DescriptionError(
            f"open: got {type(last).__name__}, expected a LiquidClassifier or LiquidRegressor, or a pipeline that ends in one"
        )
    for step in front:
        if not callable(getattr(step, "stream", None)):
            raise DescriptionError(
                f"open: {type(step).__name__} needs the whole sample, so it cannot run live; use a front end with a method "
                "stream, such as MelSpectrogram(reference=...)"
            )
    return front, last


def _steps(window: Any, dt: float) -> int:
    steps = checks.positive(window, "window", "time") / dt
    if steps > checks.MOST or round(steps) < 1:
        raise DescriptionError(
            f"window: got {float(window):g} s, expected at least one step of {dt:g} s, and less than 2^31"
        )
    return round(steps)
