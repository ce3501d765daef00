"""``lsm-sim quantise`` and ``lsm-sim run --arithmetic``."""

import json

import numpy as np
import pytest

from lsm_sim import AllToAll, Background, Hz, Inputs, Liquid, Neurons, Program, Spikes, Synapses, ms
from lsm_sim.apps.demo import digits
from tests.unit.apps.test_cli import fails, lsm
from tests.unit.quantisation import rich


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with a liquid and stimuli."""
    folder = tmp_path_factory.mktemp("files")
    digits.liquid(20, seed=0).save(folder / "liquid.toml")
    rng = np.random.default_rng(0)
    Spikes.from_dense(rng.random((4, 100, 8)) < 0.1, 1 * ms).save(folder / "stimulus.npz")
    return folder


def test_a_liquid_becomes_integers_with_a_report_and_a_picture(files, tmp_path):
    out, picture = tmp_path / "integers.npz", tmp_path / "report.png"
    result = lsm("quantise", files / "liquid.toml", "-c", files / "stimulus.npz", "-o", out, "--plot", picture)
    assert result.exit_code == 0, result.output
    assert "4 calibration samples" in result.stdout
    assert Program.load(out).arithmetic == "loihi"
    assert picture.stat().st_size > 5000


def test_json_is_the_report(files, tmp_path):
    result = lsm("quantise", files / "liquid.toml", "-o", tmp_path / "integers.npz", "--headroom", 2, "--json")
    report = json.loads(result.stdout)
    assert "no calibration data" in report["note"]
    assert set(report["excursions"].values()) == {0}


def test_a_program_has_its_own_time_step(files, tmp_path):
    lsm("quantise", files / "liquid.toml", "-o", tmp_path / "integers.npz")
    fails(lsm("quantise", tmp_path / "integers.npz", "-o", tmp_path / "b.npz", "--dt", "0.001"), "omit --dt")
    fails(lsm("quantise", tmp_path / "integers.npz", "-o", tmp_path / "b.npz"), "expected float64")


def test_a_run_in_integers_is_the_run_of_the_quantised_program(files, tmp_path):
    calibrated = ("-c", files / "stimulus.npz")
    lsm("quantise", files / "liquid.toml", *calibrated, "-o", tmp_path / "integers.npz")
    spikes = []
    for name, network, how in (
        ("a", tmp_path / "integers.npz", ()),
        ("b", files / "liquid.toml", ("--arithmetic", "loihi")),
    ):
        path = tmp_path / f"{name}.npz"
        result = lsm("run", network, files / "stimulus.npz", "-o", path, *how, "--json")
        assert json.loads(result.stdout)["arithmetic"] == "loihi"
        spikes.append(Spikes.load(path))
    np.testing.assert_array_equal(spikes[0].step, spikes[1].step)
    np.testing.assert_array_equal(spikes[0].channel, spikes[1].channel)


def test_a_program_with_everything_has_its_parts_in_the_report(tmp_path):
    rich.with_plasticity().save(tmp_path / "stp.npz")
    rich.with_adaptive_thresholds().save(tmp_path / "adaptive.npz")
    rich.stimulus(n_samples=2, steps=50).save(tmp_path / "stimulus.npz")
    how = ("-c", tmp_path / "stimulus.npz", "-o", tmp_path / "integers.npz", "--backend", "reference")
    result = lsm("quantise", tmp_path / "stp.npz", *how)
    assert result.exit_code == 0, result.output
    assert "plastic synapses" in result.stdout
    assert Program.load(tmp_path / "integers.npz").needs == {"stp"}
    report = json.loads(lsm("quantise", tmp_path / "adaptive.npz", *how, "--json").stdout)
    assert report["neurons"][0]["tau_adapt"][1] == pytest.approx(0.1)
    assert report["headroom"]["threshold + w"] > 1
    assert Program.load(tmp_path / "integers.npz").needs == {"adaptive-threshold"}


def test_background_noise_is_added_to_files_of_stimuli(files, tmp_path):
    synapses = [Synapses("in", "n", AllToAll(), weight=0.1)]
    noise = [Background("n", 200 * Hz, 0.9)]
    Liquid([Inputs("in", 8)], [Neurons("n", 5)], synapses, background=noise).save(tmp_path / "noisy.toml")
    arguments = ("quantise", tmp_path / "noisy.toml", "-c", files / "stimulus.npz", "-o", tmp_path / "integers.npz")
    assert lsm(*arguments).exit_code == 0
    assert Program.load(tmp_path / "integers.npz").n_inputs == 8 + 5
    result = lsm("run", tmp_path / "noisy.toml", files / "stimulus.npz", "--json")
    assert json.loads(result.stdout)["spikes"] > 0
