"""The effects of quantisation on a program: as text, as a dict, as a plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.dynamics.loihi import A_LIMIT, SHIFT, UV_LIMIT
from lsm_sim.errors import DescriptionError
from lsm_sim.program.program import Program
from lsm_sim.quantisation.groups import plastic
from lsm_sim.quantisation.registers import KINDS, SUMS_LIMIT, THRESHOLD, Peaks
from lsm_sim.quantisation.rows import (
    NeuronRow,
    PlasticityRow,
    SynapseRow,
    Triple,
    neuron_row,
    plasticity_row,
    synapse_row,
)
from lsm_sim.support.checks import Ints
from lsm_sim.support.printing import html_text


@dataclass(frozen=True, eq=False, repr=False)
class Report:
    """The effects of quantisation on a program.

    Parameters
    ----------
    note
        The calibration data, in words.
    scale, bound
        The common scale, and the register that limits it.
    neurons, synapses
        By group.
    headroom
        Register limit divided by the largest magnitude on calibration data, by variable: a, u, u + bias (with two currents u + u2
        + bias) and v; a2 and u2 of a second current; the adaptive threshold + w; and with payloads the largest sum of arrivals
        that all synapses together could give, which engines add in 32 bits.
    excursions
        How often a register was exceeded on calibration data, by variable; all zero. a and u count either current.
    correlation
        Correlation of the spike counts (samples, 5 bins, neurons) before and after.
    accuracy
        Cross-validated accuracy of a readout before and after, if labels were given.
    plasticity
        Short-term plasticity, by pair of groups; empty if there is none.
    """

    note: str
    scale: float
    bound: str
    neurons: tuple[NeuronRow, ...]
    synapses: tuple[SynapseRow, ...]
    headroom: Mapping[str, float]
    excursions: Mapping[str, int]
    correlation: float
    accuracy: tuple[float, float] | None = None
    plasticity: tuple[PlasticityRow, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain numbers, lists and text."""
        import dataclasses

        return {
            "note": self.note,
            "scale": self.scale,
            "bound": self.bound,
            "neurons": [dataclasses.asdict(row) for row in self.neurons],
            "synapses": [dataclasses.asdict(row) for row in self.synapses],
            "headroom": dict(self.headroom),
            "excursions": dict(self.excursions),
            "correlation": self.correlation,
            "accuracy": None if self.accuracy is None else list(self.accuracy),
            "plasticity": [dataclasses.asdict(row) for row in self.plasticity],
        }

    def __str__(self) -> str:
        rows = [["register", "headroom", "excursions"]]
        rows += [[name, f"{value:.2f}", str(self.excursions.get(name, ""))] for name, value in self.headroom.items()]
        lines = [f"scale {self.scale:.6g}, limited by {self.bound}; {self.note}", ""]
        lines += [*_aligned([NEURON_HEAD, *(_neuron_cells(row) for row in self.neurons)]), ""]
        if any(row.tau_syn_inh or row.tau_adapt for row in self.neurons):
            lines += [*_aligned([OPTIONAL_HEAD, *(_optional_cells(row) for row in self.neurons)]), ""]
        lines += [*_aligned([SYNAPSE_HEAD, *(_synapse_cells(row) for row in self.synapses)]), ""]
        if self.plasticity:
            lines += [*_aligned([PLASTICITY_HEAD, *(_plasticity_cells(row) for row in self.plasticity)]), ""]
        lines += [*_aligned(rows), "", f"correlation of spike counts before and after: {self.correlation:.4f}"]
        if self.accuracy is not None:
            lines.append(f"readout accuracy: {self.accuracy[0]:.4f} before, {self.accuracy[1]:.4f} after")
        return "\n".join(lines)

    def __repr__(self) -> str:
        least = min(self.headroom.values(), default=float("inf"))
        values = (
            f"scale={self.scale:.6g}, limited by {self.bound}, headroom={least:.2f}, correlation={self.correlation:.4f}"
        )
        return f"Report({values}; print it for all tables)"

    def _repr_html_(self) -> str:
        return html_text(str(self))

    def plot(self, figure: Any = None) -> Any:
        """Draw errors, headroom and rates; return the Figure."""
        from lsm_sim.quantisation.picture import draw  # here, because matplotlib is slow to import

        errors = {row.name: row.error for row in self.synapses}
        rates = {row.name: (row.rate, row.rate_after) for row in self.neurons}
        return draw(errors, self.headroom, rates, figure)


NEURON_HEAD = [
    "neurons",
    "tau_syn ms",
    "after",
    "tau_m ms",
    "after",
    "threshold",
    "error",
    "bias error",
    "rate Hz",
    "after",
]
SYNAPSE_HEAD = ["synapses", "number", "exponent", "error rms", "5 %", "50 %", "95 %", "became 0", "merged"]

OPTIONAL_HEAD = ["neurons", "tau_syn_inh ms", "after", "tau_adapt ms", "after", "one jump", "jump", "error"]
PLASTICITY_HEAD = [
    "plastic synapses",
    "U",
    "after",
    "tau_rec ms",
    "after",
    "tau_facil ms",
    "after",
    "steady error",
    "first bias",
    "first error",
    "lost",
]


def _neuron_cells(row: NeuronRow) -> list[str]:
    times = (_ms(t) for t in (row.tau_syn, row.tau_syn_after, row.tau_m, row.tau_m_after))
    errors = f"{row.threshold_error:.1e}", f"{row.bias_error:.1e}"
    return [row.name, *times, f"{row.threshold[1]:.0f}", *errors, f"{row.rate:.2f}", f"{row.rate_after:.2f}"]


