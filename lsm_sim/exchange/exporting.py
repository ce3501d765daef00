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
    path
        New folder or file to write; None: write nothing, only return what would be written, such as sizes.
    to
        The exporter: ``"c"`` writes C99 for devices without an operating system, ``"nir"`` a file of NIR for other simulators.
    options
        Of the exporter.

        ``"c"`` has ``name`` ("lsm"), the beginning of all names in C and of the names of the files; ``max_ram``
        (None), a number of bytes beyond which nothing is written; ``graded`` (False), whether input events may have payloads;
        and ``n_steps``, the length of a sample of a deployment, after which the class is decided; without it a deployment is
        exported as its program.

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
