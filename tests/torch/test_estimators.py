"""The classifier whose liquid is trained keeps scikit-learn's contract, and is an ordinary model in the end."""

from functools import partial

import numpy as np
import pytest
from sklearn.base import clone

import lsm_sim as lsm
from lsm_sim import Hz, ms
from lsm_sim.errors import DescriptionError, LsmWarning
from lsm_sim.testing import available

torch = pytest.importorskip("torch", reason="needs PyTorch: make test-torch, or pip install '.[torch]'")
from lsm_sim_torch import TrainedLiquidClassifier, Twin, training  # noqa: E402
from lsm_sim_torch.tasks import Classes  # noqa: E402
from tests.torch.small import checks_of, small_liquid  # noqa: E402


def patterns(n=96, seed=0):
    """Return two classes, of which two channels are active early or late: the sum over time is the same."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    X = rng.uniform(0, 0.3, (n, 8, 3))
    for k, late in enumerate(y):
        X[k, 4 * late : 4 * late + 4, :2] += 0.7
    return X, np.array(["early", "late"])[y]


def model(**others):
    settings = {"epochs": 4, "batch_size": 32, "learning_rate": 1e-2} | others
    encoder = lsm.encode.Poisson(150 * Hz, frame=5 * ms)
    return TrainedLiquidClassifier(small_liquid, encoder, lsm.Counts(bins=1), target_rate=None, **settings)


@pytest.fixture(scope="module")
def fitted():
    return model().fit(*patterns())


def test_training_finds_what_the_readout_alone_cannot_see():
    """Counts over the whole sample do not say when channels were active; a trained liquid can."""
    X, y = patterns()
    trained = model(epochs=30).fit(X, y)
    losses = [epoch["loss"] for epoch in trained.history_]
    assert losses[-1] < losses[0] / 2
    alone = lsm.LiquidClassifier(small_liquid, trained.encoder, trained.features, "logistic", target_rate=None).fit(
        X, y
    )
    other = patterns(seed=5)
    assert trained.score(*other) > 0.8 > 0.65 > alone.score(*other)


def test_the_model_predicts_labels_and_probabilities(fitted):
    assert set(fitted.predict(patterns(seed=1)[0])) == {"early", "late"}
    assert fitted.predict_proba(patterns(n=6, seed=1)[0]).shape == (6, 2)


def test_the_linear_layer_predicts_too():
    X, y = patterns()
    transformer = lsm.LiquidTransformer(small_liquid, lsm.encode.Poisson(150 * Hz, frame=5 * ms), target_rate=None).fit(
        X
    )
    twin = Twin(transformer.liquid_, 1 * ms, torch.float32, train=())
    numbers = np.unique(y, return_inverse=True)[1]
    settings = training.Settings(epochs=20, batch_size=16, head_learning_rate=0.05, dropout=0.0, bins=2)
    trainer = training.Trainer(twin, transformer.encode(X), Classes(numbers), settings)
    trainer.run()
    assert np.mean(trainer.predict(transformer.encode(X)) == numbers) > 0.8


def test_only_the_named_weights_change(fitted):
    before, after = (lsm.lower(one, 1 * ms, None) for one in (small_liquid(3), fitted.classifier_.transformer_.liquid_))
    assert before.difference(after).startswith("weight")
    only = model(train=("input_weight",), epochs=1).fit(*patterns()).classifier_.transformer_.program_
    rows = only.sources() >= only.n_inputs
    assert np.array_equal(only.weight[rows], lsm.lower(small_liquid(3), 1 * ms, None).weight[rows])


def test_the_same_seed_gives_the_same_model_and_another_seed_another(fitted):
    again, other = (model(random_state=seed).fit(*patterns()) for seed in (0, 1))
    programs = [one.classifier_.transformer_.program_.digest for one in (fitted, again, other)]
    assert programs[0] == programs[1] != programs[2]
    assert fitted.history_ == again.history_


@pytest.mark.parametrize("name", ["reference", "brian2", "torch"])
def test_every_backend_predicts_the_same(fitted, name):
    available(name)
    X, _ = patterns(n=12, seed=2)
    expected = fitted.predict_proba(X)
    assert np.array_equal(clone_of(fitted, backend=name).predict_proba(X), expected)


def clone_of(fitted, **runtime):
    """Return the fitted model with other parameters of how to run."""
    other = clone(fitted).set_params(**runtime)
    other.classifier_, other.classes_ = fitted.classifier_, fitted.classes_
    return other


def test_the_integers_of_loihi_predict_too(fitted):
    X, y = patterns(n=24, seed=2)
    assert clone_of(fitted, arithmetic="loihi").score(X, y) >= 0.5


def test_delays_are_trained_within_their_limit():
    own = {"train": ("input_weight", "input_delay", "recurrent_delay"), "max_delay": 6 * ms, "delay_learning_rate": 0.5}
    fitted = model(epochs=2, **own).fit(*patterns())
    program, before = fitted.classifier_.transformer_.program_, lsm.lower(small_liquid(3), 1 * ms, None)
    assert 1 < len({*program.delay}) <= 6
    assert 1 <= program.max_delay <= 5
    assert set(before.delay) == {0, 1}
    again = model(epochs=2, **own).fit(*patterns())
    assert again.classifier_.transformer_.program_ == program


def test_few_bits_are_those_of_the_program():
    program = model(weight_bits=4, epochs=1).fit(*patterns()).classifier_.transformer_.program_
    assert len(np.unique(np.abs(program.weight))) <= 8


def test_a_saved_model_is_read_without_pytorch(fitted, tmp_path):
    fitted.save(tmp_path / "model.npz")
    X, _ = patterns(n=12, seed=2)
    assert np.array_equal(lsm.LiquidClassifier.load(tmp_path / "model.npz").predict(X), fitted.predict(X))


def test_training_stops_when_the_loss_of_other_samples_rises():
    many = model(epochs=40, patience=0, learning_rate=0.3, validation_fraction=0.3).fit(*patterns())
    losses = [epoch["validation_loss"] for epoch in many.history_]
    assert len(losses) < 40
    assert losses[-1] >= min(losses)


def test_a_limit_of_the_rates_lowers_them():
    free, limited = (
        model(rate_limit=limit, epochs=8).fit(*patterns()).history_[-1]["rate"] for limit in (None, 1 * Hz)
    )
    assert limited < 0.9 * free


def test_a_loss_that_is_not_finite_ends_training_with_the_last_good_parameters(monkeypatch):
    good = model(epochs=2).fit(*patterns())
    steps = iter(range(100))
    penalty = training.Trainer._penalty
    monkeypatch.setattr(
        training.Trainer, "_penalty", lambda self, rate: float("nan") if next(steps) == 4 else penalty(self, rate)
    )
    with pytest.warns(LsmWarning, match="is not finite in step 1 of epoch 1; training stops"):
        stopped = model(epochs=2).fit(*patterns())
    assert len(stopped.history_) == 1
    assert stopped.history_[0] == good.history_[0]
    assert np.isfinite(stopped.classifier_.transformer_.program_.weight).all()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"epochs": 0}, "epochs: got 0"),
        ({"dropout": 1}, "dropout: got 1, expected less than 1"),
        ({"learning_rate": -1}, "learning_rate: got -1"),
        ({"patience": -1}, "patience: got -1"),
        ({"rate_limit": 0}, "rate_limit: got 0"),
        ({"train": ["delay"]}, "Twin train: got 'delay'"),
        ({"max_delay": 5 * ms}, "Twin max_delay: got 0.005, but no delay is trained"),
        ({"delay_learning_rate": 0}, "delay_learning_rate: got 0"),
        ({"random_state": "a"}, "random_state: got 'a'"),
    ],
)
def test_wrong_settings_are_named(wrong, message):
    with pytest.raises(DescriptionError, match=message):
        model(**wrong).fit(*patterns(n=8))


def test_one_class_is_refused():
    X, _ = patterns(n=8)
    with pytest.raises(DescriptionError, match="y: got one class only"):
        model().fit(X, np.zeros(8, int))


CHECKS = checks_of(TrainedLiquidClassifier(partial(small_liquid, size=20), epochs=1))


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # the checks provoke warnings on purpose
@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_passes_the_estimator_checks_of_scikit_learn(estimator, check):
    check(estimator)
