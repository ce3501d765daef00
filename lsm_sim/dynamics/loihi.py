"""Loihi's integer arithmetic: decay, overflow and the sizes of registers.

The arithmetic is that of lava-nc 0.10.0 (``fixed_pt``); the sizes of the registers are those of Loihi 1 as published (Davies
et al., IEEE Micro 38, 2018) and as the emulators of Nengo and Brian2 model them.
"""

from __future__ import annotations

import numpy as np

from lsm_sim.support.checks import Bools, Floats, Ints

ONE = 4096  # decays have 12 bits
SHIFT = 6  # bits by which arrivals and thresholds are shifted to the scale of u and v
MAX_WEIGHT, MAX_EXPONENT = 255, 7  # mantissa of 8 bits and sign, times 2^0 .. 2^7
MAX_BIAS = 4095  # mantissa of 12 bits and sign, times 2^0 .. 2^7
MAX_THRESHOLD = 2**17 - 1
MAX_DELAY = 63  # stored, so 64 steps
MAX_STATE = 2**23 - 1  # largest magnitude of v; w stops there
A_LIMIT, UV_LIMIT = 2**15, 2**23  # magnitudes that no longer fit: arrivals of a step; u, v and u + bias


def decay(x: Ints, k: Ints) -> Ints:
    """Return x * (4096 - k) / 4096 rounded toward zero."""
    product = x * (ONE - k)
    return np.asarray(np.sign(product) * (np.abs(product) >> 12))


def wrap32(x: Ints) -> Ints:
    """Return x wrapped to a signed 32-bit integer."""
    return np.asarray((x + 2**31) % 2**32 - 2**31)


def wrap_u(x: Ints) -> Ints:
    """Return x wrapped at 2^23, as u is on the chip."""
    return np.where(x > 2**23, x - 2**24, np.where(x <= -(2**23), x + 2**24, x))


def nearest_bias(exact: Floats) -> Ints:
    """Return the nearest biases with a mantissa within +-4095 times 2^0..2^7."""
    out = np.rint(exact)
    for e in range(1, MAX_EXPONENT + 1):
        large = np.rint(np.ldexp(np.abs(exact), 1 - e)) > MAX_BIAS
        out[large] = np.ldexp(np.rint(np.ldexp(exact[large], -e)), e)
    limit = MAX_BIAS << MAX_EXPONENT
    return np.clip(out, -limit, limit).astype(np.int64)


def bias_fits(bias: Ints) -> Bools:
    """Return for each bias whether it is a mantissa within +-4095 times 2^0..2^7."""
    mantissa, exponent = split_bias(bias)
    return np.asarray((mantissa << exponent == bias) & (np.abs(mantissa) <= MAX_BIAS))


def split_bias(bias: Ints) -> tuple[Ints, Ints]:
    """Return mantissas and exponents of biases, with the smallest exponent for which the mantissa is in range."""
    exponent = np.zeros_like(bias)
    for e in range(MAX_EXPONENT, 0, -1):
        exponent[np.abs(bias) <= MAX_BIAS << e] = e
    exponent[np.abs(bias) <= MAX_BIAS] = 0
    exponent[np.abs(bias) > MAX_BIAS << MAX_EXPONENT] = MAX_EXPONENT
    return bias >> exponent, exponent


def exponent_range(weight: Ints) -> tuple[Ints, Ints]:
    """Return the smallest and largest e with |weight| = m 2^e, integer m <= 255 and e <= 7; smallest > largest: none."""
    size = np.abs(weight)
    low = np.zeros(size.shape, np.int64)
    while (size >> low > MAX_WEIGHT).any():
        low += size >> low > MAX_WEIGHT
    high = np.full(size.shape, MAX_EXPONENT)
    for e in range(MAX_EXPONENT, 0, -1):
        high[(high == e) & (size & ((1 << e) - 1) != 0)] = e - 1
    return low, high
