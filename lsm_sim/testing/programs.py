"""Random programs and stimuli for tests of every engine: all features, in unusual combinations, small enough to run fast.

Use them with a seeded generator, and name the seed when a test fails::

    rng = np.random.default_rng(seed)
    program = random_program(rng, "loihi")
    stimulus = random_stimulus(rng, program)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from lsm_sim.dynamics import Arithmetic
from lsm_sim.dynamics.loihi import UV_LIMIT
from lsm_sim.engine.requests import check_payloads
from lsm_sim.errors import DescriptionError
from lsm_sim.program.blocks import ROWS, SynapseBlock
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Ints

_WIDTH = 64  # neurons; the fast engine pads to this, so larger programs are drawn occasionally


def _initial_state(rng: np.random.Generator, program: Program) -> dict[str, Any]:
    """Return u and v at the start: some 0, some at the ends of Loihi's registers, some above the threshold."""
    n = program.n_neurons
    if program.arithmetic == "float64":
        size = np.abs(program.threshold) + 0.5
        values = {name: rng.uniform(-2, 2, n) * size * (rng.random(n) < 0.8) for name in ("u0", "v0")}
    else:
        ends = {"u0": (1 - UV_LIMIT, UV_LIMIT), "v0": (1 - UV_LIMIT, UV_LIMIT - 1)}
        values = {
            name: rng.integers(low, high + 1, n) // 4 ** rng.integers(0, 9, n) for name, (low, high) in ends.items()
        }
        for name, pair in ends.items():
            values[name] = np.where(rng.random(n) < 0.1, rng.choice(pair, n), values[name])
    values["v0"][0] = values["v0"][0] or 1  # at least one is not 0
    return values if rng.random() < 0.7 else {"v0": values["v0"]}


def _adaptive_threshold(rng: np.random.Generator, program: Program) -> dict[str, Any]:
    """Return thresholds that rise at a spike: some not at all, some to the limit of Loihi's registers, some that keep everything."""
    n = program.n_neurons
    if program.arithmetic == "float64":
        size = np.abs(program.threshold) + 0.5
        return {"decay_w": _ends(rng, rng.uniform(0, 1, n), (0.0, 1.0)), "jump": size * rng.uniform(-0.1, 0.6, n)}
    jump = rng.integers(0, UV_LIMIT, n) // 4 ** rng.integers(0, 11, n)
    return {"dw": _ends(rng, rng.integers(0, 4097, n), (0, 4096)), "jump": _ends(rng, jump, (0, UV_LIMIT - 1))}


def _two_currents(rng: np.random.Generator, program: Program) -> dict[str, Any]:
    """Return decays of a second current; blocks of the program may then have either receptor."""
    n = program.n_neurons
    if program.arithmetic == "float64":
        decays = {"decay_u2": _ends(rng, rng.uniform(0, 1, n), (0.0, 1.0))}
    else:
        decays = {"du2": _ends(rng, rng.integers(0, 4096, n), (-1, 4095))}
    if program.more_blocks:
        more = [dataclasses.replace(block, receptor=int(rng.integers(2))) for block in program.more_blocks]
        return decays | {"more_blocks": more, "receptor": int(rng.integers(2))}
    return decays | _split(rng, program, int(rng.integers(1, 3)), receptors=2)


def _plastic(rng: np.random.Generator, program: Program) -> dict[str, Any]:
    """Return blocks of synapses, at least one of them with short-term plasticity."""
    out = _split(rng, program, int(rng.integers(0, 3)), receptors=1)
    rows, blocks = program.n_inputs + program.n_neurons, [*out.pop("more_blocks")]
    plastic = rng.integers(len(blocks) + 1)
    for number, block in enumerate(blocks, start=1):
        if number == plastic or rng.random() < 0.5:
            blocks[number - 1] = dataclasses.replace(block, rule="stp", **_stp_arrays(rng, program.arithmetic, rows))
    first = {"rule": "stp", **_stp_arrays(rng, program.arithmetic, rows)} if plastic == 0 else {}
    return out | first | {"more_blocks": blocks}


def _stp_arrays(rng: np.random.Generator, arithmetic: Arithmetic, rows: int) -> dict[str, Any]:
    if arithmetic == "float64":
        names = ("stp_U", "stp_decay_rec", "stp_decay_facil")
        return {name: _ends(rng, rng.uniform(0, 1, rows), (0.0, 1.0)) for name in names}
    names = ("stp_U", "stp_drec", "stp_dfacil")
    return {name: _ends(rng, rng.integers(0, 4097, rows), (0, 4096)) for name in names}


def _more_blocks(rng: np.random.Generator, program: Program) -> dict[str, Any]:
    """Return the synapses in two to four blocks, some of which may be empty."""
    return _split(rng, program, int(rng.integers(1, 4)), receptors=1)


