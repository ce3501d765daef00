"""The compiled push kernel: a spike adds its row of synapses to the arrivals to come.

One call of `advance` moves one thread's share of one sample until the sample ends, the buffer of spikes fills up, a stop
is asked, or it has waited too long for the other threads of the sample. The state is in the arrays that come in, so the
next call goes on where this one ended. The meaning is that of `lsm_sim.engine.reference`, operation for operation; nothing here may
be reassociated or fused, so fastmath stays off.
"""

from __future__ import annotations

import numpy as np
from numba.core import types
from numba.extending import overload

from lsm_sim_fast.compiled.block import advance_block, advance_extended, listed
from lsm_sim_fast.compiled.caching import kernel
from lsm_sim_fast.compiled.extended import count_more_excursions, update_extended
from lsm_sim_fast.compiled.inlining import OPTIONS, inlined
from lsm_sim_fast.compiled.neurons import FOREVER, count_excursions, one_of, part, update_wide
from lsm_sim_fast.compiled.plasticity import rest, send_graded, send_plastic
from lsm_sim_fast.compiled.rows import scatter
from lsm_sim_fast.compiled.waiting import STRIDE, others_reached, publish

EVENT, BIN, SPIKE, RECORD, SLOT, PHASE, N_CURSORS = range(7)


# advance takes the records of `arguments`, and
#   k, n_steps   the step to begin with and the sample's length; it returns the step reached
#   stop         (1,): another thread sets it to end the call after the current step
#   cursor       next event, current bin, spikes in the buffer, next recorded step, slot of the step, 1 while waiting for others
#   excursions   (3, 3), or (0, 3): do not count
#   extras       what the program or the stimulus has beyond plain LIF; None: nothing, then none of it is compiled
#   vector, rows which form of the innermost loops: over neurons, and along rows of synapses


@kernel
def advance(
    k, n_steps, stop, share, arrivals, synapses, neurons, state, team, cursor, stimulus, spikes, bins, recording, excursions,
    extras, vector, rows,
):  # fmt: skip
    """Advance one thread's neurons through one sample; see the comment above."""
    me, flags = team.number, team.flags
    first, n_own = share.edges[0], share.edges[-1] - share.edges[0]
    room = spikes.step.size - n_own
    alone = flags.size == 0
    while k < n_steps and stop[0] == 0 and (cursor[SPIKE] <= room or room < 0):
        parity = k & 1
        lists, sizes = team.lists[parity], team.sizes[parity]
        if cursor[PHASE] == 0:
            slot = _carry_back(share, arrivals, cursor)
            sizes[me] = _advance_blocks(k, slot, share, arrivals, neurons, state, lists[me], excursions, extras, vector)
            _stimulate(k, slot, share, arrivals, synapses, cursor, stimulus, extras, rows)
            _settle(k, first, lists[me], sizes[me], share, neurons, state, cursor, bins)
            if not alone:
                publish(flags, STRIDE * me, k + 1)
                cursor[PHASE] = 1
        if not alone:
            if not others_reached(k, flags, stop):
                return k
            cursor[PHASE] = 0
        _send(cursor[SLOT], share, arrivals, synapses, lists, sizes, extras, rows)
        _report(k, first, lists[me], sizes[me], state, cursor, spikes, recording, extras)
        cursor[SLOT] += 1
        k += 1
    return k


@inlined
def _carry_back(share, arrivals, cursor):
    """Return the slot of this step; where the strip ends, what still waits moves to its beginning, where nothing does."""
    if cursor[SLOT] + arrivals.slots >= arrivals.span:
        first, n = cursor[SLOT] * arrivals.width, arrivals.slots * arrivals.width
        for b in range(share.edges.size - 1):
            beginning, waiting = arrivals.strip[b, :n], arrivals.strip[b, first : first + n]
            for i in range(n):
                beginning[i] = waiting[i]
                waiting[i] = 0
        cursor[SLOT] = 0
    return cursor[SLOT]


def _advance_blocks(k, slot, share, arrivals, neurons, state, who, excursions, extras, vector):
    """Advance the neurons of this thread, list those that spiked and return how many."""
    raise NotImplementedError("for compiled code only")


