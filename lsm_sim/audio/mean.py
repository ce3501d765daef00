"""Normalising the mean level of bands: that of a whole sound, or a running mean that only sees the past."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from lsm_sim.audio.frame_stream import FrameStream
from lsm_sim.audio.sounds import checked_levels
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.units import ms


class MeanNormalisation(TransformerMixin, BaseEstimator):
    """Bring the mean levels of the bands together: a microphone's or a voice's frequency response is taken out.

    For levels x[k, c] of frame k and band c, as from `MelSpectrogram`::

        w[k] = mean over c of x[k, c]                       # silence has no weight
        m[c] = sum over k of w[k] x[k, c] / sum of w[k]
        y[k, c] = clip(x[k, c] - amount (m[c] - mean of m), 0, 1)   where x[k, c] > 0, else 0

    With ``tau`` the sums run over the past only, with weights that decay by exp(-frame / tau) per frame::

        s[k, c] = decay s[k-1, c] + (1 - decay) w[k] x[k, c],   n[k] = decay n[k-1] + (1 - decay) w[k],   m[k] = s[k] / n[k]

    Parameters
    ----------
    amount
        From 0 (none) to 1.
    tau
        Time constant of the running mean, in seconds; None: the mean of the whole sound, for which there is no stream.
    frame
        Duration of a frame, in seconds: ``hop`` of the front end.

    Examples
    --------
    >>> [flat] = MeanNormalisation().fit_transform([np.array([[0.2, 0.6], [0.2, 0.6]])])
    >>> flat.round(6).tolist()
    [[0.4, 0.4], [0.4, 0.4]]
    """

    def __init__(self, amount: float = 1.0, *, tau: float | None = None, frame: float = 5 * ms) -> None:
        self.amount = amount
        self.tau = tau
        self.frame = frame

    def fit(self, X: Any, y: Any = None) -> MeanNormalisation:
        """Check the parameters; nothing is learnt from the levels."""
        self._checked()
        return self

    def transform(self, X: Any) -> list[Floats]:
        """Return the levels of each sound, (frames, bands), after normalisation."""
        amount, decay = self._checked()
        out = []
        for b, levels in enumerate(checks.items(X, "X", "a list of arrays (frames, bands)")):
            frames = checked_levels(levels, f"sound {b}")
            if decay is None:
                out.append(_normalised(frames, _mean(frames), amount))
            else:
                out.append(MeanStream(amount, decay).advance(frames))
        return out

    def stream(self) -> MeanStream:
        """Return the stream of one sound whose frames come in pieces; it needs ``tau``."""
        amount, decay = self._checked()
        if decay is None:
            raise DescriptionError(
                "MeanNormalisation: got no tau, so that the mean is that of the whole sound, which is not known while it plays; "
                "give tau, such as 0.3 s, and train with it"
            )
        return MeanStream(amount, decay)

    def _checked(self) -> tuple[float, float | None]:
        amount = checks.probability(self.amount, "MeanNormalisation amount")
        frame = checks.positive(self.frame, "MeanNormalisation frame", "time")
        if self.tau is None:
            return amount, None
        tau = checks.positive(self.tau, "MeanNormalisation tau", "time")
        return amount, float(np.exp(-frame / tau))

    def __sklearn_tags__(self) -> Any:
        """Declare that no fit is needed."""
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags


class MeanStream(FrameStream):
    """The normalisation of one sound whose frames come in pieces of any size, from `MeanNormalisation.stream`."""

    def __init__(self, amount: float, decay: float) -> None:
        super().__init__()
        self._amount, self._decay = amount, decay
        self._sum: Any = 0.0  # of weighted levels, (bands,)
        self._weight = 0.0

    def _changed(self, levels: Floats) -> Floats:
        out = np.empty_like(levels)
        for k, frame in enumerate(levels):
            weight = float(frame.mean())
            self._sum = self._decay * self._sum + (1 - self._decay) * weight * frame
            self._weight = self._decay * self._weight + (1 - self._decay) * weight
            mean = self._sum / self._weight if self._weight > 0 else frame
            out[k] = _normalised(frame, mean, self._amount)
        return out


def _mean(frames: Floats) -> Floats:
    weight = frames.mean(axis=1, keepdims=True)
    total = weight.sum()
    return np.asarray((weight * frames).sum(axis=0) / total if total > 0 else np.zeros(frames.shape[1]))


def _normalised(levels: Floats, mean: Floats, amount: float) -> Floats:
    return np.asarray(np.where(levels > 0, np.clip(levels - amount * (mean - mean.mean()), 0, 1), 0))
