"""The demo: what it measures, and what it says about it."""

import dataclasses
import html
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from sklearn.model_selection import cross_val_predict

from lsm_sim import lower, ms
from lsm_sim.apps.demo import digits, reading, report
from lsm_sim.apps.demo.experiment import VIEWS, Findings, Plan
from lsm_sim.describe.liquid import Liquid
from lsm_sim.learn import controls, readout
from tests.unit.apps.test_cli import fails, lsm

FILES = ["confusion.png", "explorer.html", "raster.png", "report.html", "trajectories.png"]
SMALL = ("--neurons", 25, "--seeds", 2, "--seed", 3)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A small demo: its folder and its JSON."""
    folder = tmp_path_factory.mktemp("out") / "new" / "demo"
    result = lsm("demo", *SMALL, "--out", folder, "--json")
    assert result.exit_code == 0, result.output
    return folder, json.loads(result.stdout)


def findings(per_seed, n=1000):
    """Findings with these shares of correct predictions, by view and seed."""
    true = np.arange(n) % 10
    predictions = {
        view: [np.where(np.arange(n) < round(share * n), true, (true + 1) % 10) for share in shares]
        for view, shares in per_seed.items()
    }
    plan = Plan(n_neurons=500, seeds=tuple(range(len(per_seed["liquid"]))))
    n_features = {"raw": 64, "encoder": 64, "recurrence_off": 4000, "liquid": 4000}
    return Findings(plan, true, predictions, [40.0], {"total": 1.0}, n_features, 1000.0)


class TestTheCommand:
    def test_writes_pictures_and_a_report_and_nothing_else(self, small):
        folder, summary = small
        assert sorted(path.name for path in folder.iterdir()) == FILES
        assert sorted(summary["files"]) == [str(folder / name) for name in FILES]
        assert all((folder / name).read_bytes().startswith(b"\x89PNG") for name in FILES if name.endswith("png"))

    def test_json_holds_accuracy_and_times(self, small):
        summary = small[1]
        assert list(summary["accuracy"]) == list(VIEWS)
        for view, mean in summary["accuracy"].items():
            assert mean == pytest.approx(np.mean(summary["per_seed"][view]), abs=1e-15)  # order of the sum
            assert len(summary["per_seed"][view]) == 2
        assert summary["settings"]["seeds"] == [3, 4]
        assert summary["accuracy"]["liquid"] > 0.8
        assert summary["seconds"]["total"] >= sum(summary["seconds"].values()) / 2
        assert summary["rate"] > 0
        assert summary["samples_per_second"] > 0

    def test_the_liquid_in_the_settings_is_the_one_that_ran(self, small):
        liquid = Liquid.from_dict(small[1]["settings"]["liquid"], "settings")
        assert liquid == digits.liquid(25, 3)

    def test_accuracy_is_that_of_the_pipeline_in_the_report(self, small):
        pixels, labels = digits.images()
        features = digits.transformer(digits.liquid(25, 3), 3).fit_transform(pixels)
        predicted = cross_val_predict(readout.ridge(), features, labels, cv=digits.folds(3))
        assert small[1]["per_seed"]["liquid"][0] == np.mean(predicted == labels)

    def test_threads_and_backend_change_nothing(self, small, tmp_path):
        result = lsm("demo", *SMALL, "--out", tmp_path, "--threads", 1)
        assert result.exit_code == 0, result.output
        for view, share in small[1]["accuracy"].items():
            label = {"raw": "raw pixels", "encoder": "encoder counts"}.get(view, view.replace("rec", "liquid, rec"))
            (line,) = re.findall(rf"^{label.replace('_', ' ')}  .*$", result.stdout, re.MULTILINE)
            assert f" {100 * share:.2f} " in line
        assert f"written to {tmp_path}/: " in result.stdout

    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            (["--backend", "nest"], "no backend 'nest'; known:"),
            (["--out", "file"], "is a file, expected a folder"),
            (["--out", "file/below/it"], "is a file, expected a folder"),
        ],
    )
    def test_says_what_is_wrong_before_it_works(self, tmp_path, monkeypatch, options, expected):
        (tmp_path / "file").touch()
        monkeypatch.chdir(tmp_path)
        fails(lsm("demo", *options), expected)
        assert [path.name for path in tmp_path.iterdir()] == ["file"]

    @pytest.mark.parametrize(("option", "value"), [("--neurons", 4), ("--seeds", 0), ("--seed", -1), ("--threads", 0)])
    def test_refuses_numbers_that_are_too_small(self, option, value):
        result = lsm("demo", option, value)
        assert result.exit_code == 2
        assert f"Invalid value for '{option}'" in result.stderr

    def test_an_interrupt_leaves_nothing_behind(self, tmp_path, monkeypatch):
        def stop(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr("lsm_sim.learn.controls.comparing.cross_validate", stop)
        result = lsm("demo", *SMALL, "--out", tmp_path / "demo", "--json")
        assert (result.exit_code, result.output) == (130, "")
        assert not (tmp_path / "demo").exists()


class TestTheLiquid:
    def test_without_recurrence_keeps_its_input_synapses_and_its_neurons(self):
        full = digits.liquid(50, seed=1)
        off = controls.without_recurrence(full)
        assert (off.neurons, off.inputs, off.seed) == (full.neurons, full.inputs, full.seed)
        programs = {"full": lower(full, 1 * ms, weight_bits=None), "off": lower(off, 1 * ms, weight_bits=None)}
        stop = programs["full"].indptr[8]  # the rows of the eight input channels come first
        for name in ("post", "weight", "delay"):
            np.testing.assert_array_equal(getattr(programs["off"], name), getattr(programs["full"], name)[:stop])

    @pytest.mark.parametrize("n_neurons", [5, 7, 500])
    def test_has_as_many_neurons_as_asked_for(self, n_neurons):
        assert digits.liquid(n_neurons, 0).n_neurons == n_neurons


class _Page(HTMLParser):
    """Collects tags, their attributes and the text."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


