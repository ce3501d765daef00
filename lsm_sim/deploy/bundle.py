"""A deployment as a folder: the program, what it must answer to some samples, and what a reader needs to use it.

`manifest.json` has the SHA-256 of every other file and of itself, so that damage is found; it does not protect against
somebody who changes a file and its digests. `lsm_sim.deploy.verify` also runs the samples again and compares every spike and every v.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lsm_sim.deploy.folding import bin_edges
from lsm_sim.deploy.on_chip import ChipReadout
from lsm_sim.deploy.readme import readme
from lsm_sim.engine.protocol import compiled
from lsm_sim.errors import DescriptionError, LsmError
from lsm_sim.learn import model_file
from lsm_sim.learn.estimators import LiquidClassifier, LiquidRegressor
from lsm_sim.learn.records import RECORDS, record_from_dict, record_to_dict
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import files as files_of
from lsm_sim.support import npz
from lsm_sim.support.brief import brief
from lsm_sim.support.checks import Ints
from lsm_sim.support.files import PathLike
from lsm_sim.support.memory import check_memory

FORMAT = "lsm_sim.deployment/1"
MANIFEST = "manifest.json"
PROGRAM, READOUT, SAMPLES, MODEL, README = "program.npz", "readout.npz", "samples.npz", "model.npz", "README.md"
_MOST_BYTES = 2**24  # of a manifest


def write(made: Any, folder: PathLike, own: Spikes, report: Any) -> None:
    """Write a `Deployment` to a new folder, with the answers to the spikes ``own``; see `Deployment.save`."""
    target = files_of.new_folder_path(folder)
    samples, answers = _answers(made, own)
    try:
        with files_of.new_folder(target) as inside:
            made.program.save(inside / PROGRAM)
            npz.write(inside / READOUT, {"weights": made.readout.weights, "bias": made.readout.bias})
            npz.write(inside / SAMPLES, samples)
            if made.model is not None:
                made.model.save(inside / MODEL)
            if report is not None:
                _write_text(inside / "report.json", json.dumps(report.to_dict(), indent=1, sort_keys=True) + "\n")
                _write_text(inside / "report.txt", f"{report}\n")
                _write_text(inside / "report.html", report.to_html())
            _write_text(inside / README, readme(made, len(own)))
            manifest = _manifest(made, answers, _digests(inside))
            _write_text(inside / MANIFEST, _canonical(manifest | {"digest": _digest_of(manifest)}))
    except OSError as error:
        raise DescriptionError(f"{folder}: cannot write there ({error.strerror}); choose another folder") from None


def read(folder: PathLike) -> dict[str, Any]:
    """Return the fields of a `Deployment`, after comparing every file with its digest."""
    return read_all(folder)[0]


def read_all(folder: PathLike) -> tuple[dict[str, Any], Samples]:
    """Return the fields of a `Deployment`, and the samples with their answers."""
    manifest = _read_manifest(folder)
    try:
        return _fields(Path(folder), manifest), _samples(Path(folder), manifest)
    except LsmError as error:
        text = str(error)
        raise DescriptionError(text if str(folder) in text else f"{folder}: damaged: {text}") from None
    except Exception as error:  # whatever a damaged folder, with digests that fit, makes the readers raise
        raise DescriptionError(f"{folder}: damaged ({type(error).__name__}: {brief(error)})") from None


@dataclass(frozen=True, eq=False)
class Samples:
    """Stimuli of the program, and what it must answer: ``spikes``, ``v`` (B, integrators) and ``sums`` (B, outputs)."""

    stimulus: Spikes
    edges: Ints
    spikes: Spikes
    v: Ints
    sums: Ints


def _samples(folder: Path, manifest: Mapping[str, Any]) -> Samples:
    arrays = npz.read(folder / SAMPLES)
    stimulus, spikes = _spikes(arrays, "stimulus"), _spikes(arrays, "spikes")
    shape = len(stimulus), -1
    edges, v = (np.asarray(arrays[name], np.int64).reshape(shape) for name in ("edges", "v"))
    return Samples(stimulus, edges, spikes, v, np.asarray(manifest["expected"]["sums"]).reshape(shape))


def _answers(made: Any, own: Spikes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the arrays of samples.npz, and what the manifest says of them; the reference engine answers."""
    edges = bin_edges(made.features, own)
    stimulus = made.stimulus(own)
    with compiled(made.program, "reference") as runner:
        outcome = runner(stimulus, made.readout.request(stimulus))
    v, spikes = made.readout.v(stimulus, outcome), outcome.spikes
    assert spikes is not None  # `compiled` has checked it
    arrays = {"edges": edges, "v": v}
    for name, events in (("stimulus", stimulus), ("spikes", spikes)):
        arrays |= {f"{name}_{key}": getattr(events, key) for key in ("step", "channel", "offsets", "n_steps")}
        if events.payload is not None:
            arrays[f"{name}_payload"] = events.payload
    arrays |= {"stimulus_n_channels": stimulus.n_channels, "spikes_n_channels": spikes.n_channels, "dt": stimulus.dt}
    return arrays, {"samples": len(own), "sums": made.readout.sums(v, edges).tolist()}


