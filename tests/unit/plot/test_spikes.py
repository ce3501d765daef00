import dataclasses
from itertools import pairwise
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

import lsm_sim as lsm
from lsm_sim import DescriptionError, Spikes, ms
from lsm_sim.backend import Outcome
from lsm_sim.engine.reference import Reference

raster: Any = lsm.plot.raster
rates: Any = lsm.plot.rates
traces: Any = lsm.plot.traces


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def two_groups(n=20, steps=200, p=0.05, seed=3, samples=1):
    dense = np.random.default_rng(seed).random((samples, steps, n)) < p
    groups = {"exc": range(15), "inh": range(15, n)}
    return dataclasses.replace(Spikes.from_dense(dense, 1 * ms), groups=groups)


def drawn(ax, name):
    """Return the points drawn under this name, shape (points, 2)."""
    return next(line for line in ax.lines if line.get_label() == name).get_xydata()


def test_every_spike_of_the_sample_is_one_mark_of_its_group():
    spikes = two_groups(samples=3)
    ax = raster(spikes, sample=2)
    for name, members in spikes.groups.items():
        mine = (spikes.sample == 2) & np.isin(spikes.channel, members)
        expected = np.column_stack([spikes.times()[mine] * 1000.0, spikes.channel[mine]])
        assert np.array_equal(drawn(ax, name), expected)
    assert ax.get_xlim() == (0, 200)
    assert ax.get_ylim() == (-0.5, 19.5)


def test_groups_have_different_colours_and_a_legend():
    ax = raster(two_groups())
    assert [to_hex(line.get_color()).upper() for line in ax.lines] == ["#0072B2", "#D55E00"]
    assert [text.get_text() for text in ax.get_legend().texts] == ["exc", "inh"]


def test_colours_can_be_chosen_by_group():
    ax = raster(two_groups(), colours={"inh": "black"})
    assert [to_hex(line.get_color()).upper() for line in ax.lines] == ["#0072B2", "#000000"]


def test_channels_outside_every_group_are_drawn_too():
    spikes = dataclasses.replace(two_groups(p=1.0, steps=5), groups={"exc": range(15)})
    assert set(drawn(raster(spikes), "other")[:, 1]) == set(range(15, 20))


def test_rates_are_spikes_per_neuron_and_second_in_each_bin():
    spikes = two_groups(steps=100)
    ax = rates(spikes, bin_width=30 * ms)
    edges = np.array([0, 30, 60, 90, 100])  # the last bin is shorter
    for patch, (name, members) in zip(ax.patches, spikes.groups.items(), strict=True):
        counts = [spikes.raster()[a:b, members].sum() for a, b in pairwise(edges)]
        assert patch.get_label() == name
        assert np.array_equal(patch.get_data().values, counts / (np.diff(edges) * 0.001 * len(members)))
        assert np.array_equal(patch.get_data().edges, edges * 0.001 * 1000.0)


def test_the_histogram_beneath_is_that_of_rates_on_the_same_time_axis():
    spikes = two_groups()
    ax = raster(spikes)
    below, alone = ax.figure.axes[-1], rates(spikes)
    assert below.get_shared_x_axes().joined(ax, below)
    assert below.get_ylabel() == "Rate (Hz)"
    for mine, other in zip(below.patches, alone.patches, strict=True):
        assert np.array_equal(mine.get_data().values, other.get_data().values)


def test_without_histogram_there_is_one_panel_with_a_time_axis():
    ax = raster(two_groups(), histogram=False)
    assert ax.figure.axes == [ax]
    assert ax.get_xlabel() == "Time (ms)"


def test_long_samples_are_drawn_in_seconds():
    ax = raster(two_groups(steps=3000))
    assert ax.get_xlim() == (0, 3.0)
    assert ax.figure.axes[-1].get_xlabel() == "Time (s)"


@pytest.mark.parametrize("place", ["grid", "free", "subfigure"])
def test_given_axes_share_their_space_with_the_histogram(place):
    figure = plt.figure()
    if place == "subfigure":
        figure = figure.subfigures(1, 2)[1]
    ax = figure.add_axes([0.2, 0.2, 0.6, 0.6]) if place == "free" else figure.add_subplot(1, 2, 2)
    before = ax.get_position()
    assert raster(two_groups(), ax=ax) is ax
    ax.get_figure(root=True).draw_without_rendering()
    upper, below = ax.get_position(), ax.figure.axes[-1].get_position()
    assert below.y1 < upper.y0
    assert below.x0 == upper.x0 == before.x0
    assert below.y0 >= before.y0 - 1e-12  # sums of box edges
    assert upper.y1 == pytest.approx(before.y1)


def test_marks_shrink_with_the_number_of_neurons_and_many_are_stored_as_pixels():
    def mark(n, p):
        return raster(Spikes.from_dense(np.random.default_rng(0).random((300, n)) < p, 1 * ms)).lines[0]

    few, many = mark(10, 0.02), mark(3000, 0.02)
    assert few.get_marker() == "|"
    assert many.get_marker() == "o"
    assert few.get_markersize() > 3 * many.get_markersize()
    assert not few.get_rasterized()
    assert many.get_rasterized()


def test_silence_is_drawn_with_a_note():
    ax = raster(two_groups(p=0.0))
    assert [text.get_text() for text in ax.texts] == ["no spikes"]
    assert ax.figure.axes[-1].get_ylim() == (0, 1)


