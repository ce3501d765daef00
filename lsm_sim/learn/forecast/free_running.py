"""Free running: a model continues a series by itself, each prediction fed back as the next sample."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from lsm_sim.encode.streaming import EncoderStream, start_encoder
from lsm_sim.engine.excursions import warn_on_excursions
from lsm_sim.engine.protocol import Backend, Request, compiled
from lsm_sim.engine.state import State
from lsm_sim.errors import DescriptionError, RunError
from lsm_sim.learn.forecast.series import Scaler, checked_series
from lsm_sim.learn.forecast.states import Counts, beside, sample_edges
from lsm_sim.learn.forecast.trace_stream import TraceStream
from lsm_sim.program.program import Program
from lsm_sim.simulate.session import Session
from lsm_sim.spikes.pieces import piece
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.memory import check_memory
from lsm_sim.support.warn import warn

Features = Callable[[Floats], Floats]  # of one more sample in [0, 1], (1, channels), all features (features,)


@dataclasses.dataclass(frozen=True, eq=False)
class Running:
    """What makes features of a liquid: the program and how it runs, the encoder, and the parameters of `TraceStream`."""

    program: Program
    backend: str | Backend
    encoder: Any
    n_threads: int | None
    taus: Any
    counts: bool
    resolution: float | None
    with_encoder: bool

    def start(self, scaled: Floats, n_more: int) -> tuple[Session, Floats, Features]:
        """Run a series in [0, 1]; return the session, the features of its last sample, and those of the next samples."""
        stream = self._encoder_stream(scaled.shape[1])
        stimulus = _whole(stream, stream.advance(scaled))
        counts, state = self._run(stimulus, len(scaled))
        traces = TraceStream(counts[:-1], n_more + 1, self.taus, self.counts, self.resolution)
        session = Session(self.program, backend=self.backend, state=state)

        def advance(sample: Floats) -> Floats:
            entering = _whole(stream, stream.advance(sample))
            spikes = session.advance(entering)
            own = np.bincount(spikes.channel, minlength=spikes.n_channels).astype(np.int32)
            return traces.advance(self._seen(own[None], entering, sample_edges(entering, 1))[0])

        return session, traces.advance(counts[-1]), advance

    def _encoder_stream(self, n_features: int) -> EncoderStream:
        stream = start_encoder(self.encoder, n_features, self.program.dt)
        if stream.delay:
            raise DescriptionError(
                f"generate: got an encoder that holds back {stream.delay} steps of each sample until it knows the next, expected "
                "one that needs no later sample; use interpolation='hold' or another encoder"
            )
        return stream

    def _run(self, stimulus: Spikes, n_samples: int) -> tuple[Counts, State]:
        edges = sample_edges(stimulus, n_samples)
        request = Request(spikes=False, bins=edges, keep_state=True, n_threads=self.n_threads)
        with compiled(self.program, self.backend) as runner:
            outcome = warn_on_excursions(runner, runner.program)(stimulus, request)
        assert outcome.counts is not None  # `compiled` has checked them
        assert outcome.state is not None
        return self._seen(outcome.counts[0], stimulus, edges), outcome.state

    def _seen(self, counts: Counts, stimulus: Spikes, edges: Ints) -> Counts:
        return beside(counts, stimulus, edges) if self.with_encoder else counts


def _whole(stream: EncoderStream, spikes: Spikes | None) -> Spikes:
    """Return the piece; a frame without any step cannot come from a stream without delay."""
    none = np.empty(0, np.int32)
    return piece(none, none, stream.steps_per_frame, stream.n_channels, stream.dt) if spikes is None else spikes


def checked_warm_up(n: Any, series: Any, scaler: Scaler) -> tuple[int, Floats]:
    """Return the number of samples to generate and the series (T, channels), T >= 2, after checking them."""
    n_more = checks.whole(n, "generate n", minimum=1, maximum=checks.MOST)
    array = checked_series(series)
    if array.shape[1] != len(scaler.low):
        raise DescriptionError(f"series: got {array.shape[1]} channels, expected {len(scaler.low)} as in fit")
    if len(array) < 2:
        raise DescriptionError(
            "series: got 1 sample, expected at least 2; pass the samples before the ones to generate"
        )
    check_memory(8.0 * n_more * array.shape[1], "generated series")
    return n_more, array


def closed_loop(n: int, scaler: Scaler, first: Floats, advance: Features, predict: Callable[[Any], Any]) -> Floats:
    """Return ``n`` predictions, (n, channels), from the features after a series, each fed back as the next sample.

    What is fed back is clipped to the range of `fit`, as every sample is; there is a warning if that happens.
    """
    out = np.empty((n, len(scaler.low)))
    features, clipped = first, 0
    for k in range(n):
        out[k] = np.ravel(predict(features[None]))
        if not np.isfinite(out[k]).all():
            raise RunError(f"generate: the readout predicted {out[k]} after {k} samples, expected finite numbers")
        if k + 1 < n:
            clipped += bool(((out[k] < scaler.low) | (out[k] > scaler.high)).any())
            features = advance(scaler(out[k][None]))
    if clipped:
        warn(
            f"generate: {clipped} of {n - 1} predictions were outside the range of fit and were clipped when they were fed "
            "back; the model may have left the series: train on a longer one, or with a larger margin"
        )
    return out
