"""Folders of deployments: they come back equal, verify on every engine, and no damage verifies."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim.deploy import Deployment, deploy, verify
from lsm_sim.deploy.bundle import MANIFEST, _canonical, _digest_of
from lsm_sim.errors import DescriptionError, LsmError, RunError
from tests.unit.deploy.small import ENCODER, liquid, signals, trained


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    X, y = signals()
    path = tmp_path_factory.mktemp("deployed") / "words"
    deploy(trained(), X, y).save(path, n_samples=3)
    return path


def copy(folder: Path, tmp_path: Path) -> Path:
    target = tmp_path / "copy"
    tmp_path.mkdir(exist_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    return Path(shutil.copytree(folder, target))


@pytest.mark.parametrize("how", [{}, {"relays": True, "ramp": 200}])
def test_a_deployment_comes_back_equal(how: Any, tmp_path: Path) -> None:
    X, y = signals(ragged=True)
    made = deploy(trained(ragged=True), X, y, **how)
    made.save(tmp_path / "d", X, n_samples=4)
    again = Deployment.load(tmp_path / "d")
    assert again.program == made.program
    assert again.facts == made.facts
    one, other = made.run(X), again.run(X)
    assert np.array_equal(one.sums, other.sums)
    assert np.array_equal(one.classes, other.classes)
    found = verify(tmp_path / "d")
    assert found.n_samples == 4
    assert found.n_values == 4 * (made.readout.integrators.stop - made.readout.integrators.start)


@pytest.mark.parametrize("features", [lsm.Counts(bins=1), lsm.Traces(20 * lsm.ms)])
def test_labels_as_text_traces_and_values_come_back(features: Any, tmp_path: Path) -> None:
    X, y = signals()
    names = np.array(["zero", "one", "two"])[y]
    model = lsm.LiquidClassifier(liquid(), ENCODER, features, "centred_ridge", scale=None).fit(X, names)
    deploy(model, X, names).save(tmp_path / "d")
    assert (Deployment.load(tmp_path / "d").predict(X) == names).mean() > 0.9
    values = lsm.LiquidRegressor(liquid(), ENCODER, features, "centred_ridge", scale=None).fit(X, 1.0 * y)
    made = deploy(values, X)
    made.save(tmp_path / "v")
    assert np.array_equal(Deployment.load(tmp_path / "v").predict(X), made.predict(X))


@pytest.mark.parametrize("backend", ["fast", "reference", "brian2", "lava"])
def test_every_engine_gives_the_saved_answers(backend: str, folder: Path) -> None:
    assert verify(folder, backend=backend).n_spikes > 100


def test_spikes_can_be_run_without_the_model(folder: Path) -> None:
    X, _ = signals()
    made = Deployment.load(folder)
    spikes = made.encode(X)
    alone = Deployment(**{name: getattr(made, name) for name in ("program", "readout", "features", "classes")})
    assert np.array_equal(alone.predict(spikes), made.predict(X))
    with pytest.raises(DescriptionError, match="expected Spikes"):
        alone.predict(X)
    with pytest.raises(DescriptionError, match="expected X, whose answers are saved"):
        alone.save(folder.parent / "other")


def test_nothing_is_overwritten(folder: Path, tmp_path: Path) -> None:
    X, y = signals()
    made = deploy(trained(), X, y)
    with pytest.raises(DescriptionError, match="is already there"):
        made.save(folder)
    with pytest.raises(DescriptionError, match="is no folder"):
        made.save(tmp_path / "no" / "such")
    assert not list(tmp_path.iterdir())


def changed_manifest(folder: Path, tmp_path: Path, change: Any) -> Path:
    """Return a copy whose manifest was changed and given digests that fit, as somebody could who wants to."""
    path = copy(folder, tmp_path)
    manifest = json.loads((path / MANIFEST).read_text())
    del manifest["digest"]
    change(manifest)
    (path / MANIFEST).write_text(_canonical(manifest | {"digest": _digest_of(manifest)}))
    return path


CHANGES: list[tuple[Any, str]] = [
    (lambda m: m.update(format="lsm_sim.deployment/9"), "newer version, so upgrade"),
    (lambda m: m.update(format="lsm_sim.model/2"), "expected 'lsm_sim.deployment/1'"),
    (lambda m: m.update(program="0" * 64), "another program"),
    (lambda m: m["readout"].update(kind="relays"), "damaged|differ"),
    (lambda m: m["readout"].pop("scale"), "damaged"),
    (lambda m: m["files"].update({"gone.npz": "0" * 64}), "missing"),
    (lambda m: m["files"].update({"../words/program.npz": "0" * 64}), "damaged|missing|differs"),
    (lambda m: m["expected"].update(sums=[[0, 0, 0]] * 3), "the scores of fast differ"),
    (lambda m: m.update(features={"Counts": {"bins": 0}}), "bins"),
]


@pytest.mark.parametrize(("change", "words"), CHANGES)
def test_folders_of_other_kinds_are_refused(change: Any, words: str, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(LsmError, match=words):
        verify(changed_manifest(folder, tmp_path, change))


def test_other_folders_are_refused(tmp_path: Path, folder: Path) -> None:
    for path in (tmp_path, tmp_path / "none", folder / MANIFEST):
        with pytest.raises(DescriptionError, match=r"no manifest\.json in it"):
            verify(path)
    bad = copy(folder, tmp_path)
    (bad / MANIFEST).write_text("[" * 100_000)
    with pytest.raises(DescriptionError, match="damaged"):
        Deployment.load(bad)


def test_answers_that_differ_are_told(folder: Path, tmp_path: Path) -> None:
    samples = dict(np.load(folder / "samples.npz"))
    fewer = {name: samples[f"spikes_{name}"][1:] for name in ("step", "channel")}
    offsets = np.maximum(samples["spikes_offsets"] - 1, 0)
    lost = {"spikes_step": fewer["step"], "spikes_channel": fewer["channel"], "spikes_offsets": offsets}
    moved = {"v": samples["v"] + np.eye(*samples["v"].shape, dtype=np.int64)}
    for changes, words in ((lost, "answers differently: sample 0, step"), (moved, "integrator 0: got v = ")):
        path = copy(folder, tmp_path)
        np.savez(path / "samples.npz", **(samples | changes))
        digest = hashlib.sha256((path / "samples.npz").read_bytes()).hexdigest()
        changed = changed_manifest(path, tmp_path / "x", lambda m, d=digest: m["files"].update({"samples.npz": d}))
        with pytest.raises(RunError, match=words):
            verify(changed)


def test_1000_random_changes_never_verify(folder: Path, tmp_path: Path) -> None:
    seed = int(np.random.SeedSequence().generate_state(1)[0])
    rng = np.random.default_rng(seed)
    path = copy(folder, tmp_path)
    names = sorted(file.name for file in path.iterdir())
    assert MANIFEST in names
    for nth in range(1000):
        file = path / names[int(rng.integers(len(names)))]
        whole = file.read_bytes()
        kind, changed = mutated(rng, whole)
        file.write_bytes(changed)
        with pytest.raises(LsmError) as caught:
            verify(path)
        text = str(caught.value)
        assert "\n" not in text, f"seed {seed}, change {nth}: {kind} in {file.name}: {text}"
        assert len(text) < 500, f"seed {seed}, change {nth}: {kind} in {file.name}: {text}"
        file.write_bytes(whole)
    assert verify(path).n_samples == 3


def mutated(rng: np.random.Generator, whole: bytes) -> tuple[str, bytes]:
    """Return a description, and the bytes with one change."""
    at = int(rng.integers(len(whole)))
    kinds = {
        "flip": whole[:at] + bytes([whole[at] ^ (1 << int(rng.integers(8)))]) + whole[at + 1 :],
        "cut": whole[:at],
        "insert": whole[:at] + b" " + whole[at:],
        "remove": whole[:at] + whole[at + 1 :],
        "append": whole + b"\n",
        "zeros": whole[:at] + b"\0" * 16 + whole[at + 16 :] if whole[at : at + 16].strip(b"\0") else whole + b"\0",
    }
    kind = list(kinds)[int(rng.integers(len(kinds)))]
    return f"{kind} at {at}", kinds[kind]
