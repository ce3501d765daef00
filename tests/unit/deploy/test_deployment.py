"""Trained models as one program: equal decisions, refusals with every reason, readouts of all kinds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler

import lsm_sim as lsm
from lsm_sim import ms
from lsm_sim.deploy import deploy
from lsm_sim.errors import DescriptionError, LsmWarning, UnsupportedError
from tests.unit.deploy.small import ENCODER, liquid, signals, trained


@pytest.mark.parametrize(
    "readout",
    ["centred_ridge", "ridge", "logistic", "svm", lsm.readout.ridge(probabilities=True), lsm.readout.common_logistic()],
)
def test_readouts_that_are_linear_are_folded(readout: Any) -> None:
    X, y = signals()
    made = deploy(trained(readout=readout), X, y)
    scores = made.model.set_params(arithmetic="loihi", backend="reference").decision_function(X)
    centred = scores - scores.mean(axis=1, keepdims=True)  # of the same integers, readout not rounded
    got = made.run(X).scores
    assert np.abs(got - got.mean(axis=1, keepdims=True) - centred).max() < 0.05 * np.abs(centred).max()
    assert (got.argmax(axis=1) == centred.argmax(axis=1)).mean() > 0.97


@pytest.mark.parametrize("features", [lsm.Counts(bins=1), lsm.Counts(bins=4), lsm.Counts(window=40 * ms, n_windows=3)])
@pytest.mark.parametrize("relays", [False, True])
def test_counts_in_bins_and_windows_of_ragged_samples(features: Any, relays: bool) -> None:
    X, y = signals(ragged=True)
    model = trained(features, ragged=True)
    made = deploy(model, X, y, relays=relays)
    for backend in ("fast", "reference"):
        decided = made.run(X, backend=backend)
        assert np.array_equal(decided.classes, made.predict(X))
    assert made.facts["decisions as before rounding the readout"] > 0.97
    assert made.score(X, y) > 0.9


def test_traces() -> None:
    X, y = signals()
    made = deploy(trained(lsm.Traces(20 * ms)), X, y)
    assert made.facts["decisions as before rounding the readout"] > 0.95
    assert made.score(X, y) > 0.9


def test_two_classes_and_labels_that_are_text() -> None:
    X, y = signals()
    X, y = X[y < 2], np.array(["zero", "one"])[y[y < 2]]
    model = lsm.LiquidClassifier(liquid(), ENCODER, lsm.Counts(bins=2), "centred_ridge", scale=None).fit(X, y)
    made = deploy(model, X, y)
    assert set(made.predict(X)) == {"zero", "one"}
    assert made.score(X, y) > 0.9
    assert made.readout.n_outputs == 2


def test_values_of_very_different_size() -> None:
    X, y = signals()
    Y = np.column_stack([y, 1000.0 * (y == 1)])
    model = lsm.LiquidRegressor(liquid(), ENCODER, lsm.Counts(bins=3), "centred_ridge", scale=None).fit(X, Y)
    made = deploy(model, X, Y)
    assert made.score(X, Y) == pytest.approx(made.facts["liquid in integers, readout in float64"], abs=0.01)
    one = lsm.LiquidRegressor(liquid(), ENCODER, lsm.Counts(bins=3), "centred_ridge", scale=None).fit(X, 1.0 * y)
    assert deploy(one, X, 1.0 * y).predict(X).shape == y.shape


def test_decision_by_spikes() -> None:
    X, y = signals()
    by_scores = deploy(trained(), X, y, relays=True)
    by_spikes = deploy(trained(), X, y, relays=True, ramp=255)
    decided = by_spikes.run(X, spikes=True)
    assert decided.spikes is not None
    assert decided.steps is not None
    assert (decided.classes == by_scores.predict(X)).mean() > 0.98
    assert by_spikes.facts["decisions by spikes as by scores"] > 0.98
    assert decided.steps.max() == by_spikes.facts["latest deciding step after the end"]


def test_a_model_in_loihi_arithmetic_keeps_its_own_integers() -> None:
    X, y = signals()
    model = trained(arithmetic="loihi")
    made = deploy(model, X, y)
    own = model.transformer_.program()
    assert made.quantisation is None
    before = lsm.run(own, model.transformer_.encode(X)).spikes
    after = made.run(X, spikes=True).spikes
    assert before is not None
    assert after is not None
    kept = (after.channel < own.n_neurons) & (after.step < 80)
    assert np.array_equal(after.step[kept], before.step)
    assert np.array_equal(after.channel[kept], before.channel)


def test_a_pipeline_keeps_its_front_end_on_the_host() -> None:
    X, y = signals()
    table = X.reshape(len(X), -1)
    last = lsm.LiquidClassifier(liquid(), ENCODER, lsm.Counts(bins=3), "centred_ridge", sample_shape=(16, 3))
    pipeline = make_pipeline(MinMaxScaler(), FunctionTransformer(), last).fit(table, y)
    made = deploy(pipeline, table, y)
    assert (made.predict(table) == pipeline.predict(table)).mean() > 0.95


def test_refit_trains_on_the_counts_of_the_integers() -> None:
    X, y = signals()
    forest = trained(readout=RandomForestClassifier(20, random_state=0))
    with pytest.raises(UnsupportedError, match=r"RandomForestClassifier: not a linear readout .* refit=True"):
        deploy(forest, X, y)
    assert deploy(forest, X, y, refit=True).score(X, y) > 0.95


def test_background_noise_and_graded_input() -> None:
    X, y = signals()
    noisy = liquid()
    noisy = lsm.Liquid(
        noisy.inputs, noisy.neurons, noisy.synapses, 4, background=lsm.Background("exc", 50 * lsm.Hz, 0.3)
    )
    model = lsm.LiquidClassifier(noisy, ENCODER, lsm.Counts(bins=2), "centred_ridge", scale=None).fit(X, y)
    assert deploy(model, X, y).score(X, y) > 0.9
    graded = lsm.LiquidClassifier(
        liquid(), lsm.encode.Graded(bits=6, frame=5 * ms), lsm.Counts(bins=2), "centred_ridge", scale=None
    ).fit(X, y)
    made = deploy(graded, X, y)
    assert made.stimulus(X).payload is not None
    assert made.facts["decisions as before rounding the readout"] > 0.97


def test_samples_that_leave_the_range_are_told() -> None:
    X, y = signals()
    made = deploy(trained(), X, y, headroom=1.0)
    most = made.facts["largest sum"]
    assert most <= 131071
    long = [np.tile(x, (60, 1)) for x in X[:3]]
    with pytest.warns(LsmWarning, match="left the range of its integrator"):
        made.run(long)


REFUSED: list[tuple[Any, dict[str, Any], list[str]]] = [
    (lsm.Counts(bins=3, sqrt=True, per_second=True), {}, ["sqrt=False", "per_second=False"]),
    (lsm.Counts(window=20 * ms), {}, ["set n_windows"]),
    (lsm.Traces(20 * ms, times=(0.5, 1.0)), {}, [r"times=\(1.0,\)"]),
    (lsm.Counts(), {"ramp": 200}, ["use relays=True"]),
    (lsm.Traces(20 * ms), {"relays": True}, ["use relays=False"]),
    (lsm.Counts(), {"refit": True, "y": None}, ["pass y"]),
]


@pytest.mark.parametrize(("features", "how", "words"), REFUSED)
def test_what_cannot_be_deployed_is_refused_with_the_change_to_make(features: Any, how: Any, words: list[str]) -> None:
    X, y = signals()
    model = trained(features)
    with pytest.raises(UnsupportedError) as caught:
        deploy(model, X, **({"y": y} | how))
    for word in words:
        assert caught.match(word)


def test_all_reasons_come_at_once() -> None:
    X, y = signals()
    with pytest.raises(UnsupportedError, match=r"sqrt=False.*per_second=False.*RandomForest"):
        deploy(trained(lsm.Counts(bins=2, sqrt=True, per_second=True), RandomForestClassifier(5, random_state=0)), X, y)


def test_refractory_periods_are_refused_for_loihi_2_only() -> None:
    X, y = signals()
    model = lsm.LiquidClassifier(liquid(t_ref=2 * ms), ENCODER, lsm.Counts(bins=2), "centred_ridge", scale=None).fit(
        X, y
    )
    with pytest.raises(UnsupportedError, match="set t_ref=0"):
        deploy(model, X, y)
    for chip in ("loihi1", None):
        assert deploy(model, X, y, chip=chip).score(X, y) > 0.9
    long = lsm.LiquidClassifier(liquid(t_ref=63 * ms), ENCODER, lsm.Counts(bins=2), "centred_ridge", scale=None)
    with pytest.raises(UnsupportedError, match=r"loihi1: .*refractory 63 .*at most 62 steps"):
        deploy(long.fit(X, y), X, y, chip="loihi1")


def test_short_bins_are_refused() -> None:
    X, y = signals()
    model = trained(lsm.Counts(bins=16))
    with pytest.raises(DescriptionError, match=r"a first bin of 5 steps.*relays=True"):
        deploy(model, X, y)
    assert deploy(model, X, y, relays=True).facts["decisions as before rounding the readout"] > 0.95


def test_bad_arguments() -> None:
    X, y = signals()
    model = trained()
    with pytest.raises(DescriptionError, match="expected a fitted LiquidClassifier"):
        deploy(lsm.LiquidClassifier, X)
    with pytest.raises(DescriptionError, match="expected a fitted LiquidClassifier"):
        deploy(MinMaxScaler(), X)
    with pytest.raises(DescriptionError, match=r"headroom: got 0.5"):
        deploy(model, X, y, headroom=0.5)
    with pytest.raises(DescriptionError, match="chip"):
        deploy(model, X, y, chip="truenorth")
    with pytest.raises(DescriptionError, match="ramp"):
        deploy(model, X, y, ramp=257)
    made = deploy(model, X, y)
    with pytest.raises(DescriptionError, match="got 5 channels, expected the 3 input channels"):
        made.run(lsm.Spikes.from_dense(np.ones((1, 60, 5)), 1 * ms))
