"""The gain that `fit` matches to the training samples, and readouts that also see the encoder."""

import dataclasses
import json
import pickle
from functools import partial

import numpy as np
import pytest
from sklearn.base import clone

import lsm_sim as lsm
from lsm_sim import DescriptionError, Hz, UnsupportedError, ms
from lsm_sim.deploy import deploy
from lsm_sim.errors import LsmWarning
from lsm_sim.learn import gain
from lsm_sim.support import npz
from lsm_sim_models import speech

SMALL = partial(speech, n_neurons=60, seed=2)


@pytest.fixture(scope="module")
def data():
    """Slow waves of one channel, in two classes."""
    t, rng = np.arange(12), np.random.default_rng(0)
    y = np.arange(20) % 2
    X = [np.sin(t * (0.5 + 0.4 * label) + rng.uniform(0, 6))[:, None] for label in y]
    return X, y


def rate(model, X):
    stimulus = model.encode(X)
    spikes = lsm.run(model.program_, stimulus).spikes
    return spikes.n_events / (model.program_.n_neurons * stimulus.durations.sum())


def weights(program, rows):
    """Return the weights of synapses from channels or from neurons."""
    first, last = (0, program.n_inputs) if rows == "input" else (program.n_inputs, len(program.indptr) - 1)
    return program.weight[program.indptr[first] : program.indptr[last]]


def test_a_liquid_that_would_hardly_fire_is_scaled_to_the_target_rate(data):
    plain, model = (lsm.LiquidTransformer(SMALL, target_rate=target).fit(data[0]) for target in (None, "auto"))
    assert rate(plain, data[0]) < gain.LEAST
    assert rate(model, data[0]) == pytest.approx(gain.TARGET, rel=0.25)  # measured with 10 of the 20 samples, to 10 %
    factor = weights(model.program_, "input") / weights(plain.program_, "input")
    np.testing.assert_allclose(factor, factor[0], rtol=0.02)  # weights are rounded to a grid
    np.testing.assert_allclose(weights(model.program_, "x"), weights(plain.program_, "x"), atol=1e-2)


def test_a_given_liquid_and_one_that_fires_enough_remain_as_they_are(data):
    given = SMALL(n_inputs=1)
    assert lsm.LiquidTransformer(given).fit(data[0]).liquid_ is given
    lively = lsm.rescale.scale(given, 8, "input")
    model = lsm.LiquidTransformer(lambda _: lively).fit(data[0])
    assert rate(model, data[0]) > gain.LEAST
    assert model.liquid_ is lively


@pytest.mark.parametrize("target", [8 * Hz, 25 * Hz])
def test_a_rate_is_reached_from_both_sides_for_a_given_liquid_too(data, target):
    given = lsm.rescale.scale(SMALL(n_inputs=1), 6, "input")
    model = lsm.LiquidTransformer(given, target_rate=target).fit(data[0])
    assert rate(model, data[0]) == pytest.approx(target, rel=0.25)


def test_the_gain_is_that_of_float64_in_either_arithmetic(data):
    exact, integer = (lsm.LiquidTransformer(SMALL, arithmetic=name).fit(data[0]) for name in ("float64", "loihi"))
    assert exact.program_ == integer.program_
    assert integer.program().arithmetic == "loihi"
    assert 0.5 < integer.transform(data[0]).sum() / exact.transform(data[0]).sum() < 2


def test_a_liquid_that_no_gain_makes_fire_remains_and_readouts_warn(data):
    unheard = lsm.Liquid([lsm.Inputs("input", 1)], [lsm.Neurons("exc", 5)], [])
    assert lsm.LiquidTransformer(lambda _: unheard).fit(data[0]).liquid_ is unheard
    with pytest.warns(LsmWarning, match="every feature is 0.* a target_rate such as 20"):
        lsm.LiquidClassifier(lambda _: unheard).fit(*data)
    with pytest.raises(DescriptionError, match="target_rate: to_mean_rate: 20 Hz is not between"):
        lsm.LiquidTransformer(unheard, target_rate=20 * Hz).fit(data[0])


