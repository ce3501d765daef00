"""From files and options to the spikes of a stimulus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsm_sim.errors import DescriptionError

if TYPE_CHECKING:
    from lsm_sim.spikes.spikes import Spikes

SPIKES, SOUND, TABLES = ".npz", ".wav", (".csv", ".npy")
_HOP = 0.005  # seconds between the frames of a spectrogram
_OPTIONS = {"cells": "--cells", "max_rate": "--max-rate", "front_end": "--front-end"}


@dataclass(frozen=True)
class Coding:
    """How signals become spikes; None: not given, so that the default applies."""

    encoder: str | None = None
    max_rate: float | None = None
    frame: float | None = None
    step: float | None = None
    cells: int | None = None
    scale: str | None = None
    front_end: str | None = None
    bands: int | None = None

    @staticmethod
    def of(*values: Any) -> Coding:
        """Return the coding for values of options, in the order of the fields."""
        return Coding(*(value.value if isinstance(value, Enum) else value for value in values))

    @property
    def given(self) -> list[str]:
        """The options that were given."""
        names = (field.name for field in fields(self) if getattr(self, field.name) is not None)
        return [_OPTIONS.get(name, f"--{name}") for name in names]


def check_source(paths: Sequence[Path], rate: float | None, coding: Coding, with_rate: Mapping[str, Any]) -> None:
    """Raise unless there is either a file or --rate, with options that belong to it."""
    if rate is None:
        unused = [option for option, value in with_rate.items() if value is not None]
        if unused:
            raise DescriptionError(f"{unused[0]}: only with --rate; omit it")
        if not paths:
            raise DescriptionError("no stimulus: expected a file, or --rate for Poisson spikes")
    elif paths:
        raise DescriptionError(f"--rate: got {paths[0]} too, expected a file or --rate, not both")
    elif coding.given:
        raise DescriptionError(f"{coding.given[0]}: with --rate nothing is encoded; omit it")


def load(path: Path, coding: Coding, dt: float, seed: int) -> Spikes:
    """Return the spikes in a file, or those that encode the signal in it."""
    if path.suffix.lower() != SPIKES:
        return encode([path], coding, dt, seed)
    if coding.given:
        raise DescriptionError(f"{coding.given[0]}: {path} holds spikes, which are not encoded again; omit it")
    from lsm_sim.spikes.spikes import Spikes

    return Spikes.load(path)


def encode(paths: Sequence[Path], coding: Coding, dt: float, seed: int) -> Spikes:
    """Return the spikes that encode the signals of all files, one or more samples for each."""
    from lsm_sim.apps.cli import learning

    kinds = {path.suffix.lower() for path in paths}
    for path in paths:
        if path.exists() and not path.is_file():  # reading a named pipe would block for ever
            raise DescriptionError(f"{path}: cannot be read, expected a file, not a folder or device")
        if path.suffix.lower() not in (SOUND, *TABLES):
            known = "spikes as .npz, or a signal as .wav, .csv or .npy"
            raise DescriptionError(f"{path}: got the suffix {path.suffix!r}, expected {known}")
    if SOUND in kinds and len(kinds) > 1:
        raise DescriptionError(f"{paths[0]}: got sounds and tables, expected files of one kind; encode them one by one")
    sound = kinds == {SOUND}
    if not sound and (coding.front_end or coding.bands):
        option = "--front-end" if coding.front_end else "--bands"
        raise DescriptionError(f"{option}: {paths[0]} is no sound; omit it")
    samples = _read(paths, coding)
    settings = {"max_rate": coding.max_rate, "frame": coding.frame, "step": coding.step, "n": coding.cells}
    if sound and coding.frame is None:
        settings["frame"] = _HOP
    coder = learning.encoder(coding.encoder or "rate", settings, seed)
    try:
        return coder(samples, dt)
    except DescriptionError as error:
        remedy = str(error).replace("scale the signals first", "use --scale channel or --scale global")
        raise DescriptionError(f"{', '.join(map(str, paths[:3]))}: {remedy}") from None


def _read(paths: Sequence[Path], coding: Coding) -> Any:
    """Return the signals of all files, which are of one kind, scaled."""
    from lsm_sim.apps.cli import signals

    front = coding.front_end or "mel", coding.bands or 32, coding.frame or _HOP
    sound = paths[0].suffix.lower() == SOUND
    parts = [signals.read_sound(path, *front) if sound else signals.read_table(path) for path in paths]
    return signals.scaled([signal for part in parts for signal in part], coding.scale or "none")


def shown(path: Path, coding: Coding) -> dict[str, Any]:
    """Return the signals that were encoded and the duration of a frame, None if it is that of the encoder."""
    sound = path.suffix.lower() == SOUND
    return {"signals": _read([path], coding), "frame": coding.frame or (_HOP if sound else None)}


def poisson(
    rate: float, n_channels: int, duration: float | None, n_samples: int | None, dt: float, seed: int
) -> Spikes:
    """Return independent Poisson spikes of one rate in Hz on every channel; None: 1 s, one sample."""
    import numpy as np

    from lsm_sim.encode.rates import spikes_per_step
    from lsm_sim.spikes.spikes import Spikes
    from lsm_sim.support import checks
    from lsm_sim.support.memory import check_memory
    from lsm_sim.support.seeding import stream

    chance = spikes_per_step(rate, dt)
    duration, n_samples = 1.0 if duration is None else duration, n_samples or 1
    n_steps = int(checks.steps(np.rint(np.float64(checks.positive(duration, "--duration") / dt)), "--duration", dt))
    if n_steps < 1:
        raise DescriptionError(f"--duration: got {duration:g} s, expected at least one step of {dt:g} s")
    check_memory(9 * n_samples * n_steps * n_channels, "Poisson spikes")
    draws: list[Any] = [stream(seed, f"poisson/{b}").random((n_steps, n_channels)) < chance for b in range(n_samples)]
    return Spikes.from_dense(np.stack(draws), dt)
