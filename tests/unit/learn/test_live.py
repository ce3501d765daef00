"""Live sessions of trained models: the answers of the model for the frames so far."""

import dataclasses

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import lsm_sim as lsm
from lsm_sim import DescriptionError, Hz, ms
from lsm_sim.learn.live import LiveModel

ENCODERS = {
    "rate": lsm.encode.Rate(200 * Hz, frame=10 * ms),
    "linear": lsm.encode.Rate(200 * Hz, frame=10 * ms, interpolation="linear"),
    "delta": lsm.encode.Delta(0.05, frame=10 * ms),
    "bsa": lsm.encode.BSA(frame=10 * ms),
    "both": lsm.encode.SideBySide((lsm.encode.Rate(200 * Hz, frame=10 * ms), lsm.encode.Delta(0.1, frame=10 * ms))),
}
FEATURES = {"counts": lsm.Counts(3, sqrt=True), "trace": lsm.Traces(20 * ms), "traces": lsm.Traces(20 * ms, (0.5, 1.0))}


def _liquid(n_inputs):
    return lsm.Liquid(
        [lsm.Inputs("in", n_inputs)],
        [lsm.Neurons("exc", 20, v_thresh=0.3)],
        [
            lsm.Synapses("in", "exc", lsm.FixedProbability(0.5), weight=1.0),
            lsm.Synapses("exc", "exc", lsm.FixedProbability(0.2), weight=0.1, delay=2 * ms),
        ],
        seed=2,
    )


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    y = np.arange(16) % 2
    return [rng.random((n, 3)) * (1 + label) for n, label in zip(rng.integers(5, 12, 16), y, strict=True)], y


def _fitted(data, **options):
    return lsm.LiquidClassifier(_liquid, **options).fit(*data)


@pytest.mark.parametrize("features", FEATURES)
@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("seed", [1])
def test_the_answer_is_that_of_the_frames_so_far(data, encoder, features, seed):
    model = _fitted(data, encoder=ENCODERS[encoder], features=FEATURES[features])
    sample, rng = data[0][3], np.random.default_rng(seed)
    whole = model.transformer_.transform([sample])[0]
    with model.open() as live:
        for _ in range(3):
            cuts = np.sort(rng.integers(0, len(sample), 3))
            for piece in np.split(sample, cuts):
                if len(piece):
                    live.advance(piece)
            live.finish()
            assert np.array_equal(live.features(), whole), (seed, cuts)
            assert live.predict() == model.predict([sample])[0]
            assert live.decision_function() == pytest.approx(model.decision_function([sample])[0], abs=1e-9)  # rounding
            assert live.time == pytest.approx(len(sample) * 10 * ms)
            live.reset()


@pytest.mark.parametrize(
    "readout",
    [
        "logistic",
        "svm",
        "ridge",
        lsm.readout.ridge(soft=True),
        lsm.readout.ridge(probabilities=True),
        lsm.readout.common_logistic(),
        KNeighborsClassifier(3),
        "rls",
    ],
)
def test_every_readout_answers_as_the_model_does(data, readout):
    X, y = data[0], np.arange(16) % 3
    for labels in (y, np.array(["no", "yes"])[data[1]]):
        model = lsm.LiquidClassifier(_liquid, ENCODERS["rate"], readout=readout).fit(X, labels)
        with model.open() as live:
            for sample, label in zip(X, model.predict(X), strict=True):
                live.advance(sample)
                assert live.predict() == label
                if hasattr(model, "decision_function"):
                    assert live.decision_function() == pytest.approx(model.decision_function([sample])[0], abs=1e-9)
                if hasattr(model, "predict_proba"):
                    assert live.predict_proba() == pytest.approx(model.predict_proba([sample])[0])
                live.reset()


