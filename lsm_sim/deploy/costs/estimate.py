"""Energy and time of a program on Loihi, as ranges of estimates from published figures; nothing was measured on a chip.

Dynamic energy of a sample, from one table of operations (`lsm_sim.deploy.costs.operations`)::

    synaptic operations * e_synapse                                    # of spikes and of input events
    + spikes * e_active + (updates - spikes) * e_idle                  # lower end: who does not spike is idle
      or updates * e_active                                            # upper end: all neurons active in every step
    + spikes * e_spike
    + messages * e_message + hops * e_hop                              # hops: none, or between the two farthest tiles

Time of a step: the busiest core does its operations one after the other, then all cores wait at the barrier. Static power is
given beside it for several durations of a step and never added, because its source states no voltage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.deploy.costs.activity import Activity
from lsm_sim.deploy.costs.cpu import CpuCost
from lsm_sim.deploy.costs.operations import (
    ANCHORS,
    MULTI_CHIP_BARRIER,
    STATIC,
    TABLES,
    OperationTable,
    Published,
    Range,
    most_hops,
)
from lsm_sim.support import checks

CORES = {"loihi1": 128, "loihi2": 120}  # of one chip
NOT_PUBLISHED = "not published"
_MILLISECOND = 1e-3


@dataclass(frozen=True)
class Estimate:
    """What one table of operations gives for the mean sample.

    Parameters
    ----------
    table
        The table, with its source.
    parts
        Dynamic energy per sample, in joules, by kind of operation.
    step, longest_step
        Time of a step, in seconds: mean over all steps, and of the longest one.
    """

    table: OperationTable
    parts: Mapping[str, Range]
    step: Range
    longest_step: Range

    @property
    def energy(self) -> Range:
        """Dynamic energy per sample, in joules."""
        return Range(*(sum(ends) for ends in zip(*self.parts.values(), strict=True)))

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain numbers, lists and text."""
        return {
            "name": self.table.name,
            "source": self.table.source,
            "trust": self.table.trust,
            "remark": self.table.remark,
            "energy": [*self.energy],
            "parts": {name: [*values] for name, values in self.parts.items()},
            "step": [*self.step],
            "longest_step": [*self.longest_step],
        }


@dataclass(frozen=True)
class StaticEnergy:
    """The static energy of one sample, in joules, if a step lasts ``step`` seconds; ``what`` says why it would."""

    what: str
    step: float
    energy: Range


