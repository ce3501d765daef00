"""The commands info, run and conform, and what all commands have in common."""

import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import lsm_sim
from lsm_sim import Hz, Spikes, backend, encode, lower, ms
from lsm_sim.apps.cli.app import app
from lsm_sim.apps.demo import digits
from lsm_sim.engine import availability
from lsm_sim.errors import BackendUnavailableError, DescriptionError
from lsm_sim.support import ending, environment, npz
from tests.cases import GOLDEN

COMMANDS = (
    "demo",
    "info",
    "run",
    "encode",
    "train",
    "predict",
    "transform",
    "conform",
    "quantise",
    "measure",
    "evaluate",
    "bench",
    "explore",
    "search",
)


def lsm(*arguments, **options):
    """Run a command within this process."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], **options)


def lsm_process(*arguments, **environment):
    """Run a command in a process of its own."""
    code = "from lsm_sim.apps.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | environment,
        check=False,
    )


def fails(result, expected, code=2):
    """Check that a command said in one line what is wrong, and nothing else."""
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("lsm-sim: ")
    assert result.stderr.count("\n") == 1
    assert expected in result.stderr


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with a liquid, its program and a stimulus."""
    folder = tmp_path_factory.mktemp("files")
    liquid = digits.liquid(20, seed=0)
    liquid.save(folder / "liquid.toml")
    liquid.save(folder / "liquid.json")
    lower(liquid, 1 * ms).save(folder / "program.npz")
    images = digits.images()[0][:3].reshape(-1, 8, 8)
    encode.rate(images, max_rate=300 * Hz, frame=30 * ms, dt=1 * ms).save(folder / "stimulus.npz")
    (folder / "broken.npz").write_bytes((folder / "stimulus.npz").read_bytes()[:200])
    (folder / "broken.toml").write_text("neurons = [")
    return folder


class TestEveryCommand:
    @pytest.mark.parametrize("command", COMMANDS)
    def test_has_help_with_an_example(self, command):
        result = lsm(command, "--help")
        assert result.exit_code == 0
        assert f"\n    lsm-sim {command}" in result.stdout
        assert "--json" in result.stdout
        assert "ForwardRef" not in result.stdout

    @pytest.mark.parametrize("command", COMMANDS)
    def test_answers_a_wrong_option_with_its_usage(self, command):
        result = lsm(command, "--colour", "red")
        assert result.exit_code == 2
        assert "--colour" in result.stderr
        assert "Traceback" not in result.output

    def test_is_named_in_the_help_of_all(self):
        result = lsm("--help")
        assert result.exit_code == 0
        assert all(re.search(rf"^  {command} +\S", result.stdout, re.MULTILINE) for command in COMMANDS)

    def test_can_be_stopped_quietly(self, files, monkeypatch):
        def stop(*_, **__):
            raise KeyboardInterrupt

        monkeypatch.setattr(lsm_sim, "run", stop)
        result = lsm("run", files / "liquid.toml", files / "stimulus.npz")
        assert (result.exit_code, result.output) == (130, "")

    def test_ends_with_the_number_of_a_signal_that_became_another_exception(self, files, monkeypatch):
        def stop(*_, **__):
            ending._received.append(15)
            raise ImportError("numpy failed to import")

        monkeypatch.setattr(ending, "_received", [])
        monkeypatch.setattr(lsm_sim, "run", stop)
        result = lsm("run", files / "liquid.toml", files / "stimulus.npz")
        assert (result.exit_code, result.output) == (143, "")


