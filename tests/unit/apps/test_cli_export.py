"""The command export."""

import json

import pytest

import lsm_sim
from lsm_sim.deploy import deploy
from lsm_sim.testing import RandomCases
from tests.unit.apps.test_cli import fails, lsm
from tests.unit.deploy import small

PROGRAM = RandomCases("loihi")(4).program
FILES = ["Makefile", "lsm.c", "lsm.h", "main.c"]


@pytest.fixture
def files(tmp_path):
    PROGRAM.save(tmp_path / "program.npz")
    RandomCases("float64")(4).program.save(tmp_path / "float.npz")
    small.liquid().save(tmp_path / "liquid.toml")
    return tmp_path


def test_sizes_are_printed_and_the_folder_is_written(files):
    result = lsm("export", files / "program.npz", "-o", files / "c", "--to", "c")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("flash ")
    assert f"RAM   {lsm_sim.export(PROGRAM, None, to='c').ram} bytes" in result.stdout
    assert sorted(path.name for path in (files / "c").iterdir()) == FILES


def test_json_has_the_sizes(files):
    result = lsm("export", files / "program.npz", "-o", files / "c", "--name", "net", "--json")
    done = json.loads(result.stdout)
    assert done["flash"] == done["tables"] + done["code"]
    assert done["files"] == ["net.c", "net.h", "main.c", "Makefile"]


def test_a_deployment_with_a_length_decides(files):
    deploy(small.trained(), *small.signals()).save(files / "deployed", n_samples=1)
    result = lsm("export", files / "deployed", "-o", files / "c", "--n-steps", 80)
    assert result.exit_code == 0, result.output
    assert "lsm_class" in (files / "c/lsm.h").read_text()
    result = lsm("export", files / "deployed", "-o", files / "net.py", "--to", "brian2")
    assert result.exit_code == 0, result.output
    assert "STIMULUS" in (files / "net.py").read_text()


def test_what_a_cortex_needs_is_written_when_asked(files):
    result = lsm("export", files / "program.npz", "-o", files / "c", "--cortex")
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in (files / "c").iterdir()) == sorted([*FILES, "cortex.c", "cortex.ld"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("program.npz", "--to", "x"), "got 'x', expected 'brian2'"),
        (("program.npz", "--max-ram", 10), "bytes of RAM, expected at most 10"),
        (("program.npz", "--n-steps", 10), "expected a Deployment"),
        (("float.npz",), "use lsm.quantise"),
        (("liquid.toml",), "pass lsm.quantise"),
        (("none.npz",), "none.npz"),
    ],
)
def test_errors_are_one_line_and_leave_nothing(files, arguments, words):
    result = lsm("export", files / arguments[0], "-o", files / "c", *arguments[1:])
    assert not (files / "c").exists()
    if result.stdout:  # sizes come before anything that fails in writing
        raise AssertionError(result.stdout)
    fails(result, words)
