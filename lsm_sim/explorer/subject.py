"""What the explorer shows: a network with the stimulus of some samples and, of a trained model, its features and readout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.describe.liquid import Liquid
from lsm_sim.encode.background import with_background
from lsm_sim.encode.passthrough import Passthrough
from lsm_sim.engine.protocol import DEFAULT
from lsm_sim.errors import DescriptionError, UnsupportedError
from lsm_sim.learn.pipelines import take
from lsm_sim.program.lowering import lower
from lsm_sim.program.program import Program
from lsm_sim.simulate.stimuli import as_spikes
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints

SAMPLES = 6  # that are shown by default


@dataclass(frozen=True, eq=False)
class Signal:
    """What an encoder saw of a sample: frames (frames, channels), and the duration of one in seconds."""

    values: Floats
    frame: float


@dataclass(frozen=True, eq=False)
class Subject:
    """A network, what enters it, and what reads it.

    Parameters
    ----------
    title
        In a few words.
    program, liquid
        What runs, and what it was lowered from; None: unknown.
    samples
        Numbers of the samples in the data.
    stimulus
        Of these samples, on all channels of the program.
    signals
        Of these samples; empty if the data are spikes.
    backend
        Name of the backend.
    calibration
        Stimulus for quantisation and for the principal components, of training samples; None: there is none.
    integers
        The program in loihi arithmetic that belongs to a model; None: quantise.
    features, readout
        Of a trained model, else None.
    """

    title: str
    program: Program
    liquid: Liquid | None
    samples: Ints
    stimulus: Spikes
    signals: Sequence[Signal]
    backend: str
    calibration: Spikes | None = None
    integers: Program | None = None
    features: Any = None
    readout: Any = None

    @property
    def classes(self) -> list[str] | None:
        """The classes of the readout; None if there is none, or it predicts values."""
        found = getattr(self.readout, "classes_", None)
        return None if found is None else [str(one) for one in found]


def subject(network: Any, data: Any, samples: Any, backend: str | None) -> Subject:
    """Return what is to be shown of a trained model and its samples, or of a network and its stimulus."""
    if backend is not None:
        checks.instance(backend, str, "explore backend", "the name of a backend, or None")
    if isinstance(network, Liquid | Program):
        return _of_network(network, data, samples, backend)
    return _of_model(network, data, samples, backend)


def _of_network(network: Liquid | Program, data: Any, samples: Any, backend: str | None) -> Subject:
    events = as_spikes(data, network)
    chosen = chosen_samples(samples, len(events))
    stimulus = events[chosen]
    program = network if isinstance(network, Program) else lower(network, stimulus.dt)
    if stimulus.n_channels != network.n_inputs:
        raise DescriptionError(
            f"explore data: got spikes on {stimulus.n_channels} channels, expected {network.n_inputs}, those of the network"
        )
    liquid = network if isinstance(network, Liquid) else None
    ready = stimulus if liquid is None else with_background(stimulus, liquid)
    kind = "program" if liquid is None else "liquid"
    title = f"A {kind} of {program.n_neurons} neurons"
    return Subject(title, program, liquid, chosen, ready, (), backend or DEFAULT)


def _of_model(model: Any, X: Any, samples: Any, backend: str | None) -> Subject:
    front, last = _split(model)
    transformer, readout = last.live_parts()
    if transformer.with_encoder:
        raise UnsupportedError(
            "explore: with_encoder: the page shows what neurons add to a decision, and this readout sees the encoder, too; train "
            "with with_encoder=False"
        )
    if isinstance(X, str | bytes | Mapping | Set) or not hasattr(X, "__len__") or np.ndim(getattr(X, "shape", ())) > 1:
        raise DescriptionError(f"explore data: got {type(X).__name__}, expected samples as for the model's predict")
    chosen = chosen_samples(samples, _n_samples(X))
    part = take(X, chosen)
    ready = part if front is None else front.transform(part)
    stimulus = transformer.encode(ready)
    own, liquid = transformer.calibration_, transformer.liquid_
    task = "classifier" if hasattr(readout, "classes_") else "model"
    return Subject(
        f"A {task} with a liquid of {liquid.n_neurons} neurons",
        transformer.program(),
        liquid,
        chosen,
        with_background(stimulus, liquid),
        _signals(transformer, ready, stimulus),
        backend or transformer.backend,
        None if own is None else with_background(own, liquid),
        transformer.integers_,
        transformer.features_,
        readout,
    )


def _split(model: Any) -> tuple[Any, Any]:
    """Return the front end, None if there is none, and the trained model."""
    steps = [step for _, step in model.steps] if hasattr(model, "steps") else [model]
    last = steps[-1]
    if isinstance(last, type) or not hasattr(last, "live_parts"):
        got = last.__name__ if isinstance(last, type) else type(last).__name__
        remedy = "; show one of its members_" if hasattr(last, "members") else ""
        raise DescriptionError(
            f"explore: got {got}, expected a Liquid, a Program, a trained LiquidClassifier or LiquidRegressor, or a pipeline "
            f"that ends in one{remedy}"
        )
    return (model[:-1] if len(steps) > 1 else None), last


def _n_samples(X: Any) -> int:
    try:
        return len(X)
    except TypeError:  # an array without dimensions
        raise DescriptionError("explore data: got one number, expected samples as for the model's predict") from None


def _signals(transformer: Any, X: Any, stimulus: Spikes) -> list[Signal]:
    encoder = transformer.encoder_
    if isinstance(encoder, Passthrough):
        return []
    frame = getattr(encoder, "frame", 0.0)  # None: one step
    return [
        Signal(values, stimulus.dt if frame is None else frame or float(duration) / len(values))
        for values, duration in zip(transformer.input_.signals(transformer, X), stimulus.durations, strict=True)
    ]


def chosen_samples(samples: Any, n: int) -> Ints:
    """Return the numbers of samples after checking them; None: the first ones."""
    if n == 0:
        raise DescriptionError("explore data: got no samples, expected at least one")
    if samples is None:
        return np.arange(min(n, SAMPLES))
    chosen = np.atleast_1d(checks.whole_array(samples, "explore samples"))
    if chosen.ndim != 1 or not chosen.size or chosen.min() < 0 or chosen.max() >= n:
        raise DescriptionError(f"explore samples: got {np.asarray(samples).tolist()}, expected numbers in 0..{n - 1}")
    return chosen
