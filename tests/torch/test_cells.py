"""Cells follow their equations with the true gaps, and train as scikit-learn estimators."""

import functools
import pickle
import re
import runpy
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import estimator_checks_generator

from lsm_sim.errors import BackendUnavailableError, DescriptionError, LsmWarning

torch = pytest.importorskip("torch", reason="needs PyTorch: make test-torch, or pip install '.[cells]'")
for package in ("ncps", "torchdiffeq"):
    pytest.importorskip(package, reason=f"needs {package}: make test-torch, or pip install '.[cells]'")
import lsm_sim_liquid_torch as cells  # noqa: E402
from lsm_sim_liquid_torch import training  # noqa: E402
from lsm_sim_liquid_torch.estimators import CELLS  # noqa: E402
from lsm_sim_liquid_torch.sequences import Sequences  # noqa: E402
from lsm_sim_liquid_torch.time_constants import LONGEST, SHORTEST, TimeConstants  # noqa: E402

SMALL = {"n_neurons": 6, "epochs": 2, "random_state": 1}


@pytest.fixture(autouse=True)
def _one_thread_and_a_seed():
    torch.set_num_threads(1)
    torch.manual_seed(3)


@pytest.fixture(scope="module")
def data():
    return cells.irregular_sinusoids(24, n_times=(3, 6), seed=2)


def states(cell, values, gaps):
    with torch.no_grad():
        return cells.LiquidNeuralNetwork(cell, 1).states(torch.as_tensor(values), torch.as_tensor(gaps)).numpy()


def random_batch(seed=4, shape=(3, 5, 2)):
    rng = np.random.default_rng(seed)
    values, gaps = rng.normal(size=shape), rng.exponential(size=shape[:2]) + 0.01
    return values.astype(np.float32), gaps.astype(np.float32)


def test_time_constants_stay_positive_whatever_is_learned():
    tau = TimeConstants(1000)
    assert SHORTEST - 1e-3 <= tau().min() < 1 < 10 < tau().max() <= LONGEST + 1e-3
    with torch.no_grad():
        tau.raw.fill_(-1e6)
    assert (tau() > 0).all()


@pytest.mark.parametrize("name", CELLS)
def test_a_batch_with_different_gaps_gives_what_each_sample_gives(name):
    cell = CELLS[name](2, 7)
    values, gaps = random_batch()
    together = states(cell, values, gaps)
    assert together.shape == (3, 5, cell.n_outputs)
    for k in range(3):
        alone = states(cell, values[k : k + 1], gaps[k : k + 1])[0]
        np.testing.assert_allclose(together[k], alone, atol=1e-5)  # float32; sums in another order


@pytest.mark.parametrize("name", CELLS)
def test_gaps_change_the_state(name):
    cell = CELLS[name](2, 7)
    values, gaps = random_batch()
    assert np.abs(states(cell, values, gaps) - states(cell, values, np.ones_like(gaps))).max() > 1e-3


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("gap", [1e-6, 1e6])
def test_very_short_and_very_long_gaps_give_finite_states_and_gradients(name, gap):
    cell = CELLS[name](2, 7)
    network = cells.LiquidNeuralNetwork(cell, 1)
    values, gaps = random_batch(shape=(3, 4, 2))
    if (name, gap) == ("LiquidODE", 1e6):
        gap = 5.0  # a solver with fixed steps is stable while a step is shorter than twice the smallest time constant
    network(torch.as_tensor(values), torch.as_tensor(gaps * 0 + gap), torch.tensor([4, 4, 4])).sum().backward()
    for parameter in network.parameters():
        assert parameter.grad is None or torch.isfinite(parameter.grad).all()


