"""What a program does on calibration samples: spikes, synaptic operations, messages between cores, work of the busiest core.

What is counted in a step is what the chip does with the spikes of that step: a spike goes to every core on which it has
synapses, as one message each, and there through each of these synapses. The delay of a synapse postpones the arrival, not the
work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from lsm_sim.deploy.costs.operations import TABLES, OperationTable
from lsm_sim.deploy.costs.reach import Reach, checked_cores, reach_of
from lsm_sim.engine.protocol import DEFAULT, Backend, Request, compiled
from lsm_sim.errors import DescriptionError
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.records import rebuild

_CELLS = 2**22  # steps times cores, or messages, that are counted at a time
_STEPS = 2**26  # steps times neurons of the samples that are run at a time


class SerialTimes(NamedTuple):
    """How long the busiest core works in a step, by one table of operations, in seconds, without barrier.

    ``low`` is with all neurons that do not spike idle, ``high`` with all neurons active. ``mean`` (B, 2) is over the steps of a
    sample; ``longest`` (B, 2) is the longest step of a sample.
    """

    mean: Floats
    longest: Floats


@dataclass(frozen=True, eq=False, repr=False)
class Activity:
    """What a program did on calibration samples, one number per sample (B,) unless another shape is given.

    Parameters
    ----------
    dt
        Duration of a step of the program, in seconds.
    core_sizes
        Number of neurons of each core, (cores,).
    steps, spikes, input_events
        Steps; spikes of neurons; events of input channels, which the host sends.
    synaptic_operations, input_operations
        Synapses that spikes of neurons, and that events of input channels, went through.
    neuron_updates
        Neurons times steps.
    messages, local_messages, input_messages
        Messages from spikes to other cores, one for each core; to the neuron's own core; and from the host to cores.
    traffic, input_traffic
        Messages per sample, on average: from core (rows) to core (columns), own core included; and from the host to each core.
    core_operations, core_spikes
        Synaptic operations in each core, and spikes of its neurons, per step, on average, (cores,).
    busiest_mean, busiest_most
        Synaptic operations plus neuron updates in the busiest core of each step: mean and maximum over the steps.
    serial_times
        How long the busiest core works in a step, by name of the table in `lsm_sim.deploy.costs.operations.TABLES`.
    """

    dt: float
    core_sizes: Ints
    steps: Ints
    spikes: Ints
    input_events: Ints
    synaptic_operations: Ints
    input_operations: Ints
    neuron_updates: Ints
    messages: Ints
    local_messages: Ints
    input_messages: Ints
    traffic: Floats
    input_traffic: Floats
    core_operations: Floats
    core_spikes: Floats
    busiest_mean: Floats
    busiest_most: Ints
    serial_times: Mapping[str, SerialTimes]

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                object.__setattr__(self, name, checks.read_only(value.copy()))

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild(self)

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def n_neurons(self) -> int:
        """Number of neurons."""
        return int(self.core_sizes.sum())

    @property
    def n_cores(self) -> int:
        """Number of cores."""
        return len(self.core_sizes)

    @property
    def core_work(self) -> Floats:
        """Synaptic operations plus neuron updates of each core in a step, on average, (cores,)."""
        return np.asarray(self.core_operations + self.core_sizes, np.float64)

    def per_sample(self) -> dict[str, tuple[float, int, int]]:
        """Return mean, minimum and maximum over the samples of everything that is counted, in words."""
        values = {words: getattr(self, name) for name, words in COUNTED.items()}
        return {words: (float(one.mean()), int(one.min()), int(one.max())) for words, one in values.items()}

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain numbers, lists and text; traffic as [from, to, messages] where there is any."""
        plain: dict[str, Any] = {
            field.name: getattr(self, field.name).tolist()
            for field in fields(self)
            if field.name not in ("dt", "traffic", "serial_times")
        }
        sender, receiver = np.nonzero(self.traffic)
        between = zip(sender.tolist(), receiver.tolist(), self.traffic[sender, receiver].tolist(), strict=True)
        times = {
            name: {"mean": one.mean.tolist(), "longest": one.longest.tolist()}
            for name, one in self.serial_times.items()
        }
        return {"dt": self.dt, **plain, "traffic": [list(one) for one in between], "serial_times": times}

    def __repr__(self) -> str:
        means = ", ".join(f"{mean:.6g} {words}" for words, (mean, _, _) in self.per_sample().items())
        return f"Activity({len(self)} samples on {self.n_cores} cores; per sample {means})"