def _optional_cells(row: NeuronRow) -> list[str]:
    """Return the cells of a second current and an adaptive threshold, "-" where the group has none."""
    triples = row.tau_syn_inh, row.tau_syn_inh_after, row.tau_adapt, row.tau_adapt_after, row.tau_jump
    times = ("-" if triple is None else _ms(triple) for triple in triples)
    if row.jump is None:
        return [row.name, *times, "-", "-"]
    return [row.name, *times, f"{row.jump[1]:.2f}", f"{row.jump_error:.1e}"]


def _plasticity_cells(row: PlasticityRow) -> list[str]:
    fractions = (_range(u, 1, 4) for u in (row.U, row.U_after))
    times = (_ms(t) for t in (row.tau_rec, row.tau_rec_after, row.tau_facil, row.tau_facil_after))
    errors = f"{row.steady_error:.2%}", f"{row.amount_bias:+.2%}", f"{row.amount_error:.2%}"
    return [row.name, *fractions, *times, *errors, str(row.lost)]


def _synapse_cells(row: SynapseRow) -> list[str]:
    errors = f"{row.rms:.2%}", *(f"{x:+.2%}" for x in row.error)
    return [row.name, str(row.count), str(row.exponent), *errors, str(row.zero), str(row.merged)]


def _ms(triple: Triple) -> str:
    return _range(triple, 1e3, 2)


def _range(triple: Triple, factor: float, digits: int) -> str:
    """Return the mean, or the range where the ends differ."""
    low, mean, high = (factor * x for x in triple)
    same = low == high or high - low < 0.5 * 10.0**-digits
    return f"{mean:.{digits}f}" if same else f"{low:.{digits}f}..{high:.{digits}f}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows in aligned columns, the first to the left, the others to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]


def report(
    program: Program,
    integers: Program,
    scale: float,
    bounds: Mapping[str, float],
    before: Peaks,
    after: Peaks,
    groups: Sequence[tuple[str, Ints]],
    note: str,
    labels: Any = None,
) -> Report:
    """Compare ``program`` with its quantised form ``integers``; both peaks must be from the same stimuli."""
    kinds = [name for name in KINDS if name != THRESHOLD or program.jump is not None]
    counted = dict(zip(KINDS, after.excursions, strict=True))
    weight, weight_after = program.synapses().weight, integers.synapses().weight
    return Report(
        note=note,
        scale=scale,
        bound=min(bounds, key=lambda name: bounds[name]),
        neurons=tuple(
            neuron_row(program, integers, scale, name, members, before, after)
            for name, members in program.neuron_groups.items()
        ),
        synapses=tuple(synapse_row(weight[index], weight_after[index], scale, name) for name, index in groups),
        headroom=_headroom(integers, after, graded="sums with payloads" in bounds),
        excursions={name: int(counted[name]) for name in kinds},
        correlation=correlation(before.count, after.count),
        accuracy=None if labels is None else _accuracy(before.count, after.count, labels),
        plasticity=tuple(plasticity_row(program, integers, scale, name, one) for name, one in plastic(program)),
    )


def _headroom(integers: Program, after: Peaks, *, graded: bool) -> dict[str, float]:
    """Return the register limits divided by the largest magnitudes, of the variables that the program has."""
    two = integers.n_receptors == 2
    reached = {
        "a": (A_LIMIT, after.a),
        **({"a2": (A_LIMIT, after.a2)} if two else {}),
        "u": (UV_LIMIT, after.u),
        **({"u2": (UV_LIMIT, after.u2)} if two else {}),
        "u + bias": (UV_LIMIT, after.drive),
        "v": (UV_LIMIT, np.maximum(after.high, -after.low)),
    }
    if integers.jump is not None:
        reached[THRESHOLD] = (UV_LIMIT, (integers.threshold << SHIFT) + after.w)
    if graded:
        reached["sums with payloads"] = (SUMS_LIMIT, after.sums)
    peaks = {name: (limit, values.max()) for name, (limit, values) in reached.items()}
    return {name: float(limit / value) if value > 0 else float("inf") for name, (limit, value) in peaks.items()}


def correlation(before: Any, after: Any) -> float:
    """Return Pearson's correlation of two arrays; if one is constant, 1 if they are equal, else 0."""
    x, y = (np.ravel(values).astype(np.float64) for values in (before, after))
    x, y = x - x.mean(), y - y.mean()
    norm = np.sqrt((x**2).sum() * (y**2).sum())
    if norm == 0:
        return float(np.array_equal(before, after))
    return float((x * y).sum() / norm)


def _accuracy(before: Any, after: Any, labels: Any) -> tuple[float, float]:
    """Return the cross-validated accuracy of a readout on square roots of counts, before and after.

    The readout is that of `lsm_sim.learn.readout.ridge`.
    """
    from sklearn.linear_model import RidgeClassifierCV
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    y = np.asarray(labels)
    if y.shape != (len(before),):
        raise DescriptionError(
            f"quantise labels: got shape {y.shape}, expected one label for each of {len(before)} samples"
        )
    rarest = int(np.unique(y, return_counts=True)[1].min())
    if np.unique(y).size < 2 or rarest < 2:
        raise DescriptionError("quantise labels: expected at least two classes with at least two samples each")
    folds = StratifiedKFold(min(5, rarest), shuffle=True, random_state=0)
    readout = make_pipeline(StandardScaler(), RidgeClassifierCV(alphas=np.logspace(-1, 5, 9).tolist()))
    score = [
        float(cross_val_score(readout, np.sqrt(counts.reshape(len(counts), -1)), y, cv=folds).mean())
        for counts in (before, after)
    ]
    return score[0], score[1]
