"""The tables of a report, the same in text and HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from lsm_sim.deploy.costs import Costs, CpuCost, StaticEnergy
from lsm_sim.deploy.costs.operations import Operation
from lsm_sim.deploy.report.formatting import count, interval, quantity

CORES_SHOWN = 40
PAIRS_SHOWN = 12


class Table(NamedTuple):
    """A table: the first ``left`` columns are text, and remarks and sources; ``key`` names its section in a page."""

    key: str
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 1
    note: str = ""

    @property
    def text_columns(self) -> frozenset[int]:
        """The columns that are aligned to the left."""
        words = (i for i, name in enumerate(self.head) if name in ("trust", "source", "remark"))
        return frozenset((*range(self.left), *words))


def tables(report: Any) -> list[Table]:
    """Return all tables of a report that have rows."""
    found = [
        _accuracy(report.accuracy),
        _program(report.program),
        _margins(report.core_map),
        _cores(report.core_map, report.activity),
        _activity(report.activity),
        _traffic(report.activity),
        _energy(report.costs),
        _operations(report.costs),
        _static(report.costs),
        _time(report.costs),
        _machine(report.costs.cpu),
        _readout(report.readout),
        _headroom(report.headroom),
    ]
    return [table for table in found if table.rows]


def _table(
    key: str, title: str, head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1, note: str = ""
) -> Table:
    return Table(key, title, tuple(head), tuple(tuple(row) for row in rows), left, note)


def _accuracy(rows: Any) -> Table:
    head = ("accuracy", "model", "deployed", "difference (points)")
    cells = (
        (name, *map(_percent, (m, d)), "" if m is None or d is None else f"{100 * (d - m):+.2f}") for name, m, d in rows
    )
    return _table("accuracy", "Accuracy of the model and as deployed", head, cells)


def _percent(value: float | None) -> str:
    return "not known" if value is None else f"{100 * value:.2f} %"


def _program(facts: Any) -> Table:
    groups = (
        ", ".join(f"{name} {size}" for name, size in sizes.items())
        for sizes in (facts.input_groups, facts.neuron_groups)
    )
    rows = [
        ("arithmetic", facts.arithmetic),
        ("dt", quantity(facts.dt, "s", 3)),
        ("input channels", str(facts.n_inputs)),
        ("neurons", str(facts.n_neurons)),
        ("synapses", str(facts.n_synapses)),
        ("longest delay", f"{facts.longest_delay} steps"),
        *zip(("input groups", "neuron groups"), groups, strict=True),
        ("digest (SHA-256)", facts.digest),
    ]
    return _table("program", "Program", ("what", "value"), ((label, text) for label, text in rows if text), left=2)


def _margins(core_map: Any) -> Table:
    rows = [
        (
            one.limit.name,
            *(count(n) for n in (one.used, one.allowed)),
            f"{1000 * one.used // one.allowed / 10:.1f} %" if one.allowed else "",  # rounded down: 100 % is full
            "" if one.core is None else str(one.core),
            one.limit.trust,
            one.limit.source,
        )
        for one in core_map.margins()
    ]
    head = ("limit", "used", "allowed", "share", "core", "trust", "source")
    return _table("cores", f"Limits of {core_map.chip.title}, the tightest first", head, rows)


def _cores(core_map: Any, activity: Any) -> Table:
    """Return the use of the first cores, and the sums of the others."""
    uses = list(core_map.uses)
    kinds = list(dict.fromkeys(kind for use in uses for kind in use.words))
    work = [*activity.core_work.tolist(), *[0.0] * len(uses)]
    rows = [
        (str(i), *(count(n) for n in _numbers(use, kinds)), count(work[i])) for i, use in enumerate(uses[:CORES_SHOWN])
    ]
    if rest := uses[CORES_SHOWN:]:
        sums = np.sum([_numbers(use, kinds) for use in rest], axis=0)
        rows.append((f"{len(rest)} more, sum", *(count(n) for n in sums), count(sum(work[CORES_SHOWN : len(uses)]))))
    head = (
        "core",
        "neurons",
        "synapses",
        "input axons",
        "output axons",
        *(f"words: {kind}" for kind in kinds),
        "work/step",
    )
    return _table(
        "cores",
        f"Cores, by method {core_map.method}",
        head,
        rows,
        note="Words have 64 bits. Work: synaptic operations plus neuron updates, mean over steps.",
    )


def _numbers(use: Any, kinds: Sequence[str]) -> list[int]:
    own = [use.neurons, use.synapses, use.input_axons, use.output_axons]
    return own + [use.words.get(kind, 0) for kind in kinds]


def _activity(activity: Any) -> Table:
    rows: list[tuple[str, ...]] = [
        (words, count(mean), count(low), count(high)) for words, (mean, low, high) in activity.per_sample().items()
    ]
    busiest = activity.busiest_mean
    rows.append(
        (
            "operations of the busiest core, mean of steps",
            *(count(float(x)) for x in (busiest.mean(), busiest.min(), busiest.max())),
        )
    )
    return _table(
        "activity",
        f"Activity per sample, on {len(activity)} calibration samples",
        ("per sample", "mean", "least", "most"),
        rows,
        note="Operations of a core: synaptic operations plus neuron updates.",
    )


def _traffic(activity: Any) -> Table:
    """Return the pairs of cores with the most messages."""
    between = activity.traffic - np.diag(np.diag(activity.traffic))
    order = np.argsort(-between, axis=None, kind="stable")[:PAIRS_SHOWN]
    pairs = zip(*np.unravel_index(order, between.shape), strict=True)
    rows = [(str(a), str(b), count(float(between[a, b]))) for a, b in pairs if between[a, b]]
    n = int(np.count_nonzero(between))
    note = f"The {len(rows)} pairs with the most messages, of {count(n)}." if n > len(rows) else ""
    return _table(
        "traffic", "Messages between cores, mean per sample", ("from core", "to core", "messages"), rows, 2, note
    )


def _energy(costs: Costs) -> Table:
    rows = []
    for one in costs.estimates:
        parts = (interval(values, "J") for values in one.parts.values())
        rows.append((one.table.title, *parts, interval(one.energy, "J"), one.table.trust, one.table.source))
    parts_of = costs.estimates[0].parts if costs.estimates else {}
    return _table(
        "costs",
        "Dynamic energy per sample: estimates",
        ("source of the figures", *parts_of, "sum", "trust", "source"),
        rows,
        note=" ".join(f"{one.table.title}: {one.table.remark}." for one in costs.estimates),
    )


def _operations(costs: Costs) -> Table:
    """Return the figures per operation on which the estimates depend."""
    used = [one.table for one in costs.estimates]
    if not used:
        return Table("costs", "", (), ())
    rows = [(words, *(_operation(getattr(table, name)) for table in used)) for words, name in OPERATIONS.items()]
    hops = ((table.hop_energy, table.hop_time) for table in used)
    rows.append(("hop between tiles", *(f"{interval(e, 'J')}, {interval(t, 's')}" for e, t in hops)))
    rows.append(("barrier of a step", *(f"energy not published, {interval(table.barrier, 's', 3)}" for table in used)))
    return _table("costs", "Energy and time of an operation", ("operation", *(t.title for t in used)), rows)


OPERATIONS = {
    "synaptic operation": "synapse",
    "neuron update, idle": "idle",
    "neuron update, active": "active",
    "spike": "spike",
    "message, sender": "message_out",
    "message, receiver": "message_in",
}


def _operation(one: Operation) -> str:
    """Return energy and time; a source may have no figure of its own for an operation, which then is 0."""
    return f"{quantity(one.energy, 'J', 3)}, {quantity(one.time, 's')}" if one.energy or one.time else "none"


def _static(costs: Costs) -> Table:
    power = costs.static_power
    if power is None:
        return Table("costs", "", (), ())
    rows = [
        (one.what, quantity(one.step, "s"), interval(one.energy, "J", 3), _ratio(costs, one), power.trust, power.source)
        for one in costs.static
    ]
    chips = "1 chip" if costs.n_chips == 1 else f"{costs.n_chips} chips"
    return _table(
        "costs",
        f"Static energy per sample: {chips} of {interval(power.value, 'W', 3)}",
        ("a step lasts", "step", "static energy", "static / dynamic", "trust", "source"),
        rows,
        note=f"{power.what[0].upper()}{power.what[1:]}.",
    )


def _ratio(costs: Costs, one: StaticEnergy) -> str:
    if costs.energy is None:
        return "not published"
    if not costs.energy.low:
        return ""
    low, high = one.energy.low / costs.energy.high, one.energy.high / costs.energy.low
    return f"about {count(float(f'{low:.2g}'))} to {count(float(f'{high:.2g}'))}"


def _time(costs: Costs) -> Table:
    rows = [
        (
            f"{one.table.title}: estimate",
            interval(one.step, "s"),
            interval(one.longest_step, "s"),
            interval(one.step.scaled(costs.steps), "s"),
            one.table.trust,
            one.table.source,
        )
        for one in costs.estimates
    ]
    rows += [
        (f"Measured by others: {one.what}", interval(one.value, one.unit, 3), "", "", one.trust, one.source)
        for one in costs.anchors
    ]
    note = "" if costs.estimates else "No estimate: the times of operations are not published."
    return _table("costs", "Time", ("what", "step", "longest step", "sample", "trust", "source"), rows, note=note)


def _machine(cpu: CpuCost | None) -> Table:
    if cpu is None:
        return Table("costs", "", (), ())
    energy = "" if cpu.energy is None else f"{quantity(cpu.energy, 'J')} "
    rows = [
        ("processor", cpu.processor),
        ("backend", f"{cpu.backend}, one thread, {cpu.samples} samples at a time, {cpu.repeats} runs"),
        ("processor time per sample", quantity(cpu.cpu_time, "s", 3)),
        ("elapsed time per sample", quantity(cpu.elapsed_time, "s", 3)),
        ("energy per sample", f"{energy}{f'({cpu.energy_source})' if energy else cpu.energy_source}"),
    ]
    return _table("costs", "The same program on this machine, measured", ("what", "value"), rows, left=2)


def _readout(rows: Any) -> Table:
    cells = ((label, _value(value), remark) for label, value, remark in rows)
    return _table("readout", "Readout", ("what", "value", "remark"), cells, left=3)


def _value(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float | np.floating) else str(value)


def _headroom(values: Any) -> Table:
    rows = ((name, "not used" if value == np.inf else f"{value:.2f}") for name, value in values.items())
    return _table(
        "headroom",
        "Headroom of registers on calibration data",
        ("register", "limit / largest magnitude"),
        rows,
        note="At 1 a register is full.",
    )
