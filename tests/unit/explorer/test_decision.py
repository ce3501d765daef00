"""Contributions add up to the readout's scores, and neurons that are silenced are not heard."""

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import SGDClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

import lsm_sim as lsm
from lsm_sim import ms
from lsm_sim.explorer.decisions import ablation, contributions, leaders, scores_over_time
from lsm_sim.explorer.linear import Linear, linear, outputs
from lsm_sim.explorer.silencing import silenced
from lsm_sim.explorer.subject import subject
from lsm_sim.explorer.variants import variants
from tests.unit.explorer import small
from tests.unit.explorer.reading import array, parts

READOUTS = {
    "ridge": "ridge",
    "centred": "centred_ridge",
    "logistic": "logistic",
    "svm": "svm",
    "soft": lsm.readout.ridge(soft=True),
    "common scale": lsm.readout.common_logistic(),
    "probabilities": lsm.readout.ridge(probabilities=True),
    "rls": "rls",
    "incremental": "incremental_ridge",
    "of another package": SGDClassifier(random_state=0),
}
FEATURES: tuple[Any, ...] = (lsm.Counts(3, sqrt=True), lsm.Counts(2, per_second=True), lsm.Traces(20 * ms, (0.5, 1.0)))
FEATURES += (lsm.Counts(window=25 * ms, n_windows=4), lsm.Traces(20 * ms, (0.03, 0.05), seconds=True))


def spikes_of(model):
    transformer, readout = model.live_parts()
    return transformer, readout, lsm.run(transformer.liquid_, transformer.encode(small.SIGNALS)).spikes


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("name", READOUTS)
def test_contributions_add_up_to_the_scores_of_the_readout(name, n_classes):
    model = small.model(READOUTS[name], n_classes=n_classes)
    check_sums(model)


@pytest.mark.parametrize("features", FEATURES, ids=repr)
def test_contributions_add_up_for_all_features(features):
    check_sums(small.model(features=features))


def check_sums(model):
    transformer, readout, spikes = spikes_of(model)
    found = linear(readout, transformer.features_, transformer.program_.n_neurons)
    assert isinstance(found, Linear), found
    scores = model.decision_function(small.SIGNALS)
    for b in range(3):
        one = spikes[b]
        got = contributions(found, transformer.features_, transformer.features_.of(one)[0], one)
        by_neuron, by_bin = (parts.sum(axis=1) + found.intercept for parts in (got.by_neuron, got.by_bin))
        np.testing.assert_allclose(by_neuron, by_bin, rtol=0, atol=1e-9)
        expected = scores[b] if scores.ndim == 2 else np.array([-scores[b], scores[b]]) / 2
        np.testing.assert_allclose(by_neuron, expected, rtol=0, atol=1e-9)
        assert got.edges.shape == (got.by_bin.shape[1] + 1,)


def test_a_page_of_digits_holds_contributions_that_add_up():
    from lsm_sim.apps.demo import digits

    pixels, labels = digits.images()
    base = digits.transformer(digits.liquid(60, 0), 0).get_params(deep=False)
    model = lsm.LiquidClassifier(**base).fit(pixels[:300], labels[:300])
    page = lsm.explore(model, pixels, labels, samples=[300, 301], ablate=2).to_html()
    assert len(page) < 4e6
    contents, data, *_ = parts(page)
    for run, scores in zip(contents["runs"], model.decision_function(pixels[[300, 301]]), strict=True):
        found = run["decision"]
        by_neuron = array(data, found["by_neuron"]).reshape(10, -1).sum(axis=1) + array(data, found["rest"])
        by_bin = array(data, found["by_bin"]).reshape(10, 8).sum(axis=1)
        for sums in (by_neuron, by_bin):
            np.testing.assert_allclose(sums + found["intercept"], scores, rtol=0, atol=1e-9)
        np.testing.assert_allclose(array(data, found["scores"]).reshape(-1, 10)[-1], scores, rtol=0, atol=1e-9)
        assert found["answer"] == str(model.predict(pixels[[300, 301]])[run["sample"]])


