"""What to record in a run, and the results of a run, by group name and in seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from lsm_sim.dynamics import LIF
from lsm_sim.engine.protocol import Excursions, Outcome
from lsm_sim.engine.state import State
from lsm_sim.errors import DescriptionError
from lsm_sim.program.program import Program
from lsm_sim.simulate import labelled, signals
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.equality import fields_equal
from lsm_sim.support.printing import brief, html_table, short_repr

T = TypeVar("T")
_VARIABLES = tuple(variable.name for variable in LIF.state)


@dataclass(frozen=True, eq=False, repr=False)
class Record:
    """What to record from a group: state variables such as "v", and neurons (indices within the group; None: all)."""

    variables: str | tuple[str, ...]
    neurons: Sequence[int] | Ints | None = None

    def __post_init__(self) -> None:
        expected = " or ".join(map(repr, _VARIABLES))
        single = isinstance(self.variables, str)
        variables = (self.variables,) if single else tuple(checks.items(self.variables, "record", expected))
        object.__setattr__(self, "variables", variables)
        for variable in variables:
            checks.choice(variable, "record variable", _VARIABLES)

    def __repr__(self) -> str:
        return short_repr(self)


RecordSpec: TypeAlias = Mapping[str, Sequence[str] | Record]


@dataclass(frozen=True, eq=False, repr=False)
class StateTrace:
    """One recorded variable of one group.

    Parameters
    ----------
    neurons
        Indices within the group, shape (P,).
    times
        Per sample, the time at the end of each recorded step, in seconds from the sample's start, shape (T_b,).
    values
        Per sample, shape (T_b, P). For a `Liquid` in the user's units: v in units of v, u in units of v per second. For a
        `Program` in the program's own units, which ``result.outcome.traces`` has in both cases.
    threshold
        For v: the threshold of each neuron, shape (P,), in the units of ``values``; where it adapts and w was recorded too,
        per sample, shape (T_b, P): v_thresh + w at the end of each recorded step.
    unit
        Unit of ``values``, for printing; empty for the program's own units.
    """

    neurons: Ints
    times: tuple[Floats, ...]
    values: tuple[Floats, ...]
    threshold: Floats | tuple[Floats, ...] | None = None
    unit: str = ""

    def to_xarray(self) -> Any:
        """Return an `xarray.DataArray` with dimensions sample, time (in seconds) and neuron (index within the group).

        Shorter samples are padded with NaN; the coordinate ``recorded`` (sample, time) says what is not padding. The
        coordinate ``threshold`` (neuron) is there if `threshold` does not adapt. Needs the extra ``analysis``.
        """
        return labelled.to_dataarray(self)

    def to_pandas(self) -> Any:
        """Return a pandas DataFrame with one row for each value: ``sample``, ``time`` (in seconds), ``neuron``, ``value``.

        ``neuron`` is the index within the group. Needs pandas.
        """
        return labelled.to_table(self)

    def __eq__(self, other: object) -> bool:
        """Return whether both are equal in every field."""
        return fields_equal(self, other) if isinstance(other, StateTrace) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return short_repr(self)


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """Results of a run; reading a result that was not requested raises an error that names the option.

    Parameters
    ----------
    program
        The program that was run, after `legalise`.
    outcome
        What the backend returned.
    traces
        Recorded state variables, by variable, then by group name.
    """

    program: Program
    outcome: Outcome
    traces: Mapping[str, Mapping[str, StateTrace]] = field(default_factory=dict)

    @property
    def u(self) -> Mapping[str, StateTrace]:
        """The recorded u by group name."""
        return self._recorded("u")

    @property
    def v(self) -> Mapping[str, StateTrace]:
        """The recorded v by group name."""
        return self._recorded("v")

    def _recorded(self, variable: str) -> Mapping[str, StateTrace]:
        groups = ", ".join(f"{name!r}: [{variable!r}]" for name in self.program.neuron_groups)
        traces = _requested(
            self.traces.get(variable), f"traces of {variable}", f"record={{{groups}}}, or some of these groups"
        )
        return _Recorded(variable, traces)

    @property
    def spikes(self) -> Spikes:
        """Spikes of all neurons; ``spikes["exc"]`` are those of a group."""
        return _requested(self.outcome.spikes, "spikes", "spikes=True")

    @property
    def counts(self) -> npt.NDArray[np.int32]:
        """Spike counts, shape (samples, bins, N)."""
        return _requested(self.outcome.counts, "counts", "bins=...")

    @property
    def state(self) -> State:
        """The state at the end of each sample, for `run(..., state=...)`."""
        return _requested(self.outcome.state, "state", "keep_state=True")

    @property
    def excursions(self) -> Excursions:
        """Where Loihi's registers would be exceeded."""
        return _requested(self.outcome.excursions, "excursions", "excursions=True")

    def to_neo(self, *, silent: bool = True) -> Any:
        """Return a `neo.Block` with a Segment for each sample, which has the spike trains and the recorded state variables.

        Spikes are as `Spikes.to_neo` makes them; ``Spikes.from_neo`` reads them back. Each variable of each group is an
        AnalogSignal (T_b, P), annotated with ``variable``, ``group`` and ``unit``, with array annotations ``neuron`` (index
        within the group) and ``threshold``. Its first value is that at the end of the first recorded step. u of a liquid has
        the unit 1/s, v none. With ``record_steps`` that are not evenly spaced it is an IrregularlySampledSignal. Needs the
        extra ``analysis``.

        Parameters
        ----------
        silent
            Make trains for neurons without spikes too.
        """
        return signals.to_neo(self, silent)

    def to_xarray(self) -> Any:
        """Return an `xarray.Dataset` with a variable for each recorded state variable, over sample, time and neuron.

        Coordinates: ``time`` in seconds, at the end of each recorded step; ``neuron``, the index among all neurons of the
        network; ``group``, its group; ``index``, the index within the group; ``recorded`` (sample, time), which steps each
        sample has. Values are NaN after the end of a shorter sample, and for groups whose variable was not recorded. Needs
        the extra ``analysis``.
        """
        return labelled.to_dataset(self)

    def __eq__(self, other: object) -> bool:
        """Return whether both are equal in every field."""
        return fields_equal(self, other) if isinstance(other, Result) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Result({'; '.join(f'{name}: {value}' for name, value in self._parts())})"

    def _repr_html_(self) -> str:
        return html_table("Result", self._parts())

    def _parts(self) -> list[tuple[str, str]]:
        """Return what the result has, in words."""
        outcome = self.outcome
        parts = [("program", repr(self.program))]
        if outcome.spikes is not None:
            parts.append(("spikes", repr(outcome.spikes)))
        if outcome.counts is not None:
            parts.append(("counts", brief(outcome.counts)))
        for variable, groups in self.traces.items():
            names = ", ".join(f"{name} ({trace.neurons.size} neurons)" for name, trace in groups.items())
            parts.append((variable, names))
        if outcome.excursions is not None:
            parts.append(("excursions", str(int(outcome.excursions.count.sum()))))
        return parts


class _Recorded(dict[str, StateTrace]):
    """The recorded traces of one variable by group name; a group that was not recorded raises an error that says so."""

    def __init__(self, variable: str, traces: Mapping[str, StateTrace]) -> None:
        super().__init__(traces)
        self._variable = variable

    def __missing__(self, group: str) -> StateTrace:
        known = ", ".join(map(repr, self)) or "none"
        raise DescriptionError(
            f"result: {self._variable} of {group!r} was not requested (recorded: {known}); run again with "
            f"record={{{group!r}: [{self._variable!r}]}}"
        )


def _requested(value: T | None, what: str, option: str) -> T:
    if value is None:
        raise DescriptionError(f"result: {what} were not requested; run again with {option}")
    return value
