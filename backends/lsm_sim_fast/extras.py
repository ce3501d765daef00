"""What one thread is handed beyond plain LIF: more state of neurons, plastic synapses, payloads of events."""

from __future__ import annotations

from typing import Any

import numpy as np

from lsm_sim.dynamics.plasticity import Q
from lsm_sim.program.program import Program
from lsm_sim.support.checks import Ints
from lsm_sim_fast import aligned, neuron_arrays
from lsm_sim_fast.compiled.arguments import Extras, Plastic
from lsm_sim_fast.compiled.rows import UNROLLED, VECTOR
from lsm_sim_fast.layout import Layout
from lsm_sim_fast.results import Batch
from lsm_sim_fast.tables import lifts


def extras(batch: Batch, layout: Layout, part: int, which: Any, room: int) -> Extras | None:
    """Return what the kernel of a thread gets for the neurons ``which``; None where plain LIF is all there is."""
    program = batch.program
    if not program.needs - {"initial-state", "blocks"} and batch.stimulus.payload is None:
        return None
    nothing, more = np.empty((0, 0)), neuron_arrays.more_parameters(program, which)
    plain = neuron_arrays.parameters(program, which, wide=layout.wide)
    return Extras(
        second=layout.second,
        unit2=layout.scales[-1],
        neurons=more,
        alike=int(plain.alike and all(map(neuron_arrays.alike, more[2:]))),
        state=neuron_arrays.more_state(program, room),
        plastic=_plastic(program, layout, part, every_source=batch.request.keep_state),
        payload=np.empty(0, np.int32),
        u2=nothing,
        w=nothing,
        chip=1 if program.arithmetic == "loihi" else None,
    )


def begin_extras(extras: Extras, arithmetic: str) -> None:
    """Set the state to the start of a sample."""
    for array in (*extras.state, extras.plastic.f):
        array[:] = 0
    extras.plastic.r[:] = Q if arithmetic == "loihi" else 1.0


def of_sample(extras: Extras, batch: Batch, b: int) -> Extras:
    """Return the record for a sample: with its payloads, and where its recordings go."""
    stimulus, traces = batch.stimulus, batch.results.traces
    values: dict[str, Any] = {name: traces[name][b] for name in ("u2", "w") if name in traces}
    if stimulus.payload is not None:
        values["payload"] = stimulus.payload[stimulus.offsets[b] : stimulus.offsets[b + 1]]
    return extras._replace(**values)


def _plastic(program: Program, layout: Layout, part: int, *, every_source: bool) -> Plastic:
    """Return the plastic blocks; ``every_source``: also sources without synapses have a state, which a run may keep."""
    blocks = [block for block in program.blocks if block.rule != "static"]
    shape = len(blocks), program.n_inputs + program.n_neurons
    packed, shift, indptr = layout.plastic or (np.empty(0, np.uint32), 16, np.zeros((0, 1, shape[1] + 1), np.uint32))
    own = slice(layout.parts[part], layout.parts[part + 1]) if blocks else slice(None)
    narrow = packed.dtype == np.uint32
    u, rec, facil = (
        (_stacked(values, shape) for values in zip(*map(_fractions, blocks), strict=True))
        if blocks
        else (aligned.zeros(shape, np.float64) for _ in range(3))
    )
    return Plastic(
        narrow=packed if narrow else np.empty(0, np.uint32),
        wide=np.empty(0, np.uint64) if narrow else packed,
        shift=np.uint64(shift),
        indptr=np.ascontiguousarray(indptr[:, own]),
        rows=np.array([(0, shape[1]) if every_source else _used(block) for block in blocks], np.int64).reshape(-1, 2),
        lift=lifts(program),
        use=u,
        keep_rec=rec,
        keep_facil=facil,
        r=aligned.zeros(shape, np.float64),
        f=aligned.zeros(shape, np.float64),
        amounts=aligned.zeros(_room(layout, packed, indptr), layout.strip_type),
    )


def _fractions(block: Any) -> tuple[Any, Any, Any]:
    """Return U, and the fractions of 1 - r and of f that a step keeps; U of loihi arithmetic stays in 4096ths."""
    if block.stp_drec is None:
        return block.stp_U, block.stp_decay_rec, block.stp_decay_facil
    return block.stp_U, (4096 - block.stp_drec) / 4096, (4096 - block.stp_dfacil) / 4096


def _stacked(values: Any, shape: tuple[int, int]) -> Any:
    out = aligned.zeros(shape, np.float64)
    out[:] = values
    return out


def _room(layout: Layout, packed: Any, indptr: Any) -> int:
    """Return the synapses of the longest row, static ones too, as those of graded events are computed in the same place."""
    line = UNROLLED if layout.rows is None else VECTOR
    plastic = _longest(indptr) * UNROLLED // int(packed.itemsize)
    return max(plastic, _longest(layout.indptr) * line // int(layout.packed.itemsize))


def _longest(indptr: Any) -> int:
    sizes: Ints = indptr[..., 1:].astype(np.int64) - indptr[..., :-1]
    return int(sizes.max(initial=0))


def _used(block: Any) -> tuple[int, int]:
    """Return the first source with synapses, and one past the last."""
    rows = np.flatnonzero(np.diff(block.indptr))
    return (int(rows[0]), int(rows[-1]) + 1) if rows.size else (0, 0)
