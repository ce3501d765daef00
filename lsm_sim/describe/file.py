"""Description files: plain data to and from TOML or JSON that people can read and write.

    format = "lsm_sim.liquid/1"
    seed = 7

    [[neurons]]
    name = "exc"
    size = 800
    tau_m = 0.03
    positions = { grid = { nx = 10, ny = 10, nz = 8 } }

    [[synapses]]
    pre = "exc"
    post = "exc"
    rule = { DistanceRule = { c = 0.3, lam = 2.0 } }
    weight = { Gamma = { mean = 0.2, shape = 2.0 } }

Fields have the names, units and defaults of `Inputs`, `Neurons`, `Synapses` and `Liquid`. Numbers are restored exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lsm_sim.describe import text
from lsm_sim.errors import DescriptionError
from lsm_sim.support.files import PathLike, check_path, check_readable, replacing
from lsm_sim.support.memory import check_memory

_PARSED_PER_BYTE = (
    30  # memory that parsing takes per byte of a file; measured: 4 (lists of numbers) to 25 (empty tables)
)


def write(data: Mapping[str, Any], path: PathLike) -> None:
    """Write plain data to a .toml or .json file; an unfinished file is never left behind."""
    content = text.WRITERS[_suffix(path)](data)
    with replacing(path) as stream:
        stream.write(content.encode())


def read(path: PathLike) -> Any:
    """Return the plain data in a .toml or .json file.

    Raises
    ------
    DescriptionError
        If the file is missing, damaged or of another kind.
    """
    parse = text.READERS[_suffix(path)]
    check_readable(path)
    try:
        check_memory(Path(path).stat().st_size * _PARSED_PER_BYTE, str(path))
        return parse(Path(path).read_bytes().decode())
    except FileNotFoundError:
        raise DescriptionError(f"{path}: no such file") from None
    except OSError as error:
        raise DescriptionError(f"{path}: cannot be read ({error.strerror or error})") from None
    except RecursionError:
        raise DescriptionError(f"{path}: nested too deep for the description of a liquid") from None
    except DescriptionError:
        raise
    except ValueError as error:  # not UTF-8, not TOML, not JSON, an integer of thousands of digits
        kind = _suffix(path)[1:].upper()
        raise DescriptionError(f"{path}: damaged or not {kind} ({' '.join(str(error).split())[:200]})") from None


def _suffix(path: PathLike) -> str:
    check_path(path)
    suffix = Path(path).suffix.lower()
    if suffix not in text.WRITERS:
        raise DescriptionError(f"{path}: got the suffix {suffix!r}, expected .toml or .json")
    return suffix
