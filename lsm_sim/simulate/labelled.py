"""Recorded state variables with names of axes: as xarray and as a pandas table, which are imported only here."""

from __future__ import annotations

from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.spikes import tables
from lsm_sim.support.checks import Bools, Floats
from lsm_sim.support.memory import check_memory
from lsm_sim.support.optional import optional

_TIME = {"long_name": "time from the start of the sample, at the end of the step", "units": "s"}


def to_dataarray(trace: Any) -> Any:
    """See `StateTrace.to_xarray`."""
    xarray = optional("xarray", "analysis")
    time, recorded = _axis(trace)
    coordinates = _coordinates(time, recorded) | {"neuron": ("neuron", trace.neurons)}
    if isinstance(trace.threshold, np.ndarray):
        coordinates["threshold"] = ("neuron", trace.threshold)
    values = _padded(trace, recorded)
    return xarray.DataArray(values, coordinates, ("sample", "time", "neuron"), attrs={"units": trace.unit})


def to_dataset(result: Any) -> Any:
    """See `Result.to_xarray`."""
    xarray = optional("xarray", "analysis")
    traces = {group: trace for groups in result.traces.values() for group, trace in groups.items()}
    if not traces:
        raise DescriptionError(
            "Result.to_xarray: got no traces; run again with record=..., such as record={'exc': ['v']}"
        )
    time, recorded = _axis(next(iter(traces.values())))
    index = [trace.neurons for trace in traces.values()]
    first = [result.program.neuron_groups[group].start for group in traces]
    coordinates = _coordinates(time, recorded) | {
        "neuron": ("neuron", np.concatenate([one + start for one, start in zip(index, first, strict=True)])),
        "group": ("neuron", np.repeat(list(traces), [len(one) for one in index])),
        "index": ("neuron", np.concatenate(index)),
    }
    variables = {
        name: (("sample", "time", "neuron"), _all_groups(groups, traces, recorded), {"units": _unit(groups)})
        for name, groups in result.traces.items()
    }
    return xarray.Dataset(variables, coordinates, {"dt": result.program.dt})


def to_table(trace: Any) -> Any:
    """See `StateTrace.to_pandas`."""
    sizes, n = [len(times) for times in trace.times], len(trace.neurons)
    return tables.pandas().DataFrame(
        {
            "sample": np.repeat(np.arange(len(sizes)), np.array(sizes, np.int64) * n),
            "time": np.repeat(np.concatenate([np.empty(0), *trace.times]), n),
            "neuron": np.tile(trace.neurons, sum(sizes)),
            "value": np.concatenate([np.empty(0), *(values.ravel() for values in trace.values)]),
        }
    )


def _axis(trace: Any) -> tuple[Floats, Bools]:
    """Return the times of all samples, (T,), and which of them each sample has, (B, T)."""
    time = np.unique(np.concatenate([np.empty(0), *trace.times]))
    check_memory(len(trace.times) * time.size, "xarray of traces")
    recorded = np.zeros((len(trace.times), time.size), np.bool_)
    for row, times in zip(recorded, trace.times, strict=True):
        row[np.searchsorted(time, times)] = True
    return time, recorded


def _coordinates(time: Floats, recorded: Bools) -> dict[str, Any]:
    return {
        "sample": np.arange(len(recorded)),
        "time": ("time", time, _TIME),
        "recorded": (("sample", "time"), recorded),
    }


def _padded(trace: Any, recorded: Bools) -> Floats:
    """Return the values of all samples, (B, T, P), NaN where a sample has none."""
    check_memory(8 * recorded.size * len(trace.neurons), "xarray of traces")
    out = np.full((*recorded.shape, len(trace.neurons)), np.nan)
    for sample, row, values in zip(out, recorded, trace.values, strict=True):
        sample[row] = values
    return out


def _all_groups(groups: Any, traces: Any, recorded: Bools) -> Floats:
    """Return one variable of the neurons of all groups, NaN for a group without it."""
    none = (*recorded.shape, 0)
    parts = [
        _padded(groups[group], recorded) if group in groups else np.full((*none[:2], len(trace.neurons)), np.nan)
        for group, trace in traces.items()
    ]
    return np.concatenate([np.empty(none), *parts], axis=2)


def _unit(groups: Any) -> str:
    return next(iter({trace.unit for trace in groups.values()}), "")
