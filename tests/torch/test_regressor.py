"""The regressor whose liquid is trained keeps scikit-learn's contract, and is an ordinary model in the end."""

from functools import partial

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import Hz, ms
from lsm_sim.errors import DescriptionError

torch = pytest.importorskip("torch", reason="needs PyTorch: make test-torch, or pip install '.[torch]'")
from lsm_sim_torch import TrainedLiquidRegressor, training  # noqa: E402
from lsm_sim_torch.tasks import Values  # noqa: E402
from tests.torch.small import checks_of, small_liquid  # noqa: E402

ENCODER = lsm.encode.Poisson(150 * Hz, frame=5 * ms)


def slopes(n=96, seed=0):
    """Return signals that rise or fall, and their slopes: the sum over time does not depend on them."""
    rng = np.random.default_rng(seed)
    y = rng.uniform(-1, 1, n)
    time = np.linspace(-0.5, 0.5, 8)
    signal = 0.5 + y[:, None] * time
    return np.repeat(signal[:, :, None], 3, axis=2), 20 + 5 * y


def model(**others):
    settings = {"epochs": 3, "batch_size": 16, "learning_rate": 2e-2, "dropout": 0.0} | others
    return TrainedLiquidRegressor(small_liquid, ENCODER, lsm.Counts(bins=2), target_rate=None, **settings)


def test_training_improves_on_the_readout_alone():
    X, y = slopes()
    trained = model(epochs=15).fit(X, y)
    losses = [epoch["loss"] for epoch in trained.history_]
    assert losses[-1] < losses[0] / 2
    alone = lsm.LiquidRegressor(small_liquid, ENCODER, lsm.Counts(bins=2), target_rate=None).fit(X, y)
    other = slopes(seed=5)
    assert trained.score(*other) > alone.score(*other), (trained.score(*other), alone.score(*other))


def test_it_leaves_an_ordinary_regressor_that_is_read_without_pytorch(tmp_path):
    X, y = slopes(n=32)
    fitted = model(patience=0).fit(X, y)
    assert {"validation_loss", "validation_score"} <= set(fitted.history_[0])
    fitted.save(tmp_path / "model.npz")
    assert isinstance(fitted.regressor_, lsm.LiquidRegressor)
    assert np.array_equal(lsm.LiquidRegressor.load(tmp_path / "model.npz").predict(X), fitted.predict(X))


def test_several_targets_are_predicted_together():
    X, y = slopes(n=24)
    assert model(epochs=1).fit(X, np.column_stack([y, -y])).predict(X).shape == (24, 2)


def test_values_are_standardised_and_back():
    given = np.array([[1.0, 5.0], [3.0, 5.0]])  # the second target is constant
    task = Values(given)
    scores = torch.tensor([[-1.0, 0.0], [1.0, 0.0]])
    assert task.loss(scores, [0, 1]).item() == 0
    assert task.score(scores, [0, 1]) == 1
    assert np.array_equal(task.answers(scores), given)
    assert Values(given[:, 0]).answers(scores[:, :1]).shape == (2,)


def test_values_that_do_not_belong_to_the_samples_are_refused():
    X, y = slopes(n=8)
    with pytest.raises(DescriptionError, match="y: got 7 values for 8 samples of X"):
        model().fit(X, y[:7])


def test_settings_are_those_of_training():
    assert {"epochs", "dropout", "patience"} <= set(vars(training.Settings())) & set(model().get_params())


CHECKS = checks_of(TrainedLiquidRegressor(partial(small_liquid, size=20), epochs=1))


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # the checks provoke warnings on purpose
@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_passes_the_estimator_checks_of_scikit_learn(estimator, check):
    check(estimator)