COUNTED = {
    "steps": "steps",
    "spikes": "spikes of neurons",
    "input_events": "input events (from the host)",
    "synaptic_operations": "synaptic operations of spikes",
    "input_operations": "synaptic operations of input events",
    "neuron_updates": "neuron updates",
    "messages": "messages to other cores",
    "local_messages": "messages to the own core",
    "input_messages": "messages from the host to cores",
    "busiest_most": "operations of the busiest core in one step",
}


def measure(
    program: Program,
    calibration: Spikes,
    core: Any = None,
    *,
    backend: str | Backend = DEFAULT,
    n_threads: int | None = None,
) -> Activity:
    """Run ``program`` on the calibration samples and count what it does.

    Parameters
    ----------
    program
        In either arithmetic.
    calibration
        Input spikes, at least one sample.
    core
        The core of each neuron, (N,), from 0 on; None: all neurons in one core.
    backend
        A backend or its name.
    n_threads
        Maximum number of threads; None: one per core. Results do not depend on it.
    """
    checks.instance(program, Program, "activity: program", "a Program")
    checks.instance(calibration, Spikes, "activity: calibration", "Spikes on the input channels")
    if not len(calibration):
        raise DescriptionError("activity: got no calibration samples, expected at least one")
    reach = reach_of(program, checked_cores(core, program.n_neurons))
    counter = _Counter(reach, calibration)
    with compiled(program, backend) as runner:
        for first, last in pieces(calibration.n_steps * max(program.n_neurons, 1), _STEPS):
            inputs = calibration[first:last]
            spikes = runner(inputs, Request(n_threads=n_threads, progress=False)).spikes
            assert spikes is not None  # `Compiled` raises if they are missing
            counter.add(first, inputs, spikes)
    return counter.activity(program.dt)


def pieces(sizes: Ints, most: int) -> Iterator[tuple[int, int]]:
    """Yield the ends of consecutive pieces whose sizes sum to about ``most``, each with at least one member.

    >>> list(pieces(np.array([3, 3, 9, 1]), 6))
    [(0, 2), (2, 3), (3, 4)]
    """
    first, total = 0, 0
    for i, size in enumerate(sizes.tolist()):
        if i > first and total + size > most:
            yield first, i
            first, total = i, 0
        total += size
    if len(sizes):
        yield first, len(sizes)


