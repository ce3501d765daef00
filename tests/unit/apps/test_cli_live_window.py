"""The window of ``lsm-sim live --plot``, with matplotlib's backend Agg in place of one with windows."""

import threading
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.backend_bases import CloseEvent
from matplotlib.backends.backend_agg import FigureCanvasAgg

import lsm_sim as lsm
from lsm_sim import Hz, ms
from lsm_sim.apps.cli import live_window
from lsm_sim.apps.cli.app import app
from lsm_sim.apps.cli.live_window import Window
from lsm_sim.live import Answer

pytestmark = pytest.mark.skipif(plt.get_backend().lower() != "agg", reason="needs MPLBACKEND=Agg")


def close():
    """Do what a window does when its user closes it."""
    canvas = plt.gcf().canvas
    canvas.callbacks.process("close_event", CloseEvent("close_event", canvas))


@pytest.fixture
def loop(monkeypatch):
    """Make figures look like windows; ``loop.steps`` are done one by one where a window would respond to its user."""
    state = SimpleNamespace(steps=[], waited=[])
    figure = plt.figure

    def with_window(**words):
        made = figure(**words)
        made.canvas.required_interactive_framework = "stand-in"
        return made

    def start_event_loop(_, timeout=0):
        state.waited.append(timeout)
        assert len(state.waited) < 20, "the window is closed, but is still waited for"
        (state.steps.pop(0) if state.steps else close)()

    monkeypatch.setattr(plt, "figure", with_window)
    monkeypatch.setattr(FigureCanvasAgg, "start_event_loop", start_event_loop)
    monkeypatch.setattr("matplotlib.backend_bases.FigureManagerBase.show", lambda _: None)
    monkeypatch.setattr(live_window, "_PATIENCE", 20.0)
    yield state
    plt.close("all")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    X, y = [np.full((4, 1), 0.2), np.full((6, 1), 0.9)] * 6, ["low", "high"] * 6
    liquid = lsm.Liquid(
        [lsm.Inputs("in", 1)],
        [lsm.Neurons("exc", 20, v_thresh=0.3)],
        [lsm.Synapses("in", "exc", lsm.FixedProbability(0.5), weight=1.0)],
        seed=2,
    )
    path = tmp_path_factory.mktemp("live")
    lsm.LiquidClassifier(liquid, lsm.encode.Rate(200 * Hz, frame=10 * ms)).fit(X, y).save(path / "model.npz")
    np.save(path / "signal.npy", np.linspace(0.2, 0.9, 40)[:, None])
    return path


def spikes(channels, n=20):
    return lsm.Spikes.from_events(np.zeros(len(channels), int), channels, n_steps=10, n_channels=n, dt=1 * ms)


def ended(capsys, *words):
    with pytest.raises(SystemExit) as end:
        app(["live", *map(str, words)], prog_name="lsm-sim")
    return end.value.code or 0, capsys.readouterr().err


@pytest.mark.usefixtures("loop")
def test_scores_and_spikes_are_drawn():
    with live_window.opened_figure() as figure:
        window = Window(figure, 20, ["no", "yes"])
        for k in range(3):
            assert window.add(Answer(0.01 * (k + 1), "yes", [-k, k]), spikes([0, 19]))
        window.draw()
        window.draw()  # nothing new
        assert window.n_drawn == 1
        upper, lower = figure.axes
        assert [line.get_ydata().tolist() for line in upper.get_lines()] == [[0, -1, -2], [0, 1, 2]]
        assert [text.get_text() for text in upper.get_legend().get_texts()] == ["no", "yes"]
        assert upper.get_title() == "0.03 s: yes"
        [image] = lower.get_images()
        expected = np.zeros((20, 3))
        expected[[0, 19]] = 1
        np.testing.assert_array_equal(image.get_array(), expected)
        np.testing.assert_allclose(image.get_extent(), (0, 0.03, 0, 20), atol=1e-12)
        figure.canvas.draw()
        window.add(Answer(0.04, "yes", [0, 3]), spikes([]))
        window.draw()
        assert len(upper.get_lines()[0].get_xdata()) == 4