def test_the_liquid_time_step_solves_its_equation():
    """Many small steps of the fused solver, against a solver with adaptive steps."""
    from scipy.integrate import solve_ivp

    cell = cells.LiquidTimeStep(2, 4, unfolds=2000)
    values, gaps = random_batch(shape=(1, 1, 2))
    w, b = cell.recurrent.weight.detach().numpy(), cell.recurrent.bias.detach().numpy()
    drive = cell.input.weight.detach().numpy() @ values[0, 0] + b
    tau, slowest, target = (x.detach().numpy() for x in (cell.tau(), cell.fastest(), cell.target))

    def slope(_, x):
        f = 1 / (1 + np.exp(-(w @ x + drive))) / slowest
        return -(1 / tau + f) * x + f * target

    exact = solve_ivp(slope, (0, gaps[0, 0]), np.zeros(4), rtol=1e-8, atol=1e-10).y[:, -1]
    # the fused step is of first order: 2000 steps leave 1e-3
    np.testing.assert_allclose(states(cell, values, gaps)[0, 0], exact, rtol=1e-2, atol=1e-3)


def test_the_ode_forgets_with_its_time_constant():
    cell = cells.LiquidODE(1, 5, method="dopri5", tolerance=1e-6)
    with torch.no_grad():
        cell.recurrent.weight.zero_(), cell.recurrent.bias.zero_()
        start = torch.rand(1, 5)
        frame = torch.zeros(1, 1)
        output, _ = cell.step(frame, torch.full((1, 1), 0.7), (start, cell.input(frame)))
        np.testing.assert_allclose(output, start * torch.exp(-0.7 / cell.tau()), rtol=1e-4)


def test_solvers_agree_on_the_ode():
    cell = cells.LiquidODE(2, 5, method="dopri5", tolerance=1e-6)
    values, gaps = random_batch()
    expected = states(cell, values, gaps)
    for method, steps in (("rk4", 20), ("midpoint", 50)):
        other = cells.LiquidODE(2, 5, method=method, steps=steps)
        other.load_state_dict(cell.state_dict())
        np.testing.assert_allclose(states(other, values, gaps), expected, atol=2e-2 if method == "midpoint" else 1e-3)


def test_the_spiking_core_spikes_leaks_and_subtracts_its_spikes():
    cell = cells.SpikingLiquidCore(1, 1)
    with torch.no_grad():
        cell.recurrent.weight.zero_(), cell.recurrent.bias.zero_(), cell.input.weight.fill_(1.0)
        kept = float(torch.exp(-2 / cell.tau()))
    found = states(cell, np.float32([[[1.5], [0.0], [0.25]]]), np.float32([[1, 2, 2]]))[0]
    v = [1.5, kept * 0.5, kept * kept * 0.5 + 0.25]
    np.testing.assert_allclose(found[:, 0], v, rtol=1e-5)
    assert found[:, 1].tolist() == [1.0, 0.0, 0.0]


def test_graded_spikes_are_the_clamped_potential():
    cell = cells.SpikingLiquidCore(2, 50, graded=True)
    v, s = np.split(states(cell, *random_batch()), 2, axis=2)
    assert np.array_equal(s, np.clip(v, 0, 1))
    assert ((s > 0) & (s < 1)).any()


@pytest.mark.parametrize("kind", [cells.CellClassifier, cells.CellRegressor])
@pytest.mark.parametrize("name", CELLS)
def test_the_same_seed_gives_the_same_model_and_another_another(kind, name, data):
    X, times, y = data
    one, again, other = (
        kind(name, n_neurons=4, epochs=1, random_state=seed).fit(X[:8], y[:8], times[:8])._outputs(X, times)
        for seed in (1, 1, 2)
    )
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_training_leaves_the_users_random_numbers_and_threads_alone(data):
    X, times, y = data
    torch.manual_seed(5)
    before = torch.get_rng_state()
    cells.CellClassifier(**SMALL).fit(X, y, times)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_model_learns_and_is_the_same_after_pickling():
    X, times, y = cells.irregular_sinusoids(60, frequencies=(1, 12), n_times=(12, 16), noise=0.0, seed=6)
    model = cells.CellClassifier(n_neurons=16, epochs=25, learning_rate=1e-2, random_state=1).fit(X, y, times)
    assert model.score(X, y, times) >= 0.9
    again = pickle.loads(pickle.dumps(model))
    assert np.array_equal(again.predict_proba(X, times), model.predict_proba(X, times))
    np.testing.assert_allclose(model.predict_proba(X, times).sum(1), 1)


