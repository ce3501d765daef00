"""The command import-nir, and export --to nir."""

import json
import warnings

import numpy as np
import pytest

import lsm_sim
from tests.unit.apps.test_cli import fails, lsm
from tests.unit.deploy import small


@pytest.fixture
def files(tmp_path):
    small.liquid().save(tmp_path / "liquid.toml")
    assert (
        lsm("export", tmp_path / "liquid.toml", "-o", tmp_path / "a.nir", "--to", "nir", "--dt", 0.001).exit_code == 0
    )
    return tmp_path


def test_a_liquid_travels_to_nir_and_back(files):
    done = lsm("import-nir", files / "a.nir", "-o", files / "a.npz")
    assert done.exit_code == 0, done.output
    assert lsm_sim.Program.load(files / "a.npz") == lsm_sim.lower(small.liquid(), 1e-3)
    assert "approximation" not in done.stdout
    assert lsm("import-nir", files / "a.nir", "-o", files / "b.toml").exit_code == 0
    again = lsm_sim.lower(lsm_sim.Liquid.load(files / "b.toml"), 1e-3)
    assert np.array_equal(again.weight, lsm_sim.lower(small.liquid(), 1e-3).weight)


def test_json_has_sizes_and_what_is_approximate(files):
    shown = json.loads(lsm("import-nir", files / "a.nir", "-o", files / "a.npz", "--no-metadata", "--json").stdout)
    program = lsm_sim.lower(small.liquid(), 1e-3)
    assert (shown["neurons"], shown["synapses"], shown["dt"]) == (program.n_neurons, program.n_synapses, 1e-3)
    assert shown["convention"] == "euler"
    written = json.loads(
        lsm("export", files / "a.npz", "-o", files / "b.nir", "--to", "nir", "--mode", "exact", "--json").stdout
    )
    assert written["files"] == ["b.nir"]
    assert written["matrices"] >= 2


def test_what_is_left_out_is_printed(files):
    program = lsm_sim.lower(small.liquid(), 1e-3)
    held = np.full(program.n_neurons, 2)
    lsm_sim.Program(**{**vars(program), "refractory": held}).save(files / "held.npz")
    fails(lsm("export", files / "held.npz", "-o", files / "c.nir", "--to", "nir"), "refractory periods")
    assert not (files / "c.nir").exists()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        done = lsm("export", files / "held.npz", "-o", files / "c.nir", "--to", "nir", "--allow-loss")
    assert done.exit_code == 0, done.output
    assert "left out: refractory periods" in done.stdout
    assert "warning: export to NIR: other tools will not have refractory periods" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("liquid.toml", "-o", "x.npz"), "not an HDF5 file"),
        (("none.nir", "-o", "x.npz"), "none.nir"),
        (("a.nir", "-o", "x.csv"), "got the suffix '.csv'"),
        (("a.nir", "-o", "x.npz", "--dt", 0.002), "leave dt out"),
        (("a.nir", "-o", "x.npz", "--convention", "norse", "--dt", 1), "pass the dt of the tool"),
    ],
)
def test_errors_are_one_line_and_leave_nothing(files, arguments, words):
    name, option, out, *more = arguments
    result = lsm("import-nir", files / name, option, files / out, *more)
    assert not (files / out).exists()
    fails(result, words)
