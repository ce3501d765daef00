"""The report as text, as JSON and as a page."""

import base64
import io
import json
import pickle
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser

import matplotlib.pyplot as plt
import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim.deploy.costs import costs, measure
from lsm_sim.deploy.report import DeploymentReport, ProgramFacts
from lsm_sim.deploy.report.drawing import PALETTE, core_grid, traffic_map
from lsm_sim.deploy.report.raster import HEIGHT, WIDTH, raster_image
from lsm_sim.deploy.report.record import as_plain
from lsm_sim.errors import DescriptionError
from tests.unit.deploy.core_maps import chip, core_map
from tests.unit.deploy.networks import CORE, by_hand, stimulus

EVIL = "<script>alert(\"1\")</script> & 'x'"


@pytest.fixture(scope="module")
def cpu():
    from lsm_sim.deploy.costs import measure_cpu

    return measure_cpu(by_hand(), stimulus(), seconds=1e-3)


def made(name="loihi2", core=CORE, program=None, cpu=None, **changes):
    """Return a report with everything in it; ``changes`` replace some fields."""
    program = by_hand() if program is None else program
    activity = measure(program, stimulus(), core)
    own = chip(name)  # of the same size, whatever its name
    spikes = lsm.run(program, stimulus()).spikes
    fields = {
        "title": "Spoken digits",
        "program": ProgramFacts.of(program),
        "core_map": core_map(program, core, own),
        "activity": activity,
        "costs": costs(activity, own, cpu=cpu),
        "accuracy": [("test", 0.97, 0.965), ("five folds", 0.9, None)],
        "readout": [("kind", "integrators"), ("scale", 12.5, "the largest that holds")],
        "headroom": {"a": 3.0, "v": 1.25, "w": np.inf},
        "rasters": (spikes, spikes),
    }
    return DeploymentReport(**(fields | changes))


def quantised():
    """Return a program in integers and its report."""
    liquid = lsm.Liquid(
        [lsm.Inputs("in", 2)],
        [lsm.Neurons("exc", 8)],
        [
            lsm.Synapses("in", "exc", lsm.AllToAll(), weight=20.0),
            lsm.Synapses("exc", "exc", lsm.AllToAll(), weight=1.0),
        ],
        seed=1,
    )
    return lsm.quantise(lsm.lower(liquid, 1e-3), stimulus())


class Page(HTMLParser):
    """Checks that tags are closed in order, and keeps attributes and text."""

    VOID = ("meta", "link", "img", "br")

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.texts = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


@pytest.mark.parametrize("name", ["loihi1", "loihi2", "mine"])
def test_the_page_is_whole_and_needs_nothing_else(name, cpu):
    text = made(name, cpu=cpu, quantisation=quantised().report).to_html()
    page = Page(text)
    assert not {"script", "iframe", "object", "embed", "base", "form"} & set(page.tags)
    links = [
        value for key, value in page.attributes if key in ("src", "href", "action", "srcset", "data", "xlink:href")
    ]
    assert links
    assert all(value.startswith("data:") for value in links)
    assert not re.search(r"url\(|@import|https?:|//[a-z]", text)
    assert not [key for key, _ in page.attributes if key.startswith("on")]
    assert len(text.encode()) < 3e6
    assert "default-src 'none'" in text


def test_text_of_the_user_is_escaped():
    program = by_hand(neuron_groups={EVIL: range(3)}, input_groups={EVIL: range(2)})
    report = made(
        program=program, title=EVIL, accuracy=[(EVIL, 0.5, 0.5)], readout=[(EVIL, EVIL, EVIL)], headroom={EVIL: 2}
    )
    page = Page(report.to_html())
    assert "script" not in page.tags
    assert sum(EVIL in text for text in page.texts) >= 8
    assert EVIL in str(report)
    assert json.loads(json.dumps(report.to_dict()))["title"] == EVIL


def test_names_from_the_map_are_escaped():
    report = made()
    limits = {key: replace(one, name=EVIL, source=EVIL) for key, one in report.core_map.chip.limits.items()}
    evil = replace(report.core_map.chip, title=EVIL, limits=limits)
    uses = tuple(replace(use, words={EVIL: 7}) for use in report.core_map.uses)
    other = replace(report, core_map=replace(report.core_map, chip=evil, uses=uses, method=EVIL))
    page = Page(other.to_html())
    assert "script" not in page.tags