def test_labels_may_be_words(data):
    X, times, y = data
    words = np.array(["slow", "fast"])[y]
    assert set(cells.CellClassifier(**SMALL).fit(X, words, times).predict(X, times)) <= {"slow", "fast"}


def test_the_regressor_predicts_values_in_their_own_units():
    rng = np.random.default_rng(7)
    X = rng.normal(size=(80, 4, 2))
    y = 1000 + 50 * X.mean(1)
    model = cells.CellRegressor(n_neurons=12, epochs=40, learning_rate=2e-2, random_state=1).fit(X, y)
    assert model.predict(X).shape == y.shape
    assert model.score(X, y) > 0.8
    assert cells.CellRegressor(**SMALL).fit(X, y[:, 0]).predict(X).shape == (80,)


def test_the_unit_of_time_does_not_matter(data):
    X, times, y = data
    seconds = cells.CellClassifier(**SMALL).fit(X, y, times)
    powers = [t * 1024 for t in times]  # exact in binary
    assert np.array_equal(cells.CellClassifier(**SMALL).fit(X, y, powers).predict_proba(X, powers),
                          seconds.predict_proba(X, times))  # fmt: skip
    assert seconds.time_scale_ == pytest.approx(np.concatenate([np.diff(t) for t in times]).mean())


def test_without_times_gaps_are_one(data):
    X, _, y = data
    own = [5.0 + np.arange(len(x)) for x in X]
    model = cells.CellClassifier(**SMALL).fit(X, y)
    assert np.array_equal(model.predict_proba(X), model.predict_proba(X, own))


def test_the_length_of_other_samples_does_not_matter(data):
    X, times, y = data
    model = cells.CellClassifier("LTC", **SMALL).fit(X, y, times)
    together = model.predict_proba(X, times)
    for k in range(4):
        np.testing.assert_allclose(model.predict_proba(X[k : k + 1], times[k : k + 1])[0], together[k], atol=1e-6)


def test_cross_validation_passes_the_times_on(data):
    X, times, y = data
    with sklearn.config_context(enable_metadata_routing=True):
        model = cells.CellClassifier(**SMALL).set_fit_request(times=True).set_score_request(times=True)
        scores = cross_val_score(model, X, y, cv=[(np.arange(12), np.arange(12, 24))], params={"times": times})
    expected = cells.CellClassifier(**SMALL).fit(X[:12], y[:12], times[:12]).score(X[12:], y[12:], times[12:])
    assert scores.tolist() == [expected]


def test_early_stopping_keeps_the_best_parameters(data):
    X, times, y = data
    settings = SMALL | {"epochs": 40, "patience": 0, "learning_rate": 0.3, "validation_fraction": 0.4}
    model = cells.CellClassifier(**settings).fit(X, y, times)
    losses = [epoch["validation_loss"] for epoch in model.history_]
    assert len(losses) < 40
    best = int(np.argmin(losses))
    fewer = clone(model)
    monkey = training.Trainer._validated
    seen = []

    def stop_after_best(self, validated):
        seen.append(monkey(self, validated))
        return seen[-1] if len(seen) <= best + 1 else np.inf

    training.Trainer._validated = stop_after_best
    try:
        fewer.fit(X, y, times)
    finally:
        training.Trainer._validated = monkey
    assert np.array_equal(fewer.predict_proba(X, times), model.predict_proba(X, times))