class _Counter:
    """Sums up what the samples do, some samples at a time."""

    def __init__(self, reach: Reach, calibration: Spikes) -> None:
        b, cores = len(calibration), reach.n_cores
        self.reach, self.calibration = reach, calibration
        self.rows = np.zeros(reach.n_rows, np.int64)  # events of each row, of all samples
        self.sums = {name: np.zeros(b, np.int64) for name in _SUMS}
        self.busiest_mean, self.busiest_most = np.zeros(b), np.zeros(b, np.int64)
        self.times = {name: SerialTimes(np.zeros((b, 2)), np.zeros((b, 2))) for name in TABLES}
        self.operations = np.zeros(cores)

    def add(self, first: int, inputs: Spikes, spikes: Spikes) -> None:
        """Add the samples from number ``first`` on."""
        reach, n_inputs = self.reach, self.reach.n_inputs
        n = len(inputs)
        for part, offset, kind in ((inputs, 0, "input"), (spikes, n_inputs, "spike")):
            row = part.channel.astype(np.int64) + offset
            self.rows += np.bincount(row, minlength=reach.n_rows)
            for name, weights in _per_event(reach, kind).items():
                values = None if weights is None else weights[row]
                self.sums[name][first : first + n] = np.bincount(part.sample, values, minlength=n)
        work, times = _per_step(reach, inputs, spikes, self.operations)
        starts = np.cumsum(inputs.n_steps) - inputs.n_steps
        own = slice(first, first + n)
        self.busiest_mean[own] = np.add.reduceat(work, starts) / inputs.n_steps
        self.busiest_most[own] = np.maximum.reduceat(work, starts)
        for name, values in times.items():
            self.times[name].mean[own] = np.add.reduceat(values, starts) / inputs.n_steps[:, None]
            self.times[name].longest[own] = np.maximum.reduceat(values, starts)

    def activity(self, dt: float) -> Activity:
        """Return the sums and means."""
        reach, steps = self.reach, self.calibration.n_steps
        b, n_steps, spikes = len(steps), int(steps.sum()), self.rows[reach.n_inputs :]
        sent = reach.reached.multiply(self.rows[:, None]).tocsr()
        return Activity(
            dt=dt,
            core_sizes=np.bincount(reach.core, minlength=reach.n_cores),
            steps=np.array(steps, np.int64),
            neuron_updates=steps * reach.core.size,
            traffic=np.asarray((reach.members.T @ sent[reach.n_inputs :]).toarray(), np.float64) / b,
            input_traffic=np.asarray(sent[: reach.n_inputs].sum(axis=0), np.float64).ravel() / b,
            core_operations=self.operations / n_steps,
            core_spikes=np.bincount(reach.core, spikes, minlength=reach.n_cores) / n_steps,
            busiest_mean=self.busiest_mean,
            busiest_most=self.busiest_most,
            serial_times=self.times,
            **self.sums,
        )


_SUMS = (
    *("input_events", "input_operations", "input_messages"),
    *("spikes", "synaptic_operations", "local_messages", "messages"),
)


def _per_event(reach: Reach, kind: str) -> dict[str, Any]:
    """Return what one event of each row adds to each sum; None: one."""
    if kind == "input":
        return {"input_events": None, "input_operations": reach.fan_out, "input_messages": reach.others}
    return {
        "spikes": None,
        "synaptic_operations": reach.fan_out,
        "local_messages": reach.own,
        "messages": reach.others,
    }


def _per_step(reach: Reach, inputs: Spikes, spikes: Spikes, operations: Floats) -> tuple[Ints, dict[str, Floats]]:
    """Return the operations of the busiest core in each step, and its times by table; add to the ``operations`` of the cores.

    The steps of all samples form one axis.
    """
    begin = np.cumsum(inputs.n_steps) - inputs.n_steps
    step = np.concatenate([part.step + begin[part.sample] for part in (inputs, spikes)])
    row = np.concatenate([inputs.channel, spikes.channel.astype(np.int64) + reach.n_inputs])
    order = np.argsort(step, kind="stable")
    step, row = step[order], row[order]
    n_steps = int(inputs.n_steps.sum())
    size = reach.n_cores + np.bincount(step, reach.n_messages[row], minlength=n_steps).astype(np.int64)
    work, times = np.zeros(n_steps, np.int64), {name: np.zeros((n_steps, 2)) for name in TABLES}
    for first, last in pieces(size, _CELLS):
        a, b = np.searchsorted(step, [first, last])
        counts = reach.counts(step[a:b] - first, row[a:b], last - first)
        operations += counts.operations.sum(axis=0)
        work[first:last] = (counts.operations + reach.sizes).max(axis=1, initial=0)
        for name, table in TABLES.items():
            times[name][first:last] = _serial(table, counts, reach.sizes)
    return work, times


def _serial(table: OperationTable, counts: Any, sizes: Ints) -> Floats:
    """Return how long the busiest core works in each step, (steps, 2): neurons that do not spike idle, all neurons active."""
    fixed = (
        counts.operations * table.synapse.time
        + counts.spikes * table.spike.time
        + counts.sent * table.message_out.time
        + counts.received * table.message_in.time
    )
    idle = counts.spikes * table.active.time + (sizes - counts.spikes) * table.idle.time
    ends = [(fixed + idle).max(axis=1, initial=0), (fixed + sizes * table.active.time).max(axis=1, initial=0)]
    return np.stack(ends, axis=1)