@pytest.mark.parametrize("name", ["loihi1", "loihi2", "mine"])
def test_the_dict_is_json_without_infinities(name, cpu):
    report = made(name, cpu=cpu, quantisation=quantised().report)
    plain = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert plain["headroom"] == {"a": 3.0, "v": 1.25, "w": None}
    assert plain["accuracy"][1] == {"name": "five folds", "model": 0.9, "deployed": None}
    assert plain["activity"]["spikes"] == [4, 0]
    assert plain["program"]["digest"] == by_hand().digest
    assert (plain["costs"]["energy"] is None) == (name != "loihi1")
    assert plain["core_map"]["n_cores"] == 2


def test_the_text_has_the_summary_and_every_table(cpu):
    text = str(made("loihi1", cpu=cpu, quantisation=quantised().report))
    for words in (
        "on 2 of 120 cores of Loihi 2; tightest limit: neurons, 2 of 400 in core 0 (trust D); a compiler",
        "model 97.00 %, deployed 96.50 %, -0.50 points",
        "dynamic 0.81 to 1.5 nJ per sample (estimates); static, not included: 420 µJ at 1.0 ms a step",
        "Davies et al., IEEE Micro 38(1), 2018, Table 2",
        "Nothing in this report was measured on a chip",
        "not readable here",
        "1000 times as efficient as a GPU",
        "correlation of spike counts",
        "the largest that holds",
    ):
        assert words in text
    assert text.splitlines() == [line.rstrip() for line in text.splitlines()]


def test_loihi_2_says_that_energy_is_not_published():
    report = made("loihi2")
    for text in (str(report), report.to_html(), json.dumps(report.to_dict())):
        assert "energy per operation not published" in text
        assert "23.6" not in text


def test_a_report_with_nothing_optional():
    report = made("mine", accuracy=(), readout=(), headroom={}, rasters=None)
    Page(report.to_html())
    assert "Accuracy" not in str(report)
    assert "not measured" in str(report)


def test_one_core_and_samples_without_spikes():
    silent = lsm.Spikes.from_events([], [], n_steps=[4, 2], n_channels=2, dt=1e-3)
    activity = measure(by_hand(), silent)
    none = lsm.Spikes.from_events([], [], n_steps=[4], n_channels=3, dt=1e-3)
    for name in ("loihi1", "loihi2"):
        report = made(name, core=np.zeros(3, int), activity=activity, costs=costs(activity, name), rasters=(none, none))
        assert "no message leaves it" in report.to_html()
        json.dumps(report.to_dict(), allow_nan=False)
        str(report)


def test_many_cores_are_added_up():
    n = 130
    program = by_hand(
        n_neurons=n,
        indptr=np.minimum(np.arange(n + 3), n),
        post=np.arange(n),
        weight=np.ones(n),
        delay=np.zeros(n, int),
        threshold=np.full(n, 0.5),
        bias=np.zeros(n),
        refractory=np.zeros(n, int),
        decay_u=np.zeros(n),
        decay_v=np.zeros(n),
        neuron_groups={"exc": range(n)},
    )
    report = made("loihi1", core=np.arange(n), program=program)
    text = report.to_html()
    Page(text)
    assert "mean of 90" in text
    assert "90 more, sum" in str(report)
    assert "on 130 of 240 cores" in str(report)
    assert text.count("core 39<") == 1
    assert "core 40<" not in text


def test_a_limit_that_is_almost_reached_is_not_full():
    report = made()
    limits = {**report.core_map.chip.limits, "neurons": replace(report.core_map.chip.limits["neurons"], value=20000)}
    uses = (replace(report.core_map.uses[0], neurons=19998), report.core_map.uses[1])
    nearly = replace(report.core_map, uses=uses, chip=replace(report.core_map.chip, limits=limits))
    assert re.search(r"neurons +19 998 +20 000 +99\.9 %", str(replace(report, core_map=nearly)))


def test_a_report_can_be_pickled():
    report = made("loihi1")
    assert pickle.loads(pickle.dumps(report)).to_dict() == report.to_dict()


