"""The report of a deployment: what the program is, where it goes, what it does, what it may cost, what accuracy remains."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np

from lsm_sim.deploy.chips import TRUST
from lsm_sim.deploy.costs import Activity, Costs
from lsm_sim.deploy.report import remarks, summary
from lsm_sim.deploy.report.formatting import aligned
from lsm_sim.deploy.report.tables import tables
from lsm_sim.errors import DescriptionError
from lsm_sim.program.program import Program
from lsm_sim.quantisation.report import Report
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.files import replacing
from lsm_sim.support.printing import html_text

FORMAT = "lsm-sim-deployment-report/1"


class Mapped(Protocol):
    """What a report needs of a map of neurons to cores, such as `lsm_sim.deploy.mapping.CoreMap`."""

    @property
    def chip(self) -> Any:
        """The chip, with ``name``, ``title`` and ``limits`` by name."""
        ...

    @property
    def method(self) -> str:
        """How the neurons were distributed."""
        ...

    @property
    def uses(self) -> Any:
        """Neurons, synapses, axons and words of each core."""
        ...

    @property
    def messages(self) -> int:
        """Distinct pairs of a neuron and another core that it sends to."""
        ...

    def margins(self) -> Any:
        """Return the use of each limit, the tightest first."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        ...


@dataclass(frozen=True)
class ProgramFacts:
    """The size of a program, and its digest."""

    arithmetic: str
    dt: float
    n_inputs: int
    n_neurons: int
    n_synapses: int
    longest_delay: int
    input_groups: Mapping[str, int]
    neuron_groups: Mapping[str, int]
    digest: str

    @staticmethod
    def of(program: Program) -> ProgramFacts:
        """Return the facts of a program; ``longest_delay`` is in steps until arrival, at least 1."""
        checks.instance(program, Program, "report: program", "a Program")
        return ProgramFacts(
            arithmetic=program.arithmetic,
            dt=program.dt,
            n_inputs=program.n_inputs,
            n_neurons=program.n_neurons,
            n_synapses=program.n_synapses,
            longest_delay=program.max_delay + 1,
            input_groups={name: len(members) for name, members in program.input_groups.items()},
            neuron_groups={name: len(members) for name, members in program.neuron_groups.items()},
            digest=program.digest,
        )


class AccuracyRow(NamedTuple):
    """An accuracy, from 0 to 1, of the model in floating point and as it is deployed; None: not known."""

    name: str
    model: float | None
    deployed: float | None


class ReadoutFact(NamedTuple):
    """A fact on the readout, such as its scale; ``remark`` may be empty."""

    label: str
    value: Any
    remark: str = ""


class Rasters(NamedTuple):
    """The spikes of one calibration sample, before and after quantisation."""

    model: Spikes
    deployed: Spikes


