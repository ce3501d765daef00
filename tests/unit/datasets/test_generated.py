import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsm_sim import DescriptionError
from lsm_sim.datasets import (
    control_charts,
    cylinder_bell_funnel,
    laser,
    lorenz,
    mackey_glass,
    narma10,
    spike_templates,
    two_patterns,
)

SERIES = {
    "mackey_glass": mackey_glass,
    "lorenz": lorenz,
    "laser": laser,
    "narma10": lambda n, seed: np.stack(narma10(n, seed=seed)),
}


@pytest.mark.parametrize("make", SERIES.values(), ids=SERIES)
class TestEverySeries:
    def test_is_fixed_by_its_seed(self, make):
        assert np.array_equal(make(50, seed=3), make(50, seed=3))

    def test_is_another_one_with_another_seed(self, make):
        assert not np.allclose(make(50, seed=3), make(50, seed=4))

    @pytest.mark.parametrize("n", [0, -1, 2.5, "many", np.nan])
    def test_refuses_a_length_that_is_none(self, make, n):
        with pytest.raises(DescriptionError, match="expected"):
            make(n, seed=0)

    @pytest.mark.parametrize("seed", [-1, 0.5, None])
    def test_refuses_a_seed_that_is_none(self, make, seed):
        with pytest.raises(DescriptionError, match="expected"):
            make(5, seed=seed)


def test_mackey_glass_is_integrated_to_fourth_order():
    ends = [mackey_glass(40, seed=1, dt=dt, warm_up=0)[-1] for dt in (0.2, 0.1, 0.05, 0.025)]
    gains = np.diff(ends)[:-1] / np.diff(ends)[1:]
    assert gains == pytest.approx([16, 16], rel=0.01)  # 2^4, and terms of the next order


def test_mackey_glass_satisfies_its_equation():
    dt = 0.1
    x = mackey_glass(2000, seed=2, every=dt)
    slope = (x[:-4] - 8 * x[1:-3] + 8 * x[3:-1] - x[4:]) / (12 * dt)
    past = x[:-172]
    expected = 0.2 * past / (1 + past**10) - 0.1 * x[170:-2]
    # the difference quotient is of fourth order, 0.1^4 times a fifth derivative of at most about one
    np.testing.assert_allclose(slope[168:], expected, atol=1e-4)


def test_mackey_glass_with_the_usual_delay_stays_in_its_known_range():
    x = mackey_glass(5000, seed=1)
    assert 0.2 < x.min() < 0.6 < 1.2 < x.max() < 1.4


def test_mackey_glass_takes_every_so_manieth_value():
    fine = mackey_glass(1000, seed=1, every=0.1)
    assert np.array_equal(mackey_glass(100, seed=1), fine[::10])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"tau": 17.05}, "whole number >= 1 of steps"),
        ({"tau": 0}, "whole number >= 1 of steps"),
        ({"every": np.nan}, "finite"),
        ({"dt": 0}, "> 0"),
        ({"dt": 20.0, "tau": 20.0, "every": 20.0}, "at most 1/gamma"),
        ({"beta": -1}, "beta.*> 0"),
        ({"warm_up": -1}, "whole number >= 0 of steps"),
    ],
)
def test_mackey_glass_says_what_is_wrong(wrong, words):
    with pytest.raises(DescriptionError, match=words):
        mackey_glass(10, **wrong)


def test_narma10_satisfies_its_equation():
    u, target = narma10(300, seed=5)
    for k in range(10, 300):
        y = target[k - 10 : k]  # y(k - 9) .. y(k)
        expected = 0.3 * y[-1] + 0.05 * y[-1] * y.sum() + 1.5 * u[k - 9] * u[k] + 0.1
        assert target[k] == pytest.approx(expected, rel=1e-12)  # the sum is taken in another order


def test_narma10_draws_input_within_its_range():
    u, _ = narma10(3000, seed=1)
    assert 0 <= u.min() < 0.01 < 0.49 < u.max() <= 0.5


def test_narma10_draws_anew_where_y_grows_without_bound(monkeypatch):
    module = importlib.import_module("lsm_sim.datasets.narma10")  # the package's attribute is the function
    inputs = [module.stream(seed, "narma10/input/0").uniform(0, 0.5, 10200).tolist() for seed in range(40)]
    diverging = [seed for seed, u in enumerate(inputs) if module._response(u) is None]
    assert diverging, "expected about two of forty"
    _, target = narma10(10000, seed=diverging[0])
    assert target.max() < 1.5
    monkeypatch.setattr(module, "ATTEMPTS", 1)
    with pytest.raises(DescriptionError, match="inputs diverged; take fewer steps"):
        narma10(10000, seed=diverging[0])


