"""The state of a network at the end of a run, from which another run goes on."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from lsm_sim.dynamics import STP
from lsm_sim.dynamics.loihi import MAX_STATE
from lsm_sim.dynamics.plasticity import Q
from lsm_sim.errors import DescriptionError
from lsm_sim.program.grid import exact_below
from lsm_sim.program.program import Program
from lsm_sim.support import checks, npz
from lsm_sim.support.brief import brief
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.equality import fields_equal
from lsm_sim.support.files import PathLike
from lsm_sim.support.printing import short_repr
from lsm_sim.support.records import rebuild

FORMAT = "lsm_sim.state/1"
_LONGEST_HOLD = 2**31 - 1


@dataclass(frozen=True, eq=False, repr=False)
class State:
    """Everything that the future of B samples depends on, besides their stimulus; of one program, on any engine.

    Running ``a`` and then ``b`` from the state at the end of ``a`` gives, to the bit, what running both in one piece gives.

    Parameters
    ----------
    program
        The digest of the program, see `Program.digest`.
    u, v
        State variables of neurons, (B, N), in the program's numbers: integers in loihi arithmetic.
    hold
        For how many further steps each neuron is held, (B, N).
    in_flight
        What is to arrive, (B, receptors, longest delay in steps, N); the first slot is that of the next step.
    u2, w
        As u and v; None where the program has no second current or no adaptive threshold.
    r, f
        Resources and facilitation of each block with short-term plasticity and each source, (B, blocks, C + N).
    """

    program: str
    u: Any
    v: Any
    hold: Ints
    in_flight: Any
    r: Any
    f: Any
    u2: Any = None
    w: Any = None

    def __post_init__(self) -> None:
        whole = np.asarray(self.in_flight).dtype.kind in "iu"
        for name, value in self.arrays().items():
            check = checks.whole_array if whole or name == "hold" else checks.real_array
            clean = check(value, f"state {name}")
            clean += 0  # 0 in place of -0, so that equal states have equal bytes
            object.__setattr__(self, name, checks.read_only(clean))

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild(self)

    def arrays(self) -> dict[str, Any]:
        """Return the arrays that this state has, by name."""
        values = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "program"}
        return {name: np.asarray(value) for name, value in values.items() if value is not None}

    @staticmethod
    def start(program: Program, n_samples: int = 1) -> State:
        """Return the state at the start of samples."""
        begin = {name: np.repeat(values[None], n_samples, axis=0) for name, values in program.start().items()}
        n_sources = program.n_inputs + program.n_neurons
        plastic = sum(block.rule == "stp" for block in program.blocks)
        sources = STP.start(n_sources, program.arithmetic)
        shape = n_samples, program.n_receptors, program.max_delay + 1, program.n_neurons
        return State(
            program=program.digest,
            hold=np.zeros((n_samples, program.n_neurons), np.int64),
            in_flight=np.zeros(shape, program.weight.dtype),
            **{name: np.broadcast_to(values, (n_samples, plastic, n_sources)) for name, values in sources.items()},
            **begin,
        )

    def __len__(self) -> int:
        return len(self.hold)

    def __getitem__(self, key: int | slice | Ints) -> State:
        """Return the state of some samples: an index, a slice or an array of indices."""
        chosen = slice(key, key + 1 or None) if isinstance(key, int) else key
        return State(self.program, **{name: values[chosen] for name, values in self.arrays().items()})

    def save(self, path: PathLike) -> None:
        """Write the state to an .npz file; equal states give equal bytes, whichever engine made them."""
        npz.write(path, {"format": FORMAT, "program": self.program} | self.arrays())

    @staticmethod
    def load(path: PathLike) -> State:
        """Return the state in a file; whether it fits a program is checked when it is used.

        Raises
        ------
        DescriptionError
            If the file is missing, damaged or not a state.
        """
        arrays = npz.read(path)
        kind = brief(arrays.pop("format", ""))
        if kind != FORMAT:
            raise DescriptionError(f"{path}: got format {kind or 'none'!r}, expected {FORMAT!r}")
        names = {one.name for one in fields(State)}
        missing = sorted(names - {"u2", "w"} - arrays.keys())
        unknown = sorted(arrays.keys() - names)
        if missing or unknown:
            what = f"no {', '.join(missing)}" if missing else f"{', '.join(map(brief, unknown))}, which is unknown,"
            raise DescriptionError(f"{path}: {what} in the file; it is damaged or of a newer version")
        digest = brief(arrays.pop("program"), 100)
        for name, values in arrays.items():
            arrays[name] = np.asarray(values)
            if arrays[name].dtype.kind not in "iuf":
                raise DescriptionError(f"{path}: {name}: got values of type {arrays[name].dtype}, expected numbers")
        return State(digest, **arrays)

    def __eq__(self, other: object) -> bool:
        """Return whether both are equal in every value."""
        return fields_equal(self, other) if isinstance(other, State) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return short_repr(self)


def checked_state(program: Program, state: Any, n_samples: int) -> State:
    """Return the state; raise `DescriptionError` if it is not one of this program for so many samples."""
    if not isinstance(state, State):
        raise DescriptionError(f"state: got {type(state).__name__}, expected a State, such as that of an earlier run")
    if state.program != program.digest:
        raise DescriptionError("state: got that of another program; run the same program on, in the same arithmetic")
    if len(state) != n_samples:
        raise DescriptionError(f"state: got {len(state)} samples, expected {n_samples}, as many as the stimulus has")
    expected = State.start(program, 1).arrays()
    for name in expected.keys() | state.arrays().keys():
        _check_array(name, state.arrays().get(name), expected.get(name), n_samples)
    if (state.hold < 0).any() or (state.hold > _LONGEST_HOLD).any():
        raise DescriptionError(f"state hold: got {state.hold.min()} .. {state.hold.max()}, expected 0..{_LONGEST_HOLD}")
    if state.v[state.hold > 0].any():  # a neuron is held only after a spike
        raise DescriptionError("state v: expected 0 where hold is above 0, as v is after a spike")
    _check_ranges(program, state)
    _check_in_flight(program, state)
    return state


def _check_ranges(program: Program, state: State) -> None:
    """Raise if a value is none that a run can reach: u has 32 bits and wraps once at 2^23, v and w stop at 2^23 - 1."""
    whole = program.arithmetic == "loihi"
    ranges: dict[str, tuple[float, float]] = dict.fromkeys(("r", "f"), (0, Q if whole else 1))
    if whole:
        ranges |= dict.fromkeys(("u", "u2"), (-(2**31), 2**31 - 1))
        ranges |= {"v": (-MAX_STATE, MAX_STATE), "w": (0, MAX_STATE)}
    for name, (low, high) in ranges.items():
        values = state.arrays().get(name)
        if values is not None and values.size and (values.min() < low or values.max() > high):
            got = f"{values.min():g} .. {values.max():g}"
            raise DescriptionError(f"state {name}: got {got}, expected {low:g}..{high:g}")


def _check_in_flight(program: Program, state: State) -> None:
    """Raise if what is to arrive does not lie on the grid of the weights, or is so large that sums are not exact."""
    for receptor in range(program.n_receptors):
        blocks = [block for block in program.blocks if block.receptor == receptor]
        limit, unit = exact_below(program.arithmetic, blocks) if blocks else (1.0, 1.0)
        scaled: Floats = state.in_flight[:, receptor] * unit
        if (scaled != np.rint(scaled)).any() or (np.abs(scaled) >= limit).any():
            raise DescriptionError(
                f"state in_flight: expected multiples of {1 / unit:g}, as the weights are, below {limit / unit:g} in magnitude"
            )


def _check_array(name: str, values: Any, expected: Any, n_samples: int) -> None:
    if values is None or expected is None:
        got, wanted = ("none" if one is None else "an array" for one in (values, expected))
        raise DescriptionError(f"state {name}: got {got}, expected {wanted} for this program")
    shape = (n_samples, *expected.shape[1:])
    if values.shape != shape or values.dtype != expected.dtype:
        got = f"shape {values.shape} of {values.dtype}"
        raise DescriptionError(f"state {name}: got {got}, expected {shape} of {expected.dtype}")


def largest_in_flight(state: State, exponents: tuple[int, ...]) -> float:
    """Return the largest magnitude of what is to arrive, in units of the weights' grids, by receptor 2^-exponent."""
    largest = (np.abs(state.in_flight[:, receptor]).max(initial=0) for receptor in range(len(exponents)))
    return float(max(np.ldexp(float(value), exponent) for value, exponent in zip(largest, exponents, strict=True)))
