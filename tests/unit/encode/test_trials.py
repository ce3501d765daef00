import hashlib
import warnings

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import DescriptionError, Hz, LsmWarning, encode, ms
from lsm_sim.support.seeding import stream

A, B = np.full((200, 2), 0.5), np.full((150, 2), 0.7)
POISSON = encode.Poisson(200 * Hz)


def same(one, other):
    return np.array_equal(one.raster(), other.raster())


def test_spikes_do_not_depend_on_the_position_in_the_batch():
    alone = encode.poisson([A], max_rate=200 * Hz)
    assert same(alone, encode.poisson([B, A], max_rate=200 * Hz)[1])
    assert same(alone, POISSON([A, B], 1 * ms)[0])


def test_trials_run_sample_by_sample_and_differ():
    spikes = POISSON([A, B], 1 * ms, trials=3)
    assert spikes.n_steps.tolist() == [200] * 3 + [150] * 3
    rasters = [POISSON([x], 1 * ms, trials=[k]).raster() for x in (A, B) for k in range(3)]
    assert all(np.array_equal(spikes.raster(b), raster) for b, raster in enumerate(rasters))
    assert len({raster.tobytes() for raster in rasters}) == 6
    assert same(spikes[[1, 2]], POISSON(A, 1 * ms, trials=range(1, 3)))


def test_the_function_takes_trials_too():
    assert encode.poisson(A, max_rate=200 * Hz, trials=4).n_steps.tolist() == [200] * 4
    assert len(encode.side_by_side([A], POISSON, trials=2)) == 2


@pytest.mark.parametrize(
    "encoder",
    [
        encode.Rate(),
        encode.Latency(frame=1 * ms),
        encode.Delta(),
        encode.Population(),
        encode.BSA(),
        encode.Bits(frame=None),
    ],
)
def test_a_deterministic_encoder_repeats_itself(encoder):
    spikes, once = encoder([A, B], 1 * ms, trials=2), encoder([A, B], 1 * ms)
    assert spikes.n_steps.tolist() == [200, 200, 150, 150]
    assert all(same(spikes[b], once[b // 2]) for b in range(4))


def test_the_estimator_has_the_spikes_of_trial_0():
    liquid = lsm.Liquid([lsm.Inputs("in", 2)], [lsm.Neurons("all", 3)])
    model = lsm.LiquidTransformer(liquid, POISSON, scale=None).fit([A, B])
    assert same(model.encode([B, A])[1], POISSON(A, 1 * ms))


def test_trial_0_keeps_the_stream_of_trained_models():
    expected = stream(0, f"poisson/{hashlib.sha256(A.tobytes()).hexdigest()}").random(A.shape) < 0.2 * A
    assert np.array_equal(POISSON(A, 1 * ms).raster(), expected)


def test_minus_zero_is_zero():
    zeros = np.where(np.arange(200)[:, None] % 2, A, 0.0)
    assert same(POISSON(zeros, 1 * ms), POISSON(np.where(zeros == 0, -0.0, zeros), 1 * ms))


def test_equal_samples_warn_once_and_name_the_remedy():
    with pytest.warns(LsmWarning, match=r"samples 1 and 2 are equal.*trials=n") as caught:
        spikes = POISSON([B, A, A, A], 1 * ms)
    assert len(caught) == 1
    assert same(spikes[1], spikes[2])


def test_silent_samples_and_trials_do_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        POISSON([np.zeros((5, 2)), np.zeros((5, 2))], 1 * ms)
        POISSON([A], 1 * ms, trials=5)


def test_a_generator_is_drawn_from_in_order():
    encoder = encode.Poisson(200 * Hz, seed=np.random.default_rng(3))
    first, second = encoder([A, A], 1 * ms, trials=2), encoder(A, 1 * ms)
    rng = np.random.default_rng(3)
    drawn = [rng.random(A.shape) < 0.2 * A for _ in range(5)]
    assert all(np.array_equal(first.raster(b), drawn[b]) for b in range(4))
    assert np.array_equal(second.raster(), drawn[4])


@pytest.mark.parametrize("trials", [0, -1, 1.5, True, None, "a", [], [1, 1], [-1], [[1]], [0.5]])
def test_wrong_trials_are_refused(trials):
    with pytest.raises(DescriptionError, match="trials"):
        POISSON(A, 1 * ms, trials=trials)
    with pytest.raises(DescriptionError, match="trials"):
        encode.Rate()(A, 1 * ms, trials=trials)


@pytest.mark.parametrize("seed", [None, -1, 0.5, "a", True, np.random.RandomState(1), [1]])
def test_wrong_seeds_are_refused(seed):
    with pytest.raises(DescriptionError, match="Poisson seed"):
        encode.Poisson(seed=seed)


def test_a_generator_is_not_saved(tmp_path):
    X, y = np.random.default_rng(0).random((6, 5, 2)), [0, 1] * 3
    liquid = lsm.Liquid([lsm.Inputs("in", 2)], [lsm.Neurons("all", 3, i_bias=100.0)])
    model = lsm.LiquidClassifier(liquid, encode.Poisson(frame=5 * lsm.ms, seed=np.random.default_rng(1))).fit(X, y)
    with pytest.raises(DescriptionError, match="seed"):
        model.save(tmp_path / "model.npz")