def test_save_writes_the_page(tmp_path):
    path = tmp_path / "report.html"
    report = made()
    report.save(path)
    assert path.read_text(encoding="utf-8") == report.to_html()
    with pytest.raises(DescriptionError):
        report.save(tmp_path / "missing" / "report.html")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": 3}, "title"),
        ({"program": by_hand()}, "ProgramFacts"),
        ({"core_map": None}, "core_map"),
        ({"activity": None}, "activity"),
        ({"costs": None}, "costs"),
        ({"quantisation": "report"}, "quantisation"),
        ({"accuracy": [("a", 1.5, 0.5)]}, "probability"),
        ({"accuracy": [("a", 0.5)]}, r"expected \(name, model, deployed\)"),
        ({"accuracy": [(1, 0.5, 0.5)]}, "accuracy"),
        ({"accuracy": "none"}, "accuracy"),
        ({"readout": [("a",)]}, "label, value"),
        ({"readout": [(1, 2, 3)]}, "readout"),
        ({"headroom": [1]}, "headroom"),
        ({"headroom": {"a": 0}}, "headroom of 'a'"),
        ({"rasters": stimulus()}, "rasters"),
        ({"rasters": (stimulus(), None)}, "rasters"),
        ({"rasters": (stimulus()[[]], stimulus())}, "at least one sample"),
    ],
)
def test_wrong_fields_are_refused(changes, words):
    report = made()
    with pytest.raises(DescriptionError, match=words):
        replace(report, **changes)


def test_plain_values():
    got = as_plain({"a": (np.int64(1), np.float32(0.5), np.nan, np.array([True, False])), 2: {1}, "none": None})
    assert got == {"a": [1, 0.5, None, [True, False]], "2": "{1}", "none": None}


def pixels(uri):
    return plt.imread(io.BytesIO(base64.b64decode(uri.partition(",")[2])), format="png")


def test_a_raster_has_the_spikes_of_the_first_sample():
    groups = {"exc": range(2), "inh": range(2, 3)}
    spikes = lsm.Spikes([0, 3, 1], [0, 2, 1], [0, 2, 3], [4, 4], 3, 1e-3, groups)
    image = pixels(raster_image(spikes, PALETTE))
    assert image.shape == (3, 4, 4)
    np.testing.assert_array_equal(image[..., 3] > 0, [[0, 0, 0, 1], [0, 0, 0, 0], [1, 0, 0, 0]])  # neuron 0 is below
    first, second = ([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)] for colour in PALETTE[:2])
    np.testing.assert_allclose(image[2, 0, :3], first, atol=1e-6)  # float32
    np.testing.assert_allclose(image[0, 3, :3], second, atol=1e-6)


def test_a_large_raster_is_a_picture_of_density():
    rng = np.random.default_rng(1)
    dense = rng.random((1, 1000, 700)) < 0.02
    spikes = lsm.Spikes.from_dense(dense, 1e-3)
    image = pixels(raster_image(spikes, PALETTE))
    assert image.shape == (HEIGHT, WIDTH, 4)
    step, neuron = np.nonzero(dense[0])
    expected = np.zeros((HEIGHT, WIDTH), bool)
    expected[HEIGHT - 1 - neuron * HEIGHT // 700, step * WIDTH // 1000] = True
    np.testing.assert_array_equal(image[..., 3] > 0, expected)
    assert image[..., 3].max() == 1


def test_the_grid_shows_used_and_unused_cores():
    text = core_grid([0.0, 0.5, 1.2], 5, ["a", "b", "c"], "label")
    assert text.count('class="cell"') == 3
    assert text.count('class="unused"') == 2
    assert ">120<" not in text  # a share is at most all


def test_traffic_of_many_cores_is_drawn_in_blocks():
    small, large = (traffic_map(np.ones((n, n)), np.ones(n), "label") for n in (3, 100))
    assert small.count("<rect") == 3 * 4
    assert "host to 2: 1 messages" in small
    assert large.count("<rect") <= 48 * 49
    assert "0-2 to 3-5: 9 messages" in large


def console(page, folder):
    """Return what Chromium writes to the console for a page, and the page as it shows it."""
    path = folder / "page.html"
    path.write_text(page)
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--no-first-run"]
    options += ["--disable-background-networking", f"--user-data-dir={folder / 'profile'}"]
    command = ["chromium", *options, "--dump-dom", path.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return [line for line in done.stderr.splitlines() if "CONSOLE" in line], done.stdout


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium; install it with: apt-get install chromium")
def test_a_browser_shows_the_page_without_errors_or_requests(tmp_path, cpu):
    page = made("loihi1", cpu=cpu, quantisation=quantised().report).to_html()
    lines, shown = console(page, tmp_path)
    assert lines == []
    assert "Spoken digits" in shown
    # the policy of the page makes every request an error on the console, as this one
    lines, _ = console(page.replace("<main>", '<main><img src="http://localhost:9/x.png">'), tmp_path)
    assert any("Content Security Policy" in line for line in lines)
