"""Run every example and the README's code, each in its own process and folder; some with less to do."""

import functools
import os
import re
import runpy
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import backend

ROOT = Path(__file__).parent.parent
NEEDS = {"brian2": "brian2", "lava": "lava"}  # examples that begin with a backend's name need it
NEEDS_MODULE = {  # the module, and what to install
    "balance_a_pole": ("gymnasium", "control"),
    "irregular_samples": ("ncps", "cells"),
    "trained_liquid": ("torch", "torch"),
}
FEWER = {  # seeds, samples, neurons: what is asserted of an example's numbers is asserted of these; without that, it only runs
    "balance_a_pole": ("SEEDS, STEPS = (0, 1, 2, 3, 4), 200", "SEEDS, STEPS = (0, 1), 200"),
    "drifting_sensor": ("SEEDS, CHECKPOINTS, N_OLD = (0, 1, 2, 3, 4),", "SEEDS, CHECKPOINTS, N_OLD = (0, 1),"),
    "force": (
        "LYAPUNOV_TIME = 0.5, 6000, 300, 1 / 0.006  # of Mackey-Glass, in its unit of time\nN_STARTS, LONGEST = 10, 6",
        "LYAPUNOV_TIME = 0.5, 4000, 300, 1 / 0.006\nN_STARTS, LONGEST = 3, 4",
    ),
    "free_running": ("N_TRAIN, N_STARTS, WASHOUT = 4000, 20,", "N_TRAIN, N_STARTS, WASHOUT = 1000, 2,"),
    "maass_separation": (
        "N_CIRCUITS, N_STATES, N_PAIRS = (0.0, 0.1, 0.2, 0.4), 3,",
        "N_CIRCUITS, N_STATES, N_PAIRS = (0.0, 0.1, 0.2, 0.4), 1,",
    ),
    "silent_memory": (
        "N_TRAIN, N_TEST, SEEDS = 8, 300, 400, 200, (0, 1)",
        "N_TRAIN, N_TEST, SEEDS = 8, 300, 60, 30, (0,)",
    ),
}
USERS_THREADS = {"OPENBLAS_NUM_THREADS": ""}  # make test limits them
QUICK = ("first_liquid",)
EXAMPLES = [
    pytest.param(path, marks=[] if path.stem in QUICK else pytest.mark.slow, id=path.stem)
    for path in sorted((ROOT / "examples").glob("*.py"))
]

WARNINGS = ["-Werror::UserWarning", "-Wignore::DeprecationWarning", "-Wignore:_get_vc_env is private"]  # Brian2 2.8's