def test_lorenz_is_integrated_to_fourth_order():
    ends = [lorenz(26, seed=1, substeps=steps, warm_up=0)[-1, 0] for steps in (4, 8, 16, 32)]
    gains = np.diff(ends)[:-1] / np.diff(ends)[1:]
    assert gains == pytest.approx([16, 16], rel=0.05)  # 2^4, and terms of the next order


def test_lorenz_satisfies_its_equations():
    dt = 0.001
    x, y, z = lorenz(2000, seed=2, dt=dt, substeps=1).T
    for series, slope in ((x, 10 * (y - x)), (y, x * (28 - z) - y), (z, x * y - 8 / 3 * z)):
        quotient = (series[:-4] - 8 * series[1:-3] + 8 * series[3:-1] - series[4:]) / (12 * dt)
        # the difference quotient is of fourth order, 0.001^4 times a fifth derivative of some 10^7
        np.testing.assert_allclose(quotient, slope[2:-2], atol=1e-4)


def test_lorenz_says_that_its_step_is_too_long():
    with pytest.raises(DescriptionError, match=r"diverges with a step of 0\.5; take more substeps"):
        lorenz(1000, dt=0.5, substeps=1)


def test_templates_without_jitter_are_the_same_spikes_for_the_same_label():
    data = spike_templates(20, templates=3, jitter=0, seed=4)
    for label in range(3):
        rasters = [data.X.raster(b).tobytes() for b in np.flatnonzero(data.y == label)]
        assert len(set(rasters)) == 1
    assert len({data.X.raster(b).tobytes() for b in range(20)}) == 3


def test_jitter_moves_spikes_by_its_standard_deviation():
    quiet = {"templates": 1, "channels": 200, "rate": 5.0, "duration": 1.0, "seed": 1, "dt": 0.0001}
    still, moved = (spike_templates(1, jitter=jitter, **quiet).X for jitter in (0, 0.004))
    counts = [np.bincount(spikes.channel, minlength=200) for spikes in (still, moved)]
    alone = (counts[0] == 1) & (counts[1] == 1)  # there, both spikes are the same one
    times = [
        spikes.times()[alone[spikes.channel]][np.argsort(spikes.channel[alone[spikes.channel]])]
        for spikes in (still, moved)
    ]
    shift = times[1] - times[0]
    assert len(shift) > 3
    assert np.abs(shift).max() < 0.02  # five standard deviations
    assert shift.std() > 0.001


def test_the_rate_of_templates_is_the_one_asked_for():
    spikes = spike_templates(1, channels=400, rate=20.0, duration=1.0, jitter=0, dt=0.0001, seed=2).X
    assert spikes.n_events == pytest.approx(400 * 20, abs=5 * np.sqrt(400 * 20))  # five standard deviations


def test_segments_have_a_label_and_templates_of_their_own():
    data = spike_templates(30, segments=4, jitter=0, seed=1)
    assert data.y.shape == (30, 4)
    rasters = data.X.to_dense().reshape(30, 4, 250, 4)
    for segment in range(4):
        for label in range(2):
            same = rasters[data.y[:, segment] == label, segment]
            assert (same == same[0]).all()


@settings(deadline=None, max_examples=20, derandomize=True)
@given(n=st.integers(1, 6), more=st.integers(1, 6), segments=st.integers(1, 3), seed=st.integers(0, 2**40))
def test_a_sample_does_not_depend_on_how_many_there_are(n, more, segments, seed):
    few, many = (spike_templates(k, segments=segments, seed=seed) for k in (n, n + more))
    assert np.array_equal(few.y, many.y[:n])
    assert np.array_equal(few.X.to_dense(), many.X[:n].to_dense())


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"templates": 0}, "templates"),
        ({"channels": 0}, "channels"),
        ({"rate": 0}, "rate"),
        ({"jitter": -0.001}, "standard deviation >= 0"),
        ({"jitter": np.nan}, "finite"),
        ({"duration": 0.0005}, "whole number >= 1 of steps"),
    ],
)
def test_templates_say_what_is_wrong(wrong, words):
    with pytest.raises(DescriptionError, match=words):
        spike_templates(2, **wrong)