def _split(rng: np.random.Generator, program: Program, n_more: int, *, receptors: int) -> dict[str, Any]:
    """Return the synapses of the first block of a program, divided at random into it and ``n_more`` others."""
    which, sources = rng.integers(0, n_more + 1, program.post.size), program.blocks[0].sources()
    rows, parts = program.n_inputs + program.n_neurons, []
    for number in range(n_more + 1):
        own = np.flatnonzero(which == number)
        indptr = np.concatenate([[0], np.cumsum(np.bincount(sources[own], minlength=rows))])
        rows_of = {name: getattr(program, name)[own] for name in ("post", "weight", "delay")}
        parts.append(SynapseBlock(indptr, **rows_of, receptor=int(rng.integers(receptors))))
    first = {name: getattr(parts[0], name) for name in (*ROWS, "receptor")}
    return {**first, "more_blocks": [*parts[1:], *program.more_blocks]}


def _ends(rng: np.random.Generator, values: Any, ends: tuple[Any, Any]) -> Any:
    """Return ``values``, about one in ten replaced by one of the ends of what is allowed."""
    return np.where(rng.random(values.size) < 0.1, rng.choice(np.array(ends), values.size), values)


EXTRA_ARRAYS: dict[str, Callable[[np.random.Generator, Program], dict[str, Any]]] = {
    "blocks": _more_blocks,
    "stp": _plastic,
    "two-currents": _two_currents,
    "adaptive-threshold": _adaptive_threshold,
    "initial-state": _initial_state,
}
"""By name out of `Program.needs`: a function from a generator and a program to the fields that give it the need.

They are applied in this order, so that each sees what those before it did. A new feature of `Program` gets a line here, and
every backend that declares it is then tested with it. What a stimulus needs ("graded") is drawn by `random_stimulus`.
"""
GRADED, STATE = "graded", "state"  # what a stimulus or a request may need


def random_program(
    rng: np.random.Generator,
    arithmetic: Arithmetic,
    *,
    max_neurons: int = 12,
    max_inputs: int = 4,
    max_delay: int = 63,
    wide: bool | None = None,
    needs: Collection[str] = (),
) -> Program:
    """Return a program in ``arithmetic``, drawn with ``rng``, of 1 to ``max_neurons`` neurons; about one in 16 of the default size has more than 64.

    It has up to ``max_inputs`` input channels. Delays reach ``max_delay`` (stored, so ``max_delay + 1`` steps). Rows may be empty, hold autapses, and hold one pair
    more than once. Parameters mostly differ between neurons. ``wide=True``: weights need more than 16 bits; False: they do not.
    ``needs``: what the program needs beyond plain LIF; its arrays are drawn from a random stream of their own, so that
    everything else in the program of a seed stays the same.
    """
    n_neurons = _small(rng, max_neurons)
    if max_neurons == 12 and rng.random() < 1 / 16:
        n_neurons = _WIDTH + int(rng.integers(1, 10))
    n_inputs = int(rng.integers(0, max_inputs + 1))
    indptr, post = _wiring(rng, n_inputs + n_neurons, n_neurons)
    delay = rng.integers(0, int(rng.choice([0, 1, min(5, max_delay), max_delay])) + 1, post.size)
    wide = bool(rng.random() < 0.3) if wide is None else wide
    parts = _loihi_values if arithmetic == "loihi" else _float64_values
    program = Program(
        arithmetic=arithmetic,
        dt=1e-3,
        n_inputs=n_inputs,
        n_neurons=n_neurons,
        indptr=indptr,
        post=post,
        delay=np.minimum(delay, max_delay),
        refractory=_refractory(rng, n_neurons),
        **_sometimes_equal(rng, parts(rng, n_neurons, post.size, wide)),
    )
    return _with_needs(rng, program, needs)


def some_needs(rng: np.random.Generator, supports: Collection[str]) -> frozenset[str]:
    """Return each of ``supports`` with probability 1/2, without a draw from ``rng`` itself."""
    if not supports:
        return frozenset()
    (stream,) = rng.spawn(1)
    return frozenset(need for need in sorted(supports) if stream.random() < 0.5)


def random_stimulus(
    rng: np.random.Generator,
    program: Program,
    *,
    max_samples: int = 4,
    max_steps: int = 100,
    ragged: bool = True,
    graded: bool = False,
) -> Spikes:
    """Return 1 to ``max_samples`` samples of 1 to ``max_steps`` steps for ``program``, from silent to dense.

    All are drawn with ``rng``; ``ragged``: they have different lengths. ``graded``: events carry integers, as large as sums of arrivals stay exact with, and drawn from a random stream of their own.
    """
    n_samples = int(rng.integers(1, max_samples + 1))
    lengths = rng.integers(1, max_steps + 1, n_samples)
    if not ragged:
        lengths[:] = lengths[0]
    density = rng.choice([0.0, 0.05, 0.3, 1.0], n_samples, p=[0.1, 0.3, 0.4, 0.2])
    shape = [(int(n), program.n_inputs) for n in lengths]
    stimulus = Spikes.from_dense([rng.random(s) < p for s, p in zip(shape, density, strict=True)], program.dt)
    return _graded(rng.spawn(1)[0], program, stimulus) if graded else stimulus


