"""How much processor time, and where it can be read how much energy, this machine needs for a program."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lsm_sim.engine.protocol import DEFAULT, Backend, Request, compiled
from lsm_sim.errors import DescriptionError
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.environment import processor
from lsm_sim.support.files import PathLike, check_path

POWERCAP = Path("/sys/class/powercap")
_MOST_SECONDS = 3600
NOT_READABLE = "not readable here"
_WHOLE_PACKAGE = "RAPL, of the whole processor with everything else that ran on it"


@dataclass(frozen=True)
class CpuCost:
    """What this machine needs for one sample of a program.

    Parameters
    ----------
    backend, processor
        What ran the program, on one thread, and on which processor.
    samples, repeats
        How many samples were run at a time, and how often.
    cpu_time, elapsed_time
        Processor time of this process, and elapsed time, per sample, in seconds.
    energy
        In joules per sample, as counted by RAPL; None if that cannot be read.
    energy_source
        What ``energy`` covers, or why there is none.
    """

    backend: str
    processor: str
    samples: int
    repeats: int
    cpu_time: float
    elapsed_time: float
    energy: float | None
    energy_source: str

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain numbers and text."""
        return asdict(self)


def measure_cpu(
    program: Program,
    calibration: Spikes,
    *,
    backend: str | Backend = DEFAULT,
    seconds: float = 0.3,
    powercap: PathLike = POWERCAP,
) -> CpuCost:
    """Run the samples on one thread until at least ``seconds`` of processor time have passed, and return the mean per sample.

    A first run, which may compile, is not counted. ``powercap`` is the folder in which Linux has the energy counters.
    """
    checks.instance(program, Program, "cpu: program", "a Program")
    checks.instance(calibration, Spikes, "cpu: calibration", "Spikes on the input channels")
    seconds = checks.positive(seconds, "cpu: seconds", "time")
    if seconds > _MOST_SECONDS:
        raise DescriptionError(f"cpu: seconds: got {seconds:g}, expected at most {_MOST_SECONDS}")
    check_path(powercap)
    if not len(calibration):
        raise DescriptionError("cpu: got no samples, expected at least one")
    request = Request(n_threads=1, progress=False)
    with compiled(program, backend) as run:
        run(calibration, request)
        before, start, cpu, repeats = energy_counters(Path(powercap)), time.perf_counter(), time.process_time(), 0
        while repeats == 0 or time.process_time() - cpu < seconds:
            run(calibration, request)
            repeats += 1
        elapsed, cpu_time = time.perf_counter() - start, time.process_time() - cpu
        after = energy_counters(Path(powercap))
        name = run.backend.name
    each = repeats * len(calibration)
    joules = used_energy(before, after)
    return CpuCost(
        backend=name,
        processor=processor(),
        samples=len(calibration),
        repeats=repeats,
        cpu_time=cpu_time / each,
        elapsed_time=elapsed / each,
        energy=None if joules is None else joules / each,
        energy_source=NOT_READABLE if joules is None else _WHOLE_PACKAGE,
    )


Counters = Mapping[str, tuple[int, int]]
"""By name of the package (a processor in its socket): energy so far, and where the counter starts again, in microjoules."""


def energy_counters(powercap: Path = POWERCAP) -> Counters:
    """Return the energy counters of all packages of this machine; empty if there are none or they cannot be read."""
    out = {}
    try:
        for folder in sorted(powercap.glob("intel-rapl:*")):
            if folder.name.count(":") == 1:  # intel-rapl:0:0 is a part of the package intel-rapl:0
                values = [int((folder / name).read_text()) for name in ("energy_uj", "max_energy_range_uj")]
                out[folder.name] = (values[0], values[1])
    except (OSError, ValueError):
        return {}
    return out


def used_energy(before: Counters, after: Counters) -> float | None:
    """Return the energy between two readings, in joules; None if there are no counters or they did not move."""
    if not before or before.keys() != after.keys():
        return None
    total = 0
    for name, (energy, most) in before.items():
        used = after[name][0] - energy
        total += used if used >= 0 else used + most + 1
    return total * 1e-6 if total > 0 else None
