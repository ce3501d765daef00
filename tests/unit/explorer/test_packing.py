"""What is packed can be read back."""

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim.explorer.packing import Packer, kept, keys, varints
from tests.unit.explorer.reading import events


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("largest", [1, 127, 128, 16383, 2**31, 2**52])
def test_whole_numbers_come_back(seed, largest):
    values = np.cumsum(np.random.default_rng(seed).integers(0, largest, 50, endpoint=True))
    data = varints(np.diff(values, prepend=0))
    step, channel = events(data, ["increasing", 0, 50], 7)
    np.testing.assert_array_equal(step * 7 + channel, values)


def test_no_numbers_are_no_bytes():
    assert varints(np.empty(0, np.int64)) == b""


def test_arrays_begin_where_a_browser_can_read_them():
    packer = Packer()
    places = [packer.add(np.arange(n), kind) for n, kind in ((3, "u1"), (5, "u2"), (1, "f4"), (2, "f8"))]
    assert all(place[1] % 8 == 0 for place in places)


def test_the_same_spikes_of_two_runs_are_kept():
    rng = np.random.default_rng(0)
    one = lsm.Spikes.from_dense(rng.random((400, 30)) < 0.1, 1e-3)
    other = lsm.Spikes.from_dense(one.raster() & (rng.random((400, 30)) < 0.9), 1e-3)
    first, second = (keys(run)[kept(run, 0.3)] for run in (one, other))
    common = np.intersect1d(keys(one), keys(other))
    np.testing.assert_array_equal(np.intersect1d(first, common), np.intersect1d(second, common))
    assert 0.27 < first.size / one.n_events < 0.33
    assert kept(one, 1.0).all()
