"""Features that are computed and stored chunk by chunk."""

import errno
import json
import os
import pickle
import signal
import subprocess
import sys

import h5py
import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import streams
from lsm_sim.errors import DescriptionError, RunError
from lsm_sim.support import files

RNG = np.random.default_rng(3)
X, Y = RNG.random((50, 4, 2)), np.arange(50) % 3
LIQUID = lsm.Liquid(
    [lsm.Inputs("in", 2)],
    [lsm.Neurons("exc", 8, i_bias=60.0)],
    [
        lsm.Synapses("in", "exc", lsm.AllToAll(), weight=1.0),
        lsm.Synapses("exc", "exc", lsm.FixedProbability(0.3), weight=0.1),
    ],
    seed=1,
    background=lsm.Background("exc", 50.0, 0.3),
)


@pytest.fixture(scope="module")
def model():
    """A fitted transformer with a random encoder and background noise, which both depend on the sample only."""
    return lsm.LiquidTransformer(LIQUID, lsm.encode.Poisson(200.0, frame=0.005), lsm.Counts(2)).fit(X)


@pytest.fixture(scope="module")
def expected(model):
    return model.transform(X)


def batches(size, stop=50, y=Y):
    return ((X[k : k + size], y[k : k + size]) for k in range(0, stop, size))


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(("size", "chunk"), [(7, 16), (50, 16), (1, 50), (3, 60)])
def test_features_do_not_depend_on_batches_and_chunks(model, expected, tmp_path, size, chunk):
    stored = streams.transform(model, batches(size), tmp_path / "f", chunk=chunk)
    assert stored.shape == expected.shape
    assert np.array_equal(stored[:], expected)
    assert np.array_equal(stored[13:37], expected[13:37])
    assert np.array_equal(stored[-1], expected[-1])
    assert np.array_equal(stored.y, Y)
    assert stored.complete