@dataclass(frozen=True)
class Costs:
    """Estimates of what a sample costs on a chip, beside what it costs on this machine.

    Parameters
    ----------
    chip, n_chips
        Name of the chip, and how many are powered.
    steps, dt
        Steps of the mean sample, and the duration of a step in the program, in seconds.
    estimates
        One for each table of operations; none for Loihi 2, because its energy per operation is not published.
    static_power
        Of one chip, as published; None if it is not.
    static
        Static energy of all chips per sample, at several durations of a step.
    anchors
        Times measured by others, on other networks.
    cpu
        What this machine needs; None if it was not measured.
    """

    chip: str
    n_chips: int
    steps: float
    dt: float
    estimates: tuple[Estimate, ...]
    static_power: Published | None
    static: tuple[StaticEnergy, ...]
    anchors: tuple[Published, ...]
    cpu: CpuCost | None = None

    @property
    def energy(self) -> Range | None:
        """Dynamic energy per sample, in joules, over all estimates; None if there are none."""
        return _over([one.energy for one in self.estimates])

    @property
    def step(self) -> Range | None:
        """Mean time of a step, in seconds, over all estimates; None if there are none."""
        return _over([one.step for one in self.estimates])

    @property
    def latency(self) -> Range | None:
        """Time of the mean sample, in seconds, over all estimates; None if there are none."""
        return None if self.step is None else self.step.scaled(self.steps)

    @property
    def real_time_power(self) -> Range | None:
        """Dynamic power if steps last as long as in the program, in watts; None if there are no estimates."""
        return None if self.energy is None else self.energy.scaled(1 / (self.steps * self.dt))

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain numbers, lists and text; energy and times that are not published are None."""
        return {
            "chip": self.chip,
            "n_chips": self.n_chips,
            "steps": self.steps,
            "dt": self.dt,
            "energy": _plain(self.energy),
            "step": _plain(self.step),
            "latency": _plain(self.latency),
            "estimates": [one.to_dict() for one in self.estimates],
            "static_power": None if self.static_power is None else _published(self.static_power),
            "static": [{"what": one.what, "step": one.step, "energy": [*one.energy]} for one in self.static],
            "anchors": [_published(one) for one in self.anchors],
            "cpu": None if self.cpu is None else self.cpu.to_dict(),
        }


def costs(activity: Activity, chip: Any = "loihi2", *, n_chips: int | None = None, cpu: CpuCost | None = None) -> Costs:
    """Estimate what the mean sample of ``activity`` costs on a chip.

    Parameters
    ----------
    activity
        From `lsm_sim.deploy.costs.activity.measure`, with the cores of the chip.
    chip
        A chip or its name; of chips that are neither "loihi1" nor "loihi2" nothing is published.
    n_chips
        Number of chips that are powered, such as those of a board; None: as many as the cores fill.
    cpu
        What this machine needs, from `lsm_sim.deploy.costs.cpu.measure_cpu`.
    """
    checks.instance(activity, Activity, "costs: activity", "an Activity")
    checks.instance(cpu, (CpuCost, type(None)), "costs: cpu", "a CpuCost or None")
    name = checks.name(getattr(chip, "name", chip), "costs: chip")
    per_chip = _cores_of(chip, name, activity.n_cores)
    chips = (
        -(-activity.n_cores // per_chip)
        if n_chips is None
        else checks.whole(n_chips, "costs: n_chips", minimum=1, maximum=checks.MOST)
    )
    steps = float(activity.steps.mean())
    tables = TABLES.values() if name == "loihi1" else ()
    estimates = tuple(_estimate(table, activity, min(activity.n_cores, per_chip), chips) for table in tables)
    anchors = ANCHORS.get(name, ())
    return Costs(
        chip=name,
        n_chips=chips,
        steps=steps,
        dt=activity.dt,
        estimates=estimates,
        static_power=STATIC.get(name),
        static=_static(STATIC.get(name), steps * chips, _durations(activity.dt, estimates, anchors)),
        anchors=anchors,
        cpu=cpu,
    )


def _cores_of(chip: Any, name: str, otherwise: int) -> int:
    """Return the number of cores of one chip."""
    limits = getattr(chip, "limits", {})
    return int(limits["cores"].value) if "cores" in limits else CORES.get(name, max(otherwise, 1))


def _estimate(table: OperationTable, activity: Activity, cores_of_chip: int, n_chips: int) -> Estimate:
    """Return what one table gives for the mean sample."""
    hops = most_hops(cores_of_chip)
    transit = Range(0, hops * table.hop_time.high)
    barrier = table.barrier.plus(transit)
    if n_chips > 1:  # of many more chips than this one may need, so only its upper end is moved
        barrier = barrier.plus(Range(0, MULTI_CHIP_BARRIER.value.high))
    times, steps = activity.serial_times[table.name], activity.steps
    mean = np.average(times.mean, axis=0, weights=steps)
    return Estimate(
        table=table,
        parts=_energy(table, activity, hops),
        step=Range(*mean.tolist()).plus(barrier),
        longest_step=Range(*times.longest.max(axis=0).tolist()).plus(barrier),
    )


def _energy(table: OperationTable, activity: Activity, hops: int) -> dict[str, Range]:
    """Return the dynamic energy of the mean sample by kind of operation."""
    spikes, updates = float(activity.spikes.mean()), float(activity.neuron_updates.mean())
    operations = float((activity.synaptic_operations + activity.input_operations).mean())
    sent = float((activity.messages + activity.local_messages).mean())
    received = sent + float(activity.input_messages.mean())
    travelling = received - float(activity.local_messages.mean())
    idle = spikes * table.active.energy + (updates - spikes) * table.idle.energy
    messages = sent * table.message_out.energy + received * table.message_in.energy
    return {
        "synapses": Range(operations * table.synapse.energy, operations * table.synapse.energy),
        "neuron updates": Range(idle, updates * table.active.energy),
        "spikes": Range(spikes * table.spike.energy, spikes * table.spike.energy),
        "messages": Range(messages, messages + travelling * hops * table.hop_energy.high),
    }


def _durations(dt: float, estimates: tuple[Estimate, ...], anchors: tuple[Published, ...]) -> list[tuple[str, float]]:
    """Return why a step may last how long, in seconds."""
    out = [("real time, dt of the program", dt)]
    if not np.isclose(dt, _MILLISECOND):
        out.append(("steps of 1 ms", _MILLISECOND))
    if estimates:
        out.append(("fastest estimate", min(one.step.low for one in estimates)))
    elif anchors:
        out.append(("fastest step that others measured", min(one.value.low for one in anchors)))
    return out


def _static(power: Published | None, chip_steps: float, durations: list[tuple[str, float]]) -> tuple[StaticEnergy, ...]:
    if power is None:
        return ()
    return tuple(StaticEnergy(what, step, power.value.scaled(chip_steps * step)) for what, step in durations)


def _over(ranges: list[Range]) -> Range | None:
    return Range(min(one.low for one in ranges), max(one.high for one in ranges)) if ranges else None


def _plain(values: Range | None) -> list[float] | None:
    return None if values is None else [*values]


def _published(one: Published) -> dict[str, Any]:
    return {
        "what": one.what,
        "value": [*one.value],
        "unit": one.unit,
        "source": one.source,
        "trust": one.trust,
    }
