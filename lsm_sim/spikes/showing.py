"""What a notebook and the prompt show of `Spikes`."""

from __future__ import annotations

from typing import Any

from lsm_sim.support.printing import html_table


def text(spikes: Any) -> str:
    """Return one line: samples, steps, channels, events, dt."""
    shortest, longest = (spikes.n_steps.min(), spikes.n_steps.max()) if len(spikes) else (0, 0)
    steps = f"{longest}" if shortest == longest else f"{shortest}..{longest}"
    samples = "1 sample" if len(spikes) == 1 else f"{len(spikes)} samples"
    graded = "" if spikes.payload is None else f" with payloads {spikes.payload.min()}..{spikes.payload.max()}"
    events = f"{spikes.n_events} events{graded}"
    return f"Spikes({samples} of {steps} steps, {spikes.n_channels} channels, {events}, dt={spikes.dt:g} s)"


def html(spikes: Any) -> str:
    """Return a table with the numbers and rates of the spikes of each group."""
    seconds = float(spikes.durations.sum())
    rows = [(name, len(members), spikes[name].n_events) for name, members in spikes.groups.items()]
    rows = rows or [("all", spikes.n_channels, spikes.n_events)]
    rates = (f"{n_events / (n * seconds):.2f}" if n * seconds else "" for _, n, n_events in rows)
    head = ("group", "channels", "spikes", "mean rate (Hz)")
    return html_table(repr(spikes), [(*row, rate) for row, rate in zip(rows, rates, strict=True)], head)