class TestTheReport:
    def test_needs_nothing_else(self, small):
        page = _Page()
        page.feed((small[0] / "report.html").read_text())
        assert not {"script", "link", "iframe", "object"} & set(page.tags)
        sources = [value for name, value in page.attributes if name in ("src", "href", "srcset", "data")]
        assert [value for name, value in page.attributes if name == "href"] == ["explorer.html"]
        sources.remove("explorer.html")
        assert len(sources) == 3
        assert all(source.startswith("data:image/png;base64,") for source in sources)
        assert "url(" not in page.text
        assert "http" not in page.text

    def test_holds_results_command_versions_and_code(self, small):
        folder, summary = small
        text = html.unescape((folder / "report.html").read_text())
        for view in VIEWS:
            assert f"{100 * summary['accuracy'][view]:.2f} %" in text
        assert f"lsm-sim demo --out {folder} --seeds 2 --seed 3 --neurons 25" in text
        assert summary["versions"]["numpy"] in text
        assert "def liquid(n_neurons: int, seed: int) -> lsm.Liquid:" in text
        assert "$" not in re.sub(r"<pre>.*?</pre>", "", text, flags=re.DOTALL)

    def test_escapes_what_could_be_markup(self):
        shares = {view: [0.9] for view in VIEWS}
        pictures = dict.fromkeys(("raster.png", "confusion.png", "trajectories.png"), b"")
        page = report.report(findings(shares), pictures, "lsm-sim demo --out '<b>'")
        assert "<b>" not in page
        assert "--out &#x27;&lt;b&gt;&#x27;" in page


class TestTheReading:
    @pytest.mark.parametrize(
        ("off", "liquid", "expected"),
        [
            (
                [0.97, 0.98],
                [0.972, 0.981],
                "no clear difference on this task (+0.15 points; for each seed: +0.20, +0.10)",
            ),
            ([0.97, 0.98], [0.962, 0.970], "reduces the accuracy on this task (-0.90 points"),
            ([0.90, 0.91], [0.950, 0.940], "improves the accuracy (+4.00 points"),
            ([0.97], [0.97], "no clear difference on this task (+0.00 points)."),
        ],
    )
    def test_says_of_recurrence_what_the_numbers_say(self, off, liquid, expected):
        controls = {"raw": [0.9] * len(off), "encoder": [0.9] * len(off)}
        said = reading.conclusions(findings({**controls, "recurrence_off": off, "liquid": liquid}))
        assert sum(expected in sentence for sentence in said) == 1

    @pytest.mark.parametrize(("off", "expected"), [(0.98, "add +8.00 points"), (0.90, "are not clearly better")])
    def test_says_of_the_neurons_what_the_numbers_say(self, off, expected):
        shares = {"raw": [0.9], "encoder": [0.9], "recurrence_off": [off], "liquid": [0.98]}
        assert expected in reading.conclusions(findings(shares))[0]

    def test_names_the_most_frequent_confusion(self):
        one = findings({view: [1.0] for view in VIEWS})
        assert reading.confusion_caption(one).endswith("There are no errors.")
        predicted = one.digits.copy()
        predicted[predicted == 8] = 1
        one = dataclasses.replace(one, predictions=one.predictions | {"liquid": [predicted, one.digits]})
        assert "The most frequent error is to classify 8 as 1: 100 of 100 times." in reading.confusion_caption(one)


@pytest.mark.slow
def test_the_script_in_the_report_reaches_97_percent_and_more_than_the_controls(small, tmp_path):
    code = re.findall(r"<pre>(.*?)</pre>", (small[0] / "report.html").read_text(), re.DOTALL)[1]
    (tmp_path / "script.py").write_text(html.unescape(code))
    result = subprocess.run(
        [sys.executable, tmp_path / "script.py"],
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},  # several are slower where cores are busy
        capture_output=True,
        text=True,
        check=True,
    )
    (accuracy,) = re.findall(r"^accuracy (0\.\d{4})$", result.stdout)
    assert float(accuracy) >= 0.97
    assert float(accuracy) > max(small[1]["accuracy"]["raw"], small[1]["accuracy"]["encoder"])
