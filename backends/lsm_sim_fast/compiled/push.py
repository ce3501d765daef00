"""The compiled push kernel: a spike adds its row of synapses to the arrivals to come.

One call of `advance` moves one thread's share of one sample until the sample ends, the buffer of spikes fills up, a stop
is asked, or it has waited too long for the other threads of the sample. The state is in the arrays that come in, so the
next call goes on where this one ended. The meaning is that of `lsm_sim.engine.reference`, operation for operation; nothing here may
be reassociated or fused, so fastmath stays off.
"""

from __future__ import annotations

import numba
import numpy as np

from lsm_sim_fast.compiled.block import advance_block
from lsm_sim_fast.compiled.caching import kernel
from lsm_sim_fast.compiled.neurons import FOREVER, count_excursions, part
from lsm_sim_fast.compiled.rows import scatter
from lsm_sim_fast.compiled.waiting import STRIDE, others_reached, publish

_inline = numba.njit(forceinline=True, error_model="numpy")

EVENT, BIN, SPIKE, RECORD, SLOT, PHASE, N_CURSORS = range(7)


# advance takes
#   k, n_steps   the step to begin with and the sample's length; it returns the step reached
#   stop         (1,): another thread sets it to end the call after the current step
#   layout       edges of this thread's blocks, width, slots and span of a strip, rows in vectors (blocks, C+N+1), number of input channels
#   synapses     packed synapses, bits of their mantissas, how many rows ahead and how many cache lines of them to ask for
#   strip        arrivals to come, by block and slot, (blocks, span * width)
#   order        the program's number of each of this thread's neurons; empty: in the order of the program
#   neurons      unit of arrivals, kept fraction of u and of v, threshold, bias, refractory: arrays of this thread's neurons, or numbers
#   state        u, v, free_at (first step at which v moves again), room for flags (uint8), all padded to 16
#   team         number of this thread, spikes of two steps by thread (2, threads, N + 16), how many (2, threads), flags
#   cursor       next event, current bin, spikes in the buffer, next recorded step, slot of the step, 1 while waiting for others
#   stimulus     step and channel of the sample's events, sorted
#   events       buffers for step and neuron of spikes; empty: do not store them
#   edges, counts  bin edges (K+1,) and counts (K, N); empty: do not count
#   recording    steps, neurons of this thread, their columns, u and v to fill (steps, columns)
#   excursions   (3, 3), or None: do not count
#   vector, rows which form of the innermost loops: over neurons, and along rows of synapses


@kernel
def advance(
    k, n_steps, stop, layout, synapses, strip, order, neurons, state, team, cursor, stimulus, events, edges, counts, recording,
    excursions, vector, rows,
):  # fmt: skip
    """Advance one thread's neurons through one sample; see the comment above."""
    blocks = layout[0]
    me, lists, sizes, flags = team
    first, n_own = blocks[0], blocks[-1] - blocks[0]
    room = events[0].size - n_own
    alone = flags.size == 0
    while k < n_steps and stop[0] == 0 and (cursor[SPIKE] <= room or room < 0):
        parity = k & 1
        if cursor[PHASE] == 0:
            slot = _carry_back(layout, strip, cursor)
            sizes[parity, me] = _advance_blocks(
                k, slot, layout, strip, neurons, state, lists[parity, me], excursions, vector
            )
            _stimulate(k, slot, layout, synapses, strip, cursor, stimulus, rows)
            _settle(k, first, lists[parity, me], sizes[parity, me], state, neurons[5], order, cursor, edges, counts)
            if not alone:
                publish(flags, STRIDE * me, k + 1)
                cursor[PHASE] = 1
        if not alone:
            if not others_reached(k, flags, stop):
                return k
            cursor[PHASE] = 0
        _send(cursor[SLOT], layout, synapses, strip, lists[parity], sizes[parity], rows)
        _report(k, first, lists[parity, me], sizes[parity, me], state, cursor, events, recording)
        cursor[SLOT] += 1
        k += 1
    return k


