"""Perturbations of spikes, against their formulas."""

import dataclasses

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import Hz, ms, perturb
from lsm_sim.errors import DescriptionError

RNG = np.random.default_rng(11)
SPIKES = lsm.Spikes.from_dense([RNG.random((n, 20)) < 0.05 for n in (2000, 700, 1)], 1 * ms)
WITH_PAYLOAD = dataclasses.replace(SPIKES, payload=RNG.integers(-5, 6, len(SPIKES.step)))
ALL = [perturb.LostSpikes(0.3, seed=2), perturb.JitteredSpikes(5 * ms, seed=2), perturb.AddedSpikes(20 * Hz, seed=2)]


def events(spikes, b):
    return {
        *zip(
            *(part[spikes.offsets[b] : spikes.offsets[b + 1]].tolist() for part in (spikes.step, spikes.channel)),
            strict=True,
        )
    }


def test_spikes_are_lost_with_the_given_probability():
    left = perturb.LostSpikes(0.3)(SPIKES)
    n = len(SPIKES.step)
    assert abs(len(left.step) - 0.7 * n) < 4 * np.sqrt(0.3 * 0.7 * n)
    assert all(events(left, b) <= events(SPIKES, b) for b in range(3))
    assert len(perturb.LostSpikes(1.0)(SPIKES).step) == 0
    assert np.array_equal(perturb.LostSpikes(0.0)(SPIKES).step, SPIKES.step)


def test_spikes_are_added_with_the_given_rate_where_there_is_none():
    more = perturb.AddedSpikes(20 * Hz)(SPIKES)
    free = int(SPIKES.n_steps.sum()) * 20 - len(SPIKES.step)
    added = len(more.step) - len(SPIKES.step)
    assert abs(added - 0.02 * free) < 4 * np.sqrt(0.02 * free)
    assert all(events(SPIKES, b) <= events(more, b) for b in range(3))


def test_jitter_has_the_given_standard_deviation():
    one = lsm.Spikes.from_events(np.full(5000, 500), np.arange(5000), n_steps=1000, n_channels=5000, dt=1 * ms)
    moved = perturb.JitteredSpikes(20 * ms)(one)
    shift = moved.step - 500.0
    # rounding to whole steps adds a variance of 1/12 step^2
    assert shift.std() == pytest.approx(np.sqrt(400 + 1 / 12), rel=0.04)
    assert abs(shift.mean()) < 4 * 20 / np.sqrt(5000)
    assert np.array_equal(np.sort(moved.channel), np.arange(5000))
    assert np.array_equal(perturb.JitteredSpikes(0.0)(SPIKES).step, SPIKES.step)


def test_spikes_that_meet_become_one_and_their_payloads_are_added():
    far = perturb.JitteredSpikes(0.5, seed=3)
    one = lsm.Spikes.from_events([0, 1], [0, 0], n_steps=2, n_channels=1, dt=1 * ms, payload=[3, -7])
    results = [dataclasses.replace(far, seed=k)(one) for k in range(8)]
    assert {int(r.payload.sum()) for r in results} == {-4}
    assert {len(r.step) for r in results} == {1, 2}


@pytest.mark.parametrize("one", ALL, ids=repr)
@pytest.mark.parametrize("spikes", [SPIKES, WITH_PAYLOAD], ids=["plain", "payload"])
def test_random_numbers_depend_on_the_sample_not_on_the_batch(one, spikes):
    together = one(spikes)
    assert (together.payload is None) == (spikes.payload is None)
    for b in range(3):
        alone = one(spikes[[b]])
        assert np.array_equal(alone.raster(0), together.raster(b)), b
    other = dataclasses.replace(one, seed=9)(spikes)
    assert not (len(other.step) == len(together.step) and np.array_equal(other.step, together.step))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: perturb.LostSpikes(1.5), "LostSpikes p: got 1.5, expected a probability"),
        (lambda: perturb.AddedSpikes(-1), "AddedSpikes rate: got -1 Hz"),
        (lambda: perturb.AddedSpikes(2000 * Hz)(SPIKES), "expected at most one spike per step of 0.001 s"),
        (lambda: perturb.JitteredSpikes(-1), "JitteredSpikes sd: got -1 s"),
        (lambda: perturb.LostSpikes()([1, 2]), "LostSpikes: got list, expected Spikes"),
    ],
)
def test_wrong_values_are_one_sentence(make, message):
    with pytest.raises(DescriptionError, match=message):
        make()
