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


@pytest.mark.parametrize("steps", [5, 200, 3000])
def test_the_unit_of_time_depends_on_the_argument_only(steps):
    spikes = two_groups(steps=steps)
    for options, limit in (({}, steps), ({"unit": "ms"}, steps), ({"unit": "s"}, steps / 1000)):
        for ax in (raster(spikes, **options), rates(spikes, **options)):
            assert ax.get_xlim() == (0, limit)
            assert ax.figure.axes[-1].get_xlabel() == f"Time ({options.get('unit', 'ms')})"
    result = driven()
    assert traces(result).get_xlim() == pytest.approx((0, 100))
    assert traces(result, unit="s").get_xlim() == pytest.approx((0, 0.1))
    assert traces(result, unit="s").get_xlabel() == "Time (s)"


@pytest.mark.parametrize("unit", ["ms", "s"])
def test_a_part_of_the_sample_is_drawn_at_its_own_times(unit):
    spikes, factor = two_groups(samples=2), {"ms": 1000.0, "s": 1.0}[unit]
    ax = raster(spikes, 1, xlim=(50 * ms, 120 * ms), unit=unit, bin_width=10 * ms)
    for name, members in spikes.groups.items():
        mine = (spikes.sample == 1) & np.isin(spikes.channel, members) & (spikes.step >= 50) & (spikes.step < 120)
        assert np.array_equal(drawn(ax, name), np.column_stack([spikes.times()[mine] * factor, spikes.channel[mine]]))
    assert ax.get_xlim() == (0.05 * factor, 0.12 * factor)
    below = ax.figure.axes[-1]
    whole = rates(spikes, 1, bin_width=10 * ms, unit=unit)
    for mine, other in zip(below.patches, whole.patches, strict=True):
        assert np.array_equal(mine.get_data().values, other.get_data().values[5:12])
        assert np.array_equal(mine.get_data().edges, other.get_data().edges[5:13])


def test_limits_may_lie_outside_of_the_sample():
    ax = raster(two_groups(), xlim=(-50 * ms, 500 * ms))
    assert ax.get_xlim() == (-50, 500)
    assert sum(len(line.get_xdata()) for line in ax.lines) == two_groups().n_events


def many_spikes():
    return two_groups(steps=20_000, p=0.3)


def test_many_spikes_that_overlap_become_an_image():
    spikes = many_spikes()
    ax = raster(spikes)
    assert not ax.lines
    assert [image.get_label() for image in ax.images] == ["exc", "inh"]
    assert [image.get_extent() for image in ax.images] == [[0, 20_000, -0.5, 14.5], [0, 20_000, 14.5, 19.5]]
    assert ax.get_xlim() == (0, 20_000)
    assert ax.get_ylim() == (-0.5, 19.5)
    assert not raster(two_groups()).images
    assert not raster(spikes, density=False).images
    assert not raster(spikes, xlim=(0, 1)).images
    assert raster(two_groups(), density=True).images
    assert not raster(two_groups(p=0), density=True).images


def test_the_colour_of_a_cell_grows_with_its_spikes_and_no_spike_is_lost():
    spikes = many_spikes()
    for image, members in zip(raster(spikes).images, spikes.groups.values(), strict=True):
        alpha = np.asarray(image.get_array())[..., 3]
        n_columns = alpha.shape[1]
        count = np.zeros((len(members), n_columns))
        mine = np.isin(spikes.channel, members)
        row, column = spikes.channel[mine] - members.start, spikes.step[mine] * n_columns // 20_000
        np.add.at(count, (row, column), 1)
        assert alpha.shape == count.shape
        assert ((alpha > 0) == (count > 0)).all()
        assert (np.diff(alpha.ravel()[np.argsort(count, axis=None)]) >= 0).all()


def test_channels_outside_every_group_are_in_the_image_too():
    spikes = dataclasses.replace(many_spikes(), groups={"exc": range(5, 15)})
    ax = raster(spikes)
    image = next(image for image in ax.images if image.get_label() == "other")
    assert image.get_extent() == [0, 20_000, -0.5, 19.5]
    filled = (np.asarray(image.get_array())[..., 3] > 0).any(axis=1)
    assert filled.tolist() == [True] * 5 + [False] * 10 + [True] * 5


def test_the_label_of_u_fits_beside_the_axis():
    for neurons in ([0], [0, 1], None):
        ax = traces(driven(), neurons=neurons, variable="u")
        ax.figure.draw_without_rendering()
        label, axis = ax.yaxis.label.get_window_extent(), ax.get_window_extent()
        assert axis.y0 - 0.1 * axis.height <= label.y0
        assert label.y1 <= ax.figure.bbox.y1
        assert label.height <= 1.1 * axis.height


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
        (lambda s: raster(s, unit="min"), "unit: got 'min', expected 'ms' or 's'"),
        (
            lambda s: raster(s, xlim=(100, 150)),
            "got 100 to 150 s, but the sample lasts from 0 to 0.2 s; xlim is in seconds",
        ),
        (lambda s: raster(s, xlim=(0.1, 0.1)), "expected two times in seconds, the earlier one first"),
        (lambda s: rates(s, xlim=0.1), "xlim: got 0.1, expected two times"),
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
