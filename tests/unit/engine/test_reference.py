"""The reference by hand: small programs whose every number can be checked with pencil and paper."""

import numpy as np
import pytest

from lsm_sim import Program, Spikes
from lsm_sim.dynamics.loihi import decay, wrap32
from lsm_sim.testing import answer


def program(arithmetic="float64", n=1, rows=(), n_inputs=1, **neurons):
    """Return a program; ``rows`` lists (source row, target, weight, stored delay)."""
    rows = sorted(rows)
    defaults = {"float64": {"decay_u": 0.5, "decay_v": 0.5}, "loihi": {"du": 2047, "dv": 2048}}[arithmetic]
    values = {**defaults, "threshold": 10, "bias": 0, "refractory": 0, **neurons}
    return Program(
        arithmetic=arithmetic,
        dt=1e-3,
        n_inputs=n_inputs,
        n_neurons=n,
        indptr=np.searchsorted([row[0] for row in rows], np.arange(n_inputs + n + 1)),
        post=[row[1] for row in rows],
        weight=[row[2] for row in rows],
        delay=[row[3] for row in rows],
        **{name: np.broadcast_to(value, n) for name, value in values.items()},
    )


def run(reference, network, steps, events=(), **wishes):
    step, channel = zip(*events, strict=True) if events else ((), ())
    stimulus = Spikes.from_events(step, channel, n_steps=steps, n_channels=network.n_inputs, dt=1e-3)
    out = answer(reference, network, stimulus, **wishes)
    spikes = list(zip(out.spikes.step.tolist(), out.spikes.channel.tolist(), strict=True))
    return out.u[0].T.tolist(), out.v[0].T.tolist(), spikes, out.excursions


def test_a_spike_arrives_one_step_plus_its_delay_later(reference):
    u, v, _, _ = run(reference, program(rows=[(0, 0, 4.0, 0), (0, 0, 8.0, 2)]), 6, [(0, 0)])
    assert u == [[0, 4, 2, 9, 4.5, 2.25]]
    assert v == [[0, 4, 4, 11 * 0, 4.5, 4.5]]  # 4/2 + 9 = 11 is above the threshold of 10


def test_the_threshold_must_be_exceeded(reference):
    for weight, spikes in ((10.0, []), (10.0 + 2**-30, [(1, 0)])):
        network = program(rows=[(0, 0, weight, 0)], decay_u=0.0, decay_v=1.0)
        assert run(reference, network, 3, [(0, 0)])[2] == spikes


@pytest.mark.parametrize("refractory", [0, 1, 3])
def test_v_is_held_after_a_spike_and_u_runs_on(reference, refractory):
    network = program(rows=[(0, 0, 16.0, 0)], decay_u=1.0, decay_v=1.0, threshold=10, refractory=refractory)
    u, v, spikes, _ = run(reference, network, 9, [(0, 0)])
    assert u == [[0] + [16] * 8]
    assert v == [[0] * 9]
    assert [step for step, _ in spikes] == list(range(1, 9, refractory + 1))


def test_neurons_reach_each_other_and_themselves(reference):
    rows = [(0, 0, 16.0, 0), (1, 1, 16.0, 1), (2, 0, 16.0, 0), (2, 1, -1.0, 0)]
    u, _, spikes, _ = run(reference, program(n=2, rows=rows, decay_u=0.0, decay_v=0.0), 9, [(0, 0)])
    assert spikes == [(1, 0), (3, 1), (4, 0), (6, 1), (7, 0)]
    assert u[1] == [0, 0, 0, 16, -1, 0, 16, -1, 0]


def test_the_bias_acts_from_the_first_step(reference):
    assert run(reference, program(bias=3.0), 3)[1] == [[3, 4.5, 5.25]]


def test_samples_begin_at_rest(reference):
    network = program(rows=[(0, 0, 4.0, 5)], bias=1.0)
    stimulus = Spikes.from_dense([np.ones((4, 1)), np.zeros((4, 1))], 1e-3)
    out = answer(reference, network, stimulus)
    np.testing.assert_array_equal(out.u[1], 0)
    np.testing.assert_array_equal(out.v[0][0], out.v[1][0])


