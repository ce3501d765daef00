"""The results as plain values (for JSON) and as a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from lsm_sim.apps.bench.peer import BRIAN2
from lsm_sim.apps.bench.rounds import LEFT_OUT, OK, Measurement, Row

COLUMNS = (
    "",
    "threads",
    "samples",
    "ms/sample",
    "lowest .. highest",
    "x loop",
    "x best",
    "% ceiling",
    "counts",
    "first s",
)
RIGHT = (1, 2, 3, 4, 5, 6, 7, 8, 9)


def summarise(measurement: Measurement) -> dict[str, Any]:
    """Return the results of one workload: medians over the rounds, their spread, and ratios of medians."""
    task, rows = measurement.task, measurement.rows
    events = float(task.events.mean())
    return {
        "workload": task.workload.name,
        "sweep": task.workload.sweep or None,
        "x": task.workload.x if task.workload.sweep else None,
        "neurons": task.program.n_neurons,
        "synapses": task.program.n_synapses,
        "samples": len(task.counts),
        "steps": int(task.stimulus.n_steps[0]),
        "rate": task.rate,
        "events_per_sample": events,
        "first_seconds": task.first_seconds,
        "rows": [_row(row, rows, events) for row in rows],
        "figures": _figures(rows),
        "noise": {
            "quiet": not measurement.noise.reasons,
            "reasons": list(measurement.noise.reasons),
            "loop_spread": measurement.noise.spread,
            "others_cores": measurement.noise.others,
            "rounds_spread": measurement.noise.rounds,
        },
    }


def _row(row: Row, rows: Sequence[Row], events: float) -> dict[str, Any]:
    peer = row.peer
    out: dict[str, Any] = {"name": peer.name, "family": peer.family, "role": peer.role or None, "about": peer.about}
    out |= {"threads": peer.n_threads, "status": row.status, "reason": row.reason or None}
    if row.status != OK:
        return out
    low, high = np.quantile(row.seconds, [0.25, 0.75])
    return out | {
        "samples": row.samples,
        "ms_per_sample": row.median * 1e3,
        "ms_lowest": min(row.seconds) * 1e3,
        "ms_highest": max(row.seconds) * 1e3,
        "ms_quartiles": [low * 1e3, high * 1e3],
        "ms_rounds": [value * 1e3 for value in row.seconds],
        "ns_per_event": row.median / events * 1e9 if events else None,
        "first_seconds": row.first_seconds,
        "exact": peer.exact,
        "counts_compared": row.compared,
        "counts_differing": row.differing,
        "times_loop": _over(_of_role(rows, "loop"), row),
        "times_best": _over(_best(rows), row),
        "share_of_ceiling": _over(_ceiling(rows, peer.n_threads), row),
    }


def _figures(rows: Sequence[Row]) -> dict[str, float | None]:
    """Return ratios between our own rows: overhead of the public API over the runner, and speed-up by threads."""
    public = [row for row in rows if row.peer.role == "public" and row.status == OK]
    one = min(public, key=lambda row: row.peer.n_threads, default=None)
    many = max(public, key=lambda row: row.peer.n_threads, default=None)
    runner = _of_role(rows, "runner")
    return {
        "public_over_runner": _over(one, runner) if one and runner else None,
        "threads": many.peer.n_threads if many else None,
        "threads_speedup": _over(one, many) if one and many and one is not many else None,
    }


def _of_role(rows: Sequence[Row], role: str) -> Row | None:
    return next((row for row in rows if row.peer.role == role and row.status == OK), None)


def _best(rows: Sequence[Row]) -> Row | None:
    """Return the fastest way to use Brian2."""
    runs = [row for row in rows if row.peer.family == BRIAN2 and row.status == OK]
    return min(runs, key=lambda row: row.median, default=None)


def _ceiling(rows: Sequence[Row], n_threads: int) -> Row | None:
    """Return the ceiling of this number of threads."""
    same = (row for row in rows if row.peer.role == "ceiling" and row.peer.n_threads == n_threads)
    return next((row for row in same if row.status == OK), None)


def _over(one: Row | None, other: Row) -> float | None:
    """Return the ratio of two medians."""
    return None if one is None or math.isnan(one.median) else one.median / other.median


def title(summary: dict[str, Any]) -> str:
    """Return one line that describes the network and its input."""
    return (
        f"{summary['workload']}: {summary['neurons']} neurons, {summary['synapses']} synapses, {summary['samples']} samples of "
        f"{summary['steps']} steps, {summary['rate']:.1f} Hz, {summary['events_per_sample'] / 1e6:.2f} million synaptic events "
        "per sample"
    )


def table(summary: dict[str, Any]) -> list[list[str]]:
    """Return the rows of the table, the names of its columns first."""
    return [list(COLUMNS), *(_cells(row) for row in summary["rows"] if row["status"] == OK)]


def _cells(row: dict[str, Any]) -> list[str]:
    share = row["share_of_ceiling"]
    return [
        row["name"],
        str(row["threads"]),
        str(row["samples"]),
        digits(row["ms_per_sample"]),
        f"{digits(row['ms_lowest'])} .. {digits(row['ms_highest'])}",
        *(digits(row[name]) for name in ("times_loop", "times_best")),
        "" if share is None else f"{100 * share:.0f}",
        _equality(row),
        f"{row['first_seconds']:.1f}",
    ]


def _equality(row: dict[str, Any]) -> str:
    """Return whether the counts are equal to ours, as text."""
    compared, differing = row["counts_compared"], row["counts_differing"]
    if not compared:
        return ""
    if not differing:
        return "equal"
    return f"{differing} WRONG" if row["exact"] else f"{100 * (1 - differing / compared):.0f} % equal"


def digits(value: float | None) -> str:
    """Return a number with three significant digits."""
    if value is None:
        return ""
    return f"{value:.{max(0, 2 - math.floor(math.log10(value)))}f}" if value > 0 else "0"


def remarks(summary: dict[str, Any]) -> list[str]:
    """Return remarks on the table: rows that did not run, our own ratios, and whether the machine was quiet."""
    out = []
    for row in summary["rows"]:
        if row["status"] != OK:
            out.append(f"{row['name']}: {'left out' if row['status'] == LEFT_OUT else 'FAILED'}: {row['reason']}")
    figures = summary["figures"]
    if figures["public_over_runner"] is not None:
        out.append(
            f"the public API from dense arrays takes {figures['public_over_runner']:.2f} times as long as the runner"
        )
    if figures["threads_speedup"] is not None:
        out.append(f"{figures['threads']} threads are {figures['threads_speedup']:.2f} times as fast as one")
    return [*out, verdict(summary["noise"])]


def verdict(noise: dict[str, Any]) -> str:
    """Return whether the machine was quiet, as text."""
    if noise["quiet"]:
        loop, rounds = (100 * noise[which] for which in ("loop_spread", "rounds_spread"))
        return (
            f"the machine was quiet: a loop of fixed work varied by {loop:.0f} %, half of the rows by no more than "
            f"{rounds:.0f} % between rounds, and others used {noise['others_cores']:.2f} cores"
        )
    return f"MACHINE TOO NOISY: {'; '.join(noise['reasons'])}; close other programs and run again"


def sweep_table(summaries: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Return one line for each workload of a sweep: median milliseconds of each peer, nanoseconds per event of the first."""
    every = [row for summary in summaries for row in summary["rows"] if row["status"] == OK]
    names = list(dict.fromkeys((row["name"], row["threads"]) for row in every))
    heads = [_label(name, threads) for name, threads in names]
    out = [["", "Hz", "million events", *heads, "ns/event", "counts", "machine"]]
    for summary in summaries:
        rows = {(row["name"], row["threads"]): row for row in summary["rows"] if row["status"] == OK}
        first = next(iter(rows.values()), None)
        wrong = any(row["exact"] and row["counts_differing"] for row in rows.values())
        out.append(
            [
                summary["workload"],
                f"{summary['rate']:.1f}",
                f"{summary['events_per_sample'] / 1e6:.2f}",
                *(digits(rows[name]["ms_per_sample"]) if name in rows else "" for name in names),
                digits(first["ns_per_event"]) if first else "",
                "WRONG" if wrong else "equal",
                "quiet" if summary["noise"]["quiet"] else "noisy",
            ]
        )
    return out


