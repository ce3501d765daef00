"""A liquid as a plain dict, and as a TOML or JSON file that a person can read and write.

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

Fields have the names, units and defaults of `Inputs`, `Neurons`, `Synapses` and `Liquid`. Numbers come back to the last bit.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from lsm_sim.describe import text as description_text
from lsm_sim.describe.liquid import Liquid
from lsm_sim.describe.plain import check_keys, decode_record, encode_fields, short
from lsm_sim.errors import DescriptionError
from lsm_sim.support.files import PathLike, replacing
from lsm_sim.support.memory import check_memory

FORMAT = "lsm_sim.liquid/1"
_PARSED_PER_BYTE = (
    30  # memory that parsing takes for each byte of a file; measured: 4 (lists of numbers) to 25 (empty tables)
)


def to_dict(liquid: Liquid) -> dict[str, Any]:
    """Return the liquid as text, numbers, lists and dicts; what is None is left out.

    >>> from lsm_sim import Liquid, Neurons
    >>> to_dict(Liquid([], [Neurons("a", 3)], seed=7))["seed"]
    7
    """
    return {"format": FORMAT, "seed": liquid.seed, **encode_fields(liquid, defaults=True)}


def from_dict(data: Any, where: str) -> Liquid:
    """Return the liquid that ``data`` describes; ``where`` names the file in errors.

    Raises
    ------
    DescriptionError
        For an unknown or missing key, a wrong type or value; the message has file and key path.
    """
    fields = [field.name for field in dataclasses.fields(Liquid)]
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        got = short(data.get("format")) if isinstance(data, dict) and "format" in data else "none"
        raise DescriptionError(f"{where}: got format {got}, expected {FORMAT!r}; is it the description of a liquid?")
    check_keys(data, ["format", *fields], [], f"{where}: ")
    content = {key: value for key, value in data.items() if key != "format"}
    liquid: Liquid = decode_record(Liquid, content, f"{where}: ")
    return liquid


def save(liquid: Liquid, path: PathLike) -> None:
    """Write the liquid to a .toml or .json file; an unfinished file is never left behind."""
    text = description_text.WRITERS[_suffix(path)](to_dict(liquid))
    with replacing(path) as stream:
        stream.write(text.encode())


def load(path: PathLike) -> Liquid:
    """Return the liquid in a .toml or .json file.

    Raises
    ------
    DescriptionError
        Where the file is missing, damaged, of another kind, or describes no liquid.
    """
    read = description_text.READERS[_suffix(path)]
    try:
        check_memory(Path(path).stat().st_size * _PARSED_PER_BYTE, str(path))
        data = read(Path(path).read_bytes().decode())
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
    return from_dict(data, str(path))


def _suffix(path: PathLike) -> str:
    suffix = Path(path).suffix.lower()
    if suffix not in description_text.WRITERS:
        raise DescriptionError(f"{path}: got the suffix {suffix!r}, expected .toml or .json")
    return suffix