def test_loihi_rounds_toward_zero_on_both_sides(reference):
    rows = [(0, 0, 1, 0), (0, 1, -1, 0)]
    u, v, _, _ = run(reference, program("loihi", n=2, rows=rows, du=1000, dv=1), 4, [(0, 0)])
    expected_u, expected_v = [0], [0]
    for arrivals in (64, 0, 0):
        expected_u.append(expected_u[-1] * (4096 - 1001) // 4096 + arrivals)
        expected_v.append(expected_v[-1] * 4095 // 4096 + expected_u[-1])
    assert u == [expected_u, [-x for x in expected_u]]
    assert v == [expected_v, [-x for x in expected_v]]


@pytest.mark.parametrize(
    ("weight", "u"),
    [
        (2**17 - 1, 2**23 - 64),
        (2**17, 2**23),  # not above 2^23: stays
        (2**17 + 1, -(2**23) + 64),
        (-(2**17) + 1, -(2**23) + 64),
        (-(2**17), 2**23),  # not above -2^23: wraps
        (2**25, 2**31 - 2**32 + 2**24),  # 2^31 does not fit 32 bits
        (2**26 + 3, 192),  # 2^32 + 192 does not either
    ],
)
def test_u_wraps_at_24_bits_after_32(reference, weight, u):
    network = program("loihi", rows=[(0, 0, weight, 0)], du=4095, threshold=2**17 - 1)
    assert run(reference, network, 2, [(0, 0)])[0] == [[0, u]]


@pytest.mark.parametrize("bias", [-(2**31), -(2**23), -(2**23) + 1])
def test_v_saturates_below(reference, bias):
    assert run(reference, program("loihi", bias=bias, dv=0), 2)[1] == [[-(2**23) + 1] * 2]


def test_v_saturates_above_where_every_neuron_spikes(reference):
    _, v, spikes, _ = run(reference, program("loihi", bias=2**31 - 1, threshold=2**17 - 1), 2)
    assert spikes == [(0, 0), (1, 0)]
    assert v == [[0, 0]]


def test_a_saturated_v_spikes_just_above_the_highest_threshold(reference):
    top = 2**17 - 1
    assert run(reference, program("loihi", bias=(top << 6) + 1, threshold=top), 1)[2] == [(0, 0)]
    assert run(reference, program("loihi", bias=top << 6, threshold=top), 1)[2] == []


def test_excursions_tell_where_the_registers_end(reference):
    rows = [(0, 0, 2**15, 0), (0, 1, -(2**15) + 1, 0), (0, 2, 2**17, 1)]
    network = program("loihi", n=3, rows=rows, du=4095, dv=4096, bias=[0, 0, -(2**23)], threshold=2**17 - 1)
    _, _, _, excursions = run(reference, network, 4, [(0, 0)], excursions=True)
    assert excursions.count.tolist() == [
        [2, 1, 3]
    ]  # a: neurons 0 and 2; u: neuron 2; u + bias: neuron 2 but for one step
    assert excursions.step.tolist() == [[1, 2, 0]]
    assert excursions.neuron.tolist() == [[0, 2, 2]]


def test_decay_and_wrap_are_those_of_integers():
    x = np.array([0, 1, -1, 4095, -4095, 4096, -4097, 2**31 - 1, -(2**31)])
    assert decay(x, np.int64(1)).tolist() == [int(value * 4095 / 4096) for value in x.tolist()]
    assert decay(x, np.int64(0)).tolist() == x.tolist()
    assert decay(x, np.int64(4096)).tolist() == [0] * 9
    far = np.array([2**31 - 1, 2**31, 2**32, -(2**31) - 1, 2**33 + 5])
    assert wrap32(far).tolist() == [2**31 - 1, -(2**31), 0, 2**31 - 1, 5]
