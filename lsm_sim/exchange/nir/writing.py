"""Check a network, build its graph, and write the file."""

from __future__ import annotations

import importlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsm_sim.describe.liquid import Liquid
from lsm_sim.errors import BackendUnavailableError, DescriptionError, UnsupportedError
from lsm_sim.exchange.exported import Exported
from lsm_sim.exchange.nir.building import dense_bytes, graph, matrix_shapes
from lsm_sim.exchange.nir.constants import MODES, Mode
from lsm_sim.exchange.nir.keeping import KEY, metadata
from lsm_sim.exchange.nir.losses import losses
from lsm_sim.exchange.nir.readout import Readout, metadata_of, model_parts, with_readout
from lsm_sim.program.checks import check_again
from lsm_sim.program.lowering import lower
from lsm_sim.program.program import Program
from lsm_sim.support import checks
from lsm_sim.support.environment import install
from lsm_sim.support.files import PathLike, replacing
from lsm_sim.support.warn import warn


@dataclass(frozen=True)
class ExportedNIR(Exported):
    """What the export to NIR wrote.

    Parameters
    ----------
    matrices, bytes
        Number of matrices of weights, one for each distinct delay of input channels and of neurons, and their size before
        compression: NIR has no sparse matrices.
    """

    matrices: int = 0
    bytes: int = 0

    def numbers(self) -> dict[str, int]:
        """Return the sizes by name."""
        return {"matrices": self.matrices, "bytes": self.bytes}

    def summary(self) -> str:
        """Return the size, and what is left out."""
        size = f"{self.matrices} matrices of weights, {self.bytes / 1e6:.3g} MB before compression"
        return "\n".join([size, *(line for line in [super().summary()] if line)])


def export_nir(
    network: Any,
    path: PathLike | None,
    *,
    mode: Mode = "euler",
    dt: float | None = None,
    allow_loss: bool = False,
) -> ExportedNIR:
    """Write a network as NIR; see `lsm_sim.export`."""
    checks.choice(mode, "export mode", MODES)
    allow_loss = checks.flag(allow_loss, "export allow_loss")
    program, readout = _parts(network, dt)
    found = losses(program, mode)
    if isinstance(readout, list):
        found.impossible.extend(readout)
    refused = found.impossible + ([] if allow_loss else found.lost)
    if refused:
        remedy = "; allow_loss=True leaves the latter out" if found.lost and not allow_loss else ""
        raise UnsupportedError(_refusal(found.impossible, [] if allow_loss else found.lost) + remedy)
    shapes = matrix_shapes(program)
    if path is not None:
        _write(path, program, mode, readout if isinstance(readout, Readout) else None)
        if found.lost:
            warn(f"export to NIR: other tools will not have {'; '.join(found.lost)}")
    return ExportedNIR(
        "nir", () if path is None else (Path(path).name,), tuple(found.lost), len(shapes), dense_bytes(program)
    )


def _refusal(impossible: list[str], lost: list[str]) -> str:
    parts = [*impossible, *([f"NIR cannot say {'; '.join(lost)}"] if lost else [])]
    return "export to NIR: " + "; ".join(parts)


def _parts(network: Any, dt: float | None) -> tuple[Program, Readout | list[str] | None]:
    """Return the program of a network, and of a trained model its readout, or why that cannot be written."""
    plain = isinstance(network, Liquid | Program)
    model = None if plain else model_parts(network)
    if model is None:
        return _program(network, dt), None
    return _program(model[0], dt), model[1]


def _program(network: Any, dt: float | None) -> Program:
    if isinstance(network, Liquid):
        if dt is None:
            raise DescriptionError("export to NIR: a liquid has no time step; pass dt=, for example dt=1 * lsm.ms")
        return lower(network, dt)
    program = network if isinstance(network, Program) else getattr(network, "program", None)
    if isinstance(network, type) or not isinstance(program, Program):
        kind = network.__name__ if isinstance(network, type) else type(network).__name__
        raise DescriptionError(
            f"export to NIR: got {kind}, expected a Liquid, a Program in float64 arithmetic, or a trained model"
        )
    if dt is not None and checks.positive(dt, "export dt", "time") != program.dt:
        raise DescriptionError(
            f"export dt: got {dt:g} s, but the program already has a time step, {program.dt:g} s; leave dt out"
        )
    check_again(vars(program), program.model)
    return program


def _write(path: PathLike, program: Program, mode: Mode, readout: Readout | None) -> None:
    nir = nir_package()
    tree, own = graph(program, mode), metadata(program, mode)
    if readout is not None:
        tree, own = with_readout(tree, readout, mode, program.dt), {KEY: {**own[KEY], **metadata_of(readout)}}
    node = nir.dict2NIRNode({**tree, "metadata": own})
    buffer = io.BytesIO()
    nir.write(buffer, node)
    with replacing(path) as stream:
        stream.write(buffer.getbuffer())


def nir_package() -> Any:
    """Import and return the package nir, or raise an error that says how to install it."""
    try:
        return importlib.import_module("nir")
    except ImportError as error:
        raise BackendUnavailableError(
            f"NIR needs the package nir, which cannot be imported ({error}); install it with: {install('nir')}"
        ) from None
