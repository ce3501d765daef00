"""Address events as tonic has them: to arrays and back, equal."""

import dataclasses

import numpy as np
import pytest

from lsm_sim import Spikes
from lsm_sim.errors import DescriptionError

TONIC = np.dtype(
    [("x", np.int16), ("y", np.int16), ("t", np.int64), ("p", bool)]
)  # tonic 1.7.0, tonic/io.py: events_struct
WITHOUT_Y = np.dtype([("t", int), ("x", int), ("p", int)])  # tonic 1.7.0, tonic/datasets/hsd.py: spoken digits
SIZE = (3, 2, 2)


def made(rows, dtype=TONIC):
    return np.array(rows, dtype)


@pytest.mark.parametrize("dt", [1e-3, 1e-6, 1.5e-6, 1 / 3000, 1e-4, 1 / 8000, 0.7])
@pytest.mark.parametrize("seed", range(5))
def test_there_and_back_gives_equal_spikes(seed, dt):
    rng = np.random.default_rng(seed)
    spikes = Spikes.from_dense([rng.random((t, 12)) < 0.2 for t in rng.integers(1, 50, 3)], dt)
    again = Spikes.from_aer(spikes.to_aer(SIZE), sensor_size=SIZE, dt=dt, duration=spikes.durations)
    assert again == spikes


@pytest.mark.parametrize("dt", [1e-6, 1e-3, 1 / 3000, 1.1e-6])
def test_after_many_million_steps_too(dt):
    steps = np.sort(np.random.default_rng(3).choice(2**31 - 2, 5000, replace=False))
    spikes = Spikes.from_events(steps, np.zeros(5000, int), n_steps=2**31 - 1, n_channels=1, dt=dt)
    again = Spikes.from_aer(spikes.to_aer((1, 1, 1)), sensor_size=(1, 1, 1), dt=dt, duration=spikes.durations)
    assert again == spikes


def test_arrays_have_the_fields_of_tonic_in_order_of_time():
    spikes = Spikes.from_events([0, 1, 5], [7, 11, 0], n_steps=9, n_channels=12, dt=1e-3)
    (events,) = spikes.to_aer(SIZE)
    assert events.dtype == TONIC
    assert events.tolist() == [(1, 0, 0, True), (2, 1, 1000, True), (0, 0, 5000, False)]


def test_channels_are_those_of_a_flattened_frame_of_tonic():
    """A frame of tonic has shape (p, y, x): tonic/functional/to_frame.py, np.zeros((len(event_slices), *sensor_size[::-1]))."""
    spikes = Spikes.from_aer(made([(2, 1, 0, 0), (0, 1, 0, 1)]), sensor_size=SIZE, dt=1e-3)
    frame = spikes.raster()[0].reshape(SIZE[::-1])
    assert np.argwhere(frame).tolist() == [[0, 1, 2], [1, 1, 0]]


def test_the_time_is_the_first_microsecond_of_the_step():
    spikes = Spikes.from_events([0, 1, 2, 3], [0] * 4, n_steps=4, n_channels=1, dt=1 / 3000)
    assert spikes.to_aer((1, 1, 1))[0]["t"].tolist() == [0, 334, 667, 1000]


def test_wider_fields_only_where_the_sensor_needs_them():
    spikes = Spikes.from_events([0], [40_000], n_steps=1, n_channels=120_000, dt=1e-3)
    (events,) = spikes.to_aer((40_000, 1, 3))
    assert [events.dtype[name] for name in "xytp"] == [np.int32, np.int16, np.int64, np.int16]
    assert Spikes.from_aer(events, sensor_size=(40_000, 1, 3), dt=1e-3) == spikes


def test_events_in_any_order_without_y():
    events = made([(2500, 3, 0), (100, 699, 0)], WITHOUT_Y)
    spikes = Spikes.from_aer([events, events[:0]], sensor_size=(700, 1, 1), dt=1e-3)
    assert (spikes.step.tolist(), spikes.channel.tolist(), spikes.n_steps.tolist()) == ([0, 2], [699, 3], [3, 1])


def test_several_events_in_one_step():
    events = made([(0, 0, 100, 0), (0, 0, 900, 0), (1, 0, 2000, 0)])
    form = {"sensor_size": SIZE, "dt": 1e-3}
    with pytest.raises(
        DescriptionError, match="sample 0 has two events of channel 0 in step 0; use a smaller dt, repeats="
    ):
        Spikes.from_aer(events, **form)
    one = Spikes.from_aer(events, **form, repeats="one")
    assert (one.step.tolist(), one.channel.tolist(), one.payload) == ([0, 2], [0, 1], None)
    assert Spikes.from_aer(events, **form, repeats="payload").payload.tolist() == [2, 1]
    assert Spikes.from_aer(events, sensor_size=SIZE, dt=1e-4).n_events == 3


@pytest.mark.parametrize(
    ("events", "options", "message"),
    [
        (made([(3, 0, 0, 0)]), {}, "sample 0 x: got 3, expected 0..2 as sensor_size says"),
        (made([(0, 0, 0)], WITHOUT_Y), {}, "got fields t, x, p, expected a structured array with fields x, y, t, p"),
        (np.zeros((3, 4)), {}, "got ndarray, expected a structured array with fields x, y, t, p"),
        (made([[(0, 0, 0, 0)]]), {}, r"got shape \(1, 1\), expected \(events,\)"),
        (
            made([(0, 0, 0, 0)]),
            {"sensor_size": (3, 2)},
            r"sensor_size: got \(3, 2\), expected \(width, height, polarities\)",
        ),
        (made([(0, 0, 9999, 0)]), {"duration": 5e-3}, "step: got 9 in sample 0, expected 0..4"),
        (made([(0, 0, -9999, 0)]), {}, "step: got -10 in sample 0"),
    ],
)
def test_errors_say_what_is_wrong(events, options, message):
    with pytest.raises(DescriptionError, match=message):
        Spikes.from_aer(events, **{"sensor_size": SIZE, "dt": 1e-3} | options)


def test_what_address_events_cannot_carry_is_an_error():
    spikes = Spikes.from_dense(np.eye(12), 1e-3)
    with pytest.raises(DescriptionError, match="events with payloads, which address events cannot carry"):
        dataclasses.replace(spikes, payload=np.arange(12)).to_aer(SIZE)
    with pytest.raises(DescriptionError, match="got dt 1e-07 s, expected at least 1 us"):
        dataclasses.replace(spikes, dt=1e-7).to_aer(SIZE)
    with pytest.raises(DescriptionError, match=r"got 12 channels and sensor_size .* height . polarities, 6"):
        spikes.to_aer((3, 2, 1))