@pytest.mark.parametrize("readout", ["ridge", "rls"])
@pytest.mark.parametrize("targets", [1, 2])
def test_a_regressor_answers_with_values(data, readout, targets):
    y = np.array([[sample.mean(), sample.max()] for sample in data[0]])[:, :targets]
    model = lsm.LiquidRegressor(_liquid, ENCODERS["rate"], readout=readout).fit(data[0], y if targets > 1 else y[:, 0])
    with model.open() as live:
        live.advance(data[0][2])
        assert np.shape(live.predict()) == np.shape(model.predict(data[0][2:3])[0])
        assert live.predict() == pytest.approx(model.predict(data[0][2:3])[0], abs=1e-9)


def test_sound_through_a_front_end(data):
    rng = np.random.default_rng(4)
    sounds = [rng.normal(0, 0.05 * (1 + label), 3000) for label in data[1]]
    front = lsm.audio.MelSpectrogram(8000, 3, hop=10 * ms, reference=-10.0)
    pipeline = make_pipeline(front, lsm.LiquidClassifier(_liquid, ENCODERS["rate"])).fit(sounds, data[1])
    with lsm.open(pipeline) as live:
        pieces = [live.advance(chunk) for chunk in [*np.array_split(sounds[1][:90], 17), sounds[1][90:]]]
        pieces.append(live.finish())
        steps = sum(int(piece.n_steps[0]) for piece in pieces if piece is not None)
        assert steps == live.n_steps == 10 * len(front.transform(sounds[1:2])[0])
        whole = pipeline[-1].transformer_.transform(front.transform(sounds[1:2]))[0]
        assert np.array_equal(live.features(), whole)
        assert live.predict() == pipeline.predict(sounds[1:2])[0]
    with pytest.raises(DescriptionError, match="reference"):
        lsm.open(pipeline.set_params(melspectrogram__reference=None))


def test_the_answer_at_any_time_is_that_of_a_shorter_sample(data):
    model = _fitted(data, encoder=ENCODERS["rate"])
    sample = data[0][5]
    with lsm.open(model) as live:
        for k, frame in enumerate(sample):
            spikes = live.advance(frame)
            assert spikes.n_steps.tolist() == [10]
            assert np.array_equal(live.features(), model.transformer_.transform([sample[: k + 1]])[0])


def test_a_window_is_a_sample_of_its_length(data):
    model = _fitted(data, encoder=ENCODERS["rate"])
    stream = np.concatenate(data[0])
    spikes = lsm.run(model.transformer_.program(), model.transformer_.encode([stream])).spikes
    with model.open(window=60 * ms) as live:
        for k, frame in enumerate(stream):
            live.advance(frame)
            last = spikes.crop(max(0, 10 * (k + 1) - 60) * ms, 10 * (k + 1) * ms)
            assert np.array_equal(live.features(), model.transformer_.features_.of(last)[0])


@pytest.mark.parametrize("arithmetic", ["float64", "loihi"])
def test_every_arithmetic_and_engine(data, arithmetic):
    model = _fitted(data, encoder=ENCODERS["rate"], arithmetic=arithmetic)
    whole = model.transformer_.transform(data[0][:1])[0]
    for engine in ("fast", "reference"):
        with model.set_params(backend=engine).open() as live:
            live.advance(data[0][0])
            assert np.array_equal(live.features(), whole)


def test_it_goes_on_from_a_state(data):
    model = _fitted(data, encoder=ENCODERS["rate"], features=lsm.Counts())
    sample = data[0][0]
    with model.open() as one:
        one.advance(sample[:3])
        state, before = one.state, one.features()
        one.advance(sample[3:])
        with model.open(state=state) as other:
            assert other.state == state
        assert (one.features() >= before).all()


def test_poisson_needs_random_numbers(data):
    model = _fitted(data, encoder=lsm.encode.Poisson(200 * Hz, frame=10 * ms))
    with pytest.raises(DescriptionError, match="rng"):
        model.open()
    with model.open(rng=np.random.default_rng(3)) as live:
        live.advance(data[0][0])
        first = live.features()
    again = dataclasses.replace(model.transformer_.encoder_, seed=np.random.default_rng(3))
    spikes = again(model.transformer_.input_.signals(model.transformer_, data[0][:1]), 1 * ms)
    assert np.array_equal(first, model.transformer_.respond(spikes)[0])