def nan_in_step(monkeypatch, which):
    """Make the loss of one step of training not finite."""
    loss, steps = torch.nn.functional.cross_entropy, iter(range(1000))

    def changed(outputs, targets):
        found = loss(outputs, targets)
        return found * np.nan if torch.is_grad_enabled() and next(steps) == which else found

    monkeypatch.setattr(torch.nn.functional, "cross_entropy", changed)


@pytest.mark.parametrize("fraction", [0.0, 0.2])
def test_a_loss_that_is_not_finite_stops_with_the_last_good_parameters(data, monkeypatch, fraction):
    X, times, y = data
    settings = SMALL | {"batch_size": 8, "validation_fraction": fraction}
    nan_in_step(monkeypatch, 4)
    step, epoch = divmod(4, -(-round(24 * (1 - fraction)) // 8))[::-1]
    with pytest.warns(LsmWarning, match=f"CfC: the loss or its gradient is not finite in step {step} of epoch {epoch}"):
        model = cells.CellClassifier(**settings).fit(X, y, times)
    assert len(model.history_) == 1
    assert np.isfinite(model.predict_proba(X, times)).all()


def test_gaps_at_the_end_of_short_samples_are_ignored():
    short = Sequences.pad([np.ones((2, 1)), np.ones((4, 1))], [np.full(2, 0.5), np.full(4, 2.0)])
    assert short.gaps.tolist() == [[0.5, 0.5, 1, 1], [2, 2, 2, 2]]
    assert short[torch.tensor([0])].values.shape == (1, 2, 1)


X3 = [np.ones((3, 1)), np.ones((2, 1))]
T3 = [np.arange(3.0), np.arange(2.0)]


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (T3[:1], "times: got those of 1 samples, expected 2 as in X"),
        (5, "times: got 5, expected one array of times per sample"),
        ([T3[0], np.arange(3.0)], r"times of sample 1: got shape \(3,\), expected \(2,\), one time per frame of X"),
        (
            [np.array([0.0, 2, 1]), T3[1]],
            "times of sample 0: got 2 before 1, expected increasing times; sort the frames",
        ),
        ([T3[0], np.array([1.0, 1.0])], "times of sample 1: got 1 before 1, expected increasing times"),
        ([np.array([0, np.nan, 1]), T3[1]], "times of sample 0: got nan, expected finite numbers"),
        ([["a", "b", "c"], T3[1]], "times of sample 0: got values of type <U1, expected real numbers"),
    ],
)
def test_wrong_times_are_named(times, message):
    with pytest.raises(DescriptionError, match=message):
        cells.CellClassifier(**SMALL).fit(X3, [0, 1], times)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"cell": "GRU"}, "cell: got 'GRU', expected 'LiquidTimeStep', 'CfC'"),
        ({"cell": 3}, "cell: got 3"),
        ({"n_neurons": 0}, "n_neurons: got 0"),
        ({"epochs": 0}, "epochs: got 0"),
        ({"batch_size": 0}, "batch_size: got 0"),
        ({"learning_rate": 0}, "learning_rate: got 0"),
        ({"weight_decay": -1}, "weight_decay: got -1"),
        ({"clip": 0}, "clip: got 0"),
        ({"patience": -1}, "patience: got -1"),
        ({"validation_fraction": 1}, "validation_fraction: got 1, expected less than 1"),
        ({"random_state": "a"}, "random_state: got 'a'"),
        ({"cell": functools.partial(cells.CfC, mode="x")}, "CfC mode: got 'x'"),
        ({"cell": functools.partial(cells.LTC, unfolds=0)}, "LTC unfolds: got 0"),
        ({"cell": functools.partial(cells.LiquidODE, method="x")}, "LiquidODE method: got 'x'"),
        ({"cell": functools.partial(cells.LiquidTimeStep, unfolds=1.5)}, "LiquidTimeStep unfolds: got 1.5"),
        ({"cell": functools.partial(cells.SpikingLiquidCore, graded="no")}, "SpikingLiquidCore graded: got 'no'"),
    ],
)
def test_wrong_settings_are_named(wrong, message):
    with pytest.raises(DescriptionError, match=message):
        cells.CellClassifier(**(SMALL | wrong)).fit(X3, [0, 1])


