"""What is one sample and what is a batch, for estimators."""

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import DescriptionError, ms
from lsm_sim.learn.echo_state import EchoStateClassifier


def liquid(n_inputs):
    return lsm.Liquid(
        [lsm.Inputs("in", n_inputs)],
        [lsm.Neurons("all", 10, tau_m=20 * ms, tau_syn=10 * ms)],
        [lsm.Synapses("in", "all", lsm.FixedProbability(0.5), weight=lsm.Normal(0, 3))],
    )


X = np.random.default_rng(0).random((8, 6, 5))
Y = [0, 1] * 4


@pytest.mark.parametrize("form", [list, np.asarray], ids=["list", "array"])
@pytest.mark.parametrize("one", [X[0], X[0].tolist(), list(X[0])], ids=["array", "nested list", "list of rows"])
def test_one_sample_after_sequences_is_refused_with_the_remedy(form, one):
    model = lsm.LiquidClassifier(liquid).fit(form(X), Y)
    with pytest.raises(DescriptionError, match=r"write X\[:1\] instead of X\[0\], or \[signal\]"):
        model.predict(one)
    assert model.predict(X[:1]).shape == model.predict([X[0]]).shape == (1,)


def test_a_table_after_a_table_is_a_batch_of_rows():
    model = lsm.LiquidClassifier(liquid).fit(X[:, 0], Y)
    assert model.predict(X[0]).shape == (6,)
    assert model.predict(X[:, :1]).tolist() == model.predict(X[:, 0]).tolist()


def test_an_echo_state_network_has_the_same_rule():
    model = EchoStateClassifier(10).fit(X, Y)
    with pytest.raises(DescriptionError, match="one sample"):
        model.predict(X[0])
    assert model.predict(X[:1]).shape == (1,)


def test_a_loaded_model_knows_the_form(tmp_path):
    lsm.LiquidClassifier(liquid).fit(X, Y).save(tmp_path / "model.npz")
    with pytest.raises(DescriptionError, match="one sample"):
        lsm.LiquidClassifier.load(tmp_path / "model.npz").predict(X[0])
