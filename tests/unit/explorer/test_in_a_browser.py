"""Every picture of the page, seen and used in Chromium."""

import itertools

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import ms
from tests.browser import CHROMIUM, MISSING, browser
from tests.unit.explorer import small

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason=MISSING)]
# How many pixels of a picture differ from its ground, and a number that changes whenever the picture does.
INK = """(() => { const from = document.querySelector('[data-view="%s"]'), c = Object.assign(document.createElement('canvas'), { width: from.width, height: from.height });
  const two = c.getContext('2d', { willReadFrequently: true }); two.drawImage(from, 0, 0); const d = two.getImageData(0, 0, c.width, c.height).data;
  let n = 0, sum = 0; for (let i = 3; i < d.length; i += 4) if (d[i]) { n++; sum = (sum * 31 + d[i - 3] + 7 * d[i - 2] + 49 * d[i - 1] + i) %% 1000003; }
  return [n, sum]; })()"""
VIEWS = ("signal", "input", "raster", "rates", "membrane", "column", "trajectory", "scores", "bins")


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("profile")) as one:
        yield one


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "page.html"
    small.page().save(path)
    return path


@pytest.fixture
def shown(chromium, path):
    """The page in a window of 1600 pixels, just opened; afterwards nothing was on the console and nothing was requested."""
    chromium.open(path, height=2600)
    yield chromium
    assert chromium.console == []
    assert chromium.requests == [path.as_uri()]


def ink(chromium, view):
    return tuple(chromium.run(INK % view))


def state(chromium, name):
    return chromium.run(f"explorer.store.{name}")


@pytest.mark.parametrize("width", [400, 1600])
@pytest.mark.parametrize("dark", [False, True])
def test_every_picture_is_drawn_and_fits(shown, width, dark):
    shown.look(width, 6000, dark)
    shown.drawn()
    shown.until("!document.querySelector('[data-view=\"bins\"]').closest('section').hidden")
    for view in VIEWS:
        assert ink(shown, view)[0] > 50, view
    assert shown.run("document.documentElement.scrollWidth") <= width
    assert shown.run("document.querySelectorAll('main script, main img, main iframe').length") == 0


def test_text_with_markup_is_shown_as_text(shown):
    assert shown.text("#title") == small.EVIL
    assert small.GROUP in shown.text(".legend")
    shown.run("explorer.change({ neuron: 13 })")
    shown.drawn()
    assert f"Membrane of {small.GROUP}[1]" in shown.text("main")
    assert small.EVIL in shown.text("[data-choice='sample']")
    assert small.EVIL in shown.text("[data-choice='output']")


def test_the_page_says_what_its_pictures_mean(shown):
    text = shown.text("#meaning")
    for words in ("a contribution is not a cause", "a decision that looks reasonable does not show"):
        assert words in " ".join(text.split()).lower()
    assert "raw pixels90.00 %" in shown.text("main")


def test_a_click_in_the_raster_chooses_the_neuron_and_the_time(shown):
    left, top, width, height = shown.box("[data-view='raster']")
    rows = shown.run(f"explorer.frame({width}, {height})")
    x, y = left + rows["x"] + rows["width"] / 2, top + rows["y"] + rows["height"] * (1 - 5.5 / 16)
    before = ink(shown, "membrane")
    shown.click(x, y)
    assert state(shown, "neuron") == 5
    assert state(shown, "time") == 30
    assert "Membrane of exc[5]" in shown.text("main")
    assert ink(shown, "membrane") != before


def test_a_click_on_a_neuron_of_the_column_chooses_it_and_dragging_turns(shown):
    left, top, *_ = shown.box("[data-view='column']")
    x, y = shown.run(
        "(() => { const p = explorer.panes[0].views.find((v) => v.places).places.find((q) => q.n === 3); return [p.x, p.y]; })()"
    )
    shown.click(left + x, top + y)
    chosen = state(shown, "neuron")
    # another neuron can be just in front of it
    where = "explorer.panes[0].views.find((v) => v.places).places.find((q) => q.n === %d)"
    other = shown.run(f"(() => {{ const p = {where % chosen}; return [p.x, p.y]; }})()")
    assert np.hypot(other[0] - x, other[1] - y) < 1e-6
    before = ink(shown, "column")
    shown.drag(left + 30, top + 30, left + 130, top + 60)
    assert ink(shown, "column") != before


def test_scrubbing_moves_the_moment_in_every_picture(shown):
    before = {view: ink(shown, view) for view in VIEWS}
    shown.run(
        "(() => { const s = document.querySelector('.scrub input'); s.value = 20; s.dispatchEvent(new Event('input')); })()"
    )
    shown.drawn()
    assert state(shown, "time") == 20
    assert "0.020 s of 0.060 s" in shown.text("#status")
    for view in VIEWS:
        assert ink(shown, view) != before[view], view


