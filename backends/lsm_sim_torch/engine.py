"""The torch backend: the forward pass of a twin, in float64, on the processor or on a graphics card."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lsm_sim.backend import Runner, check_supported
from lsm_sim.errors import DescriptionError
from lsm_sim.program.program import Program
from lsm_sim.support.pytorch import import_torch


@dataclass(frozen=True)
class Torch:
    """The torch backend; runs any program of float64 arithmetic with the same spikes, u and v as the reference.

    Parameters
    ----------
    device
        ``"cpu"``, ``"cuda"``, or ``"auto"``: a graphics card where PyTorch finds one. No bit depends on it.
    """

    name: str = "torch"
    supports: frozenset[str] = frozenset(
        {"adaptive-threshold", "blocks", "graded", "initial-state", "state", "stp", "two-currents"}
    )
    device: str = "cpu"

    def __post_init__(self) -> None:
        torch = import_torch(self.name)
        if self.device == "cuda" and not torch.cuda.is_available():
            raise DescriptionError("Torch device: got 'cuda', but PyTorch finds no such card here; use 'cpu' or 'auto'")
        if self.device not in ("auto", "cpu", "cuda"):
            raise DescriptionError(f"Torch device: got {self.device!r}, expected 'auto', 'cpu' or 'cuda'")

    @property
    def about(self) -> str:
        """Which version of PyTorch runs on what."""
        return f"PyTorch {import_torch(self.name).__version__} on {self._device()}"

    def legalise(self, program: Program) -> Program:
        """Return ``program`` itself, unless it is in loihi arithmetic."""
        reasons = []
        if program.arithmetic != "float64":
            reasons.append(
                f"the program is in {program.arithmetic} arithmetic, this backend has float64 only; use backend='fast'"
            )
        check_supported(self, program, reasons)
        return program

    @contextmanager
    def compile(self, program: Program) -> Iterator[Runner]:
        """Build the sparse matrices and yield the runner."""
        from lsm_sim_torch.running import Runs

        yield Runs(program, self._device())

    def _device(self) -> str:
        if self.device != "auto":
            return self.device
        return "cuda" if import_torch(self.name).cuda.is_available() else "cpu"