def _spikes(arrays: Mapping[str, Any], name: str) -> Spikes:
    fields = {key: arrays[f"{name}_{key}"] for key in ("step", "channel", "offsets", "n_steps", "n_channels")}
    events = {key: value if key == "n_channels" else np.atleast_1d(value) for key, value in fields.items()}
    return Spikes(**events, dt=arrays["dt"], payload=arrays.get(f"{name}_payload"))


def _manifest(made: Any, answers: Mapping[str, Any], digests: Mapping[str, str]) -> dict[str, Any]:
    r = made.readout
    return {
        "format": FORMAT,
        "lsm_sim": _version(),
        "program": made.program.digest,
        "chip": made.chip,
        "classes": None if made.classes is None else np.asarray(made.classes).tolist(),
        "features": record_to_dict(made.features, "features"),
        "front": None if made.front is None else [type(step).__name__ for _, step in made.front.steps],
        "readout": {
            "kind": r.kind,
            "pulses": r.pulses,
            "scale": r.scale.tolist(),
            "dv": r.dv,
            "ramp": r.ramp,
            "n_neurons": r.n_neurons,
            "n_inputs": r.n_inputs,
        },
        "facts": made.facts,
        "expected": dict(answers),
        "files": dict(digests),
    }


def _version() -> str:
    from importlib import metadata

    return metadata.version("lsm-sim")


def _digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def _canonical(manifest: Mapping[str, Any]) -> str:
    return json.dumps(manifest, indent=1, sort_keys=True, allow_nan=True) + "\n"


def _digest_of(manifest: Mapping[str, Any]) -> str:
    return hashlib.sha256(_canonical(manifest).encode()).hexdigest()


def _write_text(path: Path, text: str) -> None:
    with files_of.replacing(path) as stream:
        stream.write(text.encode())


def _read_manifest(folder: PathLike) -> dict[str, Any]:
    """Return the manifest after comparing every file with its digest."""
    files_of.check_path(folder)
    path = Path(folder) / MANIFEST
    if not path.is_file() or path.stat().st_size > _MOST_BYTES:
        raise DescriptionError(
            f"{folder}: no {MANIFEST} in it, expected a folder that lsm-sim deploy or Deployment.save wrote"
        )
    try:
        text = path.read_bytes().decode()
        manifest = json.loads(text)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise DescriptionError(f"{path}: damaged ({brief(error)}); restore the folder from a copy") from None
    _check_format(manifest, path)
    without = {name: value for name, value in manifest.items() if name != "digest"}
    if manifest.get("digest") != _digest_of(without) or text != _canonical(manifest):
        raise DescriptionError(f"{path}: its digest is wrong, so it was changed; restore the folder from a copy")
    for name, digest in manifest["files"].items():
        _check_file(Path(folder) / name, digest)
    return dict(manifest)


def _check_format(manifest: Any, path: Path) -> None:
    kind = manifest.get("format") if isinstance(manifest, dict) else None
    if kind == FORMAT:
        return
    name, _, version = str(kind).partition("/")
    newer = name == FORMAT.partition("/")[0] and version.isdecimal()
    remedy = "; it was written by a newer version, so upgrade lsm_sim" if newer else ""
    raise DescriptionError(f"{path}: got format {brief(kind)!r}, expected {FORMAT!r}{remedy}")


def _check_file(path: Path, digest: str) -> None:
    if path.name != os.fspath(path).rpartition(os.sep)[2] or not path.is_file():
        raise DescriptionError(f"{path}: missing; restore the folder from a copy")
    check_memory(path.stat().st_size, f"{path}")
    if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
        raise DescriptionError(f"{path}: its digest differs from that in {MANIFEST}; restore the folder from a copy")


def _fields(folder: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    program = Program.load(folder / PROGRAM)
    if program.digest != manifest["program"]:
        raise DescriptionError(f"{folder / PROGRAM}: got another program than {MANIFEST} says")
    arrays = npz.read(folder / READOUT)
    fields = dict(manifest["readout"])
    fields["scale"] = np.asarray(fields["scale"], np.float64)
    readout = ChipReadout(weights=arrays["weights"], bias=np.atleast_1d(arrays["bias"]), **fields)
    readout.check_program(program)
    model = None
    if MODEL in manifest["files"] and not manifest["front"]:
        model = model_file.load(folder / MODEL, LiquidClassifier, LiquidRegressor)
    labels = manifest["classes"]
    return {
        "program": program,
        "readout": readout,
        "features": record_from_dict(manifest["features"], RECORDS["features"], "features"),
        "model": model,
        "classes": None if labels is None else np.asarray(labels),
        "chip": manifest["chip"],
        "facts": dict(manifest["facts"]),
        "samples": None,
    }