class TestAnUnexpectedError:
    @pytest.fixture(autouse=True)
    def _broken(self, monkeypatch):
        def fail(*_, **__):
            raise ZeroDivisionError("first line\nsecond line")

        monkeypatch.setattr(lsm_sim, "run", fail)

    def test_is_one_line_that_says_how_to_see_more(self, files):
        result = lsm("run", files / "liquid.toml", files / "stimulus.npz")
        fails(result, "unexpected ZeroDivisionError: first line second line", code=1)
        assert "--debug" in result.stderr

    @pytest.mark.parametrize("how", ["option", "variable"])
    def test_comes_with_its_traceback_when_wanted(self, files, how):
        arguments = ["run", files / "liquid.toml", files / "stimulus.npz"]
        arguments = ["--debug", *arguments] if how == "option" else arguments
        result = lsm(*arguments, env={"LSM_SIM_DEBUG": "1"} if how == "variable" else {})
        assert isinstance(result.exception, ZeroDivisionError)


def test_running_out_of_memory_is_said_in_one_line(files, monkeypatch):
    def fail(*_, **__):
        raise MemoryError

    monkeypatch.setattr(lsm_sim, "run", fail)
    fails(lsm("run", files / "liquid.toml", files / "stimulus.npz"), "out of memory; use a smaller network")


def test_a_warning_is_one_line(files, monkeypatch):
    import warnings

    def warn(*_, **__):
        warnings.warn("mind the gap", stacklevel=1)
        raise DescriptionError("enough")

    monkeypatch.setattr(lsm_sim, "run", warn)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        result = lsm("run", files / "liquid.toml", files / "stimulus.npz")
    assert result.stderr == "lsm-sim: warning: mind the gap\nlsm-sim: enough\n"


class TestInAProcess:
    def test_the_version_is_printed(self):
        result = lsm_process("--version")
        assert (result.returncode, result.stdout, result.stderr) == (0, f"{lsm_sim.__version__}\n", "")

    def test_help_imports_nothing_heavy(self):
        code = "import sys; from lsm_sim.apps.cli import app; print([m for m in sys.argv[1:] if m in sys.modules])"
        heavy = ["sklearn", "matplotlib", "numba", "scipy", "rich", "brian2"]
        result = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True)
        assert result.stdout == "[]\n"

    def test_an_error_is_one_line_without_a_traceback(self, files):
        result = lsm_process("run", files / "nothing.toml", files / "stimulus.npz")
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr == f"lsm-sim: {files / 'nothing.toml'}: no such file\n"

    def test_debug_shows_the_traceback(self, files):
        result = lsm_process("run", files / "nothing.toml", files / "stimulus.npz", LSM_SIM_DEBUG="1")
        assert result.returncode != 0
        assert "Traceback" in result.stderr

    def test_a_closed_pipe_is_no_error(self):
        code = "from lsm_sim.apps.cli import main; main()"
        line = f'"{sys.executable}" -c "{code}" info | true'
        result = subprocess.run(line, shell=True, capture_output=True, text=True, check=False)
        assert "Traceback" not in result.stderr
        assert "unexpected" not in result.stderr


class TestInfo:
    def test_lists_versions_cores_and_every_backend(self):
        result = lsm("info")
        assert result.exit_code == 0
        assert lsm_sim.__version__ in result.stdout
        for name in backend.known():
            assert f"backend {name}" in result.stdout

    def test_json_says_why_a_backend_cannot_run(self, monkeypatch):
        def find(name):
            if name == "fast":
                raise BackendUnavailableError("type this: pip install it")
            if name == "reference":
                raise OSError("broken")

        monkeypatch.setattr(availability.protocol, "find", find)
        report = json.loads(lsm("info", "--json").stdout)
        assert report["backends"]["fast"] == {"usable": False, "reason": "type this: pip install it"}
        assert report["backends"]["reference"]["reason"].startswith("importing it failed (OSError: broken)")
        assert report["versions"]["numpy"] == np.__version__
        assert report["cores"] >= 1
        assert report["processor"]

    def test_the_processor_is_what_linux_calls_it(self, tmp_path):
        (tmp_path / "cpuinfo").write_text(
            "vendor_id\t: X\nmodel name\t: Some CPU @ 2 GHz\nmodel name\t: Some CPU @ 2 GHz\n"
        )
        assert environment.processor(tmp_path / "cpuinfo") == "Some CPU @ 2 GHz"
        assert environment.processor(tmp_path / "missing") == (platform.processor() or platform.machine())


