"""A report as one HTML page: no network, no other files, no script; for narrow and wide, light and dark screens."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from lsm_sim.deploy.chips import TRUST
from lsm_sim.deploy.report import remarks, summary
from lsm_sim.deploy.report.drawing import PALETTE, core_grid, legend, stacked_bar, traffic_map
from lsm_sim.deploy.report.formatting import count, quantity
from lsm_sim.deploy.report.raster import raster_image
from lsm_sim.deploy.report.style import STYLE
from lsm_sim.deploy.report.tables import CORES_SHOWN, Table, tables
from lsm_sim.spikes.spikes import Spikes

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:"  # the browser refuses everything from elsewhere
)
MOST_ROWS = 12  # of a table that is shown at once
MEMORY = ("words", "synapse words")  # the limits of a core's memory, the first that a chip has


def page(report: Any) -> str:
    """Return the page of a `DeploymentReport`."""
    title = html.escape(report.title)
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><meta name="color-scheme" content="light dark">'
        f'<link rel="icon" href="data:,"><title>{title}</title><style>{STYLE}</style>'
    )
    body = f"<header><h1>{title}</h1>{_summary(report)}</header><main>{''.join(_sections(report))}</main>"
    return f'<!DOCTYPE html><html lang="en"><head>{head}</head><body>{body}</body></html>\n'


def _summary(report: Any) -> str:
    lines = (f"<dt>{html.escape(a)}</dt><dd>{html.escape(b)}</dd>" for a, b in summary.lines(report))
    return f'<dl class="summary">{"".join(lines)}</dl>'


def _sections(report: Any) -> list[str]:
    """Return the sections: pictures first, then the tables of each."""
    found = tables(report)

    def of(key: str, *, titles: bool = True) -> list[str]:
        return [_table(table, titles=titles) for table in found if table.key == key]

    shown = [
        ("Accuracy", of("accuracy", titles=False)),
        ("Cores", [_core_maps(report), _memory(report.core_map), *of("cores")]),
        ("Messages between cores", [_traffic(report.activity), *of("traffic")]),
        (f"Activity on {len(report.activity)} calibration samples", of("activity", titles=False)),
        ("Energy and time", [_list(remarks.notes(report.costs)), *of("costs")]),
        ("Claims", [f"<p>{html.escape(remarks.claims(report.costs))}</p>"]),
        ("Readout", of("readout", titles=False)),
        ("Headroom of registers", [_headroom(report.headroom), *of("headroom")]),
        ("Spikes of one calibration sample", [_rasters(report.rasters)]),
        ("Quantisation", [_quantisation(report.quantisation)]),
        ("Program", of("program", titles=False)),
        ("How far a source can be trusted", [_trust()]),
    ]
    return [f"<section><h2>{name}</h2>{''.join(parts)}</section>" for name, parts in shown if any(parts)]


def _table(table: Table, *, titles: bool) -> str:
    """Return a table; on narrow screens one with sources becomes a list of rows."""
    head = "".join(f'<th scope="col"{_side(i, table)}>{html.escape(text)}</th>' for i, text in enumerate(table.head))
    rows = "".join(f"<tr>{_cells(row, table)}</tr>" for row in table.rows)
    kind = "stack" if "source" in table.head or (table.key == "costs" and len(table.head) > 2) else ""
    note = f'<p class="note">{html.escape(table.note)}</p>' if table.note else ""
    inner = f'<div class="scroll"><table class="{kind}"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{note}'
    if len(table.rows) > MOST_ROWS:
        return f"<details><summary>{html.escape(table.title)}</summary>{inner}</details>"
    return f"<h3>{html.escape(table.title)}</h3>{inner}" if titles else inner


def _cells(row: Sequence[str], table: Table) -> str:
    return "".join(
        f'<td data-label="{html.escape(name)}"{_side(i, table)}>{html.escape(text)}</td>'
        for i, (name, text) in enumerate(zip(table.head, row, strict=True))
    )


def _side(i: int, table: Table) -> str:
    """Return the class of numbers, which are aligned to the right."""
    return "" if i in table.text_columns else ' class="number"'


def _list(lines: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{html.escape(line)}</li>' for line in lines)}</ul>"


def _core_maps(report: Any) -> str:
    """Return two grids of cores: how full their memory is, and how much they do."""
    core_map, work = report.core_map, report.activity.core_work
    uses, limits = list(core_map.uses), core_map.chip.limits
    n_cores = limits["cores"].value * report.costs.n_chips if "cores" in limits else len(uses)
    budget, name = _budget(core_map)
    shares = [_words(use) / budget for use in uses]
    texts = [
        f"core {i}: {use.neurons} neurons, {use.synapses} synapses, {_words(use)} words" for i, use in enumerate(uses)
    ]
    busiest = float(work.max(initial=0)) or 1.0
    of_work = [one / busiest for one in work.tolist()]
    work_texts = [f"core {i}: {one:.4g} operations in a step" for i, one in enumerate(work.tolist())]
    memory = core_grid(shares, n_cores, texts, "memory of each core")
    activity = core_grid(of_work, len(of_work), work_texts, "work of each core")
    return (
        '<div class="pair">'
        f"<figure><figcaption>Memory of the {len(uses)} cores in use of {n_cores}, % of {html.escape(name)}</figcaption>{memory}</figure>"
        f"<figure><figcaption>Work of each core, % of the busiest ({count(float(f'{busiest:.3g}'))} operations in a step)</figcaption>"
        f"{activity}</figure></div>"
    )


def _words(use: Any) -> int:
    return sum(use.words.values())


def _budget(core_map: Any) -> tuple[float, str]:
    """Return the words of a core's memory, and what they are; without such a limit, those of the fullest core."""
    for name in MEMORY:
        if name in core_map.chip.limits:
            limit = core_map.chip.limits[name]
            return limit.value, f"{count(limit.value)} {name} (trust {limit.trust})"
    most = max([1, *map(_words, core_map.uses)])
    return most, f"the fullest core, {count(most)} words"


