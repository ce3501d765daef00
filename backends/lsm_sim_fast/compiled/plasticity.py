"""Rows of synapses whose amounts are computed at each spike: short-term plasticity, and events with a payload.

The meaning is that of `lsm_sim.dynamics.plasticity`, operation for operation. r and f are float64 in both arithmetics: in
loihi's they hold integers up to 2^20, whose products with 12-bit numbers are exact. A thread keeps r and f of all sources for
itself, so that threads of a sample need not tell each other.

``factor`` of a row is what multiplies its mantissas before they are rounded: the efficacy, or the payload of an event without
plasticity. ``lift`` multiplies what was rounded: the step from the block's grid to that of the strip, times the payload.
"""

from __future__ import annotations

import numpy as np
from numba.core import types
from numba.extending import overload

from lsm_sim_fast.compiled.inlining import OPTIONS, inlined
from lsm_sim_fast.compiled.rows import UNROLLED

_Q = 1048576.0  # 2^20, the largest r and f of loihi arithmetic


@inlined
def rest(plastic, chip):
    """Let resources recover and facilitation decay for a step, for all sources that have synapses."""
    for q in range(plastic.rows.shape[0]):
        first, last = plastic.rows[q, 0], plastic.rows[q, 1]
        r, f = plastic.r[q, first:last], plastic.f[q, first:last]
        _rest(r, f, plastic.keep_rec[q, first:last], plastic.keep_facil[q, first:last], chip)


def _rest(r, f, keep_rec, keep_facil, chip):
    raise NotImplementedError("for compiled code only")


@overload(_rest, jit_options=OPTIONS)
def _rest_of(r, f, keep_rec, keep_facil, chip):
    return _loihi_rest if isinstance(chip, types.Integer) else _float64_rest


def _float64_rest(r, f, keep_rec, keep_facil, chip):
    for i in range(r.size):
        r[i] = 1.0 - keep_rec[i] * (1.0 - r[i])
        f[i] = keep_facil[i] * f[i]


def _loihi_rest(r, f, keep_rec, keep_facil, chip):
    for i in range(r.size):
        r[i] = _Q - np.floor(keep_rec[i] * (_Q - r[i]))
        f[i] = np.floor(keep_facil[i] * f[i])


def use(plastic, q, row, chip):
    """Let a source send through block q; return the factor of its row."""
    raise NotImplementedError("for compiled code only")


@overload(use, jit_options=OPTIONS)
def _use(plastic, q, row, chip):
    return _loihi_use if isinstance(chip, types.Integer) else _float64_use


def _float64_use(plastic, q, row, chip):
    r, f = plastic.r[q, row], plastic.f[q, row]
    x = f + plastic.use[q, row] * (1.0 - f)
    efficacy = x * r
    plastic.r[q, row] = r - efficacy
    plastic.f[q, row] = x
    return efficacy


def _loihi_use(plastic, q, row, chip):
    r, f = plastic.r[q, row], plastic.f[q, row]
    x = f + np.floor(plastic.use[q, row] * (_Q - f) / 4096.0)
    efficacy = np.floor(x * r / _Q)
    plastic.r[q, row] = r - efficacy
    plastic.f[q, row] = x
    return np.floor(efficacy / 256.0) / 4096.0


def _rounded(amount, chip):
    raise NotImplementedError("for compiled code only")


@overload(_rounded, jit_options=OPTIONS)
def _rounded_as(amount, chip):
    if isinstance(chip, types.Integer):
        return lambda amount, chip: np.trunc(amount)
    return lambda amount, chip: np.rint(amount)


@inlined
def send_plastic(strips, start, plastic, who, n, first, payload, chip):
    """Send the spikes or events ``first + who[:n]`` through every plastic block; ``payload`` (n,) or empty: 1 each."""
    for q in range(plastic.rows.shape[0]):
        for j in range(n):
            row = np.int64(first + who[j])
            if row < plastic.rows[q, 0] or row >= plastic.rows[q, 1]:
                continue
            factor = use(plastic, q, row, chip)
            lift = plastic.lift[q] * (np.float64(payload[j]) if payload.size else 1.0)
            for b in range(strips.shape[0]):
                coming, ends = strips[b, start:], plastic.indptr[q, b]
                begin, end = np.uint64(ends[row]), np.uint64(ends[row + 1])
                if plastic.narrow.size:
                    _add_narrow(coming, plastic.narrow, begin, end, factor, lift, plastic.amounts, chip)
                else:
                    _add_wide(coming, plastic.wide, begin, end, plastic.shift, factor, lift, plastic.amounts, chip)


@inlined
def send_graded(strips, start, synapses, who, n, payload, amounts, chip):
    """Send events through their rows of static synapses, times their payloads."""
    size = np.uint64(synapses.halves)
    for j in range(n):
        row, factor = np.int64(who[j]), np.float64(payload[j])
        for b in range(strips.shape[0]):
            coming, ends = strips[b, start:], synapses.indptr[b]
            begin, end = size * np.uint64(ends[row]), size * np.uint64(ends[row + 1])
            if synapses.narrow.size:
                _add_narrow(coming, synapses.narrow, begin, end, factor, 1.0, amounts, chip)
            else:
                _add_wide(coming, synapses.wide, begin, end, synapses.shift, factor, 1.0, amounts, chip)


# Amounts of a row are computed first, a loop that LLVM turns into vectors, and then added one after the other.


@inlined
def _add_narrow(strip, packed, begin, end, factor, lift, amounts, chip):
    lanes = np.uint64(UNROLLED // 4)
    first, n = lanes * begin, lanes * (end - begin)
    for e in range(n):
        amount = np.float64(np.int16(np.uint16(packed[first + e]))) * factor
        amounts[e] = _number(_rounded(amount, chip) * lift, amounts)
    for e in range(n):
        strip[packed[first + e] >> np.uint32(16)] += amounts[e]


@inlined
def _add_wide(strip, packed, begin, end, shift, factor, lift, amounts, chip):
    lanes, free = np.uint64(UNROLLED // 8), np.uint64(64) - shift
    first, n = lanes * begin, lanes * (end - begin)
    for e in range(n):
        amount = np.float64(np.int64(packed[first + e] << free) >> np.int64(free)) * factor
        amounts[e] = _number(_rounded(amount, chip) * lift, amounts)
    for e in range(n):
        strip[packed[first + e] >> shift] += amounts[e]


def _number(amount, amounts):
    raise NotImplementedError("for compiled code only")


@overload(_number, jit_options=OPTIONS)
def _number_of(amount, amounts):
    if amounts.dtype == types.int32:
        return lambda amount, amounts: np.int32(amount)
    return lambda amount, amounts: np.int64(amount)