@overload(_advance_blocks, jit_options=OPTIONS)
def _advance_blocks_of(k, slot, share, arrivals, neurons, state, who, excursions, extras, vector):
    return _advance_plain if isinstance(extras, types.NoneType) else _advance_either


def _advance_either(k, slot, share, arrivals, neurons, state, who, excursions, extras, vector):
    rest(extras.plastic, extras.chip)
    if extras.neurons.two or extras.neurons.adaptive:
        return _extended_blocks(k, slot, share, arrivals, neurons, state, who, excursions, extras, vector)
    return _plain_blocks(k, slot, share, arrivals, neurons, state, who, excursions, None, vector)


@inlined
def _extended_blocks(k, slot, share, arrivals, neurons, state, who, excursions, extras, vector):
    edges, start, found = share.edges, slot * arrivals.width, 0
    second, units = start + extras.second, (arrivals.unit, extras.unit2)
    for b in range(edges.size - 1):
        lo, hi = edges[b] - edges[0], edges[b + 1] - edges[0]
        here, own = part(arrivals.strip[b], start, start + hi - lo), part(state, lo, hi)
        here2, also = part(arrivals.strip[b], second, second + hi - lo), part(extras.state, lo, hi)
        parameters, more = part(neurons, lo, hi), part(extras.neurons, lo, hi)
        spiked = part(share.spiked, lo, (hi + 15) // 16 * 16)
        if excursions.size:
            count_more_excursions(k, edges[b], here, here2, parameters, own, more, also, excursions)
        if neurons.wide:
            update_extended(k, here, here2, units, parameters, own, more, also, spiked)
            found = listed(edges[b], spiked, who, found)
        elif extras.alike:
            one, ones = one_of(neurons, 0), one_of(extras.neurons, 0)
            found = advance_extended(k, edges[b], here, here2, units, one, own, ones, also, spiked, who, found, vector)
        else:
            found = advance_extended(
                k, edges[b], here, here2, units, parameters, own, more, also, spiked, who, found, vector
            )
    return found


def _advance_plain(k, slot, share, arrivals, neurons, state, who, excursions, extras, vector):
    edges, start, found = share.edges, slot * arrivals.width, 0
    for b in range(edges.size - 1):
        lo, hi = edges[b] - edges[0], edges[b + 1] - edges[0]
        here, own = part(arrivals.strip[b], start, start + hi - lo), part(state, lo, hi)
        if excursions.size:
            count_excursions(k, edges[b], here, part(neurons, lo, hi), own, excursions)
        unit, spiked = arrivals.unit, part(share.spiked, lo, (hi + 15) // 16 * 16)
        if neurons.wide:
            update_wide(k, here, part(neurons, lo, hi), own, spiked)
            found = listed(edges[b], spiked, who, found)
        elif neurons.alike:  # numbers spare the first-level cache
            found = advance_block(k, edges[b], here, unit, one_of(neurons, 0), own, spiked, who, found, vector)
        else:
            found = advance_block(k, edges[b], here, unit, part(neurons, lo, hi), own, spiked, who, found, vector)
    return found


_plain_blocks = inlined(_advance_plain)


@inlined
def _stimulate(k, slot, share, arrivals, synapses, cursor, stimulus, extras, rows):
    """Send the stimulus of step k on its way to the neurons of this thread."""
    first = last = cursor[EVENT]
    while last < stimulus.step.size and stimulus.step[last] == k:
        last += 1
    channels = part(stimulus.channel, first, last)
    _send_events(slot, share, arrivals, synapses, channels, first, last, extras, rows)
    cursor[EVENT] = last


def _send_events(slot, share, arrivals, synapses, channels, first, last, extras, rows):
    raise NotImplementedError("for compiled code only")


@overload(_send_events, jit_options=OPTIONS)
def _send_events_of(slot, share, arrivals, synapses, channels, first, last, extras, rows):
    return _send_plain_events if isinstance(extras, types.NoneType) else _send_any_events


def _send_plain_events(slot, share, arrivals, synapses, channels, first, last, extras, rows):
    start, end = (slot + 1) * arrivals.width, arrivals.strip.shape[1]
    for b in range(share.edges.size - 1):
        scatter(part(arrivals.strip[b], start, end), synapses, b, channels, last - first, 0, rows)


_send_ungraded = inlined(_send_plain_events)


def _send_any_events(slot, share, arrivals, synapses, channels, first, last, extras, rows):
    start, payload = (slot + 1) * arrivals.width, extras.payload
    if payload.size:
        payload = payload[first:last]
        send_graded(
            arrivals.strip, start, synapses, channels, last - first, payload, extras.plastic.amounts, extras.chip
        )
    else:
        _send_ungraded(slot, share, arrivals, synapses, channels, first, last, None, rows)
    send_plastic(arrivals.strip, start, extras.plastic, channels, last - first, 0, payload, extras.chip)


@inlined
def _settle(k, first, who, n, share, neurons, state, cursor, bins):
    """Hold and count the neurons that spiked, and call them by the numbers that they have in the program."""
    for j in range(np.uint64(n)):
        i = np.uint64(who[j] - first)
        state.free_at[i] = min(k + 1 + np.int64(neurons.refractory[i]), FOREVER)
        if share.order.size:
            who[j] = share.order[i]
    if bins.edges.size:
        while bins.edges[cursor[BIN] + 1] <= k:
            cursor[BIN] += 1
        current = bins.counts[cursor[BIN]]
        for j in range(np.uint64(n)):
            current[np.uint64(who[j])] += 1


@inlined
def _send(slot, share, arrivals, synapses, lists, sizes, extras, rows):
    """Send the spikes of step k, those of all threads, on their way to the neurons of this one."""
    start, end = (slot + 1) * arrivals.width, arrivals.strip.shape[1]
    for b in range(share.edges.size - 1):
        coming = part(arrivals.strip[b], start, end)
        for q in range(sizes.size):
            scatter(coming, synapses, b, lists[q], sizes[q], synapses.n_inputs, rows)
    _send_plastic_spikes(start, arrivals, synapses.n_inputs, lists, sizes, extras)


def _send_plastic_spikes(start, arrivals, n_inputs, lists, sizes, extras):
    raise NotImplementedError("for compiled code only")


@overload(_send_plastic_spikes, jit_options=OPTIONS)
def _send_plastic_spikes_of(start, arrivals, n_inputs, lists, sizes, extras):
    if isinstance(extras, types.NoneType):
        return lambda start, arrivals, n_inputs, lists, sizes, extras: None
    return _send_all_plastic


def _send_all_plastic(start, arrivals, n_inputs, lists, sizes, extras):
    for q in range(sizes.size):
        none = extras.payload[:0]
        send_plastic(arrivals.strip, start, extras.plastic, lists[q], sizes[q], n_inputs, none, extras.chip)


@inlined
def _report(k, first, who, n, state, cursor, spikes, recording, extras):
    """Store and record what this thread's neurons did in step k."""
    if spikes.step.size:
        for j in range(n):
            spikes.step[cursor[SPIKE] + j] = k
            spikes.channel[cursor[SPIKE] + j] = who[j]
        cursor[SPIKE] += n
    row = cursor[RECORD]
    if row < recording.steps.size and recording.steps[row] == k:
        _record(row, first, recording, state.u, recording.values.u)
        _record(row, first, recording, state.v, recording.values.v)
        _record_more(row, first, recording, extras)
        cursor[RECORD] += 1


@inlined
def _record(row, first, recording, variable, values):
    if values.size:
        for j in range(recording.neurons.size):
            values[row, recording.columns[j]] = variable[recording.neurons[j] - first]


def _record_more(row, first, recording, extras):
    raise NotImplementedError("for compiled code only")


@overload(_record_more, jit_options=OPTIONS)
def _record_more_of(row, first, recording, extras):
    if isinstance(extras, types.NoneType):
        return lambda row, first, recording, extras: None
    return _record_extras


def _record_extras(row, first, recording, extras):
    _record(row, first, recording, extras.state.u2, extras.u2)
    _record(row, first, recording, extras.state.w, extras.w)