def _memory(core_map: Any) -> str:
    """Return one bar for each of the first cores, and one for the mean of the others."""
    uses, (budget, name) = list(core_map.uses), _budget(core_map)
    kinds = list(dict.fromkeys(kind for use in uses for kind in use.words))
    bars = [
        stacked_bar(f"core {i}", [(k, use.words.get(k, 0) / budget) for k in kinds], count(_words(use)))
        for i, use in enumerate(uses[:CORES_SHOWN])
    ]
    if rest := uses[CORES_SHOWN:]:
        mean = {kind: float(np.mean([use.words.get(kind, 0) for use in rest])) for kind in kinds}
        text = count(round(sum(mean.values())))
        bars.append(stacked_bar(f"mean of {len(rest)}", [(k, value / budget) for k, value in mean.items()], text))
    title = f"<h3>Memory in words of 64 bits; a full bar is {html.escape(name)}</h3>"
    return f'{title}{legend(kinds)}<div class="bars">{"".join(bars)}</div>'


def _traffic(activity: Any) -> str:
    if activity.n_cores < 2:
        return "<p>There is one core, so no message leaves it.</p>"
    picture = traffic_map(activity.traffic, activity.input_traffic, "messages between cores")
    return (
        "<figure><figcaption>Messages per sample, from rows to columns; stronger is more (square root). The diagonal is messages "
        f"within a core.</figcaption>{picture}</figure>"
    )


def _headroom(values: Any) -> str:
    """Return how much of each register is used."""
    used = {name: 0.0 if value == np.inf else 1 / value for name, value in values.items()}
    bars = (stacked_bar(name, [(name, share)], f"{100 * share:.0f} %") for name, share in used.items())
    return f"<p>Largest magnitude on calibration data, % of the register.</p>{''.join(bars)}" if used else ""


def _rasters(rasters: Any) -> str:
    if rasters is None:
        return ""
    names = list(rasters.model.groups) or list(rasters.deployed.groups)
    figures = (_raster(one, name) for one, name in zip(rasters, ("Model", "Deployed"), strict=True))
    return f'{legend(names) if names else ""}<div class="pair">{"".join(figures)}</div>'


def _raster(spikes: Spikes, name: str) -> str:
    n = int(spikes.offsets[1])
    text = f"{name}: {count(n)} {'spike' if n == 1 else 'spikes'} of {count(spikes.n_channels)} neurons"
    end = quantity(float(spikes.durations[0]), "s", 3)
    return (
        f'<figure><figcaption>{text}</figcaption><img class="raster" alt="{text}" src="{raster_image(spikes, PALETTE)}">'
        f'<div class="time"><span>0</span><span>time</span><span>{end}</span></div></figure>'
    )


def _quantisation(report: Any) -> str:
    if report is None:
        return ""
    return f'<details><summary>All tables of the quantisation</summary><div class="scroll"><pre>{html.escape(str(report))}</pre></div></details>'


def _trust() -> str:
    rows = (f"<dt>{letter}</dt><dd>{html.escape(text)}</dd>" for letter, text in TRUST.items())
    return f'<dl class="trust">{"".join(rows)}</dl>'
