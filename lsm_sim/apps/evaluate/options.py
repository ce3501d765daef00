"""What may be asked of a benchmark."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lsm_sim.errors import DescriptionError


@dataclass(frozen=True)
class Options:
    """What to run; None is what the benchmark does by itself.

    Parameters
    ----------
    name
        Of the benchmark.
    data
        Folder with the data; None: the cache, into which they are downloaded.
    seeds
        Each gives another liquid and other phases of the encoder; of generated data, also other data.
    neurons, bins
        Size of the liquid; bins of the features.
    ensemble
        Members of an ensemble to evaluate beside the single liquid.
    test_speakers
        Test on these speakers, train on all others.
    loso
        Leave one speaker out, each in turn.
    horizons
        How many samples ahead series are predicted; the first is the main one.
    limit
        Read at most so many samples of each file of SHD and SSC.
    backend, n_threads, progress
        As in `lsm_sim.run`.
    """

    name: str
    data: Path | None = None
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    neurons: int | None = None
    bins: int | None = None
    ensemble: int | None = None
    test_speakers: tuple[str, ...] = ()
    loso: bool = False
    horizons: tuple[int, ...] = ()
    limit: int | None = None
    backend: str = "fast"
    n_threads: int | None = None
    progress: bool | None = None

    @property
    def new_speakers(self) -> bool:
        """Whether tested speakers were not heard in training."""
        return self.loso or bool(self.test_speakers)

    def sized(self) -> dict[str, int]:
        """Return the number of neurons as an argument, where one was asked for."""
        return {} if self.neurons is None else {"n_neurons": self.neurons}

    def asked(self) -> dict[str, object]:
        """Return what was asked for, as plain data."""
        given = {key: value for key, value in dataclasses.asdict(self).items() if value not in (None, (), False)}
        return given | ({} if self.data is None else {"data": str(self.data)})

    def refuse(self, names: Iterable[str]) -> None:
        """Raise `DescriptionError` where one of these was asked for although the benchmark has no use for it."""
        for name in names:
            if getattr(self, name) not in (None, (), False):
                option = {"horizons": "horizon", "data": "data"}.get(name, name.replace("_", "-"))
                raise DescriptionError(f"--{option}: means nothing to {self.name}; leave it out")
