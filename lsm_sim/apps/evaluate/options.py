"""Options of a benchmark."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lsm_sim.errors import DescriptionError
from lsm_sim.learn.controls.rivals import RIVALS
from lsm_sim.learn.controls.rows import TRAINED, entries
from lsm_sim.learn.controls.views import VIEWS

LARGER = 4  # times the neurons of a liquid that is trained has one that is not
WORDS = ("words", "question", "length", "gap")  # for words in a row only


def known_rows() -> tuple[str, ...]:
    """Return what ``rows`` may have: rivals and rows of other packages."""
    return (*RIVALS, *(row for row in entries() if row not in TRAINED or row == "trained"))


@dataclass(frozen=True)
class Options:
    """What to run; None selects the default of the benchmark.

    Parameters
    ----------
    name
        Name of the benchmark.
    data
        Folder with the data; None: download into the cache.
    seeds
        Each determines the liquid and the phases of the encoder, and for generated data also the data.
    neurons, bins
        Size of the liquid; number of bins of the features.
    ensemble
        Number of members of an ensemble to evaluate in addition to the single liquid.
    test_speakers
        Test on these speakers, train on all others.
    loso
        Leave one speaker out, each in turn.
    split
        ``"upstream"`` or ``"takes"``: the published split, whose speakers are the same for training and test. None: as
        documented for the benchmark.
    arithmetic
        ``"loihi"``: add the liquid in Loihi's integers.
    rivals
        Add MiniRocket, a support vector machine and a random forest.
    rows
        Add these, each alone: rivals, ``"trained"`` with its controls, and time-continuous cells, see `known_rows`.
    tune
        Tune each row, all with the same budget.
    readout
        ``"nested"``: choose the readout of each row on training samples. None: that of the benchmark.
    stress
        Print accuracy against perturbations of the test samples instead of the comparison.
    train_noise
        Signal-to-noise ratio in dB of white noise that the training samples are seen with once more, under stress.
    robust
        Use the front end for other rooms and voices.
    horizons
        Numbers of samples by which series are predicted ahead; the first is the main one.
    limit
        Maximum number of samples to read from each file of SHD and SSC.
    words, question, length, gap
        As in `lsm_sim.datasets.word_sequences`; ``("all",)``: all words.
    backend, n_threads, progress
        As in `lsm_sim.run`.
    workers, dask
        Processes that take one seed at a time, as in `lsm_sim.controls.compare`, or a part of it with ``tune`` and ``stress``.
    """

    name: str
    data: Path | None = None
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    neurons: int | None = None
    bins: int | None = None
    ensemble: int | None = None
    test_speakers: tuple[str, ...] = ()
    loso: bool = False
    split: str | None = None
    arithmetic: str | None = None
    rivals: bool = False
    rows: tuple[str, ...] = ()
    tune: bool = False
    readout: str | None = None
    stress: bool = False
    train_noise: float | None = None
    robust: bool = False
    horizons: tuple[int, ...] = ()
    limit: int | None = None
    words: tuple[str, ...] = ()
    question: str | None = None
    length: int | None = None
    gap: float | None = None
    backend: str = "fast"
    n_threads: int | None = None
    workers: int | None = None
    dask: str | None = None
    progress: bool | None = None

    @property
    def new_speakers(self) -> bool:
        """Whether the tested speakers are not in the training set."""
        return self.loso or bool(self.test_speakers)

    def views(self) -> tuple[str, ...]:
        """Return what is compared, without the ensemble and the larger liquid."""
        rows = [view for row in self.rows for view in (TRAINED if row == "trained" else (row,))]
        more = (["loihi"] if self.arithmetic == "loihi" else []) + (list(RIVALS) if self.rivals else []) + rows
        return (*VIEWS, *dict.fromkeys(more))

    def sized(self) -> dict[str, int]:
        """Return the number of neurons as a keyword argument, if it was set."""
        return {} if self.neurons is None else {"n_neurons": self.neurons}

    def asked(self) -> dict[str, object]:
        """Return the options that were set, as plain data."""
        given = {key: value for key, value in dataclasses.asdict(self).items() if value not in (None, (), False)}
        return given | ({} if self.data is None else {"data": str(self.data)})

    def refuse(self, names: Iterable[str]) -> None:
        """Raise `DescriptionError` if one of these options was set, because the benchmark does not use it."""
        for name in names:
            if getattr(self, name) not in (None, (), False):
                option = {"horizons": "horizon", "data": "data"}.get(name, name.replace("_", "-"))
                raise DescriptionError(f"--{option}: not an option of {self.name}; omit it")