@pytest.mark.parametrize("readout", [KNeighborsClassifier(1), SVC(kernel="linear"), SVC(decision_function_shape="ovo")])
def test_a_readout_whose_scores_are_no_sums_has_no_contributions(readout):
    page = lsm.explore(small.model(readout), small.SIGNALS, small.LABELS, samples=[0])
    assert any("no contributions of neurons, because" in remark for remark in page.remarks)
    assert "by_neuron" not in page.contents["runs"][0]["decision"]
    assert "ablation" not in page.contents["runs"][0]


def test_scores_at_the_end_are_those_of_the_model_and_before_those_of_the_part():
    model = small.model()
    transformer, readout, spikes = spikes_of(model)
    found = scores_over_time(readout, transformer.features_, spikes[1])
    np.testing.assert_allclose(found.values[-1], model.decision_function(small.SIGNALS)[1], rtol=0, atol=1e-12)
    k = found.times.size // 2
    part = transformer.features_.of(spikes[1].crop(0, float(found.times[k])))
    np.testing.assert_allclose(found.values[k], outputs(readout, part)[0], rtol=0, atol=1e-12)


def test_spikes_of_silenced_neurons_have_no_effect_and_others_are_as_before():
    program = lsm.lower(small.liquid(), 1 * ms)
    stimulus = small.ENCODER(small.SIGNALS, 1 * ms)
    quiet = silenced(program, np.array([2, 5]))
    before, after = (lsm.run(one, stimulus).spikes for one in (program, quiet))
    assert before.difference(after) is not None
    # nobody hears the neurons: other constant inputs of theirs change no other neuron
    louder = {"bias": np.where(np.isin(np.arange(16), [2, 5]), 0.2, quiet.bias)}
    again = lsm.run(lsm.Program(**(vars(quiet) | louder)), stimulus).spikes
    keep = [~np.isin(spikes.channel, [2, 5]) for spikes in (after, again)]
    assert again.n_events > after.n_events
    np.testing.assert_array_equal(after.step[keep[0]], again.step[keep[1]])
    np.testing.assert_array_equal(after.channel[keep[0]], again.channel[keep[1]])
    # nobody else is silenced: with no neuron named, spikes are the same
    assert lsm.run(silenced(program, np.empty(0, int)), stimulus).spikes.difference(before) is None


def test_ablation_is_a_run_of_the_network_without_the_neuron():
    model = small.model()
    shown = subject(model, small.SIGNALS, [4], None)
    transformer, readout, spikes = spikes_of(model)
    found = linear(readout, shown.features, 16)
    row = shown.features.of(spikes[4])
    own = contributions(found, shown.features, row[0], spikes[4])
    scores = outputs(readout, row)[0]
    order = leaders(own, scores, 5)
    best, second = np.argsort(scores)[::-1][:2]
    lead = np.abs(own.by_neuron[best] - own.by_neuron[second])
    np.testing.assert_array_equal(lead[order], np.sort(lead)[::-1][:5])
    got = ablation(variants(shown, ())[0], shown.stimulus, shown.features, readout, order)
    np.testing.assert_array_equal(got.numbers, [1, 2, 3, 5])
    np.testing.assert_array_equal(got.together[0], got.alone[0])
    after = lsm.run(silenced(transformer.program_, order[:2]), shown.stimulus).spikes
    features = shown.features.of(after).reshape(-1, 16).copy()
    features[:, order[:2]] = 0
    np.testing.assert_allclose(got.together[1], outputs(readout, features.reshape(1, -1))[0], atol=1e-12)


def test_without_recurrence_a_neuron_acts_through_no_other():
    """The change of the score is then the contribution, taken away."""
    model = small.model()
    shown = subject(model, small.SIGNALS, [4], None)
    off = variants(shown, "recurrence-off")[1]
    spikes = lsm.run(off.program, shown.stimulus).spikes
    found = linear(shown.readout, shown.features, 16)
    row = shown.features.of(spikes)
    own = contributions(found, shown.features, row[0], spikes)
    got = ablation(off, shown.stimulus, shown.features, shown.readout, np.array([0, 7]))
    before = outputs(shown.readout, row)[0]
    np.testing.assert_allclose(got.alone, before - own.by_neuron[:, [0, 7]].T, rtol=0, atol=1e-9)
