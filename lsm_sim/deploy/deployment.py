"""A trained model as one program of Loihi's integers: the liquid, its readout, and the channels that control the readout."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from lsm_sim.deploy import bundle
from lsm_sim.deploy.fitting import fitted
from lsm_sim.deploy.folding import Linear, bin_edges, feature_reasons, fold, readout_reasons
from lsm_sim.deploy.on_chip import LIMIT, PULSE, ChipReadout, Kind, check_bins
from lsm_sim.dynamics.loihi import ONE, exponent_range
from lsm_sim.encode.background import with_background
from lsm_sim.engine.protocol import DEFAULT, Backend, Compiled, Request, compiled
from lsm_sim.errors import DescriptionError, UnsupportedError
from lsm_sim.learn.estimator_input import checked_labels, checked_y
from lsm_sim.learn.estimators import LiquidClassifier, LiquidRegressor
from lsm_sim.learn.features import Features, Traces
from lsm_sim.learn.readout import centred_ridge
from lsm_sim.program.program import Program
from lsm_sim.quantisation.chip import chip_reasons
from lsm_sim.quantisation.quantise import quantise
from lsm_sim.quantisation.report import Report
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.files import PathLike
from lsm_sim.support.printing import short_repr
from lsm_sim.support.warn import warn

_CHUNK = 64  # samples whose spikes are held at once
CHIPS = ("loihi1", "loihi2")


class Decisions(NamedTuple):
    """What a deployment answers.

    ``classes`` (B,) are labels; None of a regressor. ``scores`` (B, outputs) are in the unit of the trained readout, ``sums``
    the same as the integers that the chip has. ``steps`` (B,) is the step of the deciding spike, counted from the end of the
    sample; None where the host reads the scores. ``spikes`` are those of the whole program, if they were requested.
    """

    classes: Any
    scores: Floats
    sums: Ints
    steps: Ints | None = None
    spikes: Spikes | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Deployment:
    """A trained model as one program, from `deploy`.

    Parameters
    ----------
    program
        The liquid, the readout and the control channels, in Loihi's integers.
    readout
        Where the scores are and what they mean.
    features
        What the readout was trained on.
    model
        The trained estimator, which encodes samples; None: only spikes can be run.
    front
        Fitted steps of a pipeline before the model; they run on the host.
    classes
        Labels by output; None of a regressor.
    quantisation
        The report on the liquid; None if the model was trained in Loihi's arithmetic.
    chip
        ``"loihi1"`` or ``"loihi2"``, for which the program was checked, or None.
    facts
        Numbers of the calibration, by name, as plain data.
    samples
        Some calibration spikes, whose answers `save` writes; None: none are known.
    """

    program: Program
    readout: ChipReadout
    features: Features
    model: Any = None
    front: Any = None
    classes: Any = None
    quantisation: Report | None = None
    chip: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    samples: Spikes | None = None

    def __post_init__(self) -> None:
        checks.instance(self.program, Program, "Deployment program", "a Program")
        checks.instance(self.readout, ChipReadout, "Deployment readout", "a ChipReadout")
        self.readout.check_program(self.program)

    def encode(self, X: Any) -> Spikes:
        """Return the spikes that enter the liquid, of samples as the model takes them; `Spikes` are returned as they are."""
        if isinstance(X, Spikes):
            n = self.readout.n_inputs
            if X.n_channels != n:
                msg = f"spikes: got {X.n_channels} channels, expected the {n} input channels of the liquid"
                raise DescriptionError(msg)
            return X
        if self.model is None:
            raise DescriptionError("deployment: got samples, but it was loaded without its encoder; expected Spikes")
        return encoded(self.model, self.front, X)

    def stimulus(self, X: Any) -> Spikes:
        """Return what enters the program: the spikes of samples, the events of the control channels, and further steps."""
        spikes = self.encode(X)
        return self.readout.control(spikes, self._checked_edges(spikes))

    def run(
        self,
        X: Any,
        *,
        backend: str | Backend = DEFAULT,
        spikes: bool = False,
        n_threads: int | None = None,
        progress: bool | None = None,
    ) -> Decisions:
        """Run samples on a backend and return the decisions.

        There is a warning if the integrators of a sample left their range, which the counts of the liquid's spikes tell
        (not those of traces).

        Parameters
        ----------
        X
            Samples as the model takes them, or the `Spikes` that enter the liquid (with its background noise, if it has any).
        backend
            Any that runs Loihi's integers.
        spikes
            Return the spikes of all neurons, too.
        n_threads, progress
            As for `lsm_sim.run`.
        """
        checks.flag(spikes, "Deployment.run spikes")
        own = self.encode(X)
        edges = self._checked_edges(own)
        stimulus = self.readout.control(own, edges)
        with compiled(self.program, backend) as runner:
            return self._decide(runner, stimulus, edges, spikes=spikes, n_threads=n_threads, progress=progress)

    def predict(self, X: Any) -> Any:
        """Return the class, or the values, of each sample."""
        decided = self.run(X)
        if self.classes is not None:
            return decided.classes
        return decided.scores[:, 0] if decided.scores.shape[1] == 1 else decided.scores

    def score(self, X: Any, y: Any) -> float:
        """Return the accuracy, or R^2 of values."""
        from sklearn.metrics import accuracy_score, r2_score

        return float((r2_score if self.classes is None else accuracy_score)(y, self.predict(X)))

    def save(self, folder: PathLike, X: Any = None, *, n_samples: int = 16, report: Any = None) -> None:
        """Write the deployment to a new folder, with what it must answer to a few samples; see `lsm_sim.deploy.bundle`.

        Parameters
        ----------
        folder
            A name that is not taken.
        X
            Samples as for `run`; None: calibration samples.
        n_samples
            At most this number of them, the first.
        report
            What has `to_dict`, `to_html` and `str`: becomes report.json, report.html and report.txt.
        """
        own = self.samples if X is None else self.encode(X)
        if own is None:
            raise DescriptionError("Deployment.save: no samples are known, expected X, whose answers are saved")
        bundle.write(self, folder, own[: checks.whole(n_samples, "n_samples", minimum=1)], report)

    @staticmethod
    def load(folder: PathLike) -> Deployment:
        """Read a deployment from a folder that `save` wrote, after comparing every file with its digest."""
        return Deployment(**bundle.read(folder))

    def summary(self) -> str:
        """Return what the program consists of, in a few lines."""
        r, p = self.readout, self.program
        how = {"banks": "banks of integrators", "relays": "relays and integrators", "trace": "leaky integrators"}[
            r.kind
        ]
        reading = f"a ramp of {r.ramp} per step, the first spike decides" if r.ramp else "the host reads v at the end"
        return "\n".join(
            [
                f"{p.n_neurons} neurons ({r.n_neurons} of the liquid), {p.n_synapses} synapses, {p.n_inputs} input channels",
                f"readout: {how}, {r.n_bins} bins, {r.n_outputs} outputs, 8-bit weights; {reading}",
                *(f"{name}: {value}" for name, value in self.facts.items()),
            ]
        )

    def __repr__(self) -> str:
        return short_repr(self)

    def _checked_edges(self, spikes: Spikes) -> Ints:
        edges = bin_edges(self.features, spikes)
        check_bins(edges, self.readout.kind, "deployment")
        return edges

    def _decide(self, runner: Compiled, stimulus: Spikes, edges: Ints, **how: Any) -> Decisions:
        r, spikes = self.readout, how.pop("spikes")
        bins = np.column_stack([edges, stimulus.n_steps])
        outcome = runner(stimulus, r.request(stimulus, spikes=spikes or bool(r.ramp), bins=bins, **how))
        v = r.v(stimulus, outcome)
        sums = r.sums(v, edges)
        assert outcome.counts is not None
        self._warn_of_range(sums, outcome.counts[:, :-1, : r.n_neurons].astype(np.int64))
        steps, winner = None, sums.argmax(axis=1)
        if r.ramp:
            assert outcome.spikes is not None
            steps, winner = first_to_fire(outcome.spikes, r.integrators, r.complete(stimulus))
        classes = None if self.classes is None else np.asarray(self.classes)[winner]
        return Decisions(classes, r.to_scores(sums), sums, steps, outcome.spikes if spikes else None)

    def _warn_of_range(self, sums: Ints, counts: Ints) -> None:
        if self.readout.kind == "trace":
            return
        wrong = np.flatnonzero((sums != self.readout.expected(counts)).any(axis=1))
        if wrong.size:
            warn(
                f"deployment: in {wrong.size} of {len(sums)} samples, first in sample {wrong[0]}, a sum left the range of its "
                f"integrator (+-{LIMIT}), so the scores are wrong; deploy with more typical calibration data or a larger headroom"
            )


def first_to_fire(spikes: Spikes, integrators: slice, done: Ints) -> tuple[Ints, Ints]:
    """Return for each sample the step of the first spike of an integrator after ``done``, counted from there, and which it was.

    Of several in one step, the first integrator wins.
    """
    own = (spikes.channel >= integrators.start) & (spikes.channel < integrators.stop)
    sample, step, channel = spikes.sample[own], spikes.step[own].astype(np.int64), spikes.channel[own]
    found, first = np.unique(sample, return_index=True)  # events are sorted
    if found.size < len(spikes):
        missing = np.setdiff1d(np.arange(len(spikes)), found)
        raise UnsupportedError(
            f"deployment: no integrator fired in {missing.size} samples, first in sample {missing[0]}; deploy with more typical "
            "calibration data"
        )
    return step[first] - done, np.asarray(channel[first] - integrators.start)


def encoded(model: Any, front: Any, X: Any) -> Spikes:
    """Return the spikes that enter the liquid of a trained model, its background noise included."""
    transformer, _ = model.live_parts()
    ready = X if front is None else front.transform(X)
    return with_background(transformer.encode(ready), transformer.liquid_)


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
        Calibration samples, like those of later runs; the training data will do.
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
        samples=stimulus[:_CHUNK],
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
    reasons = chip_reasons(program)
    if chip == "loihi1":
        reasons = [reason for reason in reasons if "refractory" not in reason]
    if program.needs:
        reasons.append(f"{', '.join(sorted(program.needs))}: Lava's own processes have none: train without")
    if reasons:
        raise UnsupportedError(f"{chip}: " + "; ".join(reasons) + " (chip=None deploys for simulators only)")


def _run(program: Program, stimulus: Spikes, backend: str | Backend) -> Spikes:
    """Return the liquid's spikes, a few samples at a time."""
    parts = []
    with compiled(program, backend) as runner:
        for first in range(0, len(stimulus), _CHUNK):
            spikes = runner(stimulus[first : first + _CHUNK], Request()).spikes
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
