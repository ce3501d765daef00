"""The export to Brian2 is a script that gives the spikes of the reference, and is written completely or not at all."""

import contextlib
import re
import subprocess
import sys

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import Hz, ms
from lsm_sim.engine.reference import run_program
from lsm_sim.errors import DescriptionError, UnsupportedError
from lsm_sim_brian2 import exporting
from tests.unit.apps.test_cli import fails
from tests.unit.apps.test_cli import lsm as cli
from tests.unit.backends.test_brian2_build import DUMP, expected, rich_case

EVENTS = lsm.Spikes.from_dense(np.random.default_rng(2).random((1, 100, 4)) < 0.1, dt=1 * ms)


def liquid(*noise):
    return lsm.Liquid(
        background=noise,
        inputs=[lsm.Inputs("pulses", 4)],
        neurons=[lsm.Neurons("exc", 20, tau_m=30 * ms, t_ref=2 * ms)],
        synapses=[lsm.Synapses("pulses", "exc", lsm.FixedProbability(0.5), weight=0.7, delay=2 * ms)],
    )


def spikes_of(path, group):
    """Run a script without lsm_sim, and return step and neuron of each spike of a group, sorted."""
    path.write_text(path.read_text() + DUMP)
    command = [sys.executable, "-I", path.name, "out.npz"]
    done = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with np.load(path.parent / "out.npz") as out:
        return sorted(zip(out[f"{group}_step"].tolist(), out[f"{group}_neuron"].tolist(), strict=True))


@pytest.mark.usefixtures("brian2")
@pytest.mark.parametrize(
    ("arithmetic", "arrays"), [("float64", "beside"), pytest.param("loihi", "embedded", marks=pytest.mark.slow)]
)
def test_an_exported_program_spikes_as_the_reference(arithmetic, arrays, tmp_path):
    program, one = rich_case(arithmetic)
    done = lsm.export(program, tmp_path / "net.py", to="brian2", stimulus=one, arrays=arrays)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(done.files)
    assert done.files == ("net.py", "net_arrays.npz")[: 2 if arrays == "beside" else 1]
    right = run_program(program, one).spikes
    assert right.n_events > 20
    assert spikes_of(tmp_path / "net.py", "neurons") == expected(right)


@pytest.mark.usefixtures("brian2")
@pytest.mark.slow
def test_a_script_without_a_stimulus_has_a_place_for_one(tmp_path):
    path = tmp_path / "net.py"
    lsm.export(liquid(), path, to="brian2", dt=1 * ms)
    text = path.read_text()
    assert "N_STEPS = 1000\n" in text
    events = f'"pulses": ({EVENTS.channel.tolist()}, {EVENTS.step.tolist()})'
    path.write_text(text.replace('"pulses": ([], [])', events).replace("N_STEPS = 1000", "N_STEPS = 100"))
    right = lsm.run(liquid(), EVENTS, backend="reference").spikes
    assert right.n_events > 20
    assert spikes_of(path, "exc") == expected(right)


@pytest.mark.usefixtures("brian2")
@pytest.mark.slow
def test_the_background_noise_of_a_liquid_is_in_the_script(tmp_path):
    noisy = liquid(lsm.Background("exc", rate=300 * Hz, weight=0.5))
    lsm.export(noisy, tmp_path / "net.py", to="brian2", stimulus=EVENTS)
    right = lsm.run(noisy, EVENTS, backend="reference").spikes
    assert right != lsm.run(liquid(), EVENTS, backend="reference").spikes
    assert spikes_of(tmp_path / "net.py", "exc") == expected(right)


