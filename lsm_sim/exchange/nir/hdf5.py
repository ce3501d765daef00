"""The nested dictionaries of a file of NIR, read by a process of its own; see `lsm_sim.support.hdf5_process`."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from lsm_sim.errors import BackendUnavailableError, DescriptionError
from lsm_sim.support import files, hdf5_process
from lsm_sim.support.environment import install
from lsm_sim.support.files import PathLike

_DEEPEST = 64


def read(path: PathLike) -> dict[str, Any]:
    """Return the graph in a file, or raise `DescriptionError`."""
    if importlib.util.find_spec("h5py") is None:
        raise BackendUnavailableError(f"files of NIR need the package h5py; install it with: {install('nir')}")
    files.check_readable(path)
    found: dict[str, Any] = {}
    for key, array in hdf5_process.read_tree(Path(path)).items():
        *groups, name = key.split("/")
        if len(groups) > _DEEPEST:
            raise DescriptionError(f"{path}: got {len(groups)} groups inside each other, expected at most {_DEEPEST}")
        inside = found
        for group in groups:
            inside = inside.setdefault(group, {})
        inside[name] = array
    node = found.get("node")
    if not isinstance(node, dict):
        has = ", ".join(sorted(found))[:100] or "nothing"
        raise DescriptionError(f"{path}: not a file of NIR, expected a group 'node' in it; it contains {has}")
    return node
