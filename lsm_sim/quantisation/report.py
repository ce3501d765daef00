"""The effects of quantisation on a program: as text, as a dict, as a plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.dynamics.loihi import A_LIMIT, UV_LIMIT
from lsm_sim.errors import DescriptionError
from lsm_sim.program.program import Program
from lsm_sim.quantisation.registers import KINDS, Peaks
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.printing import html_text


@dataclass(frozen=True)
class NeuronRow:
    """A group of neurons; triples are minimum, mean and maximum. Time constants are in seconds, errors are relative."""

    name: str
    tau_syn: tuple[float, float, float]
    tau_syn_after: tuple[float, float, float]
    tau_m: tuple[float, float, float]
    tau_m_after: tuple[float, float, float]
    threshold: tuple[float, float, float]
    threshold_error: float
    bias_error: float
    rate: float
    rate_after: float


@dataclass(frozen=True)
class SynapseRow:
    """Synapses of one sign between two groups.

    ``error`` has the 5 %, 50 % and 95 % quantiles of (after - before) / root mean square of the weights before; ``rms`` is the
    root mean square error; ``zero`` counts weights that became zero, ``merged`` distinct values that became equal.
    """

    name: str
    count: int
    exponent: int
    error: tuple[float, float, float]
    rms: float
    zero: int
    merged: int


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
        Register limit divided by the largest magnitude on calibration data, by variable.
    excursions
        How often a register was exceeded on calibration data, by variable; all zero.
    correlation
        Correlation of the spike counts (samples, 5 bins, neurons) before and after.
    accuracy
        Cross-validated accuracy of a readout before and after, if labels were given.
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
        }

    def __str__(self) -> str:
        rows = [["register", "headroom", "excursions"]]
        rows += [[name, f"{value:.2f}", str(self.excursions[name])] for name, value in self.headroom.items()]
        lines = [f"scale {self.scale:.6g}, limited by {self.bound}; {self.note}", ""]
        lines += [*_aligned([NEURON_HEAD, *(_neuron_cells(row) for row in self.neurons)]), ""]
        lines += [*_aligned([SYNAPSE_HEAD, *(_synapse_cells(row) for row in self.synapses)]), ""]
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


def _neuron_cells(row: NeuronRow) -> list[str]:
    times = (_ms(t) for t in (row.tau_syn, row.tau_syn_after, row.tau_m, row.tau_m_after))
    errors = f"{row.threshold_error:.1e}", f"{row.bias_error:.1e}"
    return [row.name, *times, f"{row.threshold[1]:.0f}", *errors, f"{row.rate:.2f}", f"{row.rate_after:.2f}"]


def _synapse_cells(row: SynapseRow) -> list[str]:
    errors = f"{row.rms:.2%}", *(f"{x:+.2%}" for x in row.error)
    return [row.name, str(row.count), str(row.exponent), *errors, str(row.zero), str(row.merged)]


def _ms(triple: tuple[float, float, float]) -> str:
    low, mean, high = (1e3 * x for x in triple)
    return f"{mean:.2f}" if high - low < 0.005 else f"{low:.2f}..{high:.2f}"


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
    reached = {
        "a": (A_LIMIT, after.a.max()),
        "u": (UV_LIMIT, after.u.max()),
        "u + bias": (UV_LIMIT, after.drive.max()),
        "v": (UV_LIMIT, max(after.high.max(), -after.low.min())),
    }
    return Report(
        note=note,
        scale=scale,
        bound=min(bounds, key=lambda name: bounds[name]),
        neurons=tuple(
            _neurons(program, integers, scale, name, members, before, after)
            for name, members in program.neuron_groups.items()
        ),
        synapses=tuple(_synapses(program, integers, scale, name, index) for name, index in groups),
        headroom={
            name: float(limit / value) if value > 0 else float("inf") for name, (limit, value) in reached.items()
        },
        excursions={name: int(n) for name, n in zip(KINDS, after.excursions, strict=True)},
        correlation=correlation(before.count, after.count),
        accuracy=None if labels is None else _accuracy(before.count, after.count, labels),
    )


def _triple(values: Floats) -> tuple[float, float, float]:
    return float(values.min()), float(values.mean()), float(values.max())


def _neurons(
    program: Program, integers: Program, scale: float, name: str, members: range, before: Peaks, after: Peaks
) -> NeuronRow:
    own = slice(members.start, members.stop)
    times, times_after = ({k: v[own] for k, v in p.parameters().items()} for p in (program, integers))
    seconds = before.n_steps * program.dt * len(members)
    bias = 64 * scale * program.bias[own]
    return NeuronRow(
        name=name,
        tau_syn=_triple(times["tau_syn"]),
        tau_syn_after=_triple(times_after["tau_syn"]),
        tau_m=_triple(times["tau_m"]),
        tau_m_after=_triple(times_after["tau_m"]),
        threshold=_triple(integers.threshold[own].astype(float)),
        threshold_error=float(np.abs(integers.threshold[own] / (scale * program.threshold[own]) - 1).max()),
        bias_error=float((np.abs(integers.bias[own] - bias) / np.maximum(np.abs(bias), 1e-300)).max())
        if bias.any()
        else 0.0,
        rate=float(before.count[:, :, own].sum() / seconds),
        rate_after=float(after.count[:, :, own].sum() / seconds),
    )


def _synapses(program: Program, integers: Program, scale: float, name: str, index: Ints) -> SynapseRow:
    exact, got = scale * program.weight[index], integers.weight[index]
    size = float(np.sqrt((exact**2).mean()))
    error = (got - exact) / size
    low, middle, high = np.quantile(error, [0.05, 0.5, 0.95])
    trailing = [e for e in range(8) if (got % (1 << e) == 0).all()]
    return SynapseRow(
        name=name,
        count=index.size,
        exponent=max(trailing),
        error=(float(low), float(middle), float(high)),
        rms=float(np.sqrt((error**2).mean())),
        zero=int((got == 0).sum()),
        merged=int(np.unique(exact).size - np.unique(got).size),
    )


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
