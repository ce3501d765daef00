"""Check a network, compute its sizes, and write the folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsm_sim.errors import DescriptionError, UnsupportedError
from lsm_sim.exchange.c import cortex as cortex_m
from lsm_sim.exchange.c.header import header, words
from lsm_sim.exchange.c.host import Outputs, main, makefile, step_called
from lsm_sim.exchange.c.layout import Layout, layout, synapse_blocks
from lsm_sim.exchange.c.names import checked_name
from lsm_sim.exchange.c.sizes import ExportedC
from lsm_sim.exchange.c.source import source
from lsm_sim.exchange.c.tables import Tables
from lsm_sim.program.checks import check_again
from lsm_sim.program.program import Program
from lsm_sim.support import checks
from lsm_sim.support import files as files_of
from lsm_sim.support.files import PathLike

if TYPE_CHECKING:
    from lsm_sim.exchange.c.readout import SampleReadout

SUPPORTS = frozenset({"adaptive-threshold", "blocks", "initial-state", "stp", "two-currents"})
_LARGEST = 2**31 - 1  # bytes of a state
# bytes of code, rounded up from those of gcc -Os: all functions without blocks, and those of a block
_CODE_READOUT, _CODE, _CODE_BLOCK = 500, 1000, {"static": 150, "stp": 450}


def export_c(
    network: Any,
    path: PathLike | None,
    *,
    name: str = "lsm",
    max_ram: int | None = None,
    graded: bool = False,
    n_steps: int | None = None,
    cortex: bool = False,
) -> ExportedC:
    """Write a program as C99; see `lsm_sim.export`."""
    program = _program(network)
    name, graded = checked_name(name), checks.flag(graded, "export graded")
    checks.flag(cortex, "export cortex")
    most = _LARGEST if max_ram is None else checks.whole(max_ram, "export max_ram", 0, _LARGEST)
    _check_supported(program)
    end = _readout(network, n_steps, graded=graded)
    plan, tables = layout(program, graded=graded, more=[] if end is None else end.fields), Tables()
    if plan.ram > most:
        raise UnsupportedError(_too_large(program, plan, most))
    texts = _texts(program, name, plan, tables, end, graded=graded)
    if cortex:
        _add_cortex(texts, name, plan, end, graded=graded)
    code = (
        _CODE
        + (0 if end is None else _CODE_READOUT)
        + sum(_CODE_BLOCK[block.rule] for block in synapse_blocks(program))
    )
    if path is not None:
        _write(path, texts)
    return ExportedC("c", tuple(texts), tables=tables.n_bytes, code=code, ram=plan.ram)


def _readout(network: Any, n_steps: Any, *, graded: bool) -> SampleReadout | None:
    if n_steps is None:
        return None
    from lsm_sim.exchange.c.readout import sample_readout  # imports scikit-learn, which takes long

    return sample_readout(network, n_steps, graded=graded)


def _texts(
    program: Program, name: str, plan: Layout, tables: Tables, end: SampleReadout | None, *, graded: bool
) -> dict[str, str]:
    """Return the files by name; ``tables`` gets all tables."""
    own = words(program, name, plan)
    body, extra = "", ""
    if end is not None:
        body, extra = end.source(own), end.header(own)
    return {
        f"{name}.c": source(program, name, plan, tables, graded=graded, readout=body),
        f"{name}.h": header(program, name, plan, graded=graded, readout=extra),
        "main.c": main(program, name, plan, graded=graded, outputs=_outputs(end)),
        "Makefile": makefile(name),
    }


def _add_cortex(texts: dict[str, str], name: str, plan: Layout, end: SampleReadout | None, *, graded: bool) -> None:
    """Add the files that a Cortex-M under qemu needs, and what the Makefile does with them."""
    step = step_called(name, graded=graded, outputs=_outputs(end))
    texts["cortex.c"] = cortex_m.start(step, plan.channel, name, graded=graded)
    texts["cortex.ld"] = cortex_m.LINKER
    texts["Makefile"] += cortex_m.rules(step, name)


def _outputs(end: SampleReadout | None) -> Outputs:
    return "spikes" if end is None else end.outputs


def _program(network: Any) -> Program:
    program = network if isinstance(network, Program) else getattr(network, "program", None)
    if isinstance(network, type) or not isinstance(program, Program):
        raise DescriptionError(
            f"export: got {network.__name__ if isinstance(network, type) else type(network).__name__}, expected a Program in "
            "Loihi's integers, what lsm.quantise returns, or a Deployment; of a liquid pass lsm.quantise(liquid, stimulus)"
        )
    return program


def _check_supported(program: Program) -> None:
    """Raise `UnsupportedError` with every reason why C cannot say this program."""
    check_again(vars(program), program.model)
    reasons = []
    if program.arithmetic != "loihi":
        reasons.append("its arithmetic is float64, and devices have integers: use lsm.quantise(program, stimulus)")
    supported = ", ".join(sorted(SUPPORTS))
    reasons += [
        f"the program needs {need!r}, which the export does not support (it supports: {supported})"
        for need in sorted(program.needs - SUPPORTS)
    ]
    if reasons:
        raise UnsupportedError("export to C: " + "; ".join(reasons))


def _too_large(program: Program, plan: Layout, most: int) -> str:
    largest = max(plan.fields, key=lambda field: field.total)
    remedy = "shorten the longest delay" if largest.name == "in_flight" else "use fewer neurons"
    return (
        f"export to C: the state takes {plan.ram} bytes of RAM, expected at most {most}; {largest.total} of them are "
        f"{largest.name} of {program.n_neurons} neurons and {plan.n_slots} steps of delay: {remedy}"
    )


def _write(path: PathLike, texts: dict[str, str]) -> None:
    target = files_of.new_folder_path(path)
    try:
        with files_of.new_folder(target) as inside:
            for file, text in texts.items():
                with files_of.new_file(inside / file) as stream:
                    stream.write(text.encode())
    except OSError as error:
        raise DescriptionError(f"{path}: cannot write there ({error.strerror}); choose another folder") from None
