"""The readout that is chosen on training samples: by leaving groups out if there are some, and never on test samples."""

import numpy as np
import pytest
from sklearn.base import clone

from lsm_sim import DescriptionError
from lsm_sim.learn.nested import NestedChoice, candidates
from lsm_sim.learn.readout import fit, ridge

GOOD, BAD = ridge(), ridge(alphas=(1e12,))


def task(seed, n=48):
    """Return four groups whose features 0 have the answer, with a code of each group in feature 1."""
    rng = np.random.default_rng(seed)
    y, groups = np.tile([0, 1], n // 2), np.repeat(np.arange(4), n // 4)
    return y[:, None] * [1.0, 0.5] + 0.1 * rng.normal(size=(n, 2)), y, groups


class Memory:
    """Knows the label of each sample of known groups, whose number is feature 0, and says 0 for others."""

    def get_params(self, deep=True):
        return {}

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.known = {tuple(row): label for row, label in zip(X.tolist(), y.tolist(), strict=True)}
        return self

    def predict(self, X):
        return np.array([self.known.get(tuple(row), 0) for row in X.tolist()])


def test_the_most_accurate_one_is_chosen_and_of_equal_ones_the_first():
    X, y, _ = task(0)
    found = NestedChoice({"memory": Memory(), "good": GOOD, "same": GOOD}).fit(X, y)
    assert found.chosen_ == "good"
    assert found.accuracy_["good"] == found.accuracy_["same"] == 1.0
    assert found.accuracy_["memory"] < 0.6
    np.testing.assert_array_equal(found.predict(X), clone(GOOD).fit(X, y).predict(X))
    np.testing.assert_array_equal(found.decision_function(X), clone(GOOD).fit(X, y).decision_function(X))


def test_groups_are_left_out_to_choose():
    """Samples of a group are copies of each other, so only leaving groups out shows that memory is worth nothing."""
    X, y, groups = task(1)
    rows = np.arange(len(X))
    X = np.round(X[rows // 12 * 12 + rows % 2], 6)
    both = {"memory": Memory(), "ridge": GOOD}
    assert NestedChoice(both).fit(X, y).accuracy_["memory"] == 1.0
    assert NestedChoice(both).fit(X, y).chosen_ == "memory"
    assert NestedChoice(both).fit(X, y, groups).accuracy_["memory"] == 0.5
    assert NestedChoice(both).fit(X, y, groups).chosen_ == "ridge"
    assert fit(NestedChoice(both), X, y, groups).chosen_ == "ridge"  # groups reach it through `fit`


def test_candidates_are_ridge_in_three_scales_and_logistic_regression():
    names = [*candidates()]
    assert [name.split(",")[0] for name in names] == ["ridge"] * 3 + ["logistic"] * 3


@pytest.mark.parametrize(
    ("how", "y", "groups", "expected"),
    [
        ({"readouts": {}}, [0, 1, 0, 1], None, "readouts: got none"),
        ({"readouts": [GOOD]}, [0, 1, 0, 1], None, "readouts: got"),
        ({"readouts": {"a": GOOD}}, [0, 1, 0, 1], [1, 1, 1, 1], "groups: got one group only"),
        ({"readouts": {"a": GOOD}}, [0, 1, 0, 0], None, "a class with one sample"),
        ({"readouts": {"a": GOOD}, "folds": 1}, [0, 1, 0, 1], None, "folds: got 1"),
    ],
)
def test_wrong_values_are_one_sentence(how, y, groups, expected):
    with pytest.raises(DescriptionError) as error:
        NestedChoice(**how).fit(np.arange(8.0).reshape(4, 2), np.array(y), groups)
    assert expected in str(error.value)
    assert "\n" not in str(error.value)