@_inline
def _carry_back(layout, strip, cursor):
    """Return the slot of this step; where the strip ends, what still waits moves to its beginning, where nothing does."""
    blocks, width, slots, span, _, _ = layout
    if cursor[SLOT] + slots >= span:
        first, n = cursor[SLOT] * width, slots * width
        for b in range(blocks.size - 1):
            beginning, waiting = strip[b, :n], strip[b, first : first + n]
            for i in range(n):
                beginning[i] = waiting[i]
                waiting[i] = 0
        cursor[SLOT] = 0
    return cursor[SLOT]


@_inline
def _advance_blocks(k, slot, layout, strip, neurons, state, who, excursions, vector):
    """Advance the neurons of this thread, list those that spiked and return how many."""
    blocks, width, _, _, _, _ = layout
    scale, keep_u, keep_v, threshold, bias, _ = neurons
    u, v, free_at, flags = state
    start, found = slot * width, 0
    for b in range(blocks.size - 1):
        lo, hi = blocks[b] - blocks[0], blocks[b + 1] - blocks[0]
        arrivals = strip[b, start : start + hi - lo]
        if excursions is not None:
            count_excursions(k, blocks[b], arrivals, u[lo:hi], part(keep_u, lo, hi), part(bias, lo, hi), excursions)
        found = advance_block(
            k, blocks[b], arrivals, (u[lo:hi], v[lo:hi], free_at[lo:hi], flags[lo : -(-hi // 16) * 16]),
            (scale, part(keep_u, lo, hi), part(keep_v, lo, hi), part(threshold, lo, hi), part(bias, lo, hi)),
            who, found, vector,
        )  # fmt: skip
    return found


@_inline
def _stimulate(k, slot, layout, synapses, strip, cursor, stimulus, rows):
    """Send the stimulus of step k on its way to the neurons of this thread."""
    blocks, width, _, _, indptr, _ = layout
    packed, shift, ahead = synapses
    event_step, event_channel = stimulus
    first = last = cursor[EVENT]
    while last < event_step.size and event_step[last] == k:
        last += 1
    start = (slot + 1) * width
    for b in range(blocks.size - 1):
        scatter(strip[b, start:], packed, indptr[b], event_channel[first:last], last - first, 0, shift, ahead, rows)
    cursor[EVENT] = last


@_inline
def _settle(k, first, who, n, state, refractory, order, cursor, edges, counts):
    """Hold and count the neurons that spiked, and call them by the numbers that they have in the program."""
    _, _, free_at, _ = state
    for j in range(np.uint64(n)):
        i = np.uint64(who[j] - first)
        free_at[i] = min(k + 1 + np.int64(refractory[i]), FOREVER)
        if order.size:
            who[j] = order[i]
    if edges.size:
        while edges[cursor[BIN] + 1] <= k:
            cursor[BIN] += 1
        current = counts[cursor[BIN]]
        for j in range(np.uint64(n)):
            current[np.uint64(who[j])] += 1


@_inline
def _send(slot, layout, synapses, strip, lists, sizes, rows):
    """Send the spikes of step k, those of all threads, on their way to the neurons of this one."""
    blocks, width, _, _, indptr, n_inputs = layout
    packed, shift, ahead = synapses
    start = (slot + 1) * width
    for b in range(blocks.size - 1):
        for q in range(sizes.size):
            scatter(strip[b, start:], packed, indptr[b], lists[q], sizes[q], n_inputs, shift, ahead, rows)


@_inline
def _report(k, first, who, n, state, cursor, events, recording):
    """Store and record what this thread's neurons did in step k."""
    u, v, _, _ = state
    spike_step, spike_neuron = events
    record_steps, record_neurons, columns, record_u, record_v = recording
    if spike_step.size:
        for j in range(n):
            spike_step[cursor[SPIKE] + j] = k
            spike_neuron[cursor[SPIKE] + j] = who[j]
        cursor[SPIKE] += n
    if cursor[RECORD] < record_steps.size and record_steps[cursor[RECORD]] == k:
        for j in range(record_neurons.size):
            record_u[cursor[RECORD], columns[j]] = u[record_neurons[j] - first]
            record_v[cursor[RECORD], columns[j]] = v[record_neurons[j] - first]
        cursor[RECORD] += 1
