"""The compiled pull kernel: 64 samples side by side, one bit of a word each; every target reads all of its synapses.

Who spiked in a step is a word per source. A target adds the weight of a synapse in those of its 64 lanes whose bit is set,
so the cost does not depend on how much the network spikes, and is small per sample. Spikes are only counted.
The meaning is that of `lsm_sim.engine.reference`; neurons advance by the same code as in the push kernel.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, overload

from lsm_sim_fast.compiled import assembly, assembly_pull
from lsm_sim_fast.compiled.arguments import State
from lsm_sim_fast.compiled.caching import kernel
from lsm_sim_fast.compiled.inlining import inlined
from lsm_sim_fast.compiled.neurons import FOREVER, one_of, update, update_wide
from lsm_sim_fast.compiled.waiting import STRIDE, others_reached, publish

LANES = 64
_CHUNK = 256  # synapses whose bytes sum up in 16 bits


@intrinsic
def _vector_pull(typing_context, words, packed, first, n, base, mask, sums):
    signature = types.void(words, packed, types.int64, types.int64, types.uint32, types.uint32, sums)

    def generate(context, builder, signature, values):
        words, packed, sums = assembly.data_of(context, builder, signature, values, (0, 1, 6))
        row = builder.gep(packed, [builder.mul(values[2], ir.IntType(64)(3))])  # three numbers per synapse
        name = "lsm_sim_pull"
        assembly.call(context, builder, name, assembly_pull.pull(name), ir.VoidType(), [words, row, *values[3:6], sums])
        return context.get_dummy_value()

    return signature, generate


def _pull(words, packed, first, n, base, mask, sums, vector):
    """Add to ``sums`` (64,) what ``n`` <= 256 synapses from ``first`` on bring to each lane; in compiled code."""
    raise NotImplementedError("for compiled code only")


@overload(_pull, jit_options={"error_model": "numpy"})
def _overloaded_pull(words, packed, first, n, base, mask, sums, vector):
    if isinstance(vector, types.Integer):
        return lambda words, packed, first, n, base, mask, sums, vector: _vector_pull(
            words, packed, first, n, base, mask, sums
        )

    def plain(words, packed, first, n, base, mask, sums, vector):
        for e in range(np.uint64(first), np.uint64(first + n)):
            word = words[np.uint32(base + packed[e, 0]) & mask]
            mantissa = np.int32(256 * np.int16(np.uint16(packed[e, 2])) + np.uint16(packed[e, 1]))
            for lane in range(LANES):
                sums[lane] += mantissa & -np.int32((word >> np.uint64(lane)) & np.uint64(1))

    return plain


@inlined
def _as_word(eights):
    """Return 64 flags as the bits of a word; multiplying gathers the lowest bits of eight bytes."""
    word = np.uint64(0)
    for part in range(8):
        bits = (eights[part] * np.uint64(0x0102040810204080)) >> np.uint64(56)
        word |= bits << np.uint64(8 * part)
    return word


@inlined
def _stimulate(k, now, n_inputs, stimulus, group):
    """Write the input channels' words of step k."""
    event = group.event
    now[:n_inputs] = 0
    for lane in range(event.size):
        last = stimulus.offsets[group.sample[lane] + 1]
        while event[lane] < last and stimulus.step[event[lane]] == k:
            now[stimulus.channel[event[lane]]] |= np.uint64(1) << np.uint64(lane)
            event[lane] += 1


@inlined
def _close_bins(k, share, bins, group):
    """Hand over the counts of bins that end before step k; return the step at which the next one does."""
    soon, edges, counters, current = np.int64(2**62), bins.edges, share.counters, group.bin
    for lane in range(current.size):
        sample = group.sample[lane]
        while current[lane] + 1 < edges.shape[1] and edges[sample, current[lane] + 1] <= k:
            for i in range(counters.shape[0]):
                bins.counts[sample, current[lane], share.first + i] = counters[i, lane]
                counters[i, lane] = 0
            current[lane] += 1
        if current[lane] + 1 < edges.shape[1]:
            soon = min(soon, edges[sample, current[lane] + 1])
    return soon


@inlined
def _hold_and_count(k, free_at, spiked, refractory, counters):
    back = np.int32(min(k + 1 + np.int64(refractory), FOREVER))
    for lane in range(LANES):
        free_at[lane] = back if spiked[lane] else free_at[lane]
        counters[lane] += np.int32(spiked[lane])


@inlined
def _advance_targets(k, start, now, share, sources, neurons, state, vector):
    """Advance this thread's neurons by one step, and write to ``now`` in which lanes they spiked."""
    words, packed, indptr = sources.words, sources.packed, sources.indptr
    sums, spiked = share.sums, share.spiked
    mask, eights = np.uint32(words.size - 1), spiked.view(np.uint64)
    for i in range(indptr.size - 1):
        for e in range(indptr[i], indptr[i + 1], _CHUNK):
            _pull(words, packed, e, min(_CHUNK, indptr[i + 1] - e), np.uint32(start), mask, sums, vector)
        lanes, neuron = _lanes_of(state, i), one_of(neurons, i)
        if neuron.wide:
            update_wide(k, sums, neuron, lanes, spiked)
        else:
            update(k, sums, sources.unit, neuron, lanes, spiked)
        now[i] = word = _as_word(eights)
        if word != 0:
            _hold_and_count(k, lanes.free_at, spiked, neuron.refractory, share.counters[i])


@inlined
def _lanes_of(state, i):
    """Return the state of neuron i in all lanes."""
    return State(u=state.u[i], v=state.v[i], free_at=state.free_at[i])


@kernel
def advance_lanes(k, n_steps, stop, share, sources, neurons, state, group, stimulus, bins, vector):
    """Advance one thread's share of up to 64 samples from step k; return the step reached.

    It ends at ``n_steps``, when ``stop`` is set, or when it has waited too long for the other threads of the group, which
    ``share.waiting`` tells. The records are those of `arguments`; state has one column per lane, (N, 64).
    """
    words, width, n_inputs = sources.words, sources.width, sources.n_inputs
    flags, waiting = share.flags, share.waiting
    closing = _close_bins(k, share, bins, group)
    while k < n_steps and stop[0] == 0:
        if waiting[0] == 0:
            if k >= closing:
                closing = _close_bins(k, share, bins, group)
            start = k * width & (words.size - 1)
            now = words[start : start + width]
            if share.number == 0:
                _stimulate(k, now, n_inputs, stimulus, group)
            _advance_targets(k, start, now[n_inputs + share.first :], share, sources, neurons, state, vector)
            if flags.size:
                publish(flags, STRIDE * share.number, k + 1)
                waiting[0] = 1
        if waiting[0] != 0:
            if not others_reached(k, flags, stop):
                return k
            waiting[0] = 0
        k += 1
    if k == n_steps:
        _close_bins(k, share, bins, group)
    return k
