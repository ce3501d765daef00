"""The command search."""

import json

import numpy as np
import pytest

import lsm_sim
from tests.unit.apps.test_cli import fails, lsm
from tests.unit.search.models import LIQUID, samples

QUICK = ("--trials", 2, "--cv", 2, "--frame", 0.01, "--scale", "none", "--sampler", "random")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("search")
    X, y, groups = samples()
    np.savez(folder / "data.npz", X=X, y=y)
    np.savez(folder / "grouped.npz", X=X, y=y, groups=groups)
    np.savez(folder / "wrong_groups.npz", X=X, y=y, groups=groups[:5])
    LIQUID.save(folder / "plain.toml")
    text = (folder / "plain.toml").read_text()
    ranges = text.replace("tau_m = 0.02", "tau_m = { search = [0.005, 0.08], log = true }", 1)
    assert ranges != text
    (folder / "ranges.toml").write_text(ranges + "\n[search]\nfeatures__bins = { choices = [1, 2] }\n")
    (folder / "reversed.toml").write_text(ranges.replace("[0.005, 0.08]", "[0.08, 0.005]"))
    (folder / "unknown.toml").write_text(ranges + "\n[search]\nfeatures__window_length = { search = [1.0, 2.0] }\n")
    return folder


def test_writes_a_description_that_train_takes(files, tmp_path):
    out = tmp_path / "found"
    result = lsm("search", files / "ranges.toml", files / "data.npz", "-o", out, *QUICK, "--control-seeds", 1, "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert len(report["trials"]) == 2
    assert report["best"]["parameters"]["liquid__neurons__exc__tau_m"] == pytest.approx(
        lsm_sim.Liquid.load(out / "best.toml").neurons[0].tau_m
    )
    assert "liquid before the search" in report["held_out"]["accuracy"]
    assert (out / "search.db").exists()
    model = tmp_path / "m.npz"
    trained = lsm("train", out / "best.toml", files / "data.npz", "-o", model, "--frame", 0.01, "--cv", 0)
    assert trained.exit_code == 0, trained.output


def test_goes_on_with_the_same_command_and_keeps_groups_apart(files, tmp_path):
    base = [
        "search",
        files / "ranges.toml",
        files / "grouped.npz",
        "-o",
        tmp_path / "out",
        *QUICK,
        "--control-seeds",
        0,
    ]
    for n in (1, 2):
        result = lsm(*base, "--trials", n, "--hold-out", 0.25, "--objectives", "accuracy, spikes")
        assert result.exit_code == 0, result.output
    assert result.stdout.startswith("2 trials (2 complete), 2 folds of 3 groups; 12 samples held out")
    assert "front.png" in result.stdout


@pytest.mark.parametrize(
    ("description", "data", "options", "expected"),
    [
        ("plain.toml", "data.npz", (), "no ranges to search"),
        ("reversed.toml", "data.npz", (), "reversed"),
        ("unknown.toml", "data.npz", (), "no parameter 'window_length'"),
        ("ranges.toml", "wrong_groups.npz", (), "groups: got"),
        ("ranges.toml", "data.npz", ("--objectives", "speed"), "objectives: got 'speed'"),
        ("ranges.toml", "data.npz", ("--storage", "DATA"), "is no SQLite file"),
        ("ranges.toml", "data.npz", ("--hold-out", 1), "a fraction in [0, 1)"),
    ],
)
def test_says_what_is_wrong(files, tmp_path, description, data, options, expected):
    options = [files / "data.npz" if option == "DATA" else option for option in options]
    fails(lsm("search", files / description, files / data, "-o", tmp_path / "out", *QUICK, *options), expected)
