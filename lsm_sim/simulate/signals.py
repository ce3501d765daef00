"""Results of a run as a Neo block: spike trains, and recorded state variables as signals. Neo is imported only when needed."""

from __future__ import annotations

from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.support.optional import optional

_UNITS = {"v per second": "1/s"}  # others have none: v is a pure number


def to_neo(result: Any, silent: Any) -> Any:
    """See `Result.to_neo`."""
    neo = optional("neo", "analysis")
    spikes = result.outcome.spikes
    recorded = [(name, group, trace) for name, groups in result.traces.items() for group, trace in groups.items()]
    if spikes is not None:
        block = spikes.to_neo(silent=silent)
    elif recorded:
        block = neo.Block()
        block.segments.extend([neo.Segment(name=f"sample {b}", index=b) for b in range(len(recorded[0][2].times))])
    else:
        raise DescriptionError("Result.to_neo: got neither spikes nor traces; run again with spikes=True or record=...")
    block.name = "result"
    for b, segment in enumerate(block.segments):
        for name, group, trace in recorded:
            if len(trace.times[b]):
                _add(neo, segment, _signal(neo, trace, b, result.program.dt, name, group))
    return block


def _signal(neo: Any, trace: Any, b: int, dt: float, name: str, group: str) -> Any:
    """Return one variable of one group in one sample, (T, P)."""
    times, values = trace.times[b], trace.values[b]
    notes = {"variable": name, "group": group, "unit": trace.unit or "that of the program"}
    of_each = {"neuron": trace.neurons}
    if isinstance(trace.threshold, np.ndarray):
        of_each["threshold"] = trace.threshold
    units = _UNITS.get(trace.unit, "dimensionless")
    form = {"units": units, "name": f"{name} of {group}", "array_annotations": of_each, **notes}
    gaps = np.unique(np.rint(np.diff(times) / dt))
    if gaps.size > 1:
        return neo.IrregularlySampledSignal(times, values, time_units="s", **form)
    period = dt * (gaps[0] if gaps.size else 1)
    quantity = optional("quantities", "analysis").Quantity
    return neo.AnalogSignal(values, t_start=quantity(times[0], "s"), sampling_period=quantity(period, "s"), **form)


def _add(neo: Any, segment: Any, signal: Any) -> None:
    is_regular = isinstance(signal, neo.AnalogSignal)
    (segment.analogsignals if is_regular else segment.irregularlysampledsignals).append(signal)
