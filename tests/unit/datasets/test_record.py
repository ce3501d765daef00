import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import DescriptionError, Spikes
from lsm_sim.datasets import Dataset, Source

SOURCE = Source("made up", "none", "nobody")


def dataset(X=None, y=(0, 1, 1, 0), **more):
    X = [np.full((k + 1, 2), k) for k in range(4)] if X is None else X
    return Dataset("toy", X, np.array(y), ("no", "yes"), SOURCE, **more)


SAMPLES = {
    "list": [np.full((k + 1, 2), float(k)) for k in range(4)],
    "array": np.arange(24.0).reshape(4, 3, 2),
    "spikes": Spikes.from_dense(np.eye(4, dtype=bool)[:, None, :], dt=0.001),
}


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize("key", [[2, 0], slice(1, 3), np.array([True, False, False, True])], ids=str)
def test_a_selection_keeps_samples_labels_and_groups_together(kind, key):
    X, groups = SAMPLES[kind], np.array(list("abcd"))
    part = dataset(X, groups=groups, split=[True, False, True, False])[key]
    chosen = np.arange(4)[key]
    assert len(part) == len(chosen)
    assert part.y.tolist() == np.array([0, 1, 1, 0])[chosen].tolist()
    assert part.groups.tolist() == groups[chosen].tolist()
    for got, k in zip(part.X, chosen, strict=True) if kind != "spikes" else ():
        assert np.array_equal(got, X[k])
    if kind == "spikes":
        assert np.array_equal(part.X.to_dense(), X.to_dense()[chosen])


def test_train_and_test_are_the_published_parts():
    data = dataset(split=[True, False, True, False])
    assert data.train.y.tolist() == [1, 0]
    assert data.test.y.tolist() == [0, 1]


def test_without_a_published_split_it_says_so():
    with pytest.raises(DescriptionError, match="no split is published; cross-validate"):
        _ = dataset().train


def test_labels_outside_the_classes_are_refused():
    with pytest.raises(DescriptionError, match=r"labels 0..2, expected 0..1"):
        dataset(y=(0, 1, 2, 0))


@pytest.mark.parametrize("more", [{"y": (0, 1)}, {"groups": ["a"]}, {"split": [True] * 5}], ids=str)
def test_fields_of_another_length_are_refused(more):
    with pytest.raises(DescriptionError, match="4 samples, but"):
        dataset(**more)


def test_labels_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        dataset().y[0] = 1


def test_the_digits_are_those_of_scikit_learn():
    from sklearn.datasets import load_digits

    data = lsm.datasets.digits()
    X, y = load_digits(return_X_y=True)
    assert data.X.shape == (1797, 8, 8)
    assert np.array_equal(data.X.reshape(1797, 64) * 16, X)
    assert np.array_equal(data.y, y)
    assert data.classes == tuple("0123456789")