def test_settings_of_matplotlib_stay_as_they_are():
    before = dict(mpl.rcParams)
    raster(two_groups()).figure.draw_without_rendering()
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: raster(s, sample=1), r"sample: got 1, expected 0\.\.0"),
        (lambda s: raster(s, sample=-1), "whole number >= 0"),
        (lambda s: raster(s[[]]), "expected at least one sample"),
        (lambda s: raster(s.raster()), "got ndarray, expected Spikes"),
        (lambda s: raster(Spikes.from_dense(s.raster()[:, :0], s.dt)), "zero neurons"),
        (lambda s: raster(s, colours={"glia": "red"}), "no group 'glia'; known: exc, inh"),
        (lambda s: rates(s, bin_width=0), "bin_width: got 0"),
        (lambda s: raster(s, ax=plt.figure()), "ax: got Figure"),
        (lambda s: raster(s, ax=plt.figure().add_subplot(projection="3d")), "expected flat ones"),
    ],
)
def test_bad_input_is_answered_in_a_sentence(call, message):
    with pytest.raises(DescriptionError, match=message):
        call(two_groups())


def driven():
    """Return the run of three neurons in units of mV, one of them driven over its threshold."""
    neurons = lsm.Neurons(
        "exc",
        3,
        v_rest=-70.0,
        v_reset=-65.0,
        v_thresh=np.array([-50.0, -50.0, -49.0]),
        i_bias=np.array([0.0, 1500.0, 0.0]),
        t_ref=3 * ms,
    )
    liquid = lsm.Liquid([lsm.Inputs("in", 1)], [neurons])
    silent = Spikes.from_dense(np.zeros((100, 1), bool), 1 * ms)
    return lsm.run(liquid, silent, backend=Reference(), record={"exc": ["u", "v"]})


def lanes(ax):
    return [line for line in ax.lines if line.get_label() != "threshold"]


def test_a_trace_is_the_recorded_one_with_the_threshold_before_each_reset():
    result = driven()
    assert result.spikes.counts()[0, 0].tolist()[1] > 1
    ax = traces(result, "exc", neurons=[1])
    times, values = result.v["exc"].times[0] * 1000.0, result.v["exc"].values[0][:, 1]
    spiked = values == -65.0
    spiked &= np.isin(np.arange(100), result.spikes.step)
    data = lanes(ax)[0].get_xydata()
    assert np.array_equal(data[data[:, 1] != -50.0], np.column_stack([times, values]))
    assert np.array_equal(data[data[:, 1] == -50.0][:, 0], times[spiked])


def test_spikes_stand_on_the_threshold_at_their_times():
    result = driven()
    ax = traces(result, neurons=[1])
    threshold = next(line for line in ax.lines if line.get_label() == "threshold")
    assert set(threshold.get_ydata()) == {-50.0}
    segments = np.array(ax.collections[0].get_segments())
    assert np.array_equal(segments[:, 0, 0], (result.spikes.step + 1) * 0.001 * 1000.0)
    assert set(segments[:, 0, 1]) == {-50.0}
    assert (segments[:, 1, 1] > -50.0).all()


def test_lanes_are_shifted_alike_and_labelled_with_true_values():
    result = driven()
    ax = traces(result, "exc")
    values = result.v["exc"].values[0]
    first, _, third = (line.get_ydata() for line in lanes(ax))
    assert np.array_equal(first, values[:, 0])
    shift = third[0] - values[0, 2]
    # adding the shift rounds
    np.testing.assert_allclose(third, values[:, 2] + shift, rtol=0, atol=1e-12 * abs(shift))
    ax.figure.draw_without_rendering()
    ticks = [text.get_text() for text in ax.get_yticklabels()]
    assert ticks[: len(ticks) // 3] * 3 == ticks
    assert [text.get_text() for text in ax.texts] == ["exc 0", "exc 1", "exc 2"]
    per_lane = len(ticks) // 3
    tick = float(ticks[0].replace("\N{MINUS SIGN}", "-"))
    assert ax.get_yticks()[::per_lane] == pytest.approx([tick, tick + shift / 2, tick + shift])


def test_u_is_drawn_without_threshold():
    ax = traces(driven(), variable="u")
    assert len(ax.lines) == 3
    assert not ax.collections


def test_traces_without_spikes_recorded_show_the_threshold_only():
    ax = traces(dataclasses.replace(driven(), outcome=Outcome()), neurons=[1])
    assert not np.array(ax.collections[0].get_segments()).size


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r: traces(r, "inh"), "no v of a group 'inh' was recorded; known: exc"),
        (lambda r: traces(r, neurons=[7]), r"got neurons \[7\], expected a list of recorded ones: \[0, 1, 2\]"),
        (lambda r: traces(r, neurons=[]), r"got neurons \[\]"),
        (lambda r: traces(r, sample=4), "sample: got 4"),
        (lambda r: traces(r, variable="w"), "expected 'v' or 'u'"),
        (lambda r: traces(r.spikes), "got Spikes, expected the Result"),
        (lambda r: traces(dataclasses.replace(r, traces={})), "nothing was recorded; run with record="),
        (lambda r: traces(_without_neurons(r)), "zero neurons were recorded"),
    ],
)
def test_bad_requests_for_traces_are_answered_in_a_sentence(call, message):
    with pytest.raises(DescriptionError, match=message):
        call(driven())


def _without_neurons(result):
    none = dataclasses.replace(result.v["exc"], neurons=np.empty(0, int))
    return dataclasses.replace(result, traces={"v": {"exc": none}})
