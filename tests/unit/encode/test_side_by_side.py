import numpy as np
import pytest
from sklearn.base import clone

import lsm_sim as lsm
from lsm_sim import DescriptionError, Hz, LiquidClassifier, Spikes, encode, ms
from lsm_sim.learn.records import RECORDS, record_from_dict, record_to_dict

RATE = encode.Rate(200 * Hz, power=2, frame=5 * ms, interpolation="linear")
DELTA = encode.Delta(0.08, frame=5 * ms)
BOTH = encode.SideBySide((RATE, DELTA))
LIQUID = lsm.Liquid(
    [lsm.Inputs("in", 12)],
    [lsm.Neurons("all", 20, tau_m=20 * ms, tau_syn=10 * ms)],
    [lsm.Synapses("in", "all", lsm.FixedProbability(0.5), weight=lsm.Normal(0, 3))],
    seed=1,
)


def signals(n=6, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.random((int(rng.integers(3, 30)), 4)) for _ in range(n)]


def test_each_encoder_has_its_own_channels():
    together = BOTH(signals(), 1 * ms)
    rate, delta = RATE(signals(), 1 * ms), DELTA(signals(), 1 * ms)
    assert together.n_channels == BOTH.n_channels(4) == 12
    for b in range(6):
        expected = np.hstack([rate[b].raster(), delta[b].raster()])
        assert np.array_equal(together[b].raster(), expected)


def test_the_function_gives_the_same_spikes():
    function = encode.side_by_side(signals(), RATE, DELTA)
    assert np.array_equal(function.to_dense(), BOTH(signals(), 1 * ms).to_dense())


def test_random_encoders_draw_by_values_and_trial():
    encoder = encode.SideBySide((encode.Poisson(frame=5 * ms), encode.Delta(frame=5 * ms)))
    first = encoder(signals(2), 1 * ms, trials=3)
    assert len(first) == 6
    assert np.array_equal(first[4].raster(), encoder(signals(2)[1:], 1 * ms, trials=[1]).raster())
    assert np.array_equal(first[4].raster()[:, 4:], first[3].raster()[:, 4:])  # Delta is not random
    assert not np.array_equal(first[4].raster(), first[3].raster())


def test_it_may_stand_inside_itself():
    nested = encode.SideBySide((BOTH, encode.Latency(frame=5 * ms)))
    assert nested(signals(), 1 * ms).n_channels == nested.n_channels(4) == 16


def test_durations_that_differ_are_refused():
    encoder = encode.SideBySide((RATE, encode.Delta(0.08, frame=10 * ms)))
    with pytest.raises(
        DescriptionError, match="Rate and Delta, expected one duration; give all encoders the same frame"
    ):
        encoder(signals(), 1 * ms)


@pytest.mark.parametrize("wrong", [(), None, RATE, (RATE, 3)])
def test_what_is_no_list_of_encoders_is_refused(wrong):
    with pytest.raises(DescriptionError, match="expected a tuple of encoders"):
        encode.SideBySide(wrong)


def test_it_is_written_and_read_as_data():
    nested = encode.SideBySide((BOTH, encode.BSA(frame=5 * ms)))
    assert record_from_dict(record_to_dict(nested, "encoder"), RECORDS["encoder"], "encoder") == nested


@pytest.mark.parametrize("data", [{"SideBySide": {"encoders": [{"Nothing": {}}]}}, {"SideBySide": {"encoders": 3}}])
def test_damaged_data_are_refused(data):
    with pytest.raises(DescriptionError):
        record_from_dict(data, RECORDS["encoder"], "encoder")


def test_a_model_with_it_is_cloned_saved_and_read(tmp_path):
    X, y = signals(20), np.arange(20) % 2
    model = clone(LiquidClassifier(LIQUID, BOTH)).fit(X, y)
    model.save(tmp_path / "model.npz")
    assert np.array_equal(LiquidClassifier.load(tmp_path / "model.npz").predict(X), model.predict(X))


def test_no_spikes_make_no_spikes():
    spikes = BOTH([np.zeros((4, 2))], 1 * ms)
    assert isinstance(spikes, Spikes)
    assert spikes.n_events == 0
