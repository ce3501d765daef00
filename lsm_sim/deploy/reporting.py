"""From a deployment to its report: mapping, activity, costs and accuracies, measured on calibration samples."""

from __future__ import annotations

from typing import Any

from lsm_sim.deploy.costs import costs, measure, measure_cpu
from lsm_sim.deploy.deploying import checked_targets
from lsm_sim.deploy.deployment import Deployment
from lsm_sim.deploy.mapping import map_program
from lsm_sim.deploy.on_chip import KINDS
from lsm_sim.deploy.report import AccuracyRow, DeploymentReport, ProgramFacts, Rasters, ReadoutFact
from lsm_sim.engine.protocol import Request, compiled
from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks


def report_on(
    made: Deployment,
    *,
    test: Any = None,
    method: str = "auto",
    n_chips: int = 1,
    neurons_per_core: int | None = None,
    title: str = "A spiking classifier on Loihi",
) -> DeploymentReport:
    """Map a deployment to cores, run calibration samples, and return the report.

    Parameters
    ----------
    made
        From `deploy`; its calibration samples are run. A loaded deployment has none, so it cannot be reported on.
    test
        Samples that the model was not trained on, and their labels or values: their accuracy is reported, too.
    method, n_chips, neurons_per_core
        As for `lsm_sim.deploy.mapping.map_program`. Without a chip in ``made``, Loihi 2 is assumed.
    title
        Of the page.

    Raises
    ------
    UnsupportedError
        If the program does not fit; the message names the limit.
    """
    checks.instance(made, Deployment, "report_on", "a Deployment from lsm_sim.deploy.deploy")
    if made.samples is None:
        raise DescriptionError("report_on: got a deployment without calibration samples, expected one that deploy made")
    if test is not None and not (isinstance(test, tuple | list) and len(test) == 2):
        raise DescriptionError("report_on test: expected a pair, samples and their labels, or None")
    if test is not None and made.model is None:
        raise DescriptionError("report_on test: got a deployment without its encoder, expected None")
    chip = made.chip or "loihi2"
    core_map = map_program(made.program, chip, method=method, n_chips=n_chips, neurons_per_core=neurons_per_core)
    stimulus = made.stimulus(made.samples)
    activity = measure(made.program, stimulus, core_map.core)
    return DeploymentReport(
        title=title,
        program=ProgramFacts.of(made.program),
        core_map=core_map,
        activity=activity,
        costs=costs(activity, core_map.chip, n_chips=core_map.n_chips, cpu=measure_cpu(made.program, stimulus)),
        quantisation=made.quantisation,
        accuracy=_accuracy(made, test),
        readout=_readout(made),
        headroom=_headroom(made),
        rasters=_rasters(made),
    )


def _accuracy(made: Deployment, test: Any) -> tuple[AccuracyRow, ...]:
    if made.classes is None:
        return ()
    rows = []
    facts = made.facts
    if "deployed" in facts:
        rows.append(
            AccuracyRow("calibration data (may be training data)", facts.get("model, float64"), facts["deployed"])
        )
    if test is not None:
        X, y = test
        own = made.encode(X)
        y = checked_targets(made.model, y, len(own))
        ready = X if made.front is None else made.front.transform(X)
        before = float(made.model.score(ready, y)) if made.model.arithmetic == "float64" else None
        rows.append(AccuracyRow("test data", before, made.score(own, y)))
    return tuple(rows)


def _readout(made: Deployment) -> tuple[ReadoutFact, ...]:
    r = made.readout
    how = f"by spikes: {r.ramp} per step is added to all scores" if r.ramp else "by the host, which reads v"
    facts = [
        ReadoutFact("construction", KINDS[r.kind]),
        ReadoutFact("bins, outputs", f"{r.n_bins}, {r.n_outputs}"),
        ReadoutFact("decision", how),
        ReadoutFact("steps after the end of a sample", r.extra_steps + r.ramp_steps),
    ]
    return (*facts, *(ReadoutFact(name, value) for name, value in made.facts.items() if name not in _ELSEWHERE))


_ELSEWHERE = ("headroom", "model, float64", "deployed")


def _headroom(made: Deployment) -> dict[str, float]:
    own = {} if made.quantisation is None else dict(made.quantisation.headroom)
    return own | {"readout sums": float(made.facts["headroom"])}


def _rasters(made: Deployment) -> Rasters | None:
    """Return the liquid's spikes in the first sample, of the model in float64 and as deployed."""
    if made.model is None or made.model.arithmetic != "float64" or made.samples is None:
        return None
    transformer, _ = made.model.live_parts()
    one = made.samples[:1]
    with compiled(transformer.program_, "fast") as runner:
        before = runner(one, Request()).spikes
    after = made.run(one, spikes=True).spikes
    assert before is not None  # `compiled` has checked it
    assert after is not None
    kept = (after.channel < before.n_channels) & (after.step < one.n_steps[0])
    liquid = Spikes.from_events(
        after.step[kept],
        after.channel[kept],
        n_steps=one.n_steps,
        n_channels=before.n_channels,
        dt=before.dt,
        sample=after.sample[kept],
    )
    return Rasters(before, Spikes(**(vars(liquid) | {"groups": before.groups})))