def test_background_noise_goes_on_and_depends_on_the_trial(data):
    def noisy(n_inputs):
        return dataclasses.replace(_liquid(n_inputs), background=[lsm.Background("exc", rate=100 * Hz, weight=1.0)])

    model = lsm.LiquidClassifier(noisy, ENCODERS["rate"]).fit(*data)
    seen = []
    for trial, cut in [(0, 1), (0, 4), (1, 2)]:
        with model.open(trial=trial) as live:
            live.advance(data[0][0][:cut])
            live.advance(data[0][0][cut:])
            seen.append(live.features())
    assert np.array_equal(seen[0], seen[1])
    assert not np.array_equal(seen[0], seen[2])


@pytest.mark.parametrize("readout", ["rls", "lms", "incremental_ridge"])
def test_learning_is_partial_fit(data, readout):
    one, other = (_fitted(data, encoder=ENCODERS["rate"], readout=readout) for _ in range(2))
    X, y = [sample[::-1] for sample in data[0]], 1 - data[1]
    other.partial_fit(X, y)
    with one.open() as live:
        for sample, label in zip(X, y, strict=True):
            live.advance(sample)
            live.learn(label)
            live.reset()
    assert one.decision_function(X) == pytest.approx(other.decision_function(X), abs=1e-9)  # sums in another order


def test_misuse_is_one_sentence(data):
    model = _fitted(data, encoder=ENCODERS["rate"])
    with model.open() as live:
        live.advance(data[0][0][:2])
        before = live.state
        for call, message in [
            (lambda: live.advance(np.ones(2)), r"frames: got shape \(2,\), expected \(3,\)"),
            (lambda: live.advance(np.full(3, np.nan)), "frames: got nan"),
            (lambda: live.advance("x"), "frames"),
            (lambda: live.learn(1), "cannot learn from single samples"),
            (live.predict_proba, "has no predict_proba"),
        ]:
            with pytest.raises(DescriptionError, match=message) as caught:
                call()
            assert "\n" not in str(caught.value)
        assert live.state == before
    with pytest.raises(DescriptionError, match="live model: it is closed"):
        live.advance(data[0][0])
    online = _fitted(data, encoder=ENCODERS["rate"], readout="rls")
    with online.open() as live:
        with pytest.raises(DescriptionError, match="no step"):
            live.predict()
        live.advance(data[0][0])
        for target in ([1, 0], np.nan, 7):
            with pytest.raises(DescriptionError):
                live.learn(target)


@pytest.mark.parametrize(
    ("make", "options", "message"),
    [
        (lambda model: model, {"window": 0}, "window"),
        (lambda model: model, {"window": 1e-9}, "at least one step"),
        (lambda model: model, {"dt": 1 * ms}, "got dt for a model"),
        (lambda model: model, {"record": {}}, "no option 'record' for a LiquidClassifier; known: window"),
        (lambda model: model, {"rng": 3}, "rng"),
        (lambda model: make_pipeline(FunctionTransformer(), model), {}, "FunctionTransformer needs the whole sample"),
        (lambda _: make_pipeline(FunctionTransformer()), {}, "expected a LiquidClassifier"),
        (lambda _: LiveModel, {}, "got LiveModel, expected a Liquid, a Program or a trained model"),
        (lambda _: lsm.Neurons, {}, "expected a Liquid"),
    ],
)
def test_bad_arguments(data, make, options, message):
    with pytest.raises(DescriptionError, match=message):
        lsm.open(make(_fitted(data)), **options)


def test_an_unfitted_model_is_refused():
    with pytest.raises(Exception, match="not fitted"):
        lsm.open(lsm.LiquidClassifier(_liquid))
