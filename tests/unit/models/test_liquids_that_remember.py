"""The liquids of docs/memory.md: what they hold, and that every engine runs them with the same spikes."""

import functools

import numpy as np
import pytest

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import ms
from lsm_sim.datasets import spike_templates
from lsm_sim.dynamics import ARITHMETICS
from lsm_sim.encode import Bits, Population
from lsm_sim.errors import DescriptionError
from lsm_sim.learn.forecast import LiquidForecaster
from lsm_sim.learn.readout import ridge
from lsm_sim.measures import memory_capacity
from lsm_sim.simulate import rescale
from tests.conftest import available

# a small instance of each, for how many bits, and the duration of a value
LIQUIDS = {
    "long_memory": (functools.partial(models.long_memory, n_neurons=12, bits=4, recurrent_degree=5, seed=3), 4, 5 * ms),
    "memory": (functools.partial(models.memory, n_neurons=12, bits=4, recurrent_degree=5, seed=3), 4, 8 * ms),
    "delay_line": (
        functools.partial(models.delay_line, n_neurons=15, n_lags=3, bits=4, frame=8 * ms, seed=3),
        4,
        8 * ms,
    ),
    "legendre": (functools.partial(models.legendre, n_neurons=15, order=3, bits=4, frame=8 * ms, seed=3), 4, 8 * ms),
    "shift_register": (functools.partial(models.shift_register, n_lags=4), 4, 8 * ms),
    "forecasting": (functools.partial(models.forecasting, n_neurons=12, recurrent_degree=5, seed=3), None, 8 * ms),
    "recall": (functools.partial(models.recall, n_neurons=12, seed=3), 4, 8 * ms),
}


@functools.cache
def small(name):
    """Return the program of a small instance and a stimulus."""
    make, bits, frame = LIQUIDS[name]
    encoder = Population(4, width=2, max_rate=1000, frame=frame) if bits is None else Bits(bits, frame=frame)
    stimulus = encoder([np.random.default_rng(1).random((8, 1))], 1 * ms)
    return lsm.lower(make(n_inputs=stimulus.n_channels), 1 * ms), stimulus


@functools.cache
def with_answer(name, arithmetic):
    program, stimulus = small(name)
    if arithmetic == "loihi":
        program = lsm.quantise(program, stimulus).program
    return program, stimulus, lsm.run(program, stimulus, backend="reference").spikes


@pytest.mark.parametrize("backend", ["fast", "brian2", "lava"])
@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("name", LIQUIDS)
def test_every_engine_gives_the_spikes_of_the_reference(name, arithmetic, backend):
    program, stimulus, expected = with_answer(name, arithmetic)
    assert expected.n_events > 0
    assert lsm.run(program, stimulus, backend=available(backend)).spikes == expected


@pytest.mark.parametrize("name", LIQUIDS)
def test_a_liquid_comes_back_from_a_file(name, tmp_path):
    make, bits, _ = LIQUIDS[name]
    liquid = make(n_inputs=bits or 4)
    liquid.save(tmp_path / "liquid.toml")
    assert lsm.Liquid.load(tmp_path / "liquid.toml") == liquid
    assert make(n_inputs=bits or 4) == liquid  # the seed fixes it


def capacity(liquid, bits, frame, taus=(0.5, 3.0), n_lags=12):
    series = np.random.default_rng(5).random(900)
    model = LiquidForecaster(liquid, Bits(bits, frame=frame), taus=taus, with_encoder=False, margin=0.0, progress=False)
    states = model.prepare(series).features(series)
    return memory_capacity(states, series, n_lags=n_lags).profile


@pytest.mark.parametrize(
    ("make", "least"),
    [
        (functools.partial(models.delay_line, n_neurons=80, n_lags=6, bits=8, frame=10 * ms), 2.5),
        (functools.partial(models.legendre, n_neurons=80, order=6, window=60 * ms, bits=8, frame=10 * ms), 2.5),
    ],
    ids=["delay_line", "legendre"],
)
def test_an_engineered_liquid_remembers_through_its_recurrence(make, least):
    liquid = make(n_inputs=8, seed=1)
    on = capacity(liquid, 8, 10 * ms).sum()
    off = capacity(rescale.scale(liquid, 0.0, "recurrent"), 8, 10 * ms).sum()
    assert on > least, (on, off)
    assert on > off + 1, (on, off)