@pytest.mark.usefixtures("loop")
def test_values_of_a_regressor_are_drawn():
    with live_window.opened_figure() as figure:
        window = Window(figure, 500)
        window.add(Answer(0.1, np.array([1.0, 2.0])), spikes([499], 500))
        window.draw()
        assert [line.get_ydata().tolist() for line in figure.axes[0].get_lines()] == [[1.0], [2.0]]
        assert figure.axes[1].get_images()[0].get_array().shape == (100, 1)


@pytest.mark.usefixtures("loop")
def test_memory_is_bounded_however_long_it_runs():
    with live_window.opened_figure() as figure:
        window = Window(figure, 20)
        for k in range(1000):
            window.add(Answer(k + 1.0, 1.0), spikes([]))
        window.draw()
        assert len(figure.axes[0].get_lines()[0].get_xdata()) == 300


def wait_for_the_worker():
    for thread in threading.enumerate():
        if thread.name == "lsm-sim live":
            thread.join(60)


def test_a_session_draws_at_most_ten_pictures_a_second_and_ends_with_its_window(loop, folder, capsys):
    seen = []
    loop.steps = [wait_for_the_worker, lambda: None, lambda: seen.append(plt.gcf().axes[0].get_title()), close]
    code, err = ended(capsys, folder / "model.npz", folder / "signal.npy", "--no-pace", "--plot")
    assert code == 0, err
    assert seen[0].startswith("0.40 s: ")  # the last frame
    assert len(loop.waited) == 4
    assert set(loop.waited) == {live_window.INTERVAL}
    assert live_window.INTERVAL >= 0.1
    assert not plt.get_fignums()


def test_a_closed_window_ends_a_source_that_goes_on(loop, folder, capsys):
    loop.steps = [close]
    long = np.full((10**6, 1), 0.5)
    np.save(folder / "long.npy", long)
    code, err = ended(capsys, folder / "model.npz", folder / "long.npy", "--plot")  # at its pace: hours
    assert code == 0, err
    assert not [thread for thread in threading.enumerate() if thread.name == "lsm-sim live"]


def test_a_closed_window_does_not_wait_for_a_source_that_stalls(loop, monkeypatch):
    monkeypatch.setattr(live_window, "_PATIENCE", 0.01)
    stalled, begun = threading.Event(), threading.Event()

    def follow(_):
        begun.set()
        stalled.wait(60)

    with live_window.opened_figure() as figure:
        loop.steps = [lambda: begun.wait(20), close]
        Window(figure, 20).run(follow)
    assert begun.is_set()
    stalled.set()


def test_an_error_of_the_session_is_reported_and_the_window_closed(loop, folder, capsys):
    np.save(folder / "nan.npy", np.array([[0.5], [np.nan]]))
    loop.steps = [wait_for_the_worker]
    code, err = ended(capsys, folder / "model.npz", folder / "nan.npy", "--no-pace", "--plot")
    assert code == 2
    assert err.count("\n") == 1
    assert not plt.get_fignums()


def test_without_a_display_one_sentence_says_so(folder, capsys):
    code, err = ended(capsys, folder / "model.npz", folder / "signal.npy", "--plot")
    assert code == 2
    assert err.count("\n") == 1
    assert "--plot: cannot open a window (matplotlib's backend is" in err
    assert "expected a display" in err
    assert not plt.get_fignums()
    assert "omit one" in ended(capsys, folder / "model.npz", folder / "signal.npy", "--plot", "--json")[1]


def test_a_backend_that_cannot_be_loaded_is_one_sentence(folder, capsys, monkeypatch):
    def fail(*_, **__):
        message = "Cannot load backend 'TkAgg' which requires\nthe 'tk' interactive framework"
        raise ImportError(message)

    monkeypatch.setattr(plt, "figure", fail)
    code, err = ended(capsys, folder / "model.npz", folder / "signal.npy", "--plot")
    assert code == 2
    assert err.count("\n") == 1
    assert "TkAgg" in err
