"""From a trained model to a deployment: checks, quantisation, the scale of the readout, and what it costs in accuracy."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from lsm_sim.deploy.deployment import CHUNK, Decisions, Deployment, encoded
from lsm_sim.deploy.fitting import fitted
from lsm_sim.deploy.folding import Linear, bin_edges, feature_reasons, fold, readout_reasons
from lsm_sim.deploy.on_chip import LIMIT, PULSE, Kind, check_bins
from lsm_sim.dynamics.loihi import ONE, exponent_range
from lsm_sim.engine.protocol import DEFAULT, Backend, Request, compiled
from lsm_sim.errors import DescriptionError, UnsupportedError
from lsm_sim.learn.estimator_input import checked_labels, checked_y
from lsm_sim.learn.estimators import LiquidClassifier, LiquidRegressor
from lsm_sim.learn.features import Traces
from lsm_sim.learn.readout import centred_ridge
from lsm_sim.program.program import Program
from lsm_sim.quantisation.chip import chip_reasons
from lsm_sim.quantisation.quantise import quantise
from lsm_sim.quantisation.report import Report
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints

CHIPS = ("loihi1", "loihi2")


def deploy(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    chip: str | None = "loihi2",
    relays: bool = False,
    ramp: int = 0,
    refit: bool = False,
    headroom: float = 1.25,
    scale: float | None = None,
    backend: str | Backend = DEFAULT,
) -> Deployment:
    """Return a trained model as one program of Loihi's integers: input spikes in, scores or a class out.

    Parameters
    ----------
    model
        A fitted `LiquidClassifier` or `LiquidRegressor` with a linear readout on `Counts` or on `Traces` at the end, or a
        fitted pipeline that ends in one. ``readout="centred_ridge"`` and counts without roots lose least.
    X
        Calibration samples, like those of later runs; the training data will do, or some hundred of them. All their spikes are
        held in memory.
    y
        Their labels or values; then accuracies before and after are among the facts. Needed with ``refit``.
    chip
        Whose limits the program must keep: ``"loihi2"``, which has no refractory periods, ``"loihi1"``; None: it will only run
        on simulators.
    relays
        Use a relay for each neuron and bin in place of a bank of integrators for each bin.
    ramp
        Decide by spikes: the number added to every score per step after the end, a weight of 8 bits times 2^0..2^6; the first
        integrator that fires is the class. The larger, the sooner, and the more often two fire in the same step. Needs
        ``relays``. 0: the host reads the scores.
    refit
        Train a new readout, `lsm_sim.readout.centred_ridge`, on the features of the liquid in Loihi's integers.
    headroom
        Factor by which the range of the integrators must be larger than calibration needs, at least 1.
    scale
        Integers per unit of the trained scores; None: the largest that fits.
    backend
        Backend for the calibration.

    Raises
    ------
    UnsupportedError
        If the model cannot be deployed; the message has every reason, each with the change to make.
    """
    front, last = _front_and_model(model)
    settings = _Settings(last, relays=relays, ramp=ramp, refit=refit, chip=chip, y=y)
    factor = checks.real(headroom, "headroom")
    if factor < 1:
        raise DescriptionError(f"deploy headroom: got {factor:g}, expected at least 1")
    stimulus = encoded(last, front, X)
    y = None if y is None else checked_targets(last, y, len(stimulus))
    liquid, report = _liquid(last, stimulus, backend)
    _check_chip(liquid, chip)
    edges = bin_edges(settings.features, stimulus)
    check_bins(edges, settings.kind, "deploy")
    spikes = _run(liquid, stimulus, backend)
    linear = settings.linear(spikes, y, liquid.n_neurons)
    readout, found = fitted(
        linear,
        settings.kind,
        settings.dv(liquid.dt),
        settings.ramp,
        (liquid.n_inputs, liquid.n_neurons),
        spikes,
        edges,
        headroom=factor,
        scale=scale,
    )
    made = Deployment(
        program=readout.append_to(liquid),
        readout=readout,
        features=settings.features,
        model=last,
        front=front,
        classes=linear.classes,
        quantisation=report,
        chip=chip,
        samples=stimulus[:CHUNK],
    )
    ready = X if front is None else front.transform(X)
    made.facts.update(_facts(made, found.sums, linear, settings.features.of(spikes), stimulus, last, ready, y))
    return made


def _front_and_model(model: Any) -> tuple[Any, Any]:
    front, last = (model[:-1] or None, model[-1]) if isinstance(model, Pipeline) else (None, model)
    if not isinstance(last, LiquidClassifier | LiquidRegressor):
        got = last.__name__ if isinstance(last, type) else type(last).__name__
        raise DescriptionError(
            f"deploy: got {got}, expected a fitted LiquidClassifier or LiquidRegressor, or a pipeline that ends in one"
        )
    check_is_fitted(last, "readout_")
    return front, last


def checked_ramp(ramp: Any) -> int:
    """Return the ramp if a synapse on the chip can have this weight."""
    value = checks.whole(ramp, "deploy ramp", 0, PULSE)
    low, high = exponent_range(np.array([value]))
    if low[0] > high[0]:
        raise DescriptionError(
            f"deploy ramp: got {value}, expected at most 255 times a power of 2, such as {value >> 6 << 6}"
        )
    return value


class _Settings:
    """How the readout will be on the chip, after checking everything that does not need a run."""

    def __init__(self, model: Any, *, relays: Any, ramp: Any, refit: Any, chip: Any, y: Any) -> None:
        self.model, self.features, self.readout = model, model.transformer_.features_, model.readout_
        self.refit = checks.flag(refit, "deploy refit")
        self.ramp = checked_ramp(ramp)
        if chip is not None:
            checks.choice(chip, "deploy chip", CHIPS)
        with_relays = checks.flag(relays, "deploy relays")
        reasons = feature_reasons(self.features) + ([] if self.refit else readout_reasons(self.readout))
        trace = isinstance(self.features, Traces)
        if model.transformer_.with_encoder:
            reasons.append("with_encoder: on the chip the readout sees neurons only: train with with_encoder=False")
        if self.ramp and not with_relays:
            reasons.append("ramp: without relays the liquid's later spikes would still count: use relays=True")
        if with_relays and trace:
            reasons.append("relays: a trace has no bins to gate: use relays=False")
        if self.ramp and not is_classifier(model):
            reasons.append("ramp: values have no first spike: use ramp=0")
        if self.refit and y is None:
            reasons.append("refit: needs the labels of the calibration samples: pass y")
        if reasons:
            raise UnsupportedError("deploy: " + "; ".join(reasons))
        self.kind: Kind = "trace" if trace else "relays" if with_relays else "banks"

    def dv(self, dt: float) -> int:
        """Return the decay of the integrators."""
        if not isinstance(self.features, Traces):
            return 0
        decay = round(ONE * -np.expm1(-dt / self.features.tau))
        if not decay:
            raise UnsupportedError(
                f"deploy: Traces tau: got {self.features.tau:g} s, whose decay in 1/4096 per step would be 0; use a shorter tau "
                "or a larger dt"
            )
        return int(decay)

    def linear(self, spikes: Spikes, y: Any, n_neurons: int) -> Linear:
        """Return the weights, after training again on these spikes if that was requested."""
        if not self.refit:
            return fold(self.readout, n_neurons)
        fresh: Any = centred_ridge("classify" if is_classifier(self.model) else "regress")
        return fold(fresh.fit(self.features.of(spikes), y), n_neurons)


def checked_targets(model: Any, y: Any, n_samples: int) -> Any:
    """Return labels, or values, one for each sample."""
    if is_classifier(model):
        targets = checked_labels(model, y)
    else:
        targets = checked_y(model, y, multi_output=True, y_numeric=True)
    if len(targets) != n_samples:
        raise DescriptionError(f"y: got {len(targets)} values for {n_samples} samples of X")
    return targets


def _liquid(model: Any, stimulus: Spikes, backend: str | Backend) -> tuple[Program, Report | None]:
    """Return the liquid in integers, and the report if it was quantised here."""
    transformer, _ = model.live_parts()
    if transformer.arithmetic == "loihi":
        return transformer.program(), None
    return quantise(transformer.program_, stimulus, backend=backend)


def _check_chip(program: Program, chip: str | None) -> None:
    if chip is None:
        return
    reasons = chip_reasons(program, chip)
    if program.needs:
        reasons.append(f"{', '.join(sorted(program.needs))}: Lava's own processes have none: train without")
    if reasons:
        raise UnsupportedError(f"{chip}: " + "; ".join(reasons) + " (chip=None deploys for simulators only)")


def _run(program: Program, stimulus: Spikes, backend: str | Backend) -> Spikes:
    """Return the liquid's spikes, a few samples at a time."""
    parts = []
    with compiled(program, backend) as runner:
        for first in range(0, len(stimulus), CHUNK):
            spikes = runner(stimulus[first : first + CHUNK], Request()).spikes
            assert spikes is not None  # `compiled` has checked it
            parts.append(spikes)
    return Spikes.concatenate(parts)


