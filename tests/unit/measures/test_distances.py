"""Distances of spike trains: cases computed by hand, and definitions computed directly."""

import sys

import numpy as np
import pytest

from lsm_sim import Spikes
from lsm_sim.errors import BackendUnavailableError, DescriptionError
from lsm_sim.measures import van_rossum, victor_purpura

pytest.importorskip("elephant")

TAU, COST = 5e-3, 100.0
TRAINS = Spikes.from_trains([[0.010], [0.015], [], [0.010, 0.050]], duration=0.1, dt=1e-3)


def random_spikes(seed, n_samples=3, n_channels=4):
    rng = np.random.default_rng(seed)
    return Spikes.from_dense(rng.random((n_samples, 60, n_channels)) < 0.1, 1e-3)


def test_van_rossum_is_that_of_the_equation():
    """A pair of spikes d apart: (2 / tau) integral (f - g)^2 = 2 (1 - exp(-d / tau)); an extra spike far away adds 1."""
    pair = np.sqrt(2 * (1 - np.exp(-1)))
    found = van_rossum(TRAINS, TAU, between="channels")
    np.testing.assert_allclose(found[:3, :3], [[0, pair, 1], [pair, 0, 1], [1, 1, 0]], rtol=1e-9)
    assert found[0, 3] == pytest.approx(1.0, rel=1e-9)


def test_van_rossum_is_the_distance_of_filtered_trains():
    spikes = random_spikes(1, n_samples=1)
    time = np.arange(0, 200_000) * 1e-6
    filtered = [
        sum((np.exp(-(time - t) / TAU) * (time >= t) for t in train), np.zeros(time.size)) for train in spikes.trains()
    ]
    expected = [[np.sqrt(2 / TAU * ((f - g) ** 2).sum() * 1e-6) for g in filtered] for f in filtered]
    # the sum over steps of 1 us is within 1e-4 of the integral
    np.testing.assert_allclose(van_rossum(spikes, TAU, "channels"), expected, rtol=1e-3, atol=1e-6)


def test_victor_purpura_is_the_smallest_cost():
    """Moving by 5 ms at 100/s costs 0.5; one spike more costs 1; moving by 40 ms costs 4, more than removing and adding."""
    expected = [[0, 0.5, 1, 1], [0.5, 0, 1, 1.5], [1, 1, 0, 2], [1, 1.5, 2, 0]]
    np.testing.assert_allclose(victor_purpura(TRAINS, COST, between="channels"), expected, rtol=1e-12)


def cheapest(a, b, cost):
    """Return the Victor-Purpura distance by the recursion of the paper."""
    best = np.add.outer(np.arange(len(a) + 1.0), np.arange(len(b) + 1.0))
    for i, s in enumerate(a):
        for j, t in enumerate(b):
            best[i + 1, j + 1] = min(best[i, j + 1] + 1, best[i + 1, j] + 1, best[i, j] + cost * abs(s - t))
    return best[-1, -1]


@pytest.mark.parametrize("seed", range(3))
def test_victor_purpura_is_that_of_the_recursion(seed):
    spikes = random_spikes(seed, n_samples=1)
    expected = [[cheapest(a, b, COST) for b in spikes.trains()] for a in spikes.trains()]
    np.testing.assert_allclose(victor_purpura(spikes, COST, "channels"), expected, rtol=1e-9)


def test_samples_add_up_over_channels():
    spikes = random_spikes(2)
    one, other = spikes.trains(0), spikes.trains(1)
    pairs = [Spikes.from_trains(list(pair), duration=0.06, dt=1e-3) for pair in zip(one, other, strict=True)]
    squares = [van_rossum(pair, TAU, "channels")[0, 1] ** 2 for pair in pairs]
    costs = [victor_purpura(pair, COST, "channels")[0, 1] for pair in pairs]
    assert van_rossum(spikes, TAU)[0, 1] == pytest.approx(np.sqrt(sum(squares)))
    assert victor_purpura(spikes, COST)[0, 1] == pytest.approx(sum(costs))


def test_a_spike_in_another_channel_is_another_spike():
    here, there = (Spikes.from_trains(trains, duration=0.1, dt=1e-3) for trains in ([[0.01], []], [[], [0.01]]))
    both = Spikes.concatenate([here, there])
    assert van_rossum(both, TAU)[0, 1] == pytest.approx(np.sqrt(2))
    assert victor_purpura(both, COST)[0, 1] == 2


def test_equal_samples_have_no_distance():
    spikes = random_spikes(3, n_samples=1)
    twice = Spikes.concatenate([spikes, spikes])
    np.testing.assert_allclose(van_rossum(twice, TAU), np.zeros((2, 2)), atol=1e-6)
    np.testing.assert_array_equal(victor_purpura(twice, COST), np.zeros((2, 2)))


def test_silence_and_nothing_at_all():
    silent = Spikes.from_dense(np.zeros((2, 5, 3)), 1e-3)
    for distance in (van_rossum, victor_purpura):
        np.testing.assert_array_equal(distance(silent, 1.0), np.zeros((2, 2)))
        assert distance(silent[[]], 1.0).shape == (0, 0)


def test_only_numbers_of_spikes_count_at_no_cost():
    assert victor_purpura(TRAINS, 0.0, "channels")[2].tolist() == [1, 1, 0, 2]


def test_the_smallest_and_largest_parameters_only_see_coincidences_and_numbers():
    spikes = Spikes.from_trains([[0.010, 0.020], [0.015, 0.020], []], duration=0.1, dt=1e-3)
    coincidences = np.array([[0, 2, 2], [2, 0, 2], [2, 2, 0]])
    np.testing.assert_array_equal(victor_purpura(spikes, 1e308, "channels"), coincidences)
    np.testing.assert_allclose(van_rossum(spikes, 5e-324, "channels"), np.sqrt(coincidences))
    np.testing.assert_allclose(van_rossum(spikes, 1e300, "channels"), [[0, 0, 2], [0, 0, 2], [2, 2, 0]], atol=1e-6)


@pytest.mark.parametrize("distance", [van_rossum, victor_purpura])
def test_channels_need_one_sample(distance):
    with pytest.raises(
        DescriptionError, match=r"got 3 samples, expected one for .* between channels, such as spikes\[0\]"
    ):
        distance(random_spikes(0), 1.0, "channels")


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "elephant", None)
    monkeypatch.delitem(sys.modules, "elephant.spike_train_dissimilarity", raising=False)
    with pytest.raises(BackendUnavailableError, match=r"elephant is not installed; .* pip install '.*\[analysis\]'"):
        van_rossum(TRAINS, TAU, "channels")
