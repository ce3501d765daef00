"""Files from which training continues: the state after an epoch, and what training it is of."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.files import PathLike, check_path, check_readable, replacing
from lsm_sim_torch.tasks import Task
from lsm_sim_torch.twin import Twin

_OTHERS = {"liquid": "another liquid", "settings": "other settings", "samples": "other samples"}


class Checkpoint:
    """A file with the state of training; ``description`` tells one training from another, see `description_of`."""

    def __init__(self, path: PathLike, description: Mapping[str, str]) -> None:
        check_path(path)
        self._path, self._description = Path(path), dict(description)

    def save(self, state: Mapping[str, Any]) -> None:
        """Write the state, completely or not at all."""
        with replacing(self._path) as stream:
            torch.save({"description": self._description, "state": dict(state)}, stream)

    def load(self, resume: Callable[[dict[str, Any]], None]) -> bool:
        """Call ``resume`` with the state in the file; return False if there is none."""
        if not os.path.lexists(self._path):
            return False
        content = self._content()
        try:
            found = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
            description, state = found["description"], found["state"]
            others = [name for name, value in self._description.items() if description[name] != value]
            if not others:
                resume(state)
        except Exception:  # what reading a damaged file raises depends on where it is damaged
            raise DescriptionError(
                f"checkpoint: {self._path} is no file of a training, or it is damaged; remove it, or choose another file"
            ) from None
        if others:
            raise DescriptionError(
                f"checkpoint: {self._path} is of a training with {' and '.join(_OTHERS[name] for name in others)}; remove it, or "
                "choose another file"
            )
        return True

    def _content(self) -> bytes:
        check_readable(self._path)
        try:
            return self._path.read_bytes()
        except OSError as error:
            raise DescriptionError(f"checkpoint: {self._path} cannot be read ({error.strerror})") from None


def description_of(twin: Twin, stimulus: Spikes, task: Task, settings: Mapping[str, Any]) -> dict[str, str]:
    """Return texts that are the same for the same training: of the liquid, of the settings, of the samples."""
    trained = [name for name, _ in twin.named_parameters()]
    own = {"train": trained, "dale": twin.dale, "weight_bits": twin.weight_bits, "surrogate": _name(twin.surrogate)}
    own |= {"max_delay": twin.max_delay}
    samples = hashlib.sha256(repr((len(stimulus), stimulus.n_channels, stimulus.dt)).encode())
    arrays = stimulus.step, stimulus.channel, stimulus.offsets, stimulus.n_steps, stimulus.payload
    for array in arrays:
        samples.update(b"" if array is None else array.tobytes())
    samples.update(task.content())
    return {
        "liquid": twin.program().digest,
        "settings": repr(sorted((dict(settings) | own).items())),
        "samples": samples.hexdigest(),
    }


def _name(function: Any) -> str:
    """Return a text that says which function it is, in any process."""
    own = getattr(function, "__qualname__", None)
    return repr(function) if own is None else f"{function.__module__}.{own}"
