"""Comparisons with tuned rows: the setting is chosen on training samples only, in the right way."""

import numpy as np
import pytest

from lsm_sim import DescriptionError
from lsm_sim.learn.controls.folds import one_group_out
from lsm_sim.learn.controls.tuned import Setting, compare_tuned
from lsm_sim.learn.readout import ridge

N = 80
SEEDS = [0, 11]


def setting(text, values):
    return Setting(text, lambda seed: np.asarray(values(np.random.default_rng(seed)), float))


def noise(rng):
    return rng.normal(size=(N, 3))


def answers(y, which):
    """Return features with the answer for these samples and noise for all others."""
    return lambda rng: np.where(which[:, None], y[:, None] * [1, 2, 3], 0) + 0.01 * rng.normal(size=(N, 3))


@pytest.fixture
def task():
    y = np.tile([0, 1], N // 2)
    return y, [(np.arange(N // 2), np.arange(N // 2, N))]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_setting_is_chosen_on_training_samples(task, seed):
    y, folds = task
    train = np.arange(N) < N // 2
    views = {
        "a": [setting("noise", noise), setting("right in training", answers(y, train))],
        "b": [setting("right in test", answers(y, ~train)), setting("always right", answers(y, train | ~train))],
    }
    found = compare_tuned(views, y, folds, readout=ridge(), seeds=(seed, seed + 1), progress=False)
    assert found.chosen == {"a": {"right in training": 2}, "b": {"always right": 2}}
    assert found.comparison.mean["b"] == 1
    assert found.comparison.mean["a"] < 0.8
    assert found.comparison.settings["tried"]["a"] == ["noise", "right in training"]


def test_of_equal_settings_the_first_is_chosen(task):
    y, folds = task
    own = answers(y, np.ones(N, bool))
    views = {"a": [setting("first", own), setting("second", own)]}
    assert compare_tuned(views, y, folds, readout=ridge(), seeds=(0,)).chosen == {"a": {"first": 1}}


@pytest.mark.parametrize("seed", SEEDS)
def test_for_new_groups_settings_are_chosen_by_leaving_groups_out(seed):
    """Each group has its own code for the answer in one setting; another has a weak code that all groups share."""
    rng = np.random.default_rng(seed)
    y, groups = np.tile([0, 1], N // 2), np.repeat(np.arange(4), N // 4)
    own = np.where(np.arange(4) == groups[:, None], 2 * y[:, None] - 1, 0) * 5.0
    shared = (2 * y - 1)[:, None] + 1.0 * rng.normal(size=(N, 3))
    views = {"a": [Setting("own", lambda _: own), Setting("shared", lambda _: shared)]}
    new = compare_tuned(views, y, one_group_out(groups), readout=ridge(), seeds=(0,), groups=groups)
    assert new.chosen == {"a": {"shared": 4}}, f"seed {seed}"
    assert new.comparison.n_blocks == 4
    known = [(np.arange(0, N) % 4 < 2, np.arange(0, N) % 4 >= 2)]
    folds = [(np.flatnonzero(train), np.flatnonzero(test)) for train, test in known]
    old = compare_tuned(views, y, folds, readout=ridge(), seeds=(0,), groups=groups)
    assert old.chosen == {"a": {"own": 1}}, f"seed {seed}"


def test_unequal_budgets_are_refused(task):
    y, folds = task
    views = {"a": [setting("one", noise)], "b": [setting("one", noise), setting("two", noise)]}
    with pytest.raises(DescriptionError, match=r"got \{'a': 1, 'b': 2\} settings, expected equally many"):
        compare_tuned(views, y, folds, readout=ridge(), seeds=(0,))
