"""The compiled inner loops. One call advances one sample until it ends, the event buffer fills up, or a stop is asked.

The meaning is that of `lsm_sim.reference`, operation for operation; nothing here may be reassociated or fused, so fastmath
stays off. The state is in the arrays that come in, so a call may stop after any step and the next one goes on.
"""

from __future__ import annotations

import numba
import numpy as np

_jit = numba.njit(cache=True, nogil=True, error_model="numpy")
_inline = numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")

EVENT, BIN, SPIKE, RECORD = range(4)


@_inline
def _scatter(ring, mask, base, offset, mantissa, first, last):
    for e in range(np.uint64(first), np.uint64(last)):  # unsigned: no branch for negative indices
        ring[np.uint32(base + offset[e]) & mask] += mantissa[e]


@_inline
def _float64_step(k, slot, scale, u, v, free_at, spiked, decay_u, decay_v, threshold, bias):
    """Advance u and v of all neurons; see `lsm_sim.reference.float64_step`."""
    for i in range(u.size):
        current = decay_u[i] * u[i] + slot[i] * scale
        slot[i] = 0
        u[i] = current
        potential = decay_v[i] * v[i] + (current + bias[i])
        potential = v[i] if k < free_at[i] else potential
        v[i] = potential
        spiked[i] = potential > threshold[i]


@_inline
def _toward_zero(product):
    """Return product / 4096 rounded toward zero: add 4095 to negative numbers, then shift."""
    return (product + ((product >> 63) & 4095)) >> 12


@_inline
def _loihi_step(k, slot, u, v, free_at, spiked, du, dv, threshold, bias):
    """Advance u and v of all neurons; see `lsm_sim.reference.loihi_step`."""
    for i in range(u.size):
        x = np.int64(np.int32(_toward_zero(u[i] * (4095 - du[i])) + (np.int64(slot[i]) << 6)))
        slot[i] = 0
        x = x - 16777216 if x > 8388608 else (x + 16777216 if x <= -8388608 else x)
        u[i] = x
        potential = _toward_zero(v[i] * (4096 - dv[i])) + x + bias[i]
        potential = min(max(potential, -8388607), 8388607)
        potential = v[i] if k < free_at[i] else potential
        v[i] = potential
        spiked[i] = potential > (threshold[i] << 6)


@_inline
def _count_excursions(k, slot, u, du, bias, excursions):
    """Before a step: count where |a| >= 2^15, |u| >= 2^23 before it wraps, |u + bias| >= 2^23; rows count, step, neuron."""
    for i in range(u.size):
        a = np.int64(slot[i])
        x = np.int64(np.int32(_toward_zero(u[i] * (4095 - du[i])) + (a << 6)))
        wrapped = x - 16777216 if x > 8388608 else (x + 16777216 if x <= -8388608 else x)
        outside = (abs(a) >= 32768, abs(x) >= 8388608, abs(wrapped + bias[i]) >= 8388608)
        for kind in range(3):
            if outside[kind]:
                if excursions[0, kind] == 0:
                    excursions[1, kind], excursions[2, kind] = k, i
                excursions[0, kind] += 1


@_inline
def _find_spikes(words, spiked, who):
    """Write the indices of the neurons that spiked to ``who``, eight flags at a time; return how many."""
    n = 0
    for w in range(words.size):
        if words[w] != 0:
            for i in range(8 * w, 8 * w + 8):
                if spiked[i]:
                    who[n] = i
                    n += 1
    return n