def test_a_liquid_that_always_fires_is_warned_of(data):
    wild = lsm.Liquid([lsm.Inputs("input", 1)], [lsm.Neurons("exc", 5, i_bias=1e4, t_ref=2 * ms)], [])
    with pytest.warns(LsmWarning, match="nearly always, at 33[0-9] of at most 333 Hz, .*; use smaller weights"):
        lsm.LiquidTransformer(wild).fit(data[0])


@pytest.mark.parametrize("wrong", [0.0, -3.0, "often", [1.0, 2.0], np.nan])
def test_a_target_that_is_no_rate_is_refused(data, wrong):
    with pytest.raises(DescriptionError, match="target_rate: got"):
        lsm.LiquidTransformer(SMALL, target_rate=wrong).fit(data[0])


# The encoder beside the liquid


@pytest.mark.parametrize("features", [lsm.Counts(3, sqrt=True), lsm.Traces(20 * ms)])
def test_features_of_the_encoder_follow_those_of_the_liquid(data, features):
    alone = lsm.LiquidTransformer(SMALL, features=features).fit(data[0])
    both = clone(alone).set_params(with_encoder=True).fit(data[0])
    expected = np.hstack([alone.transform(data[0]), features.of(alone.encode(data[0]))])
    np.testing.assert_array_equal(both.transform(data[0]), expected)
    names = both.get_feature_names_out()
    assert len(names) == expected.shape[1]
    assert names[-1].startswith("input[0] ")


def test_a_live_model_sees_the_same_features(data):
    model = lsm.LiquidClassifier(SMALL, with_encoder=True).fit(*data)
    whole = model.transformer_.transform(data[0][:1])[0]
    with model.open() as live:
        for _ in range(2):
            for frame in data[0][0]:
                live.advance(frame)
            live.finish()
            np.testing.assert_array_equal(live.features(), whole)
            assert live.predict() == model.predict(data[0][:1])[0]
            live.reset()


def test_a_chip_has_no_such_readout(data):
    model = lsm.LiquidClassifier(SMALL, features=lsm.Counts(1), with_encoder=True, readout="centred_ridge").fit(*data)
    with pytest.raises(UnsupportedError, match="with_encoder: on the chip the readout sees neurons only: train with"):
        deploy(model, data[0])


# Files


@pytest.mark.parametrize("arithmetic", ["float64", "loihi"])
def test_a_saved_model_keeps_its_gain_and_what_its_readout_sees(data, arithmetic, tmp_path):
    model = lsm.LiquidClassifier(SMALL, arithmetic=arithmetic, with_encoder=True, target_rate=20.0).fit(*data)
    model.save(tmp_path / "a.npz")
    for copy in (lsm.LiquidClassifier.load(tmp_path / "a.npz"), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(copy.decision_function(data[0]), model.decision_function(data[0]))
        assert (copy.target_rate, copy.with_encoder) == (20.0, True)
    ensemble = lsm.LiquidEnsemble([clone(model), clone(model)], "features").fit(*data)
    ensemble.save(tmp_path / "b.npz")
    loaded = lsm.LiquidEnsemble.load(tmp_path / "b.npz")
    np.testing.assert_array_equal(loaded.decision_function(data[0]), ensemble.decision_function(data[0]))


def test_a_file_from_before_there_was_a_gain_is_read_as_it_was_meant(data, tmp_path):
    model = lsm.LiquidClassifier(SMALL).fit(*data)
    model.save(tmp_path / "a.npz")
    arrays = dict(np.load(tmp_path / "a.npz"))
    description = json.loads(str(arrays["description"]))
    for name in ("target_rate", "with_encoder"):
        del description["settings"][name]
    npz.write(tmp_path / "old.npz", arrays | {"description": json.dumps(description)})
    old = lsm.LiquidClassifier.load(tmp_path / "old.npz")
    assert (old.target_rate, old.with_encoder) == (None, False)
    np.testing.assert_array_equal(old.predict(data[0]), model.predict(data[0]))
    assert clone(old).fit(*data).transformer_.liquid_ == old.transformer_.liquid_


def test_parameters_are_found_by_name():
    model = lsm.LiquidClassifier(SMALL, target_rate=30 * Hz)
    assert model.get_params()["target_rate"] == 30
    assert clone(model).set_params(target_rate=None, with_encoder=True).transformer().with_encoder
    assert dataclasses.is_dataclass(SMALL(n_inputs=1))
