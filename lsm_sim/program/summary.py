"""A table of a program that a person can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from lsm_sim.program.program import Program


def summarise(program: Program) -> str:
    """Return one line for the whole, one for each neuron group, one for each pair of groups with synapses."""
    lines = [repr(program), "", f"{'neurons':<16}{'size':>8}  {'threshold':<18}{'bias':<22}refractory"]
    for name, members in program.neuron_groups.items():
        part = slice(members.start, members.stop)
        cells = (_span(program.threshold[part]), _span(program.bias[part]), _span(program.refractory[part]))
        lines.append(f"{name:<16}{len(members):>8}  {cells[0]:<18}{cells[1]:<22}{cells[2]}")
    lines += ["", f"{'synapses':<32}{'number':>10}  {'per target':<12}{'weight':<24}delay (steps)"]
    return "\n".join(lines + _projections(program))


def _projections(program: Program) -> list[str]:
    sources, lines = program.sources(), []
    rows = dict(program.input_groups)
    rows |= {n: range(program.n_inputs + m.start, program.n_inputs + m.stop) for n, m in program.neuron_groups.items()}
    for pre, row in rows.items():
        part = slice(*np.searchsorted(sources, [row.start, row.stop]))
        for post, members in program.neuron_groups.items():
            inside = (program.post[part] >= members.start) & (program.post[part] < members.stop)
            if inside.any():
                weight, delay = program.weight[part][inside], program.delay[part][inside] + 1
                per_target = f"{inside.sum() / len(members):.1f}"
                label = f"{pre} -> {post}"
                lines.append(f"{label:<32}{inside.sum():>10}  {per_target:<12}{_span(weight):<24}{_span(delay)}")
    return lines


def _span(values: Any) -> str:
    low, high = values.min(), values.max()
    return f"{low:.4g}" if low == high else f"{low:.4g} .. {high:.4g}"