def run(script, folder, **others):
    done = subprocess.run(
        [sys.executable, *WARNINGS, str(script)],
        cwd=folder,
        env={**os.environ, "MPLBACKEND": "Agg", **others},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    """Return what an example prints; it runs once, however many tests look at it."""
    return functools.cache(lambda path: run(shortened(path, tmp_path_factory), tmp_path_factory.mktemp(path.stem)))


def shortened(path, tmp_path_factory):
    """Return the path of the example, or of a copy with less to do."""
    if path.stem not in FEWER:
        return path
    text = path.read_text(encoding="utf-8")
    many, few = FEWER[path.stem]
    assert text.count(many) == 1, f"{path.name} has changed; so must FEWER"
    copy = tmp_path_factory.mktemp("shortened") / path.name
    copy.write_text(text.replace(many, few), encoding="utf-8")
    return copy


@pytest.mark.parametrize("path", EXAMPLES)
def test_the_example_runs(path, output):
    needed = [name for prefix, name in NEEDS.items() if path.stem.startswith(prefix)]
    for name in needed:
        if name not in backend.known():
            pytest.skip(f"needs: pip install '.[{name}]'")
    skip_without_module(path.stem)
    assert output(path).strip()


def skip_without_module(name):
    module, extra = NEEDS_MODULE.get(name, (None, None))
    if module and find_spec(module) is None:
        pytest.skip(f"needs: pip install '.[{extra}]'")


def functions(name):
    skip_without_module(name)
    return runpy.run_path(str(ROOT / "examples" / f"{name}.py"))


def test_a_liquid_holds_the_pole_without_velocities_and_one_observation_does_not():
    example = functions("balance_a_pole")
    views, seen = example["VIEWS"], example["HIDDEN"]
    for name, holds in (("liquid", True), ("observation", False)):
        steps = example["balance"](views[name](seen, 100), 100, alone=2)
        assert steps >= 195 if holds else steps < 180, (name, steps)


def test_a_readout_that_goes_on_learning_follows_a_sensor():
    before, after = functions("drifting_sensor")["follow"](100, checkpoints=(300, 600), n_old=600)
    unchanged, *_, adapted = after["learns on"]
    assert after["not adapted"] == 3 * [unchanged]
    assert before - unchanged >= 0.2
    assert adapted - unchanged >= 0.15, after
    assert adapted >= after["retrained on the new samples"][-1] - 0.05, after


@pytest.mark.slow
def test_the_liquid_holds_the_pole_for_200_steps(output):
    skip_without_module("balance_a_pole")
    lines = output(ROOT / "examples" / "balance_a_pole.py").splitlines()
    held = [float(line.split()[1]) for line in lines if line.split()[0] == "liquid"]
    assert len(held) == 2
    assert min(held) >= 195, lines


@pytest.mark.slow
def test_learning_on_replaces_retraining_after_a_change(output):
    printed = output(ROOT / "examples" / "drifting_sensor.py")
    assert float(re.search(r"fall without adaptation: (\S+)", printed)[1]) >= 20, printed
    assert int(re.search(r"within 2 points of .* after: (\S+)", printed)[1]) <= 3000, printed


def test_answers_in_a_stream_of_words_are_judged_where_each_word_ends():
    example = functions("spoken_word_stream")
    n, rng = example["N"], np.random.default_rng(1)
    samples, times = example["spoken"]([rng.normal(size=2400), np.array([1.0]), rng.normal(size=1600)], rng)
    ends = example["Ends"]()
    stops = np.array([k + n for k in range(0, len(samples) - n, n) if ends.found(samples[k : k + n])])
    delay = stops - times[[0, 1, 2], 1]  # the click, too, is heard
    assert (delay > 0.07 * example["RATE"]).all(), delay
    assert (delay <= 0.1 * example["RATE"]).all(), delay
    assert example["end_of_each_word"](stops[[0, 2]], times) == [0, None, 1]  # one end was missed
    answers = np.zeros(len(samples) // n, int)
    answers[stops[0] // n - 3 : stops[0] // n] = 1
    answers[stops[1] // n :] = 2
    out = {"stops": stops[[0, 2]].tolist(), "liquid": answers, "encoder": np.zeros_like(answers)}
    first, second, third = example["judged"](out, times, [1, 1, 0])
    assert first == (True, False, 1, pytest.approx((stops[0] - 2 * n) / example["RATE"]))
    assert second[:3] == (False, False, None)
    assert third == (False, True, 2, pytest.approx((stops[1] + n) / example["RATE"]))


def test_a_liquid_learns_a_sine_with_force_and_goes_on_alone():
    example = functions("force")
    sine = np.sqrt(2) * np.sin(2 * np.pi * np.arange(100) / 100)
    loop = example["Loop"](101, n_neurons=100)
    readout, output, errors = example["learn"](loop, np.tile(sine, 10), alpha=1.0)
    weights = readout.coef_.copy()
    made = example["alone"](loop, readout, output, 400)
    assert np.abs(errors[-100:]).max() < 0.1
    assert example["root_mean_square"](made - np.tile(sine, 4)) < 0.2
    np.testing.assert_array_equal(readout.coef_, weights)
    quiet = example["alone"](loop, lsm.readout.force().fit(np.ones((1, 300)), [0.0]), 0.0, 400)
    assert example["root_mean_square"](quiet[300:]) == 0  # nothing in the loop makes a sine by itself


@pytest.mark.slow
def test_force_continues_a_pattern_and_mackey_glass(output):
    printed = output(ROOT / "examples" / "force.py")
    first, shifted = re.search(r"in period 1 (\S+), .* with the best shift in time (\S+)", printed).groups()
    assert float(first) < 0.1, printed
    assert float(shifted) < 0.15, printed
    times = {
        name: float(t)
        for name, t in re.findall(r"  (FORCE|FORCE, recurrence off|ridge regression) +(\S+)   \(", printed)
    }
    assert times["FORCE"] > max(1.2, times["FORCE, recurrence off"]), printed
    assert times["ridge regression"] > 1.2, printed


@pytest.mark.slow
def test_words_are_recognised_while_they_play(output):
    printed = output(ROOT / "examples" / "spoken_word_stream.py")
    assert "96 words, 96 ends found" in printed
    assert float(re.search(r"right: liquid (\S+) %", printed)[1]) >= 90, printed


@pytest.mark.slow
def test_the_example_of_the_readme_learns_and_draws(tmp_path):
    [code] = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "readme.py").write_text(code, encoding="utf-8")
    fast, reference = (float(line) for line in run(tmp_path / "readme.py", tmp_path, **USERS_THREADS).split())
    assert fast > 0.9
    assert reference >= 7 / 9  # the same model on nine of the images
    assert (tmp_path / "raster.png").stat().st_size > 10_000


def test_no_spike_differs_between_backends(output):
    lines = output(ROOT / "examples" / "same_spikes.py").splitlines()
    assert lines[1:]
    for line in lines[1:]:
        assert line.endswith(": 0 spikes differ") or "install" in line
