from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import Hz, Uniform, ms
from lsm_sim.errors import DescriptionError

plot: Any = lsm.plot


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def efficacies(ax):
    (bars,) = ax.collections
    return np.array([segment[1, 1] for segment in bars.get_segments()])


def test_efficacy_follows_the_equations():
    ax = plot.synapse(lsm.TsodyksMarkram(0.5, 1.0), [0.0, 0.1])
    second = 0.5 * (1 - 0.5 * np.exp(-0.1))
    np.testing.assert_allclose(efficacies(ax), [0.5, second], rtol=1e-12)
    assert [line.get_label() for line in ax.get_lines()] == ["resources r"]


def test_facilitation_is_drawn_where_there_is_any():
    ax = plot.synapse(lsm.TsodyksMarkram(0.1, None, 1.0), [0.0, 0.1, 0.2], unit="s")
    x = 0.1 * np.exp(-0.1) * 0.9 + 0.1
    np.testing.assert_allclose(efficacies(ax)[:2], [0.1, x], rtol=1e-12)
    assert ax.get_xlabel() == "Time (s)"
    assert [line.get_label() for line in ax.get_lines()] == ["resources r", "facilitation f"]


def test_a_rate_gives_a_train_and_a_spike_after_a_pause():
    (bars,) = plot.synapse(lsm.TsodyksMarkram(0.5, 0.8), 50 * Hz).collections
    times = [segment[0, 0] for segment in bars.get_segments()]
    np.testing.assert_allclose(times, [*np.arange(0, 200, 20), 180 + 500])


def test_synapses_sources_and_distributions():
    stp = lsm.TsodyksMarkram([0.2, 0.4], Uniform(0.5, 1.5))
    synapses = lsm.Synapses("in", "exc", lsm.AllToAll(), stp=stp)
    both = [efficacies(plot.synapse(synapses, [0.0, 0.1], source=source)) for source in (0, 1)]
    assert [one[0] for one in both] == [0.2, 0.4]
    np.testing.assert_allclose(both[0][1], 0.2 * (1 - 0.2 * np.exp(-0.1)), rtol=1e-2)  # the median is that of a sample


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((lsm.Synapses("a", "b", lsm.AllToAll()),), "synapse a -> b: got static synapses"),
        ((0.5,), "synapse: got float, expected TsodyksMarkram"),
        ((lsm.TsodyksMarkram(0.5), [0.2, 0.1]), "expected a rate, or 1 to 100000 ascending times >= 0"),
        ((lsm.TsodyksMarkram(0.5), -1), "synapse spikes: got -1, expected a number > 0"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(arguments, message):
    with pytest.raises(DescriptionError, match=message):
        plot.synapse(*arguments)


def test_a_source_must_exist():
    with pytest.raises(DescriptionError, match=r"synapse source: got 2, expected 0\.\.1"):
        plot.synapse(lsm.TsodyksMarkram([0.1, 0.2]), source=2)


def adapting(*variables, backend="reference"):
    liquid = lsm.Liquid(
        [lsm.Inputs("in", 1)],
        [lsm.Neurons("n", 2, i_bias=[80.0, 100.0], tau_adapt=100 * ms, adapt_step=0.3, v_reset=-0.2)],
    )
    quiet = lsm.Spikes.from_dense(np.zeros((1, 100, 1)), 1 * ms)
    return lsm.run(liquid, quiet, backend=backend, record={"n": list(variables)})


def test_the_threshold_moves_where_w_was_recorded():
    result = adapting("v", "w")
    v, w = result.v["n"], result.traces["w"]["n"]
    assert isinstance(v.threshold, tuple)
    np.testing.assert_allclose(v.threshold[0], 1 + w.values[0])  # v_thresh is 1, whatever v_reset is
    lines = [line for line in plot.traces(result).get_lines() if line.get_label() == "threshold"]
    np.testing.assert_allclose(lines[0].get_ydata(), 1 + w.values[0][:, 0])
    assert adapting("v").v["n"].threshold.tolist() == [1, 1]


@pytest.mark.parametrize("variables", [("v", "w"), ("v",)])
def test_v_never_falls_before_its_reset(variables):
    result = adapting(*variables)
    path, *_ = (line for line in plot.traces(result, neurons=[0]).get_lines() if line.get_label() != "threshold")
    times, values = path.get_xdata(), path.get_ydata()
    falls = np.flatnonzero(np.diff(values) < 0)
    assert (times[falls] == times[falls + 1]).all()  # only at once, at the reset
    (bars,) = plot.traces(result, neurons=[0]).collections
    assert len(bars.get_segments()) == result.spikes["n"].counts()[0, 0, 0] > 1


def test_weights_of_all_blocks_are_drawn():
    liquid = lsm.Liquid(
        [lsm.Inputs("in", 2)],
        [lsm.Neurons("n", 3)],
        [lsm.Synapses("in", "n", lsm.AllToAll(), weight=0.5, stp=lsm.TsodyksMarkram(0.5, 1.0))],
    )
    ax = plot.weights(lsm.lower(liquid, 1 * ms))
    image = ax.collections[0] if ax.collections else ax.images[0]
    np.testing.assert_allclose(image.get_array().compressed(), 0.5, rtol=1e-4)  # of 16 bits