@pytest.mark.parametrize("arithmetic", ARITHMETICS)
@pytest.mark.parametrize("frame", [1, 2, 8])
def test_a_shift_register_holds_the_last_values_and_nothing_else(frame, arithmetic):
    values = np.random.default_rng(2).random((40, 1))
    stimulus = Bits(3, frame=frame * ms)([values], 1 * ms)
    program = lsm.lower(models.shift_register(n_inputs=3, n_lags=5, frame=frame * ms), 1 * ms)
    if arithmetic == "loihi":
        program = lsm.quantise(program, stimulus).program
    raster = lsm.run(program, stimulus).spikes.raster()
    digits = stimulus.raster()
    for lag in range(5):
        late = 1 + lag * frame
        np.testing.assert_array_equal(raster[late:, 3 * lag : 3 * lag + 3], digits[:-late])
        assert not raster[:late, 3 * lag : 3 * lag + 3].any()


def test_long_memory_is_memory_with_other_settings():
    long = models.long_memory(n_inputs=12, n_neurons=40, frame=4 * ms, seed=2)
    settings = {"tau_syn": 1.2 * ms, "input_weight": 6.0, "recurrent_weight": 3.0, "frame": 4 * ms}
    other = models.memory(n_inputs=12, n_neurons=40, seed=2, **settings)
    assert lsm.lower(long, 1 * ms).digest == lsm.lower(other, 1 * ms).digest


def test_recall_names_a_pattern_of_half_a_second_ago_by_its_recurrence():
    data = spike_templates(300, segments=3, channels=8, seed=6)
    accuracy = {}
    for weight in (0.0, 3.0):
        liquid = models.recall(n_inputs=8, n_neurons=150, recurrent_weight=weight, seed=6)
        X = lsm.Traces(30 * ms).of(lsm.run(liquid, data.X).spikes)
        accuracy[weight] = ridge().fit(X[:200], data.y[:200, 0]).score(X[200:], data.y[200:, 0])
    assert accuracy[3.0] > 0.9, accuracy
    assert accuracy[0.0] < accuracy[3.0] - 0.1, accuracy


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: models.long_memory(n_inputs=12, frame=0), "frame: got 0"),
        (lambda: models.long_memory(n_inputs=13), "n_inputs: got 13, expected a multiple of 12"),
        (lambda: models.recall(n_inputs=8, connectivity=2), "connectivity: got 2"),
        (lambda: models.recall(n_inputs=8, recurrent_weight=-1), "recurrent_weight: got -1"),
        (lambda: models.shift_register(n_inputs=0), "Inputs 'input' size: got 0"),
        (lambda: models.shift_register(n_inputs=1, n_lags=0), "n_lags: got 0"),
        (lambda: models.shift_register(n_inputs=1, dt=0), "dt: got 0"),
        (lambda: models.delay_line(n_inputs=11), "n_inputs: got 11, expected 12, the bits of one signal"),
        (lambda: models.delay_line(n_inputs=12, n_lags=1), "n_lags: got 1"),
        (lambda: models.delay_line(n_inputs=12, frame=0.1 * ms), "frame: got 0.0001 s, expected 1 to 1000 steps"),
        (lambda: models.delay_line(n_inputs=12, tau_syn=0), "tau_syn: got 0"),
        (lambda: models.delay_line(n_inputs=12, n_neurons=0), "n_neurons: got 0"),
        (lambda: models.delay_line(n_inputs=12, seed=-1), "seed: got -1"),
        (lambda: models.legendre(n_inputs=12, order=0), "order: got 0"),
        (lambda: models.legendre(n_inputs=12, order=101), "order: got more than 100"),
        (lambda: models.legendre(n_inputs=12, window=-1), "window: got -1"),
        (
            lambda: models.legendre(n_inputs=12, window=1 * ms),
            "window: got 0.001 s, expected at least one frame of 0.02 s",
        ),
        (lambda: models.delay_line(n_inputs=12, n_neurons=10**6), "n_neurons: "),
    ],
)
def test_a_wrong_parameter_is_refused_in_one_sentence(act, message):
    with pytest.raises(DescriptionError, match=message):
        act()
