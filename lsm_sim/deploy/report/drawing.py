"""The pictures of a page as SVG and HTML: grids of cores, traffic, stacked bars. Colours are variables of the page's style."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence

import numpy as np

from lsm_sim.support.checks import Floats

# Okabe and Ito, as in the figures of lsm_sim, without black and yellow: legible on light and on dark ground.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
COLUMNS, CELL = 12, 30  # of a grid of cores: cells in a row, and pixels of a cell
MOST_CELLS = 1536  # cores that are drawn, used or not
MOST_BLOCKS = 48  # rows of the picture of traffic
_LINE = 12  # pixels that a line of text needs
_DARK_FROM = 0.55  # share from which a cell is so dark that its text must be light


def core_grid(shares: Sequence[float], n_cores: int, titles: Sequence[str], label: str) -> str:
    """Return a grid of ``n_cores`` cores: the first ones filled by their share (0 to 1), with a title each; the others empty."""
    shown = min(max(n_cores, len(shares)), MOST_CELLS)
    rows = -(-shown // COLUMNS)
    cells = []
    for i in range(shown):
        x, y = i % COLUMNS * CELL, i // COLUMNS * CELL
        share = min(max(shares[i], 0.0), 1.0) if i < len(shares) else None
        text = "" if share is None else f"<title>{html.escape(titles[i])}</title>"
        cells.append(_cell(x, y, CELL, share) + text + "</rect>")
        if share is not None:
            kind = "on" if share > _DARK_FROM else "off"
            cells.append(f'<text class="{kind}" x="{x + CELL / 2:g}" y="{y + CELL / 2 + 4:g}">{_percent(share)}</text>')
    return _svg(COLUMNS * CELL, rows * CELL, cells, label)


def _percent(share: float) -> str:
    return "<1" if 0 < share < 0.005 else f"{100 * share:.0f}"


def _cell(x: float, y: float, size: float, share: float | None) -> str:
    """Return the beginning of a square; None: an empty one."""
    box = f'x="{x + 1:g}" y="{y + 1:g}" width="{size - 2:g}" height="{size - 2:g}"'
    if share is None:
        return f'<rect class="unused" {box}>'
    return f'<rect class="cell" {box} fill-opacity="{0.06 + 0.94 * share:.3f}">'


def _svg(width: float, height: float, parts: Iterable[str], label: str) -> str:
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" style="max-width:{1.4 * width:g}px" role="img" '
        f'aria-label="{html.escape(label)}">{"".join(parts)}</svg>'
    )


def traffic_map(traffic: Floats, from_host: Floats, label: str) -> str:
    """Return messages from the host (first row) and from cores (rows) to cores (columns); many cores are drawn in blocks."""
    n, per_block = len(traffic), max(1, -(-len(traffic) // MOST_BLOCKS))
    starts = np.arange(0, n, per_block)
    blocks = np.add.reduceat(np.add.reduceat(traffic, starts, axis=0), starts, axis=1)
    values = np.concatenate([np.add.reduceat(from_host, starts)[None], blocks])
    largest = float(values.max(initial=0))
    size, left, top = min(CELL, 360 / len(starts)), 46, 18
    names = ["host", *(_block_name(int(s), per_block, n) for s in starts)]
    parts = []
    for (i, j), value in np.ndenumerate(values):
        title = f"{names[i]} to {names[j + 1]}: {value:.4g} messages per sample"
        share = math.sqrt(value / largest) if largest else 0.0
        parts.append(f"{_cell(left + j * size, top + i * size, size, share)}<title>{title}</title></rect>")
    every = -(-len(starts) // 12)
    for k in (0, *range(1 if size >= _LINE else 1 + every, len(names), every)):
        place = top + (k + 0.5) * size + 4
        name = names[k] if k == 0 else starts[k - 1]
        parts.append(f'<text class="axis end" x="{left - 5}" y="{place:g}">{name}</text>')
    for k in range(0, len(starts), every):
        parts.append(f'<text class="axis" x="{left + (k + 0.5) * size:g}" y="{top - 5}">{starts[k]}</text>')
    return _svg(left + size * len(starts) + 2, top + size * len(values) + 2, parts, label)


def _block_name(start: int, per_block: int, n: int) -> str:
    last = min(start + per_block, n) - 1
    return str(start) if start == last else f"{start}-{last}"


def stacked_bar(name: str, parts: Sequence[tuple[str, float]], text: str, *, colours: Sequence[str] = PALETTE) -> str:
    """Return one bar: parts (label, share of the whole, 0 to 1) in turn, with a name to the left and a text to the right."""
    pieces = (
        f'<i style="width:{100 * min(max(share, 0.0), 1.0):.3f}%;background:{colours[i % len(colours)]}" '
        f'title="{html.escape(f"{label}: {100 * share:.2f} %")}"></i>'
        for i, (label, share) in enumerate(parts)
        if share > 0
    )
    names = f'<span class="name">{html.escape(name)}</span><span class="bar">{"".join(pieces)}</span>'
    return f'<div class="row">{names}<span class="value">{html.escape(text)}</span></div>'


def legend(names: Sequence[str], colours: Sequence[str] = PALETTE) -> str:
    """Return names with their colours."""
    items = (
        f'<span><i style="background:{colours[i % len(colours)]}"></i>{html.escape(name)}</span>'
        for i, name in enumerate(names)
    )
    return f'<p class="legend">{"".join(items)}</p>'
