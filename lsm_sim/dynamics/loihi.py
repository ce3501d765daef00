"""Loihi's integer arithmetic: decay, overflow and the sizes of registers.

The arithmetic is that of lava-nc 0.10.0 (``fixed_pt``); the sizes of the registers are those of Loihi 1 as published (Davies
et al., IEEE Micro 38, 2018) and as the emulators of Nengo and Brian2 model them.
"""

from __future__ import annotations

import numpy as np

from lsm_sim.support.checks import Floats, Ints

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