def _graded(rng: np.random.Generator, program: Program, stimulus: Spikes) -> Spikes:
    """Return the stimulus with payloads of the largest size that the program bears, or smaller."""
    for bits in range(int(rng.integers(1, 17)), 0, -1):
        payload = rng.integers(-(2**bits), 2**bits + 1, stimulus.n_events).astype(np.int32)
        out = dataclasses.replace(stimulus, payload=payload)
        try:
            check_payloads(program, out)
        except DescriptionError:
            continue
        return out
    return stimulus


def _with_needs(rng: np.random.Generator, program: Program, needs: Collection[str]) -> Program:
    unknown = sorted(set(needs) - set(EXTRA_ARRAYS))
    if unknown:
        known = ", ".join(sorted(EXTRA_ARRAYS)) or "none, as there is nothing beyond plain LIF"
        raise DescriptionError(f"random_program needs: got {', '.join(map(repr, unknown))}, expected some of: {known}")
    if not needs:
        return program
    streams = dict(zip(sorted(needs), rng.spawn(len(needs)), strict=True))
    for need, change in EXTRA_ARRAYS.items():
        if need in streams:
            program = dataclasses.replace(program, **change(streams[need], program))
    return program


def _sometimes_equal(rng: np.random.Generator, values: dict[str, Any]) -> dict[str, Any]:
    """Occasionally give all neurons the parameters of the first, for which engines have a faster path."""
    if rng.random() < 0.8:
        return values
    return values | {name: np.resize(value[:1], value.size) for name, value in values.items() if name != "weight"}


def _small(rng: np.random.Generator, most: int) -> int:
    return 1 if rng.random() < 0.1 else int(rng.integers(1, most + 1))


def _wiring(rng: np.random.Generator, n_rows: int, n_neurons: int) -> tuple[Ints, Ints]:
    degree = rng.integers(0, min(n_neurons, 8) + 1, n_rows) * (rng.random(n_rows) < 0.8)
    return np.concatenate([[0], np.cumsum(degree)]), rng.integers(0, n_neurons, int(degree.sum()))


def _refractory(rng: np.random.Generator, n: int) -> Ints:
    return rng.integers(0, int(rng.choice([1, 3, 8])), n) if rng.random() < 0.95 else rng.choice([0, 2**31 - 1], n)


def _signed_bits(rng: np.random.Generator, bits: int, size: int) -> Ints:
    """Return integers of at most ``bits`` bits with sign, including zeros and often the extremes."""
    top = 2 ** (bits - 1) - 1
    values = rng.integers(-top, top + 1, size)
    values[rng.random(size) < 0.1] = 0
    values[rng.random(size) < 0.1] = top
    return values * rng.choice([1, 1, -1]) if rng.random() < 0.5 else np.abs(values)


def _float64_values(rng: np.random.Generator, n: int, n_synapses: int, wide: bool) -> dict[str, Any]:
    bits = int(rng.integers(17, 43)) if wide else int(rng.integers(2, 17))
    exponent = int(rng.integers(min(30, bits - 3), 31)) if rng.random() < 0.8 else int(rng.integers(0, 31))
    largest = 2.0 ** (bits - 1 - exponent)
    exact = rng.random() < 0.3  # then v stays on the weights' grid and can equal the threshold exactly
    decay = (lambda: rng.choice([0.0, 0.5, 1.0], n)) if exact else (lambda: rng.uniform(0, 1, n))
    threshold = largest * rng.uniform(-0.05, 2, n) * rng.choice([0.25, 1, 4])
    if exact:
        threshold = np.ldexp(np.rint(np.ldexp(threshold, exponent)), -exponent)
    bias = np.zeros(n) if exact or rng.random() < 0.4 else threshold * rng.uniform(-0.5, 1.2, n)
    return {
        "weight": np.ldexp(_signed_bits(rng, bits, n_synapses).astype(float), -exponent),
        "decay_u": decay(),
        "decay_v": decay(),
        "threshold": threshold,
        "bias": bias,
    }


def _loihi_values(rng: np.random.Generator, n: int, n_synapses: int, wide: bool) -> dict[str, Any]:
    bits = int(rng.integers(17, 26)) if wide else int(rng.integers(2, 17))
    threshold = rng.integers(0, min(2 ** (bits + 1), 2**17), n)
    reach = int(rng.choice([1, 64, 2**10, 2**24, 2**31 - 1]))  # from none to far beyond the registers
    extreme = rng.random() < 0.3
    weight = _signed_bits(rng, bits, n_synapses)
    if wide:  # exactly where u wraps (2^17 << 6 is 2^23), and where arrivals exceed the chip's register
        edge = rng.random(n_synapses) < 0.3
        weight[edge] = rng.choice([2**17, -(2**17), 2**15, -(2**15)], int(edge.sum()))
    return {
        "weight": weight,
        "du": rng.choice([-1, 0, 4095], n) if extreme else rng.integers(0, 4096, n),
        "dv": rng.choice([0, 4095, 4096], n) if extreme else rng.integers(0, 4096, n),
        "threshold": threshold,
        "bias": rng.integers(-reach, reach + 1, n) if rng.random() < 0.6 else np.zeros(n, np.int64),
    }