def sweep_remarks(summaries: Sequence[dict[str, Any]]) -> list[str]:
    """Return the slowest workload of each peer, rows that did not run, and workloads on a noisy machine."""
    out = []
    every = [(summary["workload"], row) for summary in summaries for row in summary["rows"]]
    for name, threads in dict.fromkeys((row["name"], row["threads"]) for _, row in every):
        rows = [(workload, row) for workload, row in every if (row["name"], row["threads"]) == (name, threads)]
        done = [(row["ms_per_sample"], workload) for workload, row in rows if row["status"] == OK]
        label = _label(name, threads)
        if done:
            out.append(f"{label}: at most {digits(max(done)[0])} ms per sample, at {max(done)[1]}")
        out += dict.fromkeys(f"{label}: {row['status']}: {row['reason']}" for _, row in rows if row["status"] != OK)
    noisy = [summary for summary in summaries if not summary["noise"]["quiet"]]
    return [*out, *(f"{summary['workload']}: {verdict(summary['noise'])}" for summary in noisy)]


def _label(name: str, threads: int) -> str:
    return f"{name}, {threads} threads" if threads > 1 else name


def wrong(summaries: Sequence[dict[str, Any]]) -> list[str]:
    """Return the peers whose counts differ but must be equal."""
    return [
        f"{row['name']} on {summary['workload']}"
        for summary in summaries
        for row in summary["rows"]
        if row["status"] == OK and row["exact"] and row["counts_differing"]
    ]