def test_playing_moves_time_until_the_end(shown):
    shown.run("explorer.setTime(0)")
    shown.run("explorer.change({ speed: 0.03 })")
    shown.key(" ")
    assert state(shown, "playing")
    shown.until("explorer.store.time > 5")
    shown.run("explorer.change({ speed: 10 })")
    shown.until("!explorer.store.playing")
    assert state(shown, "time") == 60
    shown.run("document.querySelector('[data-action=play]').click()")
    shown.until("explorer.store.playing && explorer.store.time < 60 || explorer.store.time === 60")
    shown.until("!explorer.store.playing")


def test_the_keyboard_does_it_all(shown):
    shown.key("ArrowLeft")
    assert state(shown, "time") == 59
    shown.key("ArrowLeft", modifiers=8)
    assert state(shown, "time") == 49
    shown.key("ArrowRight")
    assert state(shown, "time") == 50
    neuron = state(shown, "neuron")
    shown.key("ArrowUp" if neuron < 15 else "ArrowDown")
    assert state(shown, "neuron") == (neuron + 1 if neuron < 15 else neuron - 1)
    shown.key("+", text="+")
    assert state(shown, "to") - state(shown, "from") == 30
    shown.key("-", text="-")
    shown.key("+", text="+")
    shown.key("0", text="0")
    assert (state(shown, "from"), state(shown, "to")) == (0, 60)
    orders = [state(shown, "order")]
    for _ in range(4):
        shown.key("o", text="o")
        orders.append(state(shown, "order"))
    assert orders == ["group", "rate", "position", "contribution", "group"]
    shown.key("n", text="n")
    assert state(shown, "choices[0].sample") == 1
    shown.key("n", text="n")
    shown.key("n", text="n")
    assert state(shown, "choices[0].sample") == 0
    shown.key("c", text="c")
    assert state(shown, "compare")
    shown.key("d", text="d")
    assert state(shown, "time") == shown.run(
        "explorer.firstDifference(explorer.runOf(0, 0), explorer.runOf(0, 1)).step"
    )


@pytest.mark.parametrize("order", ["rate", "position", "contribution"])
def test_rows_can_be_ordered(shown, order):
    before = ink(shown, "raster")
    shown.run(f"explorer.change({{ order: '{order}' }})")
    shown.drawn()
    assert ink(shown, "raster") != before
    run, rows = "explorer.runOf(0, 0)", "explorer.rowsOf(explorer.runOf(0, 0)).neuron"
    values = {
        "rate": f"Array.from({rows}, (n) => explorer.spikesOfRun({run}).channel.filter((c) => c === n).length)",
        "contribution": f"Array.from({rows}, (n) => explorer.contributionsOf({run}, explorer.store.output, explorer.store.other, false).neurons[n])",
        "position": f"Array.from({rows}, (n) => explorer.contents.groups.length && n)",
    }
    got = shown.run(values[order])
    assert sorted(got) == got or order == "position"


def test_wheel_and_dragging_zoom_and_move(shown):
    left, top, width, height = shown.box("[data-view='raster']")
    x, y = left + width / 2, top + height / 2
    shown.mouse("mouseWheel", x, y, deltaX=0, deltaY=-300, modifiers=2)
    shown.drawn()
    start, end = state(shown, "from"), state(shown, "to")
    assert 15 < end - start < 30
    shown.drag(x, y, x + 100, y)
    assert state(shown, "from") < start
    assert state(shown, "to") - state(shown, "from") == pytest.approx(end - start)


def test_two_runs_are_compared_and_the_first_difference_is_marked(shown):
    shown.run("document.querySelector('[data-action=compare]').click()")
    shown.drawn()
    assert shown.run("document.querySelectorAll('article.pane').length") == 2
    contents = small.page().contents
    text = shown.text("#difference")
    found = shown.run("explorer.firstDifference(explorer.runOf(0, 0), explorer.runOf(0, 1))")
    model = small.model(group=small.GROUP)
    transformer, _ = model.live_parts()
    stimulus = transformer.encode(small.SIGNALS)[0]
    one = lsm.run(transformer.program_, stimulus).spikes
    other = lsm.run(model.set_params(arithmetic="loihi").live_parts()[0].program(), stimulus).spikes
    model.set_params(arithmetic="float64")
    assert contents["runs"][3]["total"] == other.n_events
    keys = [set(zip(s.step.tolist(), s.channel.tolist(), strict=True)) for s in (one, other)]
    assert (found["step"], found["neuron"]) == min(keys[0] ^ keys[1])
    assert found["left"] == (min(keys[0] ^ keys[1]) in keys[0])
    assert found["common"] == len(keys[0] & keys[1])
    assert f"the step at {found['step'] / 1000:.3f} s" in text
    # two samples can be compared, too
    shown.run("explorer.change({ choices: [{ sample: 0, variant: 0 }, { sample: 1, variant: 0 }] })")
    shown.drawn()
    assert shown.text("#difference") != text
    shown.run("explorer.change({ choices: [{ sample: 0, variant: 0 }, { sample: 0, variant: 0 }] })")
    shown.drawn()
    assert "Choose two different runs" in shown.text("#difference")


