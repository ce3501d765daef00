"""Settings that are tried for words in a row: as many for the liquid as for each control.

They were chosen as in docs/benchmarks.md. Whatever a readout sees is a trace of 30 ms at the end of the sequence.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline, make_pipeline

from lsm_sim.apps.evaluate.settings_speech import CHANGES, HOP, RATE
from lsm_sim.audio import MelSpectrogram
from lsm_sim.describe.distributions import Normal, Uniform
from lsm_sim.describe.liquid import Inputs, Liquid
from lsm_sim.describe.neurons import Neurons
from lsm_sim.describe.synapses import Synapses
from lsm_sim.describe.wiring import FixedProbability
from lsm_sim.encode import Encoder, Rate, SideBySide
from lsm_sim.learn.controls.tuned import Setting
from lsm_sim.learn.controls.views import without_recurrence
from lsm_sim.learn.echo_state import EchoStateClassifier
from lsm_sim.learn.estimators import LiquidClassifier
from lsm_sim.learn.features import Traces
from lsm_sim.learn.readout import ridge
from lsm_sim.learn.transformer import LiquidTransformer
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.units import Hz, ms

TRACE = Traces(tau=30 * ms)  # at the end, in multiples of 2^-10 of one spike
PRE_EMPHASIS = 0.7
_EMPHASES = (0.5, 0.7, 0.97)
# Synaptic time constant, standard deviation of the input weights, and strength of recurrence (0: off)
_LIQUIDS = ((250 * ms, 0.25, 3.0), (250 * ms, 0.25, 4.5), (250 * ms, 0.5, 4.5))
_FEEDFORWARD = ((400 * ms, 2.0, 0.0), (1000 * ms, 0.5, 0.0), (1000 * ms, 2.0, 0.0))
_RESERVOIRS = ((0.1, 0.1), (0.02, 0.1), (0.02, 1.0))  # leak and input scaling
ESN = {"leak": 0.02, "input_scaling": 0.1, "spectral_radius": 0.95}  # under stress
_CALIBRATION = 64  # about as many training sequences calibrate Loihi's integers


def holding(n_inputs: int, n_neurons: int, seed: int, tau_syn: float, input_weight: float, recurrent: float) -> Liquid:
    """Return a random liquid that holds a word while the next ones are spoken, by slow synapses and strong recurrence."""
    tau_m, long = 20 * ms, Uniform(1 * ms, 64 * ms)
    own = Normal(0, recurrent / (0.1 * n_neurons) ** 0.5)  # the variance of sums does not depend on n_neurons
    return Liquid(
        inputs=[Inputs("input", n_inputs)],
        neurons=[Neurons("all", n_neurons, tau_m=tau_m, tau_syn=tau_syn, t_ref=2 * ms, i_bias=0.9 / tau_m)],
        synapses=[
            Synapses("input", "all", FixedProbability(0.3), Normal(0, input_weight), long),
            Synapses("all", "all", FixedProbability(0.1), own, long),
        ],
        seed=seed,
    )


@dataclass(eq=False)
class Words:
    """Recordings of words in a row, and what the liquid and the controls make of them.

    Parameters
    ----------
    sounds
        The recordings.
    n_neurons
        Size of the liquid and of the echo-state network.
    backend, n_threads
        As in `lsm_sim.run`.
    loihi
        Add the liquid in the integers of Loihi, calibrated on training samples.
    """

    sounds: Sequence[Any]
    n_neurons: int = 500
    backend: str = "fast"
    n_threads: int | None = None
    loihi: bool = False
    _signals: dict[float, list[Floats]] = field(default_factory=dict)

    def views(self) -> Mapping[str, Sequence[Setting]]:
        """Return the settings of every view."""
        views = {
            "raw": [_setting(f"pre-emphasis {value:g}", self._raw, value) for value in _EMPHASES],
            "encoder": [_setting(f"pre-emphasis {value:g}", self._encoder, value) for value in _EMPHASES],
            "recurrence_off": [self._liquid(*values) for values in _FEEDFORWARD],
            "esn": [
                _setting(f"leak {leak:g}, input scaling {scaling:g}", self._reservoir, leak, scaling)
                for leak, scaling in _RESERVOIRS
            ],
            "liquid": [self._liquid(*values) for values in _LIQUIDS],
        }
        if self.loihi:
            views["loihi"] = [
                dataclasses.replace(one, features=self._integers(v), learns=True)
                for one, v in zip(views["liquid"], _LIQUIDS, strict=True)
            ]
        return views

    def signals(self, pre_emphasis: float = PRE_EMPHASIS) -> list[Floats]:
        """Return the mel spectrograms, (frames, bands) each."""
        if pre_emphasis not in self._signals:
            front = MelSpectrogram(RATE, pre_emphasis=pre_emphasis)
            self._signals[pre_emphasis] = front.fit_transform(self.sounds)
        return self._signals[pre_emphasis]

    def _liquid(self, tau_syn: float, input_weight: float, recurrent: float) -> Setting:
        text = f"tau_syn {1000 * tau_syn:g} ms, input weight {input_weight:g}"
        text += f", recurrent weight {recurrent:g}" if recurrent else ""
        return _setting(text, self._spikes, tau_syn, input_weight, recurrent)

    def _raw(self, seed: int, pre_emphasis: float) -> Floats:
        """Return a trace of the frames."""
        return np.array([_trace(frames) for frames in self.signals(pre_emphasis)])

    def _encoder(self, seed: int, pre_emphasis: float) -> Floats:
        """Return the traces of the input spikes."""
        signals = self.signals(pre_emphasis)
        return TRACE.of(self._transformer(seed, (0.25, 1.0, 0.0)).fit(signals).encode(signals))

    def _spikes(self, seed: int, *values: float) -> Floats:
        """Return the traces of the liquid's spikes."""
        signals = self.signals()
        return self._transformer(seed, values).fit(signals).transform(signals)

    def _integers(self, values: Sequence[float]) -> Callable[[int, Ints], Floats]:
        """Return the function that returns the same traces in Loihi's integers."""

        def of(seed: int, train: Ints) -> Floats:
            some = train[:: max(1, len(train) // _CALIBRATION)]  # of all speakers
            signals = self.signals()
            transformer = self._transformer(seed, values).set_params(arithmetic="loihi")
            return np.asarray(transformer.fit([signals[k] for k in some]).transform(signals))

        return of

    def _reservoir(self, seed: int, leak: float, scaling: float) -> Floats:
        """Return the last states of an echo-state network."""
        how: dict[str, Any] = {"leak": leak, "input_scaling": scaling, "spectral_radius": 0.95}
        model = EchoStateClassifier(self.n_neurons, times=(1.0,), seed=seed, n_threads=self.n_threads, **how)
        return model.features(self.signals())

    def _transformer(self, seed: int, values: Sequence[float]) -> LiquidTransformer:
        how: dict[str, Any] = {
            "backend": self.backend,
            "n_threads": self.n_threads,
            "progress": False,
            "target_rate": None,
        }
        return LiquidTransformer(_made(self.n_neurons, seed, values), encoder(seed), TRACE, scale=None, **how)


def classifier(seed: int, *, n_neurons: int = 500) -> Pipeline:
    """Return the liquid of the first setting with its front end and readout, for tests under stress."""
    liquid = _made(n_neurons, seed, _LIQUIDS[0])
    last = LiquidClassifier(liquid, encoder(seed), TRACE, ridge(soft=True), scale=None, target_rate=None)
    return make_pipeline(MelSpectrogram(RATE, pre_emphasis=PRE_EMPHASIS), last)


def _made(n_neurons: int, seed: int, values: Sequence[float]) -> Callable[[int], Liquid]:
    """Return a function that creates the liquid of a setting for a number of channels."""
    tau_syn, input_weight, recurrent = values

    def liquid(n_inputs: int) -> Liquid:
        found = holding(n_inputs, n_neurons, seed, tau_syn, input_weight, recurrent or 1.0)
        return found if recurrent else without_recurrence(found)

    return liquid


def encoder(seed: int) -> Encoder:
    """Return the encoder of the mel spectrogram: rates and changes."""
    return SideBySide((Rate(200 * Hz, power=2.0, frame=HOP, interpolation="linear", seed=seed), CHANGES))


def _setting(text: str, features: Callable[..., Floats], *values: float) -> Setting:
    def of(seed: int) -> Floats:
        return features(seed, *values)

    return Setting(text, of)


def _trace(frames: Floats) -> Floats:
    """Return the sum of the frames, weighted like spikes of the same age."""
    age = np.arange(len(frames))[::-1] * HOP
    weight = np.exp(-age / TRACE.tau)
    return np.asarray(weight[weight > (TRACE.resolution or 0.0) / 2] @ frames[weight > (TRACE.resolution or 0.0) / 2])
