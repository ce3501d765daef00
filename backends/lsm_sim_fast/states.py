"""From the state of a sample, as users keep it, to the arrays of one thread, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from lsm_sim.engine.state import State
from lsm_sim.program.program import Program
from lsm_sim_fast.compiled.arguments import Arrivals, Extras, Share
from lsm_sim_fast.compiled.arguments import State as Neurons

_FAR = 2**30  # steps


def held_too_long(program: Program, state: State) -> bool:
    """Return whether a neuron may be held so long that the step at which it moves again does not fit 32 bits.

    Then it is not known how much longer it is held at the end of a run.
    """
    return bool(max(program.refractory.max(), state.hold.max(initial=0)) >= _FAR)


def begin(
    state: State, b: int, which: Any, share: Share, arrivals: Arrivals, neurons: Neurons, extras: Extras | None
) -> None:
    """Set the arrays of a thread, whose neurons are ``which``, to the state of sample ``b``."""
    n, arrays = len(which), state.arrays()
    for name in ("u", "v"):
        getattr(neurons, name)[:n] = arrays[name][b, which]
    neurons.free_at[:n] = arrays["hold"][b, which]
    for strip, receptor, block, own in _blocks(share, arrivals, extras):
        waiting = arrays["in_flight"][b, receptor][:, which[own]]
        unit = arrivals.unit if receptor == 0 or extras is None else extras.unit2
        strip[:, :block] = waiting / unit
    if extras is not None:
        for name in ("u2", "w"):
            if name in arrays:
                getattr(extras.state, name)[:n] = arrays[name][b, which]
        extras.plastic.r[:], extras.plastic.f[:] = arrays["r"][b], arrays["f"][b]


def end(
    out: dict[str, Any],
    b: int,
    n_steps: int,
    which: Any,
    share: Share,
    arrivals: Arrivals,
    slot: int,
    neurons: Neurons,
    extras: Extras | None,
) -> None:
    """Write the state of a thread's neurons at the end of sample ``b``; ``slot`` is that of the next step."""
    n = len(which)
    for name in ("u", "v"):
        out[name][b, which] = getattr(neurons, name)[:n]
    out["hold"][b, which] = np.maximum(neurons.free_at[:n].astype(np.int64) - n_steps, 0)
    for strip, receptor, block, own in _blocks(share, arrivals, extras, slot):
        unit = arrivals.unit if receptor == 0 or extras is None else extras.unit2
        kind = out["in_flight"].dtype
        out["in_flight"][b, receptor][:, which[own]] = (strip[:, :block] * unit).astype(kind)
    if extras is not None:
        for name in ("u2", "w"):
            if name in out:
                out[name][b, which] = getattr(extras.state, name)[:n]
        out["r"][b], out["f"][b] = extras.plastic.r, extras.plastic.f  # every thread has all of them


def _blocks(share: Share, arrivals: Arrivals, extras: Extras | None, slot: int = 0) -> Any:
    """Yield for each block and receptor the slots in use, (slots, places), its neurons, and which of the thread they are."""
    edges = share.edges - share.edges[0]
    for b in range(edges.size - 1):
        strip = arrivals.strip[b].reshape(arrivals.span, arrivals.width)[slot : slot + arrivals.slots]
        own = slice(int(edges[b]), int(edges[b + 1]))
        size = own.stop - own.start
        yield strip, 0, size, own
        if extras is not None and extras.neurons.two:
            yield strip[:, extras.second :], 1, size, own
