"""A trained model as one program of Loihi's integers: the liquid, its readout, and the channels that control the readout."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from lsm_sim.deploy import bundle
from lsm_sim.deploy.folding import bin_edges
from lsm_sim.deploy.on_chip import KINDS, LIMIT, ChipReadout, check_bins
from lsm_sim.encode.background import with_background
from lsm_sim.engine.protocol import DEFAULT, Backend, Compiled, compiled
from lsm_sim.errors import DescriptionError, UnsupportedError
from lsm_sim.learn.features import Features
from lsm_sim.program.program import Program
from lsm_sim.quantisation.report import Report
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.files import PathLike
from lsm_sim.support.printing import short_repr
from lsm_sim.support.warn import warn

CHUNK = 64  # samples whose spikes are held at once


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
        reading = f"a ramp of {r.ramp} per step, the first spike decides" if r.ramp else "the host reads v at the end"
        return "\n".join(
            [
                f"{p.n_neurons} neurons ({r.n_neurons} of the liquid), {p.n_synapses} synapses, {p.n_inputs} input channels",
                f"readout: {KINDS[r.kind]}; {r.n_bins} bins, {r.n_outputs} outputs, 8-bit weights; {reading}",
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
