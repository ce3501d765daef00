"""Names of features, and data frames as output."""

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import lsm_sim as lsm
from lsm_sim import DescriptionError, ms

pd = pytest.importorskip("pandas")

LIQUID = lsm.Liquid(
    [lsm.Inputs("in", 3)],
    [lsm.Neurons("exc", 2, tau_m=20 * ms), lsm.Neurons("inh", 1, tau_m=20 * ms)],
    [lsm.Synapses("in", ("exc", "inh"), lsm.AllToAll(), weight=lsm.Normal(0, 3))],
)
X = np.random.default_rng(0).random((8, 6, 3))
Y = np.arange(8) % 2


@pytest.mark.parametrize(
    ("features", "names"),
    [
        (lsm.Counts(2), ["exc[0] bin 0", "exc[1] bin 0", "inh[0] bin 0", "exc[0] bin 1", "exc[1] bin 1", "inh[0] bin 1"]),
        (lsm.Counts(window=0.2, n_windows=2), [f"{n} window {k}" for k in (0, 1) for n in ("exc[0]", "exc[1]", "inh[0]")]),
        (lsm.Traces(20 * ms, (0.5, 1.0)), [f"{n} trace at {t}" for t in ("0.5", "1") for n in ("exc[0]", "exc[1]", "inh[0]")]),
        (lsm.Traces(20 * ms, (0.2,), seconds=True), [f"{n} trace at 0.2 s" for n in ("exc[0]", "exc[1]", "inh[0]")]),
    ],
)  # fmt: skip
def test_features_are_named_in_the_order_of_the_columns(features, names):
    model = lsm.LiquidTransformer(LIQUID, features=features).fit(X)
    assert model.get_feature_names_out().tolist() == names
    assert model.transform(X).shape[1] == len(names)


def test_a_name_says_which_neuron_it_is():
    model = lsm.LiquidTransformer(LIQUID, features=lsm.Counts(2)).set_output(transform="pandas").fit(X)
    frame = model.transform(X)
    spikes = lsm.run(LIQUID, model.encode(X)).spikes
    assert np.array_equal(frame["exc[1] bin 1"], spikes["exc"].counts(2)[:, 1, 1])
    assert np.array_equal(frame["inh[0] bin 0"], spikes["inh"].counts(2)[:, 0, 0])


def test_output_as_a_data_frame_keeps_the_index_and_the_values():
    table = pd.DataFrame(X[:, 0], columns=["a", "b", "c"], index=list("hgfedcba"))
    model = lsm.LiquidTransformer(LIQUID).fit(table)
    frame = clone(model).set_output(transform="pandas").fit_transform(table)
    assert frame.index.tolist() == table.index.tolist()
    assert frame.columns.tolist() == model.get_feature_names_out(["a", "b", "c"]).tolist()
    assert np.array_equal(frame.to_numpy(), model.transform(table))


def test_a_pipeline_passes_names_on():
    model = make_pipeline(lsm.LiquidTransformer(LIQUID), StandardScaler()).set_output(transform="pandas")
    assert model.fit_transform(X).columns[3] == "exc[0] bin 1"


def test_the_global_setting_changes_no_prediction():
    expected = lsm.LiquidClassifier(LIQUID).fit(X, Y).decision_function(X)
    with sklearn.config_context(transform_output="pandas"):
        assert np.array_equal(lsm.LiquidClassifier(LIQUID).fit(X, Y).decision_function(X), expected)
        assert isinstance(lsm.LiquidTransformer(LIQUID).fit_transform(X), pd.DataFrame)


def test_names_that_cannot_be_given_are_errors():
    with pytest.raises(NotFittedError):
        lsm.LiquidTransformer(LIQUID).get_feature_names_out()
    model = lsm.LiquidTransformer(LIQUID, features=lsm.Counts(window=0.1)).fit(X)
    with pytest.raises(DescriptionError, match="set n_windows"):
        model.get_feature_names_out()
    with pytest.raises(DescriptionError, match="input_features: got 2, expected 3"):
        model.get_feature_names_out(["a", "b"])
