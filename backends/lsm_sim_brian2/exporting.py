"""The exporter: a script, and beside it a file with its arrays if they are large."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lsm_sim.describe.liquid import Liquid
from lsm_sim.encode.background import with_background
from lsm_sim.errors import DescriptionError, UnsupportedError
from lsm_sim.exchange.exported import Exported
from lsm_sim.program.checks import check_again
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.files import PathLike, check_path, replacing
from lsm_sim_brian2.engine import SUPPORTS, too_many
from lsm_sim_brian2.readable import to_program
from lsm_sim_brian2.scripts import Script

ARRAYS = ("auto", "embedded", "beside")
_EMBEDDED = 500_000  # bytes; a text with more is slow to open in an editor


def export_brian2(
    network: Any,
    path: PathLike | None,
    *,
    stimulus: Spikes | None = None,
    dt: float | None = None,
    names: Mapping[str, str] | None = None,
    arrays: str = "auto",
) -> Exported:
    """Write a network as a Brian2 script; see `lsm_sim.export`."""
    ready = _network(network)
    arrays = checks.choice(arrays, "export arrays", ARRAYS)
    if stimulus is not None:
        checks.instance(stimulus, Spikes, "export stimulus", "Spikes; see lsm_sim.encode")
        stimulus = with_background(stimulus, ready) if isinstance(ready, Liquid) else stimulus
    program = to_program(ready, stimulus, dt)
    _check_supported(program)
    target = Path("network.py") if path is None else _target(path)
    script = Script.of(program, stimulus, names, is_liquid=isinstance(ready, Liquid))
    beside = arrays == "beside" or (arrays == "auto" and len(script.arrays) > _EMBEDDED)
    data = target.with_name(f"{target.stem}_arrays.npz")
    if path is not None:
        _write(target, script, data if beside else None)
    return Exported("brian2", (target.name, data.name) if beside else (target.name,))


def _network(network: Any) -> Liquid | Program:
    found = network if isinstance(network, Liquid | Program) else getattr(network, "program", None)
    if isinstance(network, type) or not isinstance(found, Liquid | Program):
        got = network.__name__ if isinstance(network, type) else type(network).__name__
        raise DescriptionError(
            f"export: got {got}, expected a Liquid, a Program, what lsm.quantise returns, or a Deployment"
        )
    return found


def _check_supported(program: Program) -> None:
    """Raise `UnsupportedError` with every reason why Brian2 cannot say this program."""
    check_again(vars(program), program.model)
    supported = ", ".join(sorted(SUPPORTS))
    reasons = [
        f"the program needs {need!r}, which the export does not support (it supports: {supported})"
        for need in sorted(program.needs - SUPPORTS)
    ]
    reasons += too_many(program)
    if reasons:
        raise UnsupportedError("export to Brian2: " + "; ".join(reasons))


def _target(path: PathLike) -> Path:
    check_path(path)
    target = Path(path)
    if target.suffix != ".py":
        raise DescriptionError(
            f"{os.fspath(path)}: got the suffix {target.suffix!r}, expected .py, such as 'network.py'"
        )
    return target


def _write(target: Path, script: Script, data: Path | None) -> None:
    """Write both files or none; the script gets its name last."""
    for file in (target, data):
        if file is not None and file.exists():
            raise DescriptionError(f"{file}: is already there; choose another file, or remove it")
    if data is None:
        with replacing(target) as stream:
            stream.write(script.embedded().encode())
        return
    with replacing(target) as stream, replacing(data) as beside:
        stream.write(script.beside(data.name).encode())
        beside.write(script.arrays)