def test_a_script_is_written_where_brian2_is_not_installed(tmp_path):
    code = f"""
import sys
sys.modules["brian2"] = None
import lsm_sim as lsm
liquid = lsm.Liquid([lsm.Inputs("pulses", 4)], [lsm.Neurons("exc", 20)])
print(lsm.export(liquid, {str(tmp_path / "net.py")!r}, to="brian2", dt=1e-3).files)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "('net.py',)\n", done.stderr
    assert (tmp_path / "net.py").exists()


def test_what_quantise_returns_is_exported_as_its_program(tmp_path):
    found = lsm.quantise(lsm.lower(liquid(), 1 * ms))
    for name, network in (("a.py", found), ("b.py", found.program)):
        lsm.export(network, tmp_path / name, to="brian2")
    assert (tmp_path / "a.py").read_text() == (tmp_path / "b.py").read_text()


def test_large_arrays_are_put_beside_the_script(monkeypatch):
    monkeypatch.setattr(exporting, "_EMBEDDED", 100)
    assert lsm.export(liquid(), None, to="brian2", dt=1 * ms).files == ("network.py", "network_arrays.npz")


def test_all_reasons_are_given_at_once(monkeypatch):
    program, _ = rich_case("float64")
    monkeypatch.setattr(exporting, "SUPPORTS", frozenset({"blocks"}))
    monkeypatch.setattr("lsm_sim_brian2.engine._INT32", 3)
    with pytest.raises(UnsupportedError) as caught:
        lsm.export(program, None, to="brian2")
    for need in program.needs - {"blocks"}:
        assert f"the program needs {need!r}" in str(caught.value)
    assert "expected less than 2^31 of each" in str(caught.value)


def test_nothing_is_written_if_anything_fails(tmp_path, monkeypatch):
    def fail(_script, _file):
        raise KeyboardInterrupt

    monkeypatch.setattr(exporting.Script, "beside", fail)
    with contextlib.suppress(KeyboardInterrupt):
        lsm.export(liquid(), tmp_path / "net.py", to="brian2", dt=1 * ms, arrays="beside")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_not_replaced(tmp_path):
    (tmp_path / "net_arrays.npz").write_text("mine")
    with pytest.raises(DescriptionError, match=r"net_arrays\.npz: is already there; choose another file, or remove it"):
        lsm.export(liquid(), tmp_path / "net.py", to="brian2", dt=1 * ms, arrays="beside")
    assert [path.name for path in tmp_path.iterdir()] == ["net_arrays.npz"]
    lsm.export(liquid(), tmp_path / "net.py", to="brian2", dt=1 * ms)
    with pytest.raises(DescriptionError, match=r"net\.py: is already there"):
        lsm.export(liquid(), tmp_path / "net.py", to="brian2", dt=1 * ms)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "dt: got None, expected a step in seconds (or a stimulus)"),
        ({"network": "net", "dt": 1e-3}, "export: got str, expected a Liquid, a Program, what lsm.quantise returns"),
        ({"path": "net.npz", "dt": 1e-3}, "net.npz: got the suffix '.npz', expected .py"),
        ({"path": "none/net.py", "dt": 1e-3}, "none/net.py: cannot write there"),
        ({"stimulus": "x"}, "export stimulus: got str, expected Spikes"),
        ({"stimulus": lsm.Spikes.from_dense(np.zeros((2, 9, 4), bool), 1 * ms)}, "got 2 samples, expected one"),
        ({"arrays": "inside", "dt": 1e-3}, "export arrays: got 'inside', expected 'auto', 'embedded'"),
        ({"names": {"inh": "x"}, "dt": 1e-3}, "names: no group 'inh'; known: pulses, exc"),
        ({"names": {"exc": 3}, "dt": 1e-3}, "names: got 3 for 'exc', expected letters"),
        ({"weight": 1}, "got the option 'weight', expected some of: stimulus, dt, names, arrays"),
    ],
)
def test_wrong_arguments_are_answered_in_one_sentence(options, words, tmp_path):
    arguments = {"network": liquid(), "path": "net.py", "to": "brian2"} | options
    arguments["path"] = tmp_path / arguments["path"]
    with pytest.raises(DescriptionError, match=re.escape(words)):
        lsm.export(**arguments)
    assert list(tmp_path.iterdir()) == []


def test_names_that_synapses_would_get_too_are_refused():
    groups = [lsm.Neurons(name, 2) for name in ("a", "b", "a_to_b")]
    pairs = [lsm.Synapses("a", "b", lsm.AllToAll(), weight=1.0)]
    with pytest.raises(DescriptionError, match="two groups or synapses get the same Brian2 name a_to_b"):
        lsm.export(lsm.Liquid([], groups, pairs), None, to="brian2", dt=1 * ms)


def test_the_command_writes_what_the_function_writes(tmp_path):
    liquid().save(tmp_path / "liquid.toml")
    EVENTS.save(tmp_path / "spikes.npz")
    command = ("export", tmp_path / "liquid.toml", "-o", tmp_path / "net.py", "--to", "brian2")
    result = cli(*command, "--stimulus", tmp_path / "spikes.npz")
    assert result.stdout == f"written to {tmp_path / 'net.py'}; next: python {tmp_path / 'net.py'}\n", result.output
    lsm.export(liquid(), tmp_path / "same.py", to="brian2", stimulus=EVENTS)
    assert (tmp_path / "net.py").read_text() == (tmp_path / "same.py").read_text()
    fails(cli(*command, "--stimulus", tmp_path / "spikes.npz"), "is already there")
    fails(cli("export", tmp_path / "liquid.toml", "-o", tmp_path / "new.py", "--to", "brian2"), "dt: got None")
    fails(cli(*command, "--dt", 0.001, "--graded"), "got the option 'graded'")


def test_the_command_takes_one_of_several_samples(tmp_path):
    liquid().save(tmp_path / "liquid.toml")
    other = lsm.Spikes.from_dense(np.zeros((1, 50, 4), bool), dt=1 * ms)
    lsm.Spikes.concatenate([other, EVENTS]).save(tmp_path / "spikes.npz")
    command = ("export", tmp_path / "liquid.toml", "-o", tmp_path / "net.py", "--to", "brian2")
    given = ("--stimulus", tmp_path / "spikes.npz")
    fails(cli(*command, *given), "got 2 samples, expected one; choose one with --sample N")
    fails(cli(*command, *given, "--sample", 2), "--sample: got 2, expected less than 2")
    fails(cli(*command, "--sample", 1, "--dt", 0.001), "--sample: got 1 without --stimulus")
    assert cli(*command, *given, "--sample", 1).exit_code == 0
    lsm.export(liquid(), tmp_path / "same.py", to="brian2", stimulus=EVENTS)
    assert (tmp_path / "net.py").read_text() == (tmp_path / "same.py").read_text()