def test_equal_runs_are_said_to_be_equal(chromium, tmp_path):
    stimulus = small.ENCODER(small.SIGNALS, 1 * ms)
    lsm.explore(small.liquid(), stimulus, against="reference", samples=[0]).save(tmp_path / "page.html")
    chromium.open(tmp_path / "page.html")
    chromium.key("c", text="c")
    assert "The two runs have the same spikes." in chromium.text("#difference")
    assert chromium.console == []


@pytest.mark.parametrize("other", [-1, 2])
@pytest.mark.parametrize("centred", [False, True])
def test_the_decision_adds_up_in_the_page(shown, other, centred):
    shown.run(f"explorer.change({{ output: 1, other: {other}, centred: {str(centred).lower()} }})")
    shown.drawn()
    sums = shown.run("({ ...document.querySelector('[data-sum]').dataset })")
    scores = small.model(group=small.GROUP).decision_function(small.SIGNALS)[0]
    expected = scores[1] - (scores[other] if other >= 0 else 0)
    for name in ("score", "neurons", "bins"):
        assert float(sums[name]) == pytest.approx(expected, abs=1e-9)


def test_the_story_of_the_decision_is_that_of_the_scores(shown):
    answer = small.model(group=small.GROUP).predict(small.SIGNALS)[0]
    story = shown.text("[data-story]")
    assert story.startswith(f"Answer: {answer}")
    assert ("which is right" in story) == (answer == small.LABELS[0])
    best = shown.run("explorer.scoresOf(explorer.runOf(0, 0)).best")
    changes = sum(a != b for a, b in itertools.pairwise(best))
    assert (f"after {changes} change" in story) == (changes > 0)


def test_what_happens_without_neurons_is_in_the_tables(shown):
    tables = shown.run("Array.from(document.querySelectorAll('table'), (t) => t.innerText)")
    assert "change without it" in tables[0]
    assert "Without several neurons together" in tables[1]
    first = small.page().contents["runs"][0]["ablation"]["neurons"][0]
    shown.run("explorer.change({ neuron: 0 })")
    shown.drawn()
    shown.run(f"document.querySelector('button[data-neuron=\"{first}\"]').click()")
    shown.drawn()
    assert state(shown, "neuron") == first


def test_a_network_without_readout_and_positions_is_shown_with_remarks(chromium, tmp_path):
    program, stimulus = lsm.lower(small.liquid(), 1 * ms), small.ENCODER(small.SIGNALS, 1 * ms)
    lsm.explore(program, stimulus, max_spikes=500).save(tmp_path / "page.html")
    chromium.open(tmp_path / "page.html", height=2600)
    for view in ("input", "raster", "rates", "membrane", "column", "trajectory"):
        assert ink(chromium, view)[0] > 50, view
    text = chromium.text("#remarks")
    for words in ("There is no readout", "no labels", "no signal", "the page holds 500"):
        assert words in text
    assert chromium.run("document.querySelector('[data-view=scores]').closest('section').hidden")
    assert chromium.console == []


def test_many_spikes_are_drawn_as_density(chromium, tmp_path):
    rng = np.random.default_rng(0)
    n, steps = 200, 3000
    stimulus = lsm.Spikes.from_dense(rng.random((steps, n)) < 0.1, 1 * ms)
    neurons = [lsm.Neurons("a", n // 2, tau_m=1 * ms), lsm.Neurons("b", n // 2, tau_m=1 * ms)]
    liquid = lsm.Liquid(
        [lsm.Inputs("x", n // 2), lsm.Inputs("y", n // 2)],
        neurons,
        [lsm.Synapses(one, other, lsm.OneToOne(), weight=9.0) for one, other in (("x", "a"), ("y", "b"))],
    )
    page = lsm.explore(liquid, stimulus)
    page.save(tmp_path / "page.html")
    chromium.open(tmp_path / "page.html", height=2600)
    total = page.contents["runs"][0]["total"]
    assert total > 30_000
    assert f"{total} spikes of {total} in view" in chromium.text("main")
    before = ink(chromium, "raster")
    assert before[0] > 30_000
    chromium.run("explorer.showSteps(1000, 1100)")
    chromium.drawn()
    assert ink(chromium, "raster") != before
    assert chromium.console == []


def test_the_policy_of_the_page_stops_scripts_and_requests_that_are_not_its_own(chromium, path, tmp_path):
    text = path.read_text().replace(
        "<main", '<img src="http://localhost:9/x.png"><script>document.title = "evil"</script><main'
    )
    (tmp_path / "page.html").write_text(text)
    chromium.open(tmp_path / "page.html")
    assert chromium.run("document.title") != "evil"
    assert sum("Content Security Policy" in line for line in chromium.console) == 2
