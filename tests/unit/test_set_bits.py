"""Finding true values by compiled code gives what NumPy gives."""

import numpy as np
import pytest

from lsm_sim import Spikes, set_bits, spike_sources


@pytest.mark.parametrize("size", [0, 1, 7, 8, 63, 64, 65, 1000])
@pytest.mark.parametrize("share", [0.0, 0.03, 0.6, 1.0])
def test_positions_are_those_that_numpy_finds(size, share):
    flags = np.random.default_rng(size).random(size) < share
    found = set_bits.flatnonzero(flags)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, np.flatnonzero(flags))


def test_arrays_may_have_any_shape_and_order():
    flags = np.random.default_rng(5).random((9, 10, 11)) < 0.2
    for view in (flags, flags[:, ::2], flags[::-1], np.asfortranarray(flags), flags[1:, 3:, 5:]):
        np.testing.assert_array_equal(set_bits.flatnonzero(view), np.flatnonzero(view))


def test_a_large_array_gives_the_spikes_of_a_small_one(monkeypatch):
    dense = np.random.default_rng(6).random((5, 40, 7)) < 0.3
    expected = Spikes.from_dense(dense, 1e-3)
    monkeypatch.setattr(spike_sources, "_LARGE", 0)
    spikes = Spikes.from_dense(dense, 1e-3)
    for name in ("step", "channel", "offsets", "n_steps"):
        np.testing.assert_array_equal(getattr(spikes, name), getattr(expected, name))
