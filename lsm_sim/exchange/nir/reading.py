"""Read a file of NIR, or a graph of the package nir, as a program."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lsm_sim.describe.liquid import Liquid
from lsm_sim.errors import DescriptionError
from lsm_sim.exchange.nir import hdf5, keeping
from lsm_sim.exchange.nir.constants import CONVENTIONS, Convention
from lsm_sim.exchange.nir.liquids import liquid_of
from lsm_sim.exchange.nir.network import program_of
from lsm_sim.exchange.nir.tree import flatten
from lsm_sim.program.program import Program
from lsm_sim.support import checks
from lsm_sim.support.files import PathLike
from lsm_sim.support.printing import short_repr


@dataclass(frozen=True, eq=False, repr=False)
class ReadNIR:
    """What a file of NIR says, from `read_nir`.

    Parameters
    ----------
    program
        The network, in steps.
    convention
        How the constants of the file were read.
    approximations
        What is not exactly as in the file, a sentence each.
    """

    program: Program
    convention: Convention
    approximations: tuple[str, ...] = ()

    @property
    def liquid(self) -> Liquid | None:
        """The network as a description in seconds, or None if `Neurons` cannot say it, such as neurons without a current."""
        return liquid_of(self.program)

    def __repr__(self) -> str:
        return short_repr(self)


def read_nir(
    source: PathLike | Any,
    *,
    dt: float | None = None,
    convention: Convention | None = None,
    weight_bits: int | None = None,
    metadata: bool = True,
) -> ReadNIR:
    """Read a network from a file of NIR.

    Files are not trusted: nothing in them is executed, and they are read by a process of its own with limits on time and
    memory.

    Parameters
    ----------
    source
        The file, or a graph of the package nir.
    dt
        Time step, in seconds. None: that which lsm_sim wrote into the file.
    convention
        How the constants are meant. ``"euler"``: by forward Euler with steps of dt, as norse, snntorch and spikingjelly read
        them, and the latter two write them; ``"exact"``: as differential equations, with unit impulses as spikes; ``"norse"``:
        as norse writes them. None: what lsm_sim wrote into the file, otherwise "euler".
    weight_bits
        Weights are rounded to one power of two as in `lsm_sim.lower`. None: to multiples of 2^-30, or of
        the smallest power of two with which sums are exact.
    metadata
        Whether to use what lsm_sim wrote beside the nodes: the whole program, if the nodes still say what it says. It has
        what NIR cannot say, such as refractory periods, and names of groups.

    Examples
    --------
    >>> import lsm_sim
    >>> import lsm_sim_models as models
    >>> program = lsm_sim.lower(models.random_ei(n_inputs=2, n_neurons=50, seed=1), 1 * lsm_sim.ms)
    >>> _ = lsm_sim.export(program, "liquid.nir", to="nir", allow_loss=True)  # doctest: +SKIP
    >>> lsm_sim.read_nir("liquid.nir").program == program  # doctest: +SKIP
    True
    """
    where, tree = _tree(source)
    checks.choice(convention, "read_nir convention", CONVENTIONS, optional=True)
    metadata = checks.flag(metadata, "read_nir metadata")
    flat = flatten(tree, where)
    recorded, written = keeping.recorded(tree)
    notes: list[str] = []
    if convention is None and recorded is None:
        notes.append("the file does not say how its constants are meant; they were read by the convention 'euler'")
    chosen: Convention = convention or recorded or "euler"
    step = _step(dt, written, where, euler=recorded == "euler" and chosen == "euler")
    kept = keeping.kept(tree, chosen, step) if metadata and chosen != "norse" else None
    if isinstance(kept, Program):
        return ReadNIR(kept, chosen)
    if kept is not None:
        notes.append(kept)
    program, more = program_of(flat, step, chosen, weight_bits, where, own=recorded == chosen)
    return ReadNIR(program, chosen, (*notes, *more))


def _tree(source: Any) -> tuple[str, Mapping[str, Any]]:
    """Return the name of a file or graph for messages, and its graph as nested dictionaries."""
    if isinstance(source, str | os.PathLike):
        return str(source), hdf5.read(source)
    to_dict = getattr(source, "to_dict", None)
    if isinstance(source, type) or not callable(to_dict) or type(source).__module__.split(".")[0] != "nir":
        kind = source.__name__ if isinstance(source, type) else type(source).__name__
        raise DescriptionError(f"read_nir: got {kind}, expected the name of a file, or a graph of the package nir")
    found = to_dict()
    return "graph", found if isinstance(found, Mapping) else {}


def _step(dt: float | None, written: float | None, where: str, *, euler: bool) -> float:
    if dt is None:
        if written is None:
            raise DescriptionError(
                f"{where}: the file does not say its time step; pass that of the tool that wrote it, for example dt=1e-4"
            )
        return written
    step = checks.positive(dt, "read_nir dt", "time")
    if euler and written is not None and step != written:
        raise DescriptionError(
            f"read_nir dt: got {step:g} s, but the constants of {where} are for Euler's method with steps of {written:g} s; leave dt out"
        )
    return step