def test_the_laser_pulses_every_seven_and_a_half_samples_in_256_levels():
    x = laser(4000, seed=1)
    assert x.min() == 0
    assert 100 < x.max() <= 255
    assert np.array_equal(x, np.rint(x))
    peaks = np.flatnonzero((x[1:-1] > x[:-2]) & (x[1:-1] >= x[2:]) & (x[1:-1] > 5))
    assert np.diff(peaks).mean() == pytest.approx(7.5, rel=0.03)
    np.testing.assert_array_equal(x, np.rint(laser(4000, seed=1, levels=False) * 255 / 30).clip(0, 255))


def test_the_laser_is_the_squared_field_of_the_equations_of_lorenz_with_its_constants():
    field = lorenz(60, seed=3, dt=0.48, substeps=12, sigma=2.0, rho=15.0, beta=0.25, warm_up=96.0)[:, 0]
    np.testing.assert_array_equal(laser(60, seed=3, levels=False), field**2)


SHAPES = {"cylinder_bell_funnel": cylinder_bell_funnel, "control_charts": control_charts, "two_patterns": two_patterns}


@pytest.mark.parametrize("name", SHAPES)
class TestShapes:
    def test_a_sample_depends_on_its_number_and_the_seed_only(self, name):
        few, many = (SHAPES[name](6, n, seed=2) for n in (6, 30))
        assert np.array_equal(few.X, many.X[:12])
        assert not np.allclose(few.X, SHAPES[name](6, 6, seed=3).X)

    def test_classes_take_turns_in_both_parts(self, name):
        data = SHAPES[name](12, 24, seed=1)
        for part, n in ((data.train, 12), (data.test, 24)):
            assert np.bincount(part.y).tolist() == [n // len(data.classes)] * len(data.classes)

    def test_samples_are_normalised_unless_asked_otherwise(self, name):
        X = SHAPES[name](6, 6, seed=1).X
        np.testing.assert_allclose(X.mean(axis=1), 0, atol=1e-9)
        np.testing.assert_allclose(X.std(axis=1), 1)
        plain = SHAPES[name](6, 6, seed=1, normalised=False).X
        assert not np.allclose(plain.std(axis=1), 1)

    @pytest.mark.parametrize("wrong", [{"n_train": 0}, {"n_test": -1}, {"seed": 0.5}, {"normalised": "yes"}])
    def test_refuses_what_is_no_number(self, name, wrong):
        with pytest.raises(DescriptionError, match=next(iter(wrong))):
            SHAPES[name](**{"n_train": 4, "n_test": 4} | wrong)


def test_a_cylinder_is_flat_a_bell_rises_and_a_funnel_falls():
    data = cylinder_bell_funnel(3, 297, seed=4, normalised=False)
    mean = [data.X[data.y == k, 33:48, 0].mean() for k in range(3)]  # inside every plateau, near its start
    assert mean[1] < mean[0] / 2
    assert mean[2] > mean[1] + 2
    assert mean[0] == pytest.approx(6, abs=0.5)


def test_control_charts_have_their_trends_and_shifts():
    data = control_charts(6, 294, seed=4, normalised=False)
    change = [float((own[:, 45:] - own[:, :15]).mean()) for own in (data.X[data.y == k] for k in range(6))]
    assert abs(change[0]) < 1
    assert abs(change[1]) < 4  # parts of a period
    assert change[2] == pytest.approx(0.35 * 45, abs=2)
    assert change[3] == pytest.approx(-0.35 * 45, abs=2)
    assert change[4] == pytest.approx(13.75, abs=2)
    assert change[5] == pytest.approx(-13.75, abs=2)


def test_two_patterns_are_two_steps_in_the_order_of_the_class():
    data = two_patterns(4, 40, seed=4, normalised=False)
    for x, label in zip(data.X[:, :, 0], data.y, strict=True):
        strong = x[np.abs(x) == 5]
        signs = np.sign(strong)
        turns = signs[np.concatenate([[0], np.flatnonzero(np.diff(signs)) + 1])]
        down = {(-1, 1): 0, (1, -1): 1}
        assert down[tuple(turns[:2])] == int(label >= 2)
        assert down[tuple(turns[-2:])] == label % 2
