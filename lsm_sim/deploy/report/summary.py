"""The lines that a report begins with."""

from __future__ import annotations

from typing import Any

from lsm_sim.deploy.costs import Costs
from lsm_sim.deploy.report.formatting import interval, quantity

STILL = "a compiler for the chip may still refuse: it has limits that are not public"


def lines(report: Any) -> list[tuple[str, str]]:
    """Return the most important figures of a report, each with its label."""
    return [
        ("Fits", fits(report.core_map, report.costs.n_chips)),
        *((f"Accuracy, {name}" if name else "Accuracy", _accuracy(m, d)) for name, m, d in report.accuracy),
        ("Energy", energy(report.costs)),
        ("Time", latency(report.costs)),
        ("This machine", _machine(report.costs)),
    ]


def fits(core_map: Any, n_chips: int) -> str:
    """Return on how many cores the program fits, and which limit is the tightest."""
    limits, n_cores = core_map.chip.limits, len(core_map.uses)
    of = f" of {limits['cores'].value * n_chips}" if "cores" in limits else ""
    chips = "" if n_chips == 1 else f" on {n_chips} chips"
    text = f"on {n_cores}{of} {'core' if n_cores == 1 and not of else 'cores'} of {core_map.chip.title}{chips}"
    margins = core_map.margins()
    if margins:
        one = margins[0]
        where = "" if one.core is None else f" in core {one.core}"
        text += f"; tightest limit: {one.limit.name}, {one.used} of {one.allowed}{where} (trust {one.limit.trust})"
    return f"{text}; {STILL}"


def _accuracy(model: float | None, deployed: float | None) -> str:
    parts = [_percent(model, "model"), _percent(deployed, "deployed")]
    if model is not None and deployed is not None:
        parts.append(f"{100 * (deployed - model):+.2f} points")
    return ", ".join(parts)


def _percent(value: float | None, name: str) -> str:
    return f"{name} {'not known' if value is None else f'{100 * value:.2f} %'}"


def energy(costs: Costs) -> str:
    """Return the dynamic and the static energy of a sample."""
    if costs.energy is None:
        text = "dynamic: energy per operation not published"
    else:
        text = f"dynamic {interval(costs.energy, 'J')} per sample (estimates)"
    if costs.static:
        parts = (f"{interval(one.energy, 'J')} at {quantity(one.step, 's')} a step" for one in costs.static)
        text += f"; static, not included: {', '.join(parts)}"
    return text


def latency(costs: Costs) -> str:
    """Return the time of a sample and of a step, or what others measured."""
    if costs.latency is not None and costs.step is not None:
        return (
            f"{interval(costs.latency, 's')} per sample of {round(costs.steps)} steps, {interval(costs.step, 's')} a step (estimates); "
            f"{quantity(costs.steps * costs.dt, 's')} in real time"
        )
    text = f"{quantity(costs.steps * costs.dt, 's')} per sample of {round(costs.steps)} steps in real time"
    if costs.anchors:
        text += f"; no estimate, others measured {interval(costs.anchors[0].value, 's')} for {costs.anchors[0].what}"
    return text


def _machine(costs: Costs) -> str:
    cpu = costs.cpu
    if cpu is None:
        return "not measured"
    joules = (
        cpu.energy_source if cpu.energy is None else f"{quantity(cpu.energy, 'J')} per sample ({cpu.energy_source})"
    )
    return f"{quantity(cpu.cpu_time, 's')} of processor time per sample, one thread of {cpu.processor} (measured); energy: {joules}"
