"""Events that compiled code finds are those that NumPy finds."""

import numpy as np
import pytest

from lsm_sim import Spikes
from lsm_sim.spikes import set_bits, sources


def assert_found(dense):
    sample, step, channel = np.nonzero(dense)
    found = set_bits.events(dense)
    for got, expected in zip(found, (step, channel, np.searchsorted(sample, np.arange(len(dense) + 1))), strict=True):
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("seed", range(60))
def test_events_are_those_that_numpy_finds(seed):
    rng = np.random.default_rng(seed)
    shape = rng.integers(1, 6), rng.integers(1, 40), rng.choice([1, 2, 7, 8, 63, 64, 65, 200])
    assert_found(rng.random(shape) < rng.choice([0, 0.03, 0.6, 1]))


def test_silent_samples_and_steps_are_no_trouble():
    dense = np.zeros((5, 30, 3), bool)
    assert_found(dense)
    dense[2, 29, 2] = dense[4, 0, 0] = True
    assert_found(dense)
    assert_found(dense[:0])


def test_arrays_may_have_any_order():
    dense = np.random.default_rng(5).random((9, 10, 11)) < 0.2
    for view in (dense[:, ::2], dense[::-1], np.asfortranarray(dense), dense[1:, 3:, 5:]):
        assert_found(view)


def test_a_large_array_gives_the_spikes_of_a_small_one(monkeypatch):
    dense = np.random.default_rng(6).random((5, 40, 7)) < 0.3
    expected = Spikes.from_dense(dense, 1e-3)
    monkeypatch.setattr(sources, "_LARGE", 0)
    spikes = Spikes.from_dense(dense, 1e-3)
    for name in ("step", "channel", "offsets", "n_steps"):
        np.testing.assert_array_equal(getattr(spikes, name), getattr(expected, name))
