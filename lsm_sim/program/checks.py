"""What makes a `Program` right, checked once when it is made, so that engines need not check again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Ints

if TYPE_CHECKING:
    from lsm_sim.program.program import Program

FINEST_EXPONENT = 30
_EXACT = 2.0**53  # float64 holds every integer up to here
_INT32 = 2.0**31
MAX_DELAY = 2**20
MAX_STEPS = 2**31 - 1
_CHUNK = 2**17  # weights looked at together, so that no copy of all is made


def checked(program: Program) -> dict[str, Any]:
    """Return every field in its final type, or raise `DescriptionError`."""
    if program.arithmetic not in ("float64", "loihi"):
        raise DescriptionError(f"Program arithmetic: got {program.arithmetic!r}, expected 'float64' or 'loihi'")
    n_inputs = checks.whole(program.n_inputs, "Program n_inputs")
    n_neurons = checks.whole(program.n_neurons, "Program n_neurons", minimum=1)
    out: dict[str, Any] = {
        "n_inputs": n_inputs,
        "n_neurons": n_neurons,
        "dt": checks.positive(program.dt, "Program dt"),
    }
    out |= _synapses(program, n_inputs, n_neurons)
    out |= _neurons(program, n_neurons)
    _check_sums(program.arithmetic, out["post"], out["weight"], n_neurons)
    out["input_groups"] = _groups(program.input_groups, n_inputs, "in")
    out["neuron_groups"] = _groups(program.neuron_groups, n_neurons, "neurons")
    return {name: checks.read_only(value) if isinstance(value, np.ndarray) else value for name, value in out.items()}


def _synapses(program: Program, n_inputs: int, n_neurons: int) -> dict[str, Any]:
    indptr = checks.whole_array(program.indptr, "Program indptr")
    post = checks.whole_array(program.post, "Program post")
    delay = checks.whole_array(program.delay, "Program delay")
    loihi = program.arithmetic == "loihi"
    weight = (checks.whole_array if loihi else checks.real_array)(program.weight, "Program weight")
    rows = n_inputs + n_neurons
    if indptr.shape != (rows + 1,) or indptr[0] != 0 or (np.diff(indptr) < 0).any():
        msg = f"Program indptr: got shape {indptr.shape}, expected {rows + 1} non-decreasing values from 0 (one row per source)"
        raise DescriptionError(msg)
    for label, array in (("post", post), ("weight", weight), ("delay", delay)):
        if array.shape != (indptr[-1],):
            raise DescriptionError(f"Program {label}: got shape {array.shape}, expected ({indptr[-1]},) as indptr says")
    if post.size and (post.min() < 0 or post.max() >= n_neurons):
        bad = post[(post < 0) | (post >= n_neurons)][0]
        raise DescriptionError(f"Program post: got neuron {bad}, expected 0..{n_neurons - 1}")
    if delay.size and (delay.min() < 0 or delay.max() >= MAX_DELAY):
        bad = delay[(delay < 0) | (delay >= MAX_DELAY)][0]
        raise DescriptionError(f"Program delay: got {bad} steps, expected 0..{MAX_DELAY - 1}")
    return {"indptr": indptr, "post": post, "weight": weight, "delay": delay}


def _neurons(program: Program, n_neurons: int) -> dict[str, Any]:
    loihi = program.arithmetic == "loihi"
    names = ("du", "dv") if loihi else ("decay_u", "decay_v")
    other = ("decay_u", "decay_v") if loihi else ("du", "dv")
    if any(getattr(program, name) is not None for name in other):
        raise DescriptionError(f"Program {', '.join(other)}: expected None in {program.arithmetic} arithmetic")
    out: dict[str, Any] = {}
    for name in (*names, "threshold", "bias", "refractory"):
        whole = loihi or name == "refractory"
        array = (checks.whole_array if whole else checks.real_array)(getattr(program, name), f"Program {name}")
        if array.shape != (n_neurons,):
            raise DescriptionError(f"Program {name}: got shape {array.shape}, expected ({n_neurons},)")
        out[name] = array
    limits: dict[str, tuple[float, float]] = {"refractory": (0, MAX_STEPS), names[0]: (0, 1), names[1]: (0, 1)}
    if loihi:  # dv = 4096 (no memory of v) is what Lava accepts; the chip's own limits are the Lava backend's business
        limits |= {"du": (-1, 4095), "dv": (0, 4096), "threshold": (0, 2**17 - 1), "bias": (-(2**31), 2**31 - 1)}
    for name, (low, high) in limits.items():
        outside = (out[name] < low) | (out[name] > high)
        if outside.any():
            i = int(np.flatnonzero(outside)[0])
            msg = f"Program {name}: got {out[name][i]:g} at neuron {i}, expected {low:g}..{high:g}"
            raise DescriptionError(msg)
    return out


def grid_exponent(weight: Any) -> int:
    """Return the smallest e in 0..30 for which every weight is a multiple of 2^-e; raise if there is none."""
    return max((_grid_exponent(weight[i : i + _CHUNK]) for i in range(0, len(weight), _CHUNK)), default=0)


def _grid_exponent(weight: Any) -> int:
    low, high = 0, FINEST_EXPONENT + 1
    while low < high:  # being on the grid is monotonic in e
        middle = (low + high) // 2
        scaled = np.ldexp(weight, middle)
        low, high = (low, middle) if (scaled == np.rint(scaled)).all() else (middle + 1, high)
    if low > FINEST_EXPONENT:
        scaled = np.ldexp(weight, FINEST_EXPONENT)
        bad = float(weight[scaled != np.rint(scaled)][0])
        msg = f"Program weight: got {bad!r}, expected multiples of 2^-30; round the weights, for instance with lower()"
        raise DescriptionError(msg)
    return low


def _check_sums(arithmetic: str, post: Ints, weight: Any, n_neurons: int) -> None:
    """Every sum of arrivals must be exact: the magnitudes that one neuron can receive in one step bound it."""
    limit, unit = (_INT32, 1.0) if arithmetic == "loihi" else (_EXACT, 2.0 ** grid_exponent(weight))
    total = np.bincount(post, np.abs(weight.astype(np.float64)), minlength=n_neurons) * unit
    if (total >= limit).any():
        i = int(total.argmax())
        msg = (
            f"Program weight: the weights into neuron {i} sum to {total[i] / unit:g} in magnitude, expected less than "
            f"{limit / unit:g} so that sums are exact; use smaller weights or a coarser grid"
        )
        raise DescriptionError(msg)


def _groups(groups: Any, total: int, default: str) -> dict[str, range]:
    """Return the groups as consecutive ranges that cover 0..total; without names, one group called ``default``."""
    if not isinstance(groups, Mapping):
        raise DescriptionError(f"Program groups: got {groups!r}, expected ranges by name")
    if not groups:
        return {default: range(total)} if total else {}
    stop = 0
    for name, members in groups.items():
        checks.name(name, "Program groups")
        if not isinstance(members, range) or members.step != 1 or members.start != stop or members.stop <= stop:
            raise DescriptionError(f"Program groups: {name!r} is {members!r}, expected a range from {stop} on")
        stop = members.stop
    if stop != total:
        raise DescriptionError(f"Program groups: they cover 0..{stop - 1}, expected 0..{total - 1}")
    return dict(groups)