@_inline
def _deliver(k, width, synapses, ring, refractory, state, cursor, stimulus, events, edges, counts, recording):
    """After the neurons were advanced: reset and report who spiked, send spikes and stimulus on their way."""
    indptr, offset, mantissa, n_inputs = synapses
    u, v, free_at, spiked, words, who = state
    event_step, event_channel = stimulus
    spike_step, spike_neuron = events
    record_steps, record_neurons, record_u, record_v = recording
    mask = np.uint32(ring.size - 1)
    base = np.uint32(k * width & (ring.size - 1))
    while cursor[EVENT] < event_step.size and event_step[cursor[EVENT]] == k:
        row = event_channel[cursor[EVENT]]
        _scatter(ring, mask, base, offset, mantissa, indptr[row], indptr[row + 1])
        cursor[EVENT] += 1
    n = _find_spikes(words, spiked, who)
    for j in range(n):
        i = who[j]
        v[i] = 0
        free_at[i] = k + 1 + refractory[i]
        _scatter(ring, mask, base, offset, mantissa, indptr[n_inputs + i], indptr[n_inputs + i + 1])
    if edges.size:
        while edges[cursor[BIN] + 1] <= k:
            cursor[BIN] += 1
        for j in range(n):
            counts[cursor[BIN], who[j]] += 1
    if spike_step.size:
        for j in range(n):
            spike_step[cursor[SPIKE] + j] = k
            spike_neuron[cursor[SPIKE] + j] = who[j]
        cursor[SPIKE] += n
    if cursor[RECORD] < record_steps.size and record_steps[cursor[RECORD]] == k:
        for j in range(record_neurons.size):
            record_u[cursor[RECORD], j] = u[record_neurons[j]]
            record_v[cursor[RECORD], j] = v[record_neurons[j]]
        cursor[RECORD] += 1


# Both functions below take
#   k, n_steps   the step to begin with and the sample's length; they return the step reached
#   stop         (1,): another thread sets it to end the call after the current step
#   width        neurons per slot of the ring
#   synapses     indptr, offset, mantissa (see lsm_sim_fast.layout), number of input channels
#   ring         arrivals to come, flat, (slots * width,)
#   neurons      decay of u, decay of v, threshold, bias, refractory, each (N,)
#   state        u, v, free_at (first step at which v moves again), spiked (uint8, padded to 8), the same as uint64, who (N,)
#   cursor       (4,): next event, current bin, spikes in the buffer, next recorded step
#   stimulus     step and channel of the sample's events, sorted
#   events       buffers for step and neuron of spikes; empty: do not store them
#   edges, counts  bin edges (K+1,) and counts (K, N); empty: do not count
#   recording    steps, neurons, u and v to fill, (steps, neurons)


@_jit
def advance_float64(
    k, n_steps, stop, width, synapses, ring, neurons, scale, state, cursor, stimulus, events, edges, counts, recording
):
    """Advance one sample in float64 arithmetic; see the comment above."""
    decay_u, decay_v, threshold, bias, refractory = neurons
    u, v, free_at, spiked, _words, who = state
    room = events[0].size - who.size
    while k < n_steps and stop[0] == 0 and (cursor[SPIKE] <= room or room < 0):
        first = k * width & (ring.size - 1)
        slot = ring[first : first + width]
        _float64_step(k, slot, scale, u, v, free_at, spiked, decay_u, decay_v, threshold, bias)
        _deliver(k, width, synapses, ring, refractory, state, cursor, stimulus, events, edges, counts, recording)
        k += 1
    return k


@_jit
def advance_loihi(
    k,
    n_steps,
    stop,
    width,
    synapses,
    ring,
    neurons,
    excursions,
    state,
    cursor,
    stimulus,
    events,
    edges,
    counts,
    recording,
):
    """Advance one sample in Loihi's integers; ``excursions`` (3, 3) counts them by kind, empty: do not count."""
    du, dv, threshold, bias, refractory = neurons
    u, v, free_at, spiked, _words, who = state
    room = events[0].size - who.size
    while k < n_steps and stop[0] == 0 and (cursor[SPIKE] <= room or room < 0):
        first = k * width & (ring.size - 1)
        slot = ring[first : first + width]
        if excursions.size:
            _count_excursions(k, slot, u, du, bias, excursions)
        _loihi_step(k, slot, u, v, free_at, spiked, du, dv, threshold, bias)
        _deliver(k, width, synapses, ring, refractory, state, cursor, stimulus, events, edges, counts, recording)
        k += 1
    return k