def test_groups_are_one_for_each_sample_and_stay_together(data):
    with pytest.raises(DescriptionError, match=r"groups: got shape \(1,\), expected \(2,\), one per sample of X"):
        cells.CellClassifier(**SMALL).fit(X3, [0, 1], groups=["a"])
    X, times, y = data
    model = cells.CellClassifier(**SMALL)
    trained, validated = model._parts(24, y, np.arange(24) // 6)
    assert set(validated // 6).isdisjoint(trained // 6)
    assert len(validated) == 6
    one = model.fit(X, y, times, groups=np.zeros(24)).predict_proba(X, times)  # a single group cannot be kept apart
    assert np.array_equal(one, clone(model).fit(X, y, times).predict_proba(X, times))


def test_wrong_shapes_are_named():
    model = cells.CellClassifier(**SMALL).fit(X3, [0, 1])
    with pytest.raises(DescriptionError, match="X: got signals of 2 channels, expected 1 as in fit"):
        model.predict([np.ones((3, 2))])
    with pytest.raises(DescriptionError, match="y: got 3 values for 2 samples of X"):
        cells.CellClassifier(**SMALL).fit(X3, [0, 1, 1])
    with pytest.raises(DescriptionError, match="y: got one class only"):
        cells.CellClassifier(**SMALL).fit(X3, [1, 1])


@pytest.mark.parametrize(("name", "package"), [("CfC", "ncps"), ("LTC", "ncps"), ("LiquidODE", "torchdiffeq")])
def test_a_missing_package_is_named_with_the_command(name, package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(BackendUnavailableError, match=rf"{package} is not installed; install it with: pip .*\[cells\]"):
        cells.CellClassifier(name, **SMALL).fit(X3, [0, 1])


def test_an_old_pytorch_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(__version__="2.12.1"))
    with pytest.raises(BackendUnavailableError, match=r"torch: got version 2.12.1, expected 2.13 or newer.*--upgrade"):
        cells.CfC  # noqa: B018


def test_the_page_on_cells_says_what_the_code_does():
    names = {}
    text = (Path(__file__).parents[2] / "docs/cells.md").read_text()
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(block, names)
    assert names["model"].predict(names["X"], names["times"]).shape == names["y"].shape
    assert all(f"`{name}`" in text for name in CELLS)


def test_the_example_compares_cells_with_and_without_times(capsys):
    example = runpy.run_path(str(Path(__file__).parents[2] / "examples/irregular_samples.py"))
    quick = {"SpikingLiquidCore": cells.CellClassifier("SpikingLiquidCore", n_neurons=4, epochs=1)}
    found = example["compare"](3, quick, n_train=60, n_test=60)
    assert list(found) == ["spiking liquid", "SpikingLiquidCore"]
    assert len(capsys.readouterr().out.splitlines()) == 2
    known, guessed = found["spiking liquid"]
    assert known >= 0.75 > guessed + 0.05, found
    later = example["spikes"]([np.array([[-2.0], [0.1]])], [np.array([0.0301, 0.5])])
    assert later.channel.tolist() == [0, 5]
    assert later.step.tolist() == [30, 500]


CHECKS = [
    pytest.param(estimator, check, id=f"{type(estimator).__name__}-{check.func.__name__}-{i}")
    for kind in (cells.CellClassifier, cells.CellRegressor)
    for i, (estimator, check) in enumerate(
        estimator_checks_generator(kind(n_neurons=8, epochs=30, learning_rate=2e-2, validation_fraction=0.0))
    )
    if check.func.__name__ not in {"check_array_api_input", "check_classifier_data_not_an_array",
                                   "check_regressor_data_not_an_array"}
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # the checks provoke warnings on purpose
@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_passes_the_estimator_checks_of_scikit_learn(estimator, check):
    check(estimator)