class TestRun:
    def test_writes_the_spikes_that_run_gives(self, files, tmp_path):
        result = lsm("run", files / "liquid.toml", files / "stimulus.npz", "-o", tmp_path / "out.npz", "--json")
        assert result.exit_code == 0, result.output
        expected = lsm_sim.run(digits.liquid(20, seed=0), Spikes.load(files / "stimulus.npz")).spikes
        written = Spikes.load(tmp_path / "out.npz")
        for name in ("step", "channel", "offsets", "n_steps"):
            np.testing.assert_array_equal(getattr(written, name), getattr(expected, name))
        assert written.groups == expected.groups
        report = json.loads(result.stdout)
        assert report["spikes"] == expected.n_events
        assert report["rates"]["exc"] == expected["exc"].n_events / (16 * expected.durations.sum())

    @pytest.mark.parametrize("network", ["liquid.json", "program.npz"])
    def test_takes_json_and_programs_too(self, files, network):
        one, other = (
            json.loads(lsm("run", files / name, files / "stimulus.npz", "--json").stdout)
            for name in ("liquid.toml", network)
        )
        assert one["spikes"] == other["spikes"] > 0

    def test_takes_a_case_file_as_program_and_stimulus(self):
        result = lsm("run", GOLDEN[0], GOLDEN[0], "--backend", "reference", "--json")
        assert json.loads(result.stdout)["spikes"] == npz.read(GOLDEN[0])["spike_step"].size

    def test_another_seed_gives_another_liquid(self, files):
        spikes = {
            json.loads(lsm("run", files / "liquid.toml", files / "stimulus.npz", "--json", *seed).stdout)["spikes"]
            for seed in ([], ["--seed", 0], ["--seed", 1])
        }
        assert len(spikes) == 2

    @pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
    def test_draws_a_raster(self, files, tmp_path, suffix):
        picture = tmp_path / f"raster.{suffix}"
        result = lsm("run", files / "liquid.toml", files / "stimulus.npz", "--plot", picture, "--sample", 2)
        assert result.exit_code == 0, result.output
        assert str(picture) in result.stdout
        starts = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}
        assert picture.read_bytes().startswith(starts[suffix])

    @pytest.mark.parametrize(
        ("network", "stimulus", "options", "expected"),
        [
            ("nothing.toml", "stimulus.npz", [], "nothing.toml: no such file"),
            ("liquid.toml", "nothing.npz", [], "nothing.npz: no such file"),
            ("broken.toml", "stimulus.npz", [], "broken.toml: damaged or not TOML"),
            ("liquid.toml", "broken.npz", [], "broken.npz: damaged or not an .npz file"),
            ("broken.npz", "stimulus.npz", [], "broken.npz: damaged or not an .npz file"),
            ("stimulus.npz", "stimulus.npz", [], "got format 'lsm_sim.spikes/1', expected 'lsm_sim.program/1'"),
            ("liquid.toml", "program.npz", [], "got format 'lsm_sim.program/1', expected 'lsm_sim.spikes/1'"),
            ("liquid.toml", "", [], "cannot be read"),
            ("", "stimulus.npz", [], "expected a liquid as .toml or .json"),
            ("liquid.toml", "stimulus.npz", ["--backend", "nest"], "no backend 'nest'; known:"),
            ("liquid.toml", "stimulus.npz", ["--sample", 3, "--plot", "x.png"], "--sample: got 3, expected 0..2"),
            ("liquid.toml", "stimulus.npz", ["-o", "x.txt"], "x.txt: got the suffix '.txt', expected one of .npz"),
            ("liquid.toml", "stimulus.npz", ["--plot", "x.bmp"], "x.bmp: got the suffix '.bmp'"),
            ("liquid.toml", "stimulus.npz", ["-o", "."], ".: is a folder"),
            ("liquid.toml", "stimulus.npz", ["-o", "no/such/x.npz"], "no/such: no such folder"),
            ("program.npz", "stimulus.npz", ["--seed", 1], "a program has no seed"),
        ],
    )
    def test_says_what_is_wrong(self, files, network, stimulus, options, expected):
        fails(lsm("run", files / network, files / stimulus, *options), expected)

    def test_a_stimulus_for_another_network_is_refused(self, files, tmp_path):
        Spikes.from_dense(np.ones((5, 3)), 1 * ms).save(tmp_path / "other.npz")
        fails(
            lsm("run", files / "liquid.toml", tmp_path / "other.npz"), "got 3 channels, expected the 8 input channels"
        )

    def test_a_failed_picture_leaves_no_file(self, files, tmp_path, monkeypatch):
        from matplotlib.figure import Figure

        def fail(_, stream, **__):
            stream.write(b"half a picture")
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Figure, "savefig", fail)
        result = lsm("run", files / "liquid.toml", files / "stimulus.npz", "--plot", tmp_path / "raster.png")
        fails(result, "cannot write there (No space left on device)")
        assert list(tmp_path.iterdir()) == []


