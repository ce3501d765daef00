"""A program as a table that people read."""

from __future__ import annotations

from typing import Any

from lsm_sim.dynamics import STP
from lsm_sim.support.checks import Ints

_TIMES = ("tau_m", "tau_syn", "tau_syn_inh", "t_ref", "tau_adapt")  # in the order of the columns
_POTENTIALS = ("v_thresh", "v_rest", "adapt_step")


def summary(program: Any) -> str:
    """Return a `Program` as a table, in the user's units if they are known."""
    lines = [repr(program), "", *_neuron_lines(program), ""]
    unit = "weight" if program.units is None else "weight (units of v)"
    kinds = program.n_receptors > 1, any(block.rule != "static" for block in program.blocks)
    head = f"{'synapses':<32}{'number':>10}  {'per target':<12}{unit:<24}"
    lines.append(head + (f"{'delay (steps)':<16}kind" if any(kinds) else "delay (steps)"))
    weights, delays = program.weights(), program.synapses().delay
    for one in program.projections():
        per_target = f"{one.index.size / len(one.members):.1f}"
        cells = span(weights[one.index]), span(delays[one.index] + 1)
        line = f"{one.label:<32}{one.index.size:>10}  {per_target:<12}{cells[0]:<24}{cells[1]}"
        kind = _kind(program, one, two_receptors=kinds[0])
        lines.append(f"{line:<96}{kind}".rstrip() if kind else line)
    return "\n".join(lines)


def _neuron_lines(program: Any) -> list[str]:
    """Return a line for each neuron group: its parameters, or the arrays of a program without units."""
    if program.units is None:
        more = [name for name in ("decay_u2", "du2", "decay_w", "dw", "jump") if name in program.arrays]
        columns = {name: program.arrays[name] for name in ("threshold", "bias", "refractory", *more)}
    else:
        values = program.parameters()
        columns = {f"{name} (ms)": 1e3 * values[name] for name in _TIMES if name in values}
        columns |= {name: values[name] for name in _POTENTIALS if name in values}
    lines = [f"{'neurons':<16}{'size':>8}  " + "  ".join(f"{name:<20}" for name in columns)]
    for name, members in program.neuron_groups.items():
        cells = (f"{span(values[members.start : members.stop]):<20}" for values in columns.values())
        lines.append(f"{name:<16}{len(members):>8}  " + "  ".join(cells))
    return [line.rstrip() for line in lines]


def _kind(program: Any, projection: Any, *, two_receptors: bool) -> str:
    """Return receptor and plasticity of a projection; empty where all are alike."""
    parts = [("exc", "inh")[projection.receptor]] if two_receptors else []
    if projection.rule != "static":
        parts.append(_plasticity(program, projection.block, projection.rows, projection.source))
    return ", ".join(parts)


def _plasticity(program: Any, number: int, rows: range, source: Ints) -> str:
    """Return the parameters of short-term plasticity of the sources that have synapses."""
    values = STP.invert(program.blocks[number].arrays, program.arithmetic, program.dt)
    used = {name: array[rows.start : rows.stop][source] for name, array in values.items()}
    parts = [f"U {span(used['U'])}"]
    parts += [f"{name} {span(1e3 * used[name])} ms" for name in ("tau_rec", "tau_facil") if used[name].any()]
    return ", ".join(parts)


def span(values: Any) -> str:
    """Return the range of values, or the one value that all have."""
    low, high = (f"{value:.4g}" for value in (values.min(), values.max()))
    return low if low == high else f"{low} .. {high}"
