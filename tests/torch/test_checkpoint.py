"""Training that was interrupted continues from its file, to the bit, and no other training does."""

import re
from functools import partial

import numpy as np
import pytest
from tqdm import tqdm

import lsm_sim as lsm
from lsm_sim import Hz, ms
from lsm_sim.errors import DescriptionError
from lsm_sim.support import progress

torch = pytest.importorskip("torch", reason="needs PyTorch: make test-torch, or pip install '.[torch]'")
from lsm_sim_torch import FastSigmoid, TrainedLiquidClassifier, TrainedLiquidRegressor, training  # noqa: E402
from tests.torch.small import small_liquid  # noqa: E402

X = np.random.default_rng(3).uniform(size=(40, 4, 3))
Y = np.arange(40) % 2


def model(kind=TrainedLiquidClassifier, **others):
    settings = {"epochs": 4, "batch_size": 16, "learning_rate": 1e-2, "surrogate": FastSigmoid(4.0)} | others
    return kind(small_liquid, lsm.encode.Poisson(150 * Hz, frame=5 * ms), target_rate=None, **settings)


def interrupted(monkeypatch, epoch, path, **others):
    """Train until an interrupt in an epoch."""
    penalty = training.Trainer._penalty

    def stop(self, rate):
        if self._epoch == epoch:
            raise KeyboardInterrupt
        return penalty(self, rate)

    monkeypatch.setattr(training.Trainer, "_penalty", stop)
    with pytest.raises(KeyboardInterrupt):
        model(checkpoint=path, **others).fit(X, Y)
    monkeypatch.undo()


@pytest.mark.parametrize(
    "others",
    [
        {},
        {"patience": 1, "validation_fraction": 0.3},
        {"kind": TrainedLiquidRegressor},
        {"weight_bits": 6, "train": ("input_weight", "recurrent_weight", "threshold", "decay_v")},
        {"train": ("input_weight", "recurrent_delay"), "max_delay": 8 * ms},
    ],
    ids=["plain", "stops early", "values", "few bits and arrays", "delays"],
)
def test_resumed_training_ends_with_the_same_bits(others, monkeypatch, tmp_path):
    path = tmp_path / "training.pt"
    interrupted(monkeypatch, 2, path, **others)
    resumed, unbroken = (model(checkpoint=file, **others).fit(X, Y) for file in (path, None))
    assert resumed.history_ == unbroken.history_
    programs = [fitted._fitted().transformer_.program_ for fitted in (resumed, unbroken)]
    assert programs[0] == programs[1]
    assert np.array_equal(resumed.predict(X), unbroken.predict(X))


def test_what_is_finished_is_not_trained_again(monkeypatch, tmp_path):
    path = tmp_path / "training.pt"
    first = model(checkpoint=path).fit(X, Y)
    monkeypatch.setattr(training.Trainer, "_train_once", lambda *_: pytest.fail("trained"))
    again = model(checkpoint=path).fit(X, Y)
    assert again.history_ == first.history_
    assert again.classifier_.transformer_.program_ == first.classifier_.transformer_.program_


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("checkpoint") / "training.pt"
    model(checkpoint=path, epochs=1).fit(X, Y)
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"liquid": lambda n: small_liquid(n, size=20)}, "is of a training with another liquid;"),
        ({"random_state": 1}, "is of a training with other settings;"),
        ({"surrogate": None}, "is of a training with other settings;"),
        ({"train": ("input_weight",)}, "is of a training with other settings;"),
        ({"target_rate": 20 * Hz, "epochs": 2}, "is of a training with another liquid and other settings;"),
    ],
    ids=["liquid", "seed", "surrogate", "trained", "two"],
)
def test_a_file_of_another_training_is_refused(change, message, file):
    before = file.read_bytes()
    with pytest.raises(DescriptionError, match=message):
        model(checkpoint=file, epochs=1).set_params(**change).fit(X, Y)
    assert file.read_bytes() == before


@pytest.mark.parametrize(("other_X", "other_Y"), [(X[::-1], Y), (X, 1 - Y)], ids=["samples", "labels"])
def test_a_file_of_other_samples_is_refused(other_X, other_Y, file):
    with pytest.raises(
        DescriptionError, match="is of a training with other samples; remove it, or choose another file"
    ):
        model(checkpoint=file, epochs=1).fit(other_X, other_Y)


@pytest.mark.parametrize("content", [b"", b"abc", None, {"state": 1}], ids=["empty", "text", "half", "other"])
def test_a_damaged_file_is_refused(content, file, tmp_path):
    path = tmp_path / "training.pt"
    if isinstance(content, dict):
        torch.save(content, path)
    else:
        path.write_bytes(file.read_bytes()[: file.stat().st_size // 2] if content is None else content)
    with pytest.raises(DescriptionError, match=r"checkpoint: .* is no file of a training, or it is damaged; remove it"):
        model(checkpoint=path, epochs=1).fit(X, Y)


class Harmful:
    def __reduce__(self):
        return pytest.fail, ("code of the file was run",)


def test_code_in_a_file_is_not_run(tmp_path):
    path = tmp_path / "training.pt"
    torch.save({"description": Harmful(), "state": {}}, path)
    with pytest.raises(DescriptionError, match="is no file of a training"):
        model(checkpoint=path, epochs=1).fit(X, Y)


def test_a_path_that_cannot_be_written_is_refused_before_training(monkeypatch, tmp_path):
    monkeypatch.setattr(training.Trainer, "_train_once", lambda *_: pytest.fail("trained"))
    with pytest.raises(DescriptionError, match="cannot write there"):
        model(checkpoint=tmp_path / "no/such/folder.pt").fit(X, Y)
    with pytest.raises(DescriptionError, match="cannot be read, because it is a folder"):
        model(checkpoint=tmp_path).fit(X, Y)
    with pytest.raises(DescriptionError, match="path: got int"):
        model(checkpoint=3).fit(X, Y)


def test_the_bar_shows_loss_and_rate(capsys, monkeypatch):
    monkeypatch.setattr(progress, "_kind", lambda: partial(tqdm, mininterval=0))
    model(epochs=1, progress=True).fit(X, Y)
    assert re.search(r"loss \d\.\d{3}, rate \d+\.\d Hz", capsys.readouterr().err)
