"""How threads that share a sample wait for each other: each publishes the steps it has finished."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba.core import types
from numba.extending import intrinsic

from lsm_sim_fast.compiled.inlining import inlined

STRIDE = 8  # one flag per cache line
_SPINS = 20_000  # looks at another thread's progress before the caller may sleep


def flags(n_threads: int) -> npt.NDArray[np.int64]:
    """Return room for the steps that threads of one sample have finished; none for one thread, which nobody waits for."""
    return np.zeros(STRIDE * n_threads if n_threads > 1 else 0, np.int64)


@intrinsic
def publish(typing_context, array, index, value):
    """Store so that other threads see everything written before."""

    def generate(context, builder, signature, values):
        data = context.make_array(signature.args[0])(context, builder, values[0]).data
        builder.store_atomic(values[2], builder.gep(data, [values[1]]), "release", 8)
        return context.get_dummy_value()

    return types.void(types.int64[::1], types.int64, types.int64), generate


@intrinsic
def _observe(typing_context, array, index):
    """Load what another thread published."""

    def generate(context, builder, signature, values):
        data = context.make_array(signature.args[0])(context, builder, values[0]).data
        address = builder.gep(data, [values[1]])
        return builder.load_atomic(address, "acquire", 8)

    return types.int64(types.int64[::1], types.int64), generate


@inlined
def others_reached(k, flags, stop):
    """Wait until all threads of the sample have published step k; False: not yet."""
    for _ in range(_SPINS):
        reached = True
        for q in range(flags.size // STRIDE):
            if _observe(flags, q * STRIDE) <= k:
                reached = False
        if reached:
            return True
        if stop[0] != 0:
            return False
    return False
