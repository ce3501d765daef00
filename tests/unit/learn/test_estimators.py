from functools import partial

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import estimator_checks_generator

import lsm_sim as lsm
from lsm_sim import DescriptionError, Hz, ms
from lsm_sim.learn.readout import ridge


def small_liquid(n_inputs, size=20, seed=0):
    return lsm.Liquid(
        [lsm.Inputs("in", n_inputs)],
        [lsm.Neurons("all", size, tau_m=20 * ms, tau_syn=10 * ms)],
        [
            lsm.Synapses("in", "all", lsm.FixedProbability(0.5), weight=lsm.Normal(0, 3)),
            lsm.Synapses("all", "all", lsm.FixedProbability(0.1), weight=lsm.Normal(0, 0.2)),
        ],
        seed=seed,
    )


def patterns(n=60, frames=6, channels=5, seed=0):
    """Two classes of ragged signals that differ in which channels are strong."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    X = [
        np.clip(rng.random((frames + i % 3, channels)) * 0.4 + 0.5 * (np.arange(channels) % 2 == c), 0, 1)
        for i, c in enumerate(y)
    ]
    return X, np.array(["even", "odd"])[y]


ESTIMATORS = [
    lsm.LiquidTransformer(small_liquid),
    lsm.LiquidClassifier(small_liquid),
    lsm.LiquidRegressor(partial(small_liquid, size=60)),
]
NEEDS_PACKAGE = {  # checks that scikit-learn itself skips without an optional package
    "check_array_api_input",
    "check_classifier_data_not_an_array",
    "check_regressor_data_not_an_array",
}
CHECKS = [
    pytest.param(estimator, check, id=f"{type(estimator).__name__}-{check.func.__name__}-{i}")
    for estimator in ESTIMATORS
    for i, (estimator, check) in enumerate(estimator_checks_generator(estimator))
    if check.func.__name__ not in NEEDS_PACKAGE
]


@pytest.mark.filterwarnings("default")  # the checks provoke warnings on purpose
@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_passes_the_estimator_checks_of_scikit_learn(estimator, check):
    check(estimator)


def test_learns_ragged_signals():
    X, y = patterns()
    model = lsm.LiquidClassifier(small_liquid, lsm.encode.Rate(max_rate=300 * Hz, frame=10 * ms)).fit(X[:40], y[:40])
    assert model.score(X[40:], y[40:]) == 1.0
    assert set(model.predict(X)) == {"even", "odd"}


@pytest.mark.parametrize("readout", ["ridge", "logistic", "svm", RidgeClassifier()])
def test_takes_each_readout(readout):
    X, y = patterns()
    assert lsm.LiquidClassifier(small_liquid, readout=readout).fit(X, y).score(X, y) == 1.0


def test_rows_are_reshaped_to_frames():
    X, _ = patterns(frames=6)
    table = np.stack([x[:6].ravel() for x in X])
    model = lsm.LiquidTransformer(small_liquid, sample_shape=(6, 5), scale=None).fit(table)
    assert np.array_equal(model.transform(table), model.transform([x[:6] for x in X]))
    assert np.array_equal(model.transform(table), model.transform(np.stack([x[:6] for x in X])))


@pytest.mark.parametrize(
    "encoder", [lsm.encode.Poisson(100 * Hz, frame=20 * ms), lsm.encode.Rate(100 * Hz, frame=20 * ms)]
)
def test_a_prediction_does_not_depend_on_batch_threads_or_backend(encoder):
    X, _ = patterns()
    model = lsm.LiquidTransformer(small_liquid, encoder).fit(X)
    together = model.transform(X)
    assert np.array_equal(together[7:9], model.transform(X[7:9]))
    assert np.array_equal(together, model.set_params(n_threads=1).transform(X))
    assert np.array_equal(together, model.set_params(backend="reference").transform(X))


def test_spikes_pass_through():
    stimulus = lsm.encode.poisson(np.full((50, 3), 0.5), max_rate=200 * Hz, trials=4)
    model = lsm.LiquidTransformer(small_liquid, lsm.encode.Passthrough(), lsm.Counts(2)).fit(stimulus)
    expected = lsm.run(model.liquid_, stimulus).spikes.counts(2).reshape(4, -1)
    assert np.array_equal(model.transform(stimulus), expected)
    assert np.array_equal(model.transform([stimulus[i] for i in range(4)]), expected)


def test_values_outside_the_range_of_fit_are_set_to_its_ends():
    X = np.array([[0.0], [1.0]])
    model = lsm.LiquidTransformer(small_liquid).fit(X)
    assert np.array_equal(model.transform([[5.0], [-5.0]]), model.transform([[1.0], [0.0]]))


@pytest.mark.slow
def test_works_in_pipelines_searches_and_parallel_jobs():
    X, y = patterns(40)
    table = np.stack([x[:6].ravel() for x in X])
    model = lsm.LiquidClassifier(small_liquid, sample_shape=(6, 5))
    pipeline = make_pipeline(FunctionTransformer(), clone(model))
    serial = cross_val_score(pipeline, table, y, cv=2)
    assert np.array_equal(serial, cross_val_score(pipeline, table, y, cv=2, n_jobs=2))
    search = GridSearchCV(
        model, {"liquid": [partial(small_liquid, size=n) for n in (5, 20)], "features": [lsm.Counts(2)]}, cv=2
    )
    assert search.fit(table, y).best_score_ > 0.9


@pytest.mark.parametrize(
    ("parameters", "X", "words"),
    [
        ({"liquid": small_liquid(7)}, np.zeros((4, 5)), "expected 5"),
        ({"scale": "row"}, np.zeros((4, 5)), "scale"),
        ({"sample_shape": (2, 2)}, np.zeros((4, 5)), "product of 5"),
        ({"backend": "nest"}, np.eye(4), "no backend 'nest'; known: .*fast.*reference"),
        ({"readout": "lasso"}, np.eye(4), "expected one of ridge, logistic, svm"),
        ({"dt": 0.0}, np.eye(4), "dt"),
        ({}, [np.zeros((3, 2)), np.zeros((3, 3))], "same number"),
    ],
)
def test_says_what_is_wrong(parameters, X, words):
    model = lsm.LiquidClassifier(**({"liquid": small_liquid} | parameters))
    with pytest.raises(DescriptionError, match=words):
        model.fit(X, [0, 1] * (len(X) // 2))


def test_one_class_only_is_refused():
    with pytest.raises(DescriptionError, match="one class only"):
        lsm.LiquidClassifier(small_liquid).fit(np.eye(4), [1, 1, 1, 1])


@pytest.mark.parametrize("kind", [lsm.LiquidClassifier, lsm.LiquidRegressor])
@pytest.mark.parametrize(
    "encoder", [None, lsm.encode.Population(n=3, frame=20 * ms), lsm.encode.Poisson(frame=20 * ms, seed=4)]
)
def test_a_saved_model_predicts_the_same(tmp_path, kind, encoder):
    X, labels = patterns()
    y = labels if kind is lsm.LiquidClassifier else np.arange(60.0)
    model = kind(partial(small_liquid, seed=3), encoder, lsm.Counts(bins=3)).fit(X, y)
    model.save(tmp_path / "model.npz")
    loaded = kind.load(tmp_path / "model.npz")
    assert np.array_equal(loaded.predict(X), model.predict(X))
    assert loaded.score(X, y) == model.score(X, y)
    assert loaded.fit(X, y).score(X, y) == model.score(X, y)


def test_a_model_of_the_other_kind_or_a_damaged_file_is_refused(tmp_path):
    X, y = patterns()
    path = tmp_path / "model.npz"
    lsm.LiquidClassifier(small_liquid).fit(X, y).save(path)
    with pytest.raises(DescriptionError, match="expected LiquidRegressor"):
        lsm.LiquidRegressor.load(path)
    data = path.read_bytes()
    for end in (0, 10, len(data) // 2, len(data) - 10):
        path.write_bytes(data[:end])
        with pytest.raises(DescriptionError, match=r"model\.npz"):
            lsm.LiquidClassifier.load(path)


def test_a_readout_that_is_not_data_is_not_saved(tmp_path):
    X, y = patterns()
    model = lsm.LiquidClassifier(small_liquid, readout=make_pipeline(FunctionTransformer(np.sqrt), RidgeClassifier()))
    saved = tmp_path / "model.npz"
    model.fit(X, y)
    model.readout_.steps[0] = ("own", FunctionTransformer(_own))
    with pytest.raises(DescriptionError, match="cannot save a readout"):
        model.save(saved)
    assert list(tmp_path.iterdir()) == []


def _own(x):
    return x


@pytest.mark.parametrize("task", ["classify", "regress"])
def test_ridge_takes_one_alpha(task):
    X, y = patterns()
    ridge(task, alphas=(1.0,)).fit([x[:6].ravel() for x in X], y == "odd")


@pytest.mark.parametrize("kind", ["classifier", "ensemble of scores", "ensemble of features"])
def test_groups_choose_the_regularisation(kind):
    rng = np.random.default_rng(8)
    groups = np.repeat(np.arange(6), 10)
    y = np.tile([0, 1], 30)
    own = rng.random((6, 4, 5))[groups]  # samples of a group are alike
    X = np.clip(0.6 * own + 0.3 * rng.random((60, 4, 5)) + 0.1 * y[:, None, None], 0, 1)
    model = lsm.LiquidClassifier(small_liquid(5), lsm.encode.Rate(200 * Hz, frame=10 * ms, phase=0.5))
    if kind != "classifier":
        model = lsm.LiquidEnsemble([model, model], combine=kind.split()[-1])
    readouts = [
        (fitted.members_[0] if kind == "ensemble of scores" else fitted).readout_[-1]
        for fitted in (clone(model).fit(X, y), clone(model).fit(X, y, groups=groups))
    ]
    assert readouts[1].alpha_ > readouts[0].alpha_
    with pytest.raises(DescriptionError, match=r"groups: got shape \(2,\), expected \(60,\)"):
        clone(model).fit(X, y, groups=[0, 1])
