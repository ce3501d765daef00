"""The command explore."""

import json
import re

import numpy as np
import pytest

from lsm_sim import Spikes, ms
from tests.unit.apps.test_cli import fails, lsm
from tests.unit.explorer import small

CLASSES = np.array(["a", "b", "c"] * 4)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    small.model().save(folder / "model.npz")
    np.savez(folder / "data.npz", X=small.SIGNALS, y=small.LABELS)
    np.savez(folder / "unlabelled.npz", X=small.SIGNALS)
    small.liquid().save(folder / "liquid.toml")
    stimulus = small.ENCODER(small.SIGNALS, 1 * ms)
    stimulus.save(folder / "stimulus.npz")
    np.save(folder / "signal.npy", small.SIGNALS[0])
    return folder


def contents(path):
    return json.loads(re.search(r'id="contents">(.*?)</script>', path.read_text(), re.DOTALL)[1])


def test_a_model_and_its_data_become_a_page(files):
    out = files / "page.html"
    result = lsm("explore", files / "model.npz", files / "data.npz", "-o", out, "--against", "loihi", "--sample", 4)
    assert result.exit_code == 0, result.output
    assert re.search(r"2 runs, \d+ spikes\) written to .*page.html, [\d.]+ MB", result.stdout)
    found = contents(out)
    assert [one["number"] for one in found["samples"]] == [4]
    assert found["samples"][0]["label"] == "b"
    assert len(found["runs"]) == 2
    assert found["controls"] is None


def test_controls_are_trained_on_the_data(files):
    out = files / "controls.html"
    result = lsm(
        "explore", files / "model.npz", files / "data.npz", "-o", out, "--controls", 2, "--ablate", 0, "--json"
    )
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["bytes"] == out.stat().st_size
    given = contents(out)["controls"]
    assert list(given["values"]) == ["raw samples", "encoder counts", "recurrence off", "liquid"]


def test_a_description_and_spikes_or_a_signal_become_a_page(files):
    out = files / "network.html"
    assert lsm("explore", files / "liquid.toml", files / "stimulus.npz", "-o", out).exit_code == 0
    assert len(contents(out)["runs"]) == 6
    result = lsm("explore", files / "liquid.toml", files / "signal.npy", "-o", out, "--frame", 0.01, "--title", "<b>")
    assert result.exit_code == 0, result.output
    assert "There is no readout" in result.stdout
    found = contents(out)
    assert found["title"] == "<b>"
    signal = found["samples"][0]["signal"]
    assert (signal["frames"], signal["channels"], signal["frame"]) == (6, 3, 0.01)
    loaded = Spikes.load(files / "stimulus.npz")
    assert found["samples"][0]["steps"] == loaded.n_steps[0]


def test_data_without_labels_are_shown(files):
    out = files / "unlabelled.html"
    result = lsm("explore", files / "model.npz", files / "unlabelled.npz", "-o", out, "--max-spikes", 100)
    assert result.exit_code == 0, result.output
    assert "The data have no labels" in result.stdout
    assert "the page holds 100" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["model.npz", "data.npz", "-o", "page.txt"], "got the suffix '.txt'"),
        (["missing.npz", "data.npz", "-o", "page.html"], "missing.npz: no such file"),
        (["model.npz", "missing.npz", "-o", "page.html"], "missing.npz: no such file"),
        (["model.npz", "data.npz", "-o", "page.html", "--max-rate", "10"], "--max-rate: "),
        (["model.npz", "data.npz", "-o", "page.html", "--sample", "50"], "expected numbers in 0..11"),
        (["model.npz", "data.npz", "-o", "page.html", "--against", "moon"], "got 'moon', expected 'loihi'"),
        (["model.npz", "unlabelled.npz", "-o", "page.html", "--controls", "2"], "no y in the file"),
        (["model.npz", "data.npz", "-o", "page.html", "--controls", "9"], "--controls: got 9 folds"),
        (["liquid.toml", "stimulus.npz", "-o", "page.html", "--controls", "2"], "has no readout to compare"),
        (["liquid.toml", "stimulus.npz", "-o", "page.html", "--dt", "0.01"], "--dt: "),
        (["liquid.toml", "data.npz", "-o", "page.html"], "data.npz"),
    ],
)
def test_wrong_input_is_one_line(files, arguments, words):
    fails(lsm("explore", *(files / one if "." in one and not one[0].isdigit() else one for one in arguments)), words)