def test_files_folders_and_arrays_are_sources(model, expected, tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["X"], file["y"] = X, Y
    folder = tmp_path / "samples"
    folder.mkdir()
    np.save(folder / "0.npy", X[0])
    np.save(folder / "1.npy", X[1:20])
    np.savez(folder / "2.npz", X=X[20:])
    for k, source in enumerate((tmp_path / "a.h5", str(folder), X, (X, Y), list(X))):
        stored = streams.transform(model, source, tmp_path / f"out{k}", chunk=20)
        assert np.array_equal(stored[:], expected), source
    assert np.array_equal(streams.StoredFeatures(tmp_path / "out0").y, Y)


def test_spikes_are_a_source(tmp_path):
    spikes = lsm.Spikes.from_dense(RNG.random((20, 15, 2)) < 0.3, 0.001)
    model = lsm.LiquidTransformer(LIQUID, lsm.encode.Passthrough(), lsm.Counts(1)).fit(spikes)
    stored = streams.transform(model, (spikes[k : k + 3] for k in range(0, 20, 3)), tmp_path / "f", chunk=8)
    assert np.array_equal(stored[:], model.transform(spikes))


def test_zarr_reads_what_was_written(model, expected, tmp_path):
    zarr = pytest.importorskip("zarr")
    streams.transform(model, batches(7), tmp_path / "f", chunk=16)
    group = zarr.open(tmp_path / "f", mode="r")
    assert np.array_equal(group["features"][:], expected)
    assert np.array_equal(group["y"][:], Y)


def test_an_interrupted_run_ends_with_the_same_bytes(model, tmp_path):
    streams.transform(model, batches(7), tmp_path / "whole", chunk=8)

    def interrupted():
        yield from batches(7, 28)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        streams.transform(model, interrupted(), tmp_path / "f", chunk=8)
    partial = streams.StoredFeatures(tmp_path / "f")
    assert len(partial) == 24
    assert not partial.complete
    partial.verify()
    with (tmp_path / "f/chunks.jsonl").open("ab") as stream:
        stream.write(b'{"samples": 8, "inp')  # a line that was not finished when the process was killed
    (tmp_path / "f/features/c.3.0").write_bytes(b"a chunk without a line")
    for _ in range(2):  # the second time it is complete
        streams.transform(model, batches(5), tmp_path / "f", chunk=8, resume=True)
        assert contents(tmp_path / "f") == contents(tmp_path / "whole")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_run_ends_with_the_same_bytes(model, tmp_path):
    streams.transform(model, batches(7), tmp_path / "whole", chunk=8)
    (tmp_path / "model.pkl").write_bytes(pickle.dumps((streams.transforming._transformer(model), X, Y)))
    code = (
        "import os, pickle, signal\nfrom lsm_sim import streams\nmodel, X, Y = pickle.load(open('model.pkl', 'rb'))\n"
        "def samples():\n    yield X[:30], Y[:30]\n    os.kill(os.getpid(), signal.SIGKILL)\n"
        "streams.transform(model, samples(), 'f', chunk=8)"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert len(streams.StoredFeatures(tmp_path / "f")) == 24
    streams.transform(model, batches(7), tmp_path / "f", chunk=8, resume=True)
    assert contents(tmp_path / "f") == contents(tmp_path / "whole")


@pytest.mark.slow
def test_workers_write_the_same_bytes(model, tmp_path):
    streams.transform(model, batches(7), tmp_path / "one", chunk=8)
    streams.transform(model, batches(7), tmp_path / "two", chunk=8, workers=2)
    assert contents(tmp_path / "two") == contents(tmp_path / "one")


def test_a_full_disk_keeps_what_is_done(model, expected, tmp_path, monkeypatch):
    written = files.new_file

    def full(path):
        if path.name == "c.2.0":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return written(path)

    with monkeypatch.context() as patched:
        patched.setattr(files, "new_file", full)
        with pytest.raises(RunError, match=r"No space left on device.*first 16 samples are complete.*resume"):
            streams.transform(model, batches(7), tmp_path / "f", chunk=8)
    stored = streams.StoredFeatures(tmp_path / "f")
    assert np.array_equal(stored[:], expected[:16])
    resumed = streams.transform(model, batches(7), tmp_path / "f", chunk=8, resume=True)
    assert np.array_equal(resumed[:], expected)


def test_float32_takes_half_the_space(model, expected, tmp_path):
    stored = streams.transform(model, X, tmp_path / "f", chunk=50, dtype="float32")
    assert np.array_equal(stored[:], expected.astype(np.float32))
    assert (tmp_path / "f/features/c.0.0").stat().st_size == 4 * expected.size


def test_another_run_is_not_resumed(model, tmp_path):
    path = tmp_path / "f"
    streams.transform(model, batches(6, 24), path, chunk=8)
    with pytest.raises(DescriptionError, match="is already there"):
        streams.transform(model, batches(7), path, chunk=8)
    with pytest.raises(DescriptionError, match="another chunk, 8, not 10"):
        streams.transform(model, batches(7), path, chunk=10, resume=True)
    with pytest.raises(DescriptionError, match="are not those of the run to be resumed"):
        streams.transform(model, X[::-1], path, chunk=8, resume=True)
    with pytest.raises(DescriptionError, match="is complete, but there are more samples"):
        streams.transform(model, (X[:36], Y[:36]), path, chunk=8, resume=True)
    other = lsm.LiquidTransformer(LIQUID, lsm.encode.Poisson(300.0, frame=0.005), lsm.Counts(2)).fit(X)
    with pytest.raises(DescriptionError, match="another encoder"):
        streams.transform(other, batches(7), path, chunk=8, resume=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/file").touch()
    with pytest.raises(DescriptionError, match=r"no manifest.json in this folder"):
        streams.transform(model, X, tmp_path / "other", resume=True)


def test_damaged_folders_are_found(model, tmp_path):
    path = tmp_path / "f"
    stored = streams.transform(model, X, path, chunk=20)
    data = bytearray((path / "features/c.1.0").read_bytes())
    data[5] ^= 1
    (path / "features/c.1.0").write_bytes(data)
    with pytest.raises(DescriptionError, match="chunk 1 is not as it was written"):
        stored.verify()
    (path / "features/c.1.0").write_bytes(data[:80])
    with pytest.raises(DescriptionError, match="got 10 numbers, expected 320"):
        stored[:]
    (path / "chunks.jsonl").write_text("no json\n")
    with pytest.raises(DescriptionError, match="damaged"):
        streams.StoredFeatures(path)
    (path / "manifest.json").write_text(json.dumps({"format": "lsm_sim.recording/1"}))
    with pytest.raises(DescriptionError, match=r"expected 'lsm_sim.features/1'"):
        streams.StoredFeatures(path)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (iter([np.zeros((2, 4, 2)), "text"]), "batch 1: X"),
        (iter([(X[:3], Y[:2])]), r"y: got shape \(2,\)"),
        (iter([(X[:3], Y[:3]), X[3:6]]), "y of different forms"),
        ({"X": X}, "expected batches of samples"),
        ("missing.h5", "no such file or folder"),
        (iter([np.zeros((0, 4, 2))]), "no samples"),
        (iter([[1.0, 2.0]]), r"arrays \(frames, channels\)"),
    ],
)
def test_wrong_samples_are_named(model, tmp_path, samples, message):
    with pytest.raises(DescriptionError, match=message):
        streams.transform(model, samples, tmp_path / "f", chunk=50)


def test_a_damaged_hdf5_file_is_one_sentence(model, tmp_path):
    (tmp_path / "a.h5").write_bytes(b"no HDF5" * 100)
    with pytest.raises(DescriptionError, match=r"a\.h5: damaged or not an HDF5 file"):
        streams.transform(model, tmp_path / "a.h5", tmp_path / "f")


def test_too_little_memory_is_refused_before_the_run(model, tmp_path):
    with pytest.raises(DescriptionError, match="max_memory: got 10 MiB, but a chunk of 50 samples needs about"):
        streams.transform(model, X, tmp_path / "f", chunk=50, max_memory=10 * 2**20)
    assert not len(streams.StoredFeatures(tmp_path / "f"))
    assert len(streams.transform(model, X, tmp_path / "g", chunk=50, max_memory=64 * 2**30)) == 50


def test_only_one_process_writes_into_a_folder(model, tmp_path):
    pytest.importorskip("fcntl")

    def samples():
        yield X
        streams.transform(model, X, tmp_path / "f", chunk=10, resume=True)

    with pytest.raises(DescriptionError, match="another process is writing"):
        streams.transform(model, samples(), tmp_path / "f", chunk=10)


@pytest.mark.parametrize("alphas", [1.0, (0.1, 1.0, 10.0)])
def test_ridge_on_stored_features_equals_ridge_on_all(model, expected, tmp_path, alphas):
    values = RNG.random((50, 2))
    stored = streams.transform(
        model, ((X[k : k + 7], values[k : k + 7]) for k in range(0, 50, 7)), tmp_path / "f", chunk=16
    )
    own = streams.fit(lsm.readout.IncrementalRidge(alphas), stored)
    batch = lsm.readout.IncrementalRidge(alphas).fit(expected, values)
    assert own.alpha_ == batch.alpha_
    # the same moments, summed in other orders
    np.testing.assert_allclose(own.coef_, batch.coef_, rtol=1e-8, atol=1e-8 * np.abs(batch.coef_).max())
    np.testing.assert_allclose(own.predict(expected), batch.predict(expected), rtol=1e-8)


def test_a_classifier_learns_every_class_of_stored_features(model, tmp_path):
    labels = np.array(["a", "b", "c"])[np.sort(Y)]  # the first chunk has one class only
    streams.transform(model, X, tmp_path / "f", chunk=16)
    own = streams.fit(lsm.readout.IncrementalRidgeClassifier(), tmp_path / "f", labels)
    assert own.classes_.tolist() == ["a", "b", "c"]
    with pytest.raises(DescriptionError, match="no labels or values are stored"):
        streams.fit(lsm.readout.IncrementalRidge(), tmp_path / "f")
    with pytest.raises(DescriptionError, match="expected an estimator with partial_fit"):
        streams.fit(lsm.readout.ridge(), tmp_path / "f", labels)