@dataclass(frozen=True, eq=False, repr=False)
class DeploymentReport:
    """What somebody needs to know of a deployment before asking for hardware.

    Print it for text; `to_dict` is for JSON, `to_html` for a browser.

    Parameters
    ----------
    title
        Any text.
    program
        From `ProgramFacts.of`.
    core_map
        The cores of the neurons, from `lsm_sim.deploy.mapping.map_program`.
    activity, costs
        From `lsm_sim.deploy.costs`, with the cores of ``core_map``.
    quantisation
        The report of `lsm_sim.quantise`; None: the program was not quantised.
    accuracy
        Rows (name, model, deployed), accuracies from 0 to 1.
    readout
        Rows (label, value, remark) on the readout.
    headroom
        Register limit divided by the largest magnitude on calibration data, by variable.
    rasters
        Two `Spikes`, of the model and of what is deployed; their first sample is drawn.
    """

    title: str
    program: ProgramFacts
    core_map: Mapped
    activity: Activity
    costs: Costs
    quantisation: Report | None = None
    accuracy: tuple[AccuracyRow, ...] = ()
    readout: tuple[ReadoutFact, ...] = ()
    headroom: Mapping[str, float] = field(default_factory=dict)
    rasters: Rasters | None = None

    def __post_init__(self) -> None:
        checks.instance(self.title, str, "report: title", "a text")
        checks.instance(self.program, ProgramFacts, "report: program", "ProgramFacts, see ProgramFacts.of")
        checks.instance(self.activity, Activity, "report: activity", "an Activity")
        checks.instance(self.costs, Costs, "report: costs", "Costs")
        checks.instance(self.quantisation, (Report, type(None)), "report: quantisation", "a Report or None")
        for part in ("chip", "method", "uses", "messages", "margins", "to_dict"):
            if not hasattr(self.core_map, part):
                got = type(self.core_map).__name__
                raise DescriptionError(f"report: core_map: got {got} without {part}, expected a CoreMap")
        checked = {
            "accuracy": tuple(map(_accuracy, checks.items(self.accuracy, "report: accuracy", "rows"))),
            "readout": tuple(map(_fact, checks.items(self.readout, "report: readout", "rows"))),
            "headroom": _headroom(self.headroom),
            "rasters": None if self.rasters is None else _rasters(self.rasters),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the rasters as plain numbers, lists and text; what is infinite or unknown is None."""
        plain = {
            "format": FORMAT,
            "title": self.title,
            "summary": dict(summary.lines(self)),
            "program": asdict(self.program),
            "core_map": self.core_map.to_dict(),
            "activity": self.activity.to_dict(),
            "costs": self.costs.to_dict(),
            "quantisation": None if self.quantisation is None else self.quantisation.to_dict(),
            "accuracy": [row._asdict() for row in self.accuracy],
            "readout": [row._asdict() for row in self.readout],
            "headroom": dict(self.headroom),
            "notes": remarks.notes(self.costs),
            "claims": remarks.claims(self.costs),
            "trust": TRUST,
        }
        return {name: as_plain(value) for name, value in plain.items()}

    def to_html(self) -> str:
        """Return one HTML page, which needs no network, no other file and no script."""
        from lsm_sim.deploy.report.page import page  # here, because drawing imports more

        return page(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the HTML page to a file."""
        with replacing(path) as stream:
            stream.write(self.to_html().encode())

    def __str__(self) -> str:
        width = max(len(label) for label, _ in summary.lines(self))
        lines = [self.title, "", *(f"{label:<{width}}  {text}" for label, text in summary.lines(self))]
        for table in tables(self):
            lines += ["", table.title, *aligned([table.head, *table.rows], table.text_columns)]
            lines += [table.note] if table.note else []
        if self.quantisation is not None:
            lines += ["", "Quantisation", str(self.quantisation)]
        lines += ["", "Notes", *(f"- {note}" for note in remarks.notes(self.costs)), "", remarks.claims(self.costs)]
        lines += ["", "Trust", *(f"  {letter}  {meaning}" for letter, meaning in TRUST.items())]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"DeploymentReport({self.title!r}; print it for all tables)"

    def _repr_html_(self) -> str:
        return html_text(str(self))


def as_plain(value: Any) -> Any:
    """Return a value as JSON takes it: plain numbers, lists, dicts and text, None for numbers that are not finite."""
    if isinstance(value, Mapping):
        return {str(key): as_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [as_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _accuracy(row: Any) -> AccuracyRow:
    expected = "(name, model, deployed)"
    name, *values = _cells(row, "report: accuracy", expected, (3,))
    known = [None if v is None else checks.probability(v, "report: accuracy") for v in values]
    return AccuracyRow(checks.instance(name, str, "report: accuracy", expected), *known)


def _fact(row: Any) -> ReadoutFact:
    expected = "(label, value, remark)"
    label, value, *remark = _cells(row, "report: readout", expected, (2, 3))
    for text in (label, *remark):
        checks.instance(text, str, "report: readout", expected)
    return ReadoutFact(label, value, *remark)


def _cells(row: Any, where: str, expected: str, sizes: tuple[int, ...]) -> list[Any]:
    cells = checks.items(row, where, expected)
    if len(cells) not in sizes:
        raise DescriptionError(f"{where}: got a row of {len(cells)} values, expected {expected}")
    return cells


def _headroom(values: Any) -> Mapping[str, float]:
    checks.instance(values, Mapping, "report: headroom", "numbers by name")
    out = {}
    for name, value in values.items():
        checks.instance(name, str, "report: headroom", "names of variables")
        infinite = isinstance(value, float) and value == math.inf  # of a variable that stays 0
        out[name] = math.inf if infinite else checks.positive(value, f"report: headroom of {name!r}")
    return out


def _rasters(values: Any) -> Rasters:
    pair = checks.items(values, "report: rasters", "two Spikes")
    if len(pair) != 2 or not all(isinstance(one, Spikes) and len(one) for one in pair):
        raise DescriptionError("report: rasters: expected two Spikes with at least one sample each, or None")
    return Rasters(*pair)
