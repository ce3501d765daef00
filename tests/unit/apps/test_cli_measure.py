"""``lsm-sim measure``."""

import json

import pytest

import lsm_sim
from lsm_sim import ms
from tests.unit.apps.test_cli import fails, lsm

QUICK = ("--samples", 600, "--lags", 10, "--threads", 1)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A file of a small liquid of 12 input channels."""
    synapses = [
        lsm_sim.Synapses("in", "n", lsm_sim.AllToAll(), lsm_sim.Normal(0, 1.5)),
        lsm_sim.Synapses("n", "n", lsm_sim.FixedProbability(0.2), lsm_sim.Normal(0, 0.2), 3 * ms),
    ]
    liquid = lsm_sim.Liquid([lsm_sim.Inputs("in", 12)], [lsm_sim.Neurons("n", 20)], synapses, seed=1)
    out = tmp_path_factory.mktemp("measured") / "liquid.toml"
    liquid.save(out)
    return out


def test_it_prints_a_line_for_each_measure_and_draws_a_page(path, tmp_path):
    result = lsm("measure", path, "-o", tmp_path / "page.png", *QUICK)
    assert result.exit_code == 0, result.output
    assert result.stdout.count("\n") == 12
    assert "memory capacity: " in result.stdout
    assert "delays alone reach back 0.15 samples" in result.stdout
    assert (tmp_path / "page.png").stat().st_size > 50_000


def test_json_has_every_measure_and_the_settings(path):
    result = lsm("measure", path, "--encoder", "bits", "--frame", 0.01, "--json", *QUICK)
    found = json.loads(result.stdout)
    assert len(found["memory_capacity"]["profile"]) == 10
    assert found["settings"]["encoder"] == "Bits(n=12, frame=0.01)"
    assert found["out"] is None


def test_another_seed_is_another_liquid_and_other_stimuli(path):
    one, other = (lsm("measure", path, "--seed", seed, *QUICK).stdout for seed in (1, 2))
    assert one != other


def test_wrong_options_are_refused(path, tmp_path):
    fails(lsm("measure", path, "--encoder", "bits", "--max-rate", 100), "--max-rate: bits have no rate; omit it")
    fails(lsm("measure", path, "--encoder", "rate"), "got 1 spike channels for one signal, expected 12")
    fails(lsm("measure", path, "-o", tmp_path / "page.gif"), "expected one of .png, .pdf, .svg")
    fails(lsm("measure", tmp_path / "none.toml"), "none.toml")
