"""The entrance: find the exporter by its entry point, check its options, and let it write."""

from __future__ import annotations

import functools
import inspect
from importlib import metadata
from typing import TYPE_CHECKING, Any, Literal, overload

from lsm_sim.errors import DescriptionError
from lsm_sim.exchange.exported import Exported
from lsm_sim.support import checks
from lsm_sim.support.files import PathLike

if TYPE_CHECKING:
    from lsm_sim.exchange.c.sizes import ExportedC

ENTRY_POINTS = "lsm_sim.exporters"


@overload
def export(network: Any, path: PathLike | None, *, to: Literal["c"], **options: Any) -> ExportedC: ...


@overload
def export(network: Any, path: PathLike | None, *, to: str, **options: Any) -> Exported: ...


def export(network: Any, path: PathLike | None, *, to: str, **options: Any) -> Exported:
    """Write a network for another tool or device, and return what was written.

    Parameters
    ----------
    network
        A `Program`, what `lsm_sim.quantise` returns, a `lsm_sim.deploy.Deployment`; what else is allowed depends on the exporter.
        ``"brian2"`` takes a `Liquid` too.
    path
        New folder or file to write; None: write nothing, only return what would be written, such as sizes.
    to
        The exporter: ``"c"`` writes C99 for devices without an operating system, ``"brian2"`` a Brian2 script (.py) that gives the
        same spikes and runs without lsm_sim (writing it does not need Brian2), ``"nir"`` a file of NIR for other simulators.
    options
        Of the exporter.

        ``"c"`` has ``name`` ("lsm"), the beginning of all names in C and of the names of the files; ``max_ram``
        (None), a number of bytes beyond which nothing is written; ``graded`` (False), whether input events may have payloads;
        ``n_steps`` (None), the most steps that a sample of a deployment may have, after which the class is decided; without it
        a deployment is exported as its program; and ``cortex`` (False), whether to add what runs it on a Cortex-M under qemu.

        ``"brian2"`` has ``stimulus`` (None), one sample, without which the script runs 1000 steps of silence and has a place for
        events; ``dt`` (None), with which a liquid is lowered, by default the stimulus's; ``names`` (None), names in Brian2 by
        group name; and ``arrays`` ("auto"): ``"embedded"`` in the script, ``"beside"`` it in ``NAME_arrays.npz``, or beside it
        if they are larger than 500 kB.

        ``"nir"`` has ``mode`` ("euler"), or "exact": how the constants of neurons are written; ``dt`` (None), the time step of
        a `Liquid`; and ``allow_loss`` (False), whether what NIR cannot say may be left out.
        A fitted `LiquidClassifier` or `LiquidRegressor` is written with its readout.

    Raises
    ------
    UnsupportedError
        If the exporter cannot write this network; the message has every reason.

    Examples
    --------
    >>> import lsm_sim
    >>> import lsm_sim_models as models
    >>> liquid = models.random_ei(n_inputs=2, n_neurons=50, seed=1)
    >>> program = lsm_sim.quantise(lsm_sim.lower(liquid, 1 * lsm_sim.ms)).program
    >>> lsm_sim.export(program, None, to="c").ram < 10_000
    True
    """
    exporters = _exporters()
    write = exporters[checks.choice(to, "export to", exporters)].load()
    known = [name for name in inspect.signature(write).parameters if name not in ("network", "path")]
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise DescriptionError(
            f"export to {to!r}: got the option {', '.join(map(repr, unknown))}, expected some of: {', '.join(known)}"
        )
    done: Exported = write(network, path, **options)
    return done


@functools.cache
def _exporters() -> dict[str, metadata.EntryPoint]:
    """Return the exporters that installed packages declare, by name."""
    return {entry.name: entry for entry in sorted(metadata.entry_points(group=ENTRY_POINTS))}