class TestConform:
    @pytest.mark.parametrize("name", ["reference", "fast"])
    def test_passes_where_a_backend_agrees(self, name):
        result = lsm("conform", GOLDEN[0].parent, "--backend", name)
        assert result.exit_code == 0, result.output
        lines = result.stdout.splitlines()
        assert len(lines) == len(GOLDEN) + 1
        assert all(line.startswith("ok ") for line in lines[:-1])
        assert lines[-1] == f"{len(GOLDEN)} of {len(GOLDEN)} cases agree on {name}"

    def test_says_what_differs_first_and_fails(self, tmp_path):
        arrays = npz.read(GOLDEN[0])
        u = arrays["u"].copy()
        u[3, 1] += 1
        npz.write(tmp_path / "wrong.npz", arrays | {"u": u})
        result = lsm("conform", tmp_path / "wrong.npz", GOLDEN[0])
        assert result.exit_code == 1
        assert result.stdout.splitlines()[0].startswith("FAIL  wrong.npz: step 3, neuron 1: u: got ")
        assert result.stdout.splitlines()[2] == "1 of 2 cases agree on fast"

    def test_a_file_that_cannot_be_read_does_not_keep_the_others_from_it(self, tmp_path, files):
        result = lsm("conform", files / "broken.npz", tmp_path / "nothing.npz", GOLDEN[0], "--json")
        assert result.exit_code == 1
        report = json.loads(result.stdout)
        assert (report["passed"], report["failed"]) == (1, 2)
        assert [one["ok"] for one in report["cases"]] == [False, False, True]
        assert report["cases"][1]["difference"] == "no such file"

    @pytest.mark.parametrize(
        ("path", "name", "expected"),
        [("empty", "fast", "no .npz files in this folder"), (GOLDEN[0], "nest", "no backend 'nest'; known:")],
    )
    def test_says_what_is_wrong(self, tmp_path, path, name, expected):
        (tmp_path / "empty").mkdir()
        fails(lsm("conform", tmp_path / path, "--backend", name), expected)


def test_the_page_names_every_command_and_option():
    page = (Path(__file__).parents[3] / "docs/cli.md").read_text()
    for command in COMMANDS:
        assert f"\n## {command}\n" in page
        for option in set(re.findall(r"(--[a-z][a-z-]+)\b", lsm(command, "--help").stdout)) - {"--help"}:
            assert option in page


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_json_seed_and_backend(command):
    text = lsm(command, "--help").stdout
    options = ("--json", "--seed") if command == "encode" else ("--json", "--seed", "--backend")  # encode runs nothing
    assert all(option in text for option in options)


def test_info_looks_at_one_backend():
    assert list(json.loads(lsm("info", "--backend", "fast", "--json").stdout)["backends"]) == ["fast"]
    assert "no backend 'nest'; known:" in lsm("info", "--backend", "nest").stderr
