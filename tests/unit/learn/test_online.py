"""Readouts that keep learning: what they learn, how precisely, and what they refuse."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import Ridge, RidgeClassifier, SGDRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

import lsm_sim as lsm
from lsm_sim import DescriptionError
from lsm_sim.learn import model_file, online
from lsm_sim.learn.online import (
    IncrementalRidge,
    IncrementalRidgeClassifier,
    LMSClassifier,
    LMSRegressor,
    RLSClassifier,
    RLSRegressor,
)
from lsm_sim.learn.readout import SoftScaler, resolve

REGRESSORS = [RLSRegressor, LMSRegressor, IncrementalRidge]
CLASSIFIERS = [RLSClassifier, LMSClassifier, IncrementalRidgeClassifier]
SCALED = [
    RLSRegressor(scaler=StandardScaler()),
    RLSRegressor(forgetting=0.99, intercept=False, scaler=SoftScaler()),
    LMSRegressor(0.5, scaler=StandardScaler()),
    IncrementalRidge([0.1, 10.0]),
]
SEEDS = [0, 1, 2]
CHECKS = [
    pytest.param(estimator, check, id=f"{kind.__name__}-{check.func.__name__}-{i}")
    for kind in [*REGRESSORS, *CLASSIFIERS]
    for i, (estimator, check) in enumerate(estimator_checks_generator(kind()))
    if check.func.__name__ != "check_array_api_input"  # scikit-learn itself skips it without SCIPY_ARRAY_API
]


@pytest.mark.filterwarnings("default")  # the checks provoke warnings on purpose
@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_passes_the_estimator_checks_of_scikit_learn(estimator, check):
    check(estimator)


def data(seed, n=300, d=20, k=3):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * rng.uniform(0.1, 10, d) + rng.normal(size=d)
    return X, X @ rng.normal(size=(d, k)) + rng.normal(size=(n, k)) + 5


def with_ones(X):
    return np.column_stack([X, np.ones(len(X))])


def cuts(seed, n):
    """Cut n samples at random into parts of 1 to n samples."""
    rng = np.random.default_rng(seed)
    return np.split(np.arange(n), np.sort(rng.choice(np.arange(1, n), rng.integers(0, 40), replace=False)))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("alpha", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("intercept", [True, False])
def test_rls_without_forgetting_is_ridge_with_a_penalised_intercept(seed, alpha, intercept):
    X, Y = data(seed)
    model = RLSRegressor(alpha=alpha, intercept=intercept).fit(X, Y)
    inputs = with_ones(X) if intercept else X
    batch = Ridge(alpha, fit_intercept=False).fit(inputs, Y)
    np.testing.assert_allclose(
        model.predict(X), batch.predict(inputs), rtol=0, atol=1e-8
    )  # 300 updates and one solution
    np.testing.assert_allclose(model.coef_, batch.coef_[:, :20], rtol=0, atol=1e-8)
    assert np.abs(model.intercept_ - (batch.coef_[:, 20] if intercept else 0)).max() <= 1e-8


@pytest.mark.parametrize("seed", SEEDS)
def test_rls_with_forgetting_is_ridge_with_weighted_samples(seed):
    X, Y = data(seed, n=120)
    model = RLSRegressor(forgetting=0.97).fit(X, Y)
    weight = 0.97 ** np.arange(len(X))[::-1]
    A = with_ones(X)
    gram = A.T @ (weight[:, None] * A) + 0.97 ** len(X) * np.eye(21)
    expected = np.linalg.solve(gram, A.T @ (weight[:, None] * Y))
    np.testing.assert_allclose(model.rule_.weights, expected.T, rtol=0, atol=1e-8)  # as above
    np.testing.assert_allclose(model.rule_.P, np.linalg.inv(gram), rtol=1e-8, atol=1e-12)


def test_force_is_the_update_of_sussillo_and_abbott():
    rng = np.random.default_rng(4)
    rates, wanted = np.tanh(rng.normal(size=(50, 8))), rng.normal(size=50)
    model, w, P = lsm.readout.force(alpha=2.0), np.zeros(8), np.eye(8) / 2
    for t, (r, f) in enumerate(zip(rates, wanted, strict=True)):
        before = w @ r - f
        P = P - np.outer(P @ r, r @ P) / (1 + r @ P @ r)
        w = w - before * P @ r
        model.partial_fit(r[None], [f])
        np.testing.assert_allclose(model.coef_[0], w, rtol=0, atol=1e-12, err_msg=f"step {t}")  # rounding


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("model", SCALED[:3], ids=str)
def test_bits_do_not_depend_on_how_samples_are_divided(model, seed):
    X, Y = data(seed)
    whole, parts = (clone(model) for _ in range(2))
    whole.fit(X[:50], Y[:50]).partial_fit(X[50:], Y[50:])
    parts.partial_fit(X[:50], Y[:50])
    for own in cuts(seed, 250):
        if len(own) == 1:
            parts.learn_one(X[50 + own[0]], Y[50 + own[0]])
        else:
            parts.partial_fit(X[50 + own], Y[50 + own])
    assert np.array_equal(whole.coef_, parts.coef_)
    assert np.array_equal(whole.intercept_, parts.intercept_)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("offset", [0.0, 1e5])
@pytest.mark.parametrize("standardise", [True, False])
def test_incremental_ridge_is_ridge_however_samples_are_divided(seed, offset, standardise):
    X, Y = data(seed)
    X = np.column_stack([X + offset, np.full(300, 0.1)])  # means much larger than deviations, and a constant feature
    model = IncrementalRidge(3.0, standardise=standardise)
    for own in cuts(seed, 300):
        if len(own) == 1 and hasattr(model, "rule_"):
            model.learn_one(X[own[0]], Y[own[0]])
        else:
            model.partial_fit(X[own], Y[own])
        model.predict(X[:2])  # weights are computed anew after each part
    batch = make_pipeline(StandardScaler(with_std=standardise), Ridge(3.0)).fit(X, Y)
    np.testing.assert_allclose(model.predict(X), batch.predict(X), rtol=0, atol=1e-8)  # other sums of the same values
    np.testing.assert_allclose(
        X @ model.coef_.T + model.intercept_, model.predict(X), atol=1e-6
    )  # 1e5 * 1e-16 * 20 * weight


@pytest.mark.parametrize("seed", SEEDS)
def test_incremental_ridge_chooses_alpha_by_generalised_cross_validation(seed):
    X, Y = data(seed, n=40, d=30)
    Y = Y + 20 * np.random.default_rng(seed).normal(size=Y.shape)
    alphas = [0.01, 1.0, 10.0, 100.0, 1e4]
    errors = []
    for alpha in alphas:
        batch = make_pipeline(StandardScaler(), Ridge(alpha))
        hat = np.column_stack([batch.fit(X, unit).predict(X) for unit in np.eye(40)])
        errors.append(((Y - hat @ Y) ** 2).sum() / (40 - np.trace(hat)) ** 2)
    model = IncrementalRidge(alphas).fit(X, Y)
    assert model.alpha_ == alphas[int(np.argmin(errors))]
    batch = make_pipeline(StandardScaler(), Ridge(model.alpha_)).fit(X, Y)
    np.testing.assert_allclose(model.predict(X), batch.predict(X), rtol=0, atol=1e-8)  # as above


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("seed", SEEDS)
def test_classifiers_are_ridge_classifiers(n_classes, seed):
    X, _ = data(seed)
    y = np.array(["a", "b", "c", "d"])[np.random.default_rng(seed).integers(0, n_classes, 300)]
    batch = make_pipeline(StandardScaler(), RidgeClassifier(2.0)).fit(X, y)
    model = IncrementalRidgeClassifier(2.0).partial_fit(X[:1], y[:1], classes=np.unique(y)).partial_fit(X[1:], y[1:])
    np.testing.assert_allclose(model.decision_function(X), batch.decision_function(X), rtol=0, atol=1e-8)
    assert model.predict(X).tolist() == batch.predict(X).tolist()
    rls = RLSClassifier(alpha=2.0).fit(X, y)
    batch = RidgeClassifier(2.0, fit_intercept=False).fit(with_ones(X), y)
    np.testing.assert_allclose(rls.decision_function(X), batch.decision_function(with_ones(X)), rtol=0, atol=1e-8)
    assert [rls.predict_one(x) for x in X] == batch.predict(with_ones(X)).tolist()


def test_lms_without_normalisation_is_stochastic_gradient_descent():
    X, Y = data(5, k=1)
    X, y = X / 10, Y[:, 0]
    sgd = SGDRegressor(penalty=None, learning_rate="constant", eta0=0.01, shuffle=False, max_iter=1, tol=None).fit(X, y)
    model = LMSRegressor(0.01, normalised=False).fit(X, y)
    np.testing.assert_allclose(model.coef_[0], sgd.coef_, rtol=1e-10)  # sums in another order
    np.testing.assert_allclose(model.intercept_, sgd.intercept_, rtol=1e-10)


def test_a_normalised_step_removes_a_fraction_of_the_error():
    X, Y = data(6)
    model = LMSRegressor(0.25).fit(X[:10], Y[:10])
    for x, y in zip(X, Y, strict=True):
        before = y - model.predict_one(x)
        model.learn_one(x, y)
        np.testing.assert_allclose(y - model.predict_one(x), 0.75 * before, rtol=1e-9)  # rounding
    still = LMSRegressor(intercept=False).fit(np.zeros((2, 3)), [1.0, 1.0])
    assert not still.coef_.any()


@pytest.mark.parametrize("n", [100_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_rls_is_sound_after_many_updates(n):
    rng = np.random.default_rng(7)
    model = RLSRegressor(forgetting=0.99, alpha=1e-4).fit(np.zeros((1, 8)), [0.0])
    w = rng.normal(size=8)
    for _ in range(n // 50_000):
        X = rng.normal(size=(50_000, 8)) * np.logspace(-2, 2, 8)
        y = X @ w + rng.normal(size=len(X))
        model.partial_fit(X, y)
    A, weight = with_ones(X)[-5000:], 0.99 ** np.arange(5000)[::-1]
    gram = A.T @ (weight[:, None] * A)
    expected = np.linalg.solve(gram, A.T @ (weight * y[-5000:]))
    np.testing.assert_allclose(
        model.rule_.weights[0], expected, rtol=0, atol=1e-7
    )  # numbers of 1e-4 to 1e4 in the sums
    assert np.linalg.eigvalsh(model.rule_.P).min() > 0


def test_constant_inputs_do_not_wind_up():
    rng = np.random.default_rng(8)
    constant, w = rng.normal(size=10), rng.normal(size=10)
    model = RLSRegressor(forgetting=0.99, alpha=0.1)
    model.fit(np.tile(constant, (100_000, 1)), np.full(100_000, constant @ w))
    assert model.predict_one(constant) == pytest.approx(constant @ w)
    P = model.rule_.P
    assert np.diagonal(P).max() <= 100 / 0.1
    assert np.linalg.eigvalsh(P).max() <= 100 * 11 / 0.1
    X = rng.normal(size=(400, 10))
    model.partial_fit(X, X @ w)
    np.testing.assert_allclose(model.coef_[0], w, atol=1e-3)  # the penalty that is left, at least alpha / 100


def test_the_limit_holds_where_the_memory_is_shorter_than_the_number_of_features():
    rng = np.random.default_rng(9)
    model = RLSRegressor(forgetting=0.8).fit(np.zeros((1, 40)), [0.0])
    for _ in range(500):
        model.partial_fit(rng.normal(size=(10, 40)), rng.normal(size=10))
        assert np.diagonal(model.rule_.P).max() <= 100 * (1 + 1e-9)
    assert np.linalg.eigvalsh(model.rule_.P).min() > 0


def test_silent_neurons_do_not_keep_others_from_forgetting():
    rng = np.random.default_rng(10)
    X = rng.poisson(3.0, size=(20_000, 60)).astype(float)
    X[:, 5:] = 0
    w = np.zeros(60)
    w[:5] = 1
    model = RLSRegressor(forgetting=0.98).fit(X, X @ w)
    model.partial_fit(X[:400], X[:400] @ -w)
    np.testing.assert_allclose(model.predict(X[:9]), X[:9] @ -w, atol=0.05)  # 0.98^400 of what was before


@pytest.mark.parametrize(("forgetting", "error"), [(1.0, 1.0), (0.98, 0.01)])
def test_only_forgetting_follows_a_drift(forgetting, error):
    rng = np.random.default_rng(11)
    X = rng.normal(size=(2000, 5))
    y = X.sum(axis=1) * np.repeat([1, -1], 1000)
    model = RLSRegressor(forgetting=forgetting).fit(X, y)
    worst = np.abs(model.predict(X[-100:]) - y[-100:]).max()
    assert worst > error if forgetting == 1 else worst < error


def test_a_scale_is_learnt_in_the_first_call_only():
    X, Y = data(12)
    model = RLSRegressor(scaler=StandardScaler()).fit(X[:100], Y[:100]).partial_fit(X[100:], Y[100:])
    scaler = StandardScaler().fit(X[:100])
    by_hand = RLSRegressor().fit(scaler.transform(X), Y)
    assert np.array_equal(model.predict(X), by_hand.predict(scaler.transform(X)))
    np.testing.assert_allclose(X @ model.coef_.T + model.intercept_, model.predict(X), rtol=1e-9, atol=1e-9)  # rounding
    with pytest.raises(DescriptionError, match="scaler: got n_samples = 1 in the first call, expected at least 2"):
        RLSRegressor(scaler=StandardScaler()).partial_fit(X[:1], Y[:1])
    soft = LMSRegressor(scaler=SoftScaler()).fit(X, Y)
    assert np.array_equal(soft.rule_.inputs.scale, SoftScaler().fit(X).scale_)


@pytest.mark.parametrize("name", ["rls", "lms", "incremental_ridge"])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_named_readouts_learn(name, seed):
    X, Y = data(seed)
    assert resolve(name, "regress").fit(X[:200], Y[:200]).score(X[200:], Y[200:]) > 0.75
    y = np.where(Y[:, 0] > Y[:, 0].mean(), "high", "low")
    assert resolve(name, "classify").fit(X[:200], y[:200]).score(X[200:], y[200:]) > 0.85


@pytest.mark.parametrize("model", SCALED, ids=str)
def test_a_saved_regressor_goes_on_learning_to_the_bit(model):
    X, Y = data(13)
    model = clone(model).fit(X[:100], Y[:100])
    read = model_file.unpack_readout(model_file.pack_readout(model))
    for own in (model, read):
        own.partial_fit(X[100:200], Y[100:200])
        for x, y in zip(X[200:], Y[200:], strict=True):
            own.learn_one(x, y)
    assert np.array_equal(model.coef_, read.coef_)
    assert np.array_equal(model.predict(X), read.predict(X))


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_a_saved_classifier_goes_on_learning_to_the_bit(kind):
    X, Y = data(14)
    y = np.array(["a", "b", "c"])[Y.argmax(axis=1)]
    model = kind().partial_fit(X[:100], y[:100], classes=["c", "b", "a"])
    read = model_file.unpack_readout(model_file.pack_readout(model))
    for own in (model, read):
        own.partial_fit(X[100:200], y[100:200])
        own.learn_one(X[200], "b")
    assert np.array_equal(model.decision_function(X), read.decision_function(X))


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (RLSRegressor(0.0), r"forgetting: got 0, expected a number in \(0, 1\]; 1 forgets nothing$"),
        (RLSRegressor(1.01), r"forgetting: got 1.01, expected"),
        (RLSRegressor("much"), "forgetting: got values of type"),
        (RLSRegressor(alpha=0.0), "alpha: got 0, expected a number > 0$"),
        (RLSRegressor(alpha=-1), "alpha: got -1, expected a number > 0$"),
        (RLSRegressor(alpha=1e-300), "alpha: got 1e-300, expected a number from 1e-100 to 1e100$"),
        (RLSRegressor(intercept="yes"), "intercept: got 'yes', expected True or False$"),
        (RLSRegressor(scaler="standard"), "scaler: got str, expected a StandardScaler, a SoftScaler, or None$"),
        (LMSRegressor(0.0), "rate: got 0, expected a number > 0$"),
        (LMSRegressor(2.0), r"rate: got 2, expected a number in \(0, 2\), because from 2 on the error grows$"),
        (IncrementalRidge(0.0), "alphas: got 0.0, expected a number > 0 or a list of them$"),
        (IncrementalRidge([]), "alphas: got"),
        (IncrementalRidge(standardise=3), "standardise: got 3, expected True or False$"),
    ],
)
def test_wrong_parameters(model, words):
    with pytest.raises(DescriptionError, match=words):
        model.fit(np.eye(4), np.arange(4.0))


@pytest.mark.parametrize("kind", REGRESSORS)
def test_a_regressor_refuses_wrong_samples_and_learns_nothing_from_them(kind):
    X, Y = data(15)
    with pytest.raises(
        DescriptionError, match=f"^{kind.__name__}: got a sample before anything is fitted; call fit or partial"
    ):
        kind().learn_one(X[0], Y[0])
    model = kind().fit(X, Y)
    before = model.coef_
    nan, high = X.copy(), X.copy()
    nan[7, 3], high[0, 0] = np.nan, 1e200
    cases = [
        (model.partial_fit, X, Y[:, 0], "^y: got 1 targets, expected 3 as in fit$"),
        (model.partial_fit, X, Y[:9], "^y: got 9 values for 300 samples of X$"),
        (model.partial_fit, X, Y * np.inf, "^y: Input y contains"),
        (
            model.partial_fit,
            nan,
            Y,
            "^X: got NaN or infinite values, expected finite numbers; remove or replace such samples$",
        ),
        (model.partial_fit, X[:, 1:], Y, "^X: X has 19 features, but .* is expecting 20 features as input"),
        (model.partial_fit, high, Y, "overflows"),
        (model.learn_one, X[0], Y[0, :2], r"^target: got shape \(2,\), expected \(3,\), as in fit$"),
        (model.learn_one, X[0], 1.0, r"^target: got shape \(\), expected \(3,\), as in fit$"),
        (model.learn_one, X[0], [1.0, np.nan, 2.0], "^target: got nan, expected finite numbers; remove or replace"),
        (model.learn_one, X[0], "text", "^target: got values of type"),
        (model.learn_one, nan[7], Y[0], "^features: got NaN or infinite values, expected finite numbers"),
        (model.learn_one, X[0, :5], Y[0], r"^features: got shape \(5,\), expected \(20,\), one sample as in fit$"),
        (model.learn_one, X[:1], Y[0], r"^features: got shape \(1, 20\), expected \(20,\)"),
        (model.learn_one, high[0], Y[0], "overflows"),
    ]
    for method, x, y, words in cases:
        with np.errstate(over="ignore", invalid="ignore"), pytest.raises(DescriptionError, match=words):
            method(x, y)
    assert np.array_equal(model.coef_, before)


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_a_classifier_refuses_wrong_samples_and_learns_nothing_from_them(kind):
    X, Y = data(16)
    y = np.array(["a", "b", "c"])[Y.argmax(axis=1)]
    with pytest.raises(
        DescriptionError, match=r"^classes: got None in the first call of partial_fit, expected every label"
    ):
        kind().partial_fit(X, y)
    with pytest.raises(
        DescriptionError, match=r"^y: got the new class 'c', expected one of 'a', 'b'; name every class in the fir"
    ):
        kind().partial_fit(X, y, classes=["a", "b"])
    with pytest.raises(DescriptionError, match=r"^classes: got .*, expected a list of at least two labels$"):
        kind().partial_fit(X, y, classes=["a"])
    with pytest.raises(DescriptionError, match=r"^y: got one class only, a; expected at least two classes$"):
        kind().fit(X, np.full(300, "a"))
    with pytest.raises(DescriptionError, match="got a sample before anything is fitted"):
        kind().learn_one(X[0], "a")
    model = kind().fit(X, y)
    before = model.decision_function(X)
    cases = [
        (
            lambda: model.partial_fit(X[:2], ["a", "d"]),
            "^y: got the new class 'd', expected one of 'a', 'b', 'c'; name every",
        ),
        (lambda: model.partial_fit(X, y, classes=["a", "b"]), "^classes: got .*, expected .* as in the first call$"),
        (lambda: model.partial_fit(X[:2], y[:3]), "^y: got 3 values for 2 samples of X$"),
        (lambda: model.learn_one(X[0], "d"), "^target: got 'd', expected one of the classes 'a', 'b', 'c'$"),
        (lambda: model.learn_one(X[0], 1), "^target: got 1, expected one of the classes"),
        (lambda: model.learn_one(X[0], ["a"]), "^target: got .*, expected one of the classes"),
        (lambda: model.learn_one(X[0, 1:], "a"), r"^features: got shape \(19,\)"),
    ]
    for call, words in cases:
        with pytest.raises(DescriptionError, match=words):
            call()
    assert np.array_equal(model.decision_function(X), before)
    model.partial_fit(X[:1], y[:1], classes=["c", "a", "b"])  # in any order


def test_a_rate_that_is_too_large_is_an_error_before_weights_overflow():
    X, Y = data(17)
    words = "^lms: got a feature of size .*, whose square or prediction overflows; scale the features, or use a smaller rate"
    with np.errstate(over="ignore", invalid="ignore"), pytest.raises(DescriptionError, match=words):
        LMSRegressor(1e3, normalised=False).fit(X, Y)


def test_every_readout_may_be_saved():
    assert set(online.__all__) == {kind.__name__ for kind in [*REGRESSORS, *CLASSIFIERS]}