def _facts(
    made: Deployment, sums: float, linear: Linear, features: Floats, stimulus: Spikes, model: Any, X: Any, y: Any
) -> dict[str, Any]:
    """Return the numbers of the calibration."""
    r = made.readout
    decided = made.run(stimulus)
    before = linear.scores(features)
    facts: dict[str, Any] = {
        "calibration samples": len(stimulus),
        "scale": r.scale.tolist() if linear.classes is None else float(r.scale[0]),
        "largest sum": sums,
        "headroom": LIMIT / sums if sums else float("inf"),
    }
    if linear.classes is not None:
        facts["decisions as before rounding the readout"] = float((decided.sums.argmax(1) == before.argmax(1)).mean())
    if decided.steps is not None:
        facts["decisions by spikes as by scores"] = float((decided.sums.argmax(1) == _index(made, decided)).mean())
        facts["latest deciding step after the end"] = int(decided.steps.max())
    if y is not None:
        facts["model, float64"] = float(model.score(X, y)) if model.arithmetic == "float64" else None
        facts["liquid in integers, readout in float64"] = _score(linear, before, y)
        facts["deployed"] = (
            _score(linear, decided.scores, y) if decided.steps is None else _accuracy(decided.classes, y)
        )
    return {name: value for name, value in facts.items() if value is not None}


def _index(made: Deployment, decided: Decisions) -> Ints:
    labels = list(np.asarray(made.classes))
    return np.array([labels.index(label) for label in decided.classes])


def _score(linear: Linear, scores: Floats, y: Any) -> float:
    from sklearn.metrics import r2_score

    if linear.classes is None:
        return float(r2_score(y, scores[:, 0] if np.ndim(y) == 1 else scores))
    return _accuracy(np.asarray(linear.classes)[scores.argmax(axis=1)], y)


def _accuracy(predicted: Any, y: Any) -> float:
    return float(np.mean(np.asarray(predicted) == np.asarray(y)))
