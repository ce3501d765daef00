"""Description files with ranges in place of some of their values.

[[neurons]]
name = "exc"
size = 800
tau_m = { search = [0.005, 0.08], log = true }

[[synapses]]
pre = "exc"
post = "exc"
rule = { choices = [{ FixedProbability = { p = 0.1 } }, { SmallWorld = { k = 6, p = 0.2 } }] }
weight = { Gamma = { mean = { search = [0.1, 1.0] }, shape = 2.0 } }

[search]   # parameters of the estimator
features__bins = { search = [2, 10], whole = true }
readout__alpha = { search = [0.1, 1e4], log = true }
"""

from __future__ import annotations

from typing import Any

from lsm_sim.describe import file
from lsm_sim.describe.liquid import Liquid
from lsm_sim.errors import DescriptionError
from lsm_sim.search.space import RANGE, Dimension, dimension, is_dimension
from lsm_sim.support.files import PathLike

_NAMED = ("inputs", "neurons")  # lists whose groups have names


def load(path: PathLike) -> tuple[Liquid, dict[str, Dimension]]:
    """Return the liquid of a .toml or .json file, with the middle of each range, and the space of all ranges.

    Names in the space are those of `lsm_sim.LiquidClassifier.set_params`, such as ``liquid__neurons__exc__tau_m``. The table
    ``[search]`` has parameters of the estimator outside the liquid.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    DescriptionError
        If a range is empty or reversed, or the rest is no description of a liquid.
    """
    data = file.read(path)
    if not isinstance(data, dict):
        return Liquid.from_dict(data, str(path)), {}
    own = data.pop(RANGE, {})
    if not isinstance(own, dict) or is_dimension(own):
        raise DescriptionError(f"{path}: {RANGE}: expected a table of ranges by the names of parameters")
    found: dict[str, Dimension] = {}
    plain = _without_ranges(data, ("liquid",), found, str(path))
    for name, value in own.items():
        if name in found:
            raise DescriptionError(f"{path}: {RANGE}.{name}: appears in the description, too; remove one of them")
        found[name] = dimension(value, f"{path}: {RANGE}.{name}")
    return Liquid.from_dict(plain, str(path)), found


def _without_ranges(value: Any, names: tuple[str, ...], found: dict[str, Dimension], path: str) -> Any:
    """Return plain data with the middle of each range in its place, and store the ranges by name."""
    if is_dimension(value):
        name = "__".join(names)
        found[name] = dimension(value, f"{path}: {'.'.join(names[1:])}")
        return found[name].middle()
    if isinstance(value, dict):
        return {key: _without_ranges(item, (*names, key), found, path) for key, item in value.items()}
    if isinstance(value, list):
        keys = [_key(item, k, names) for k, item in enumerate(value)]
        return [_without_ranges(item, (*names, key), found, path) for key, item in zip(keys, value, strict=True)]
    return value


def _key(item: Any, k: int, names: tuple[str, ...]) -> str:
    """Return what an item of a list is called: a group by its name, others by their index."""
    name = item.get("name") if isinstance(item, dict) and names[-1] in _NAMED else None
    return name if isinstance(name, str) and name and "__" not in name else str(k)
