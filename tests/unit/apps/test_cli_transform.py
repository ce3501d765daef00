"""The command transform."""

import json

import numpy as np
import pytest

from lsm_sim import LiquidClassifier, streams
from lsm_sim.apps.demo import digits
from tests.unit.apps.test_cli import fails, lsm


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with a model and data."""
    folder = tmp_path_factory.mktemp("data")
    X, y = digits.images()
    X, y = X[:60].reshape(-1, 8, 8), y[:60]
    LiquidClassifier(digits.liquid(30, seed=0)).fit(X, y).save(folder / "model.npz")
    np.savez(folder / "digits.npz", X=X, y=y)
    return folder


def test_transform_writes_what_the_estimator_gives(files, tmp_path):
    out = tmp_path / "features"
    call = ("transform", files / "model.npz", files / "digits.npz", "-o", out, "--chunk", 16, "--max-memory", 32000)
    result = lsm(*call, "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    X = np.load(files / "digits.npz")["X"]
    expected = LiquidClassifier.load(files / "model.npz").transformer_.transform(X)
    assert (report["samples"], report["features"]) == expected.shape
    assert np.array_equal(streams.StoredFeatures(out)[:], expected)
    fails(lsm(*call), "is already there")
    assert lsm(*call, "--resume").exit_code == 0


def test_workers_beside_a_cluster_are_refused():
    fails(lsm("evaluate", "digits", "--workers", 2, "--dask", "tcp://127.0.0.1:1"), "omit one")


def test_transform_says_what_is_wrong(files, tmp_path):
    call = ("transform", files / "model.npz", files / "digits.npz", "-o", tmp_path / "f")
    fails(lsm(*call, "--max-memory", 10), "max_memory: got 10 MiB")
    fails(lsm(*call, "--dask", "nowhere"), "expected an address such as")
    fails(lsm("transform", files / "model.npz", files / "no.h5", "-o", tmp_path / "g"), "no such file or folder")
