"""The commands deploy, verify, and run of what deploy wrote."""

import dataclasses
import json

import numpy as np
import pytest

from lsm_sim.apps.demo import digits
from lsm_sim.deploy import Deployment
from tests.unit.apps.test_cli import fails, lsm

TRAIN = ("--shape", 8, 8, "--cv", 0, "--frame", 0.03, "--max-rate", 300, "--bins", 3, "--scale", "none")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with data, models and a deployment."""
    folder = tmp_path_factory.mktemp("deploy")
    X, y = digits.images()
    np.savez(folder / "train.npz", X=X[:200], y=y[:200])
    np.savez(folder / "test.npz", X=X[200:260], y=y[200:260])
    liquid = digits.liquid(40, seed=0)
    liquid = dataclasses.replace(liquid, neurons=[dataclasses.replace(group, t_ref=0.0) for group in liquid.neurons])
    liquid.save(folder / "liquid.toml")
    digits.liquid(40, seed=0).save(folder / "refractory.toml")
    for name, source, options in (
        ("model", "liquid", ("--no-sqrt", "--readout", "centred_ridge")),
        ("roots", "liquid", ()),
        ("refractory", "refractory", ("--no-sqrt", "--readout", "centred_ridge")),
    ):
        out = folder / f"{name}.npz"
        result = lsm("train", folder / f"{source}.toml", folder / "train.npz", "-o", out, *TRAIN, *options)
        assert result.exit_code == 0, result.output
    result = lsm(
        "deploy", folder / "model.npz", folder / "train.npz", "-o", folder / "deployed", "--test", folder / "test.npz",
        "--samples", 3, "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    (folder / "report.json").write_text(result.stdout)
    return folder


def test_deploy_writes_everything_and_reports(files):
    report = json.loads((files / "report.json").read_text())
    assert report["core_map"]["chip"] == "loihi2"
    assert [row["name"] for row in report["accuracy"]] == ["calibration data (may be training data)", "test data"]
    names = {path.name for path in (files / "deployed").iterdir()}
    assert names == {
        "README.md", "manifest.json", "model.npz", "program.npz", "readout.npz", "samples.npz",
        "report.html", "report.json", "report.txt",
    }  # fmt: skip


def test_verify_compares_on_another_engine(files):
    result = lsm("verify", files / "deployed", "--backend", "reference", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["backend"], found["n_samples"]) == ("reference", 3)
    assert "equal to the bit" in lsm("verify", files / "deployed").stdout


def test_run_gives_the_classes_of_the_deployment(files, tmp_path):
    data = np.load(files / "test.npz")
    expected = Deployment.load(files / "deployed").predict(data["X"])
    result = lsm("run", files / "deployed", files / "test.npz", "-o", tmp_path / "c.csv")
    assert result.exit_code == 0, result.output
    assert f"accuracy {np.mean(expected == data['y']):.4f}" in result.stdout
    lines = (tmp_path / "c.csv").read_text().splitlines()
    assert lines[0] == "sample,prediction"
    assert [int(line.split(",")[1]) for line in lines[1:]] == expected.tolist()


def test_run_takes_spikes_too(files, tmp_path):
    made = Deployment.load(files / "deployed")
    spikes = made.encode(np.load(files / "test.npz")["X"][:5])
    spikes.save(tmp_path / "spikes.npz")
    result = lsm("run", files / "deployed", tmp_path / "spikes.npz", "--json")
    assert json.loads(result.stdout)["predictions"] == made.predict(spikes).tolist()


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (("deploy", "roots.npz", "train.npz", "-o", "d"), "train with sqrt=False"),
        (("deploy", "refractory.npz", "train.npz", "-o", "d"), "set t_ref=0"),
        (("deploy", "model.npz", "train.npz", "-o", "deployed"), "is already there"),
        (("deploy", "model.npz", "train.npz", "-o", "no/such"), "is no folder"),
        (("deploy", "model.npz", "train.npz", "-o", "d", "--ramp", 255), "use relays=True"),
        (("deploy", "model.npz", "train.npz", "-o", "d", "--headroom", 0.1), "expected at least 1"),
        (("deploy", "liquid.toml", "train.npz", "-o", "d"), "not an .npz file"),
        (("verify", "model.npz"), "no manifest.json in it"),
        (("verify", "."), "no manifest.json in it"),
        (("verify", "deployed", "--backend", "loihi3"), "no backend 'loihi3'"),
        (("run", "deployed"), "a deployment needs data"),
        (("run", "deployed", "test.npz", "--plot", "x.png"), "--plot: does not apply to a deployment"),
        (("run", "deployed", "gone.npz"), "no such file"),
    ],
)  # fmt: skip
def test_wrong_input(files, command, expected, monkeypatch):
    monkeypatch.chdir(files)
    fails(lsm(*command), expected)
    assert not (files / "d").exists()


def test_other_ways_to_deploy(files, tmp_path):
    for how in (("--relays", "--ramp", 255), ("--chip", "none", "--refit")):
        model = files / ("model.npz" if "--relays" in how else "refractory.npz")
        result = lsm("deploy", model, files / "train.npz", "-o", tmp_path / how[0], *how)
        assert result.exit_code == 0, result.output
        assert "Accuracy" in result.stdout
        assert lsm("verify", tmp_path / how[0]).exit_code == 0
