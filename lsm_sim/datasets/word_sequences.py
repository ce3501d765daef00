"""Spoken words in a row, with a question about them that can only be answered from memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.audio import Recording
from lsm_sim.datasets.record import Dataset
from lsm_sim.datasets.word_pool import Pool, pooled
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.files import PathLike
from lsm_sim.support.seeding import stream

LENGTHS = (2, 4)
LONGEST_GAP = 60.0  # s


def word_sequences(
    recordings: Dataset | PathLike | Sequence[Recording],
    labels: Sequence[Any] | None = None,
    groups: Sequence[Any] | None = None,
    *,
    words: Sequence[str] | None = None,
    question: str | int = "first",
    length: int = 2,
    gap: float | tuple[float, float] = 0.0,
    test_speakers: Sequence[str] | None = None,
    n_train: int = 400,
    n_test: int = 200,
    seed: int = 0,
) -> Dataset:
    """Return sequences of spoken words, each by one speaker, and silence before the question: X is a list of `Recording`.

    A sequence is ``length`` recordings of one speaker without pauses between them, then ``gap`` seconds of zeros. A liquid
    whose state is read at the end must remember the words. The words that the question does not ask about are random. No
    recording is used twice in a sequence, and none is used for training and testing.

    Every speaker has equally many sequences, and of each speaker every class: ``n_train`` and ``n_test`` are rounded down.

    Parameters
    ----------
    recordings
        A `Dataset` of recordings, such as ``fsdd(folder)``; a folder that `fsdd` reads; or a list of `Recording`.
    labels
        The word of each recording, for a list only.
    groups
        The speaker of each recording, for a list only. None: all are of one speaker.
    words
        The words to use, at least two; ``zero`` to ``nine`` also name the classes 0 to 9. None: all.
    question
        ``"first"``: which word came first; a number k: which word came k-th; ``"same"``: whether the first and the last word
        are the same (never the same recording).
    length
        Number of words, 2 to 4.
    gap
        Silence after the last word, in seconds; or the shortest and the longest, between which each sequence has its own.
    test_speakers
        Test on the words of these speakers, train on those of all others. None: all speakers are in both sets, and test
        recordings are those of the published split, or else a quarter of each speaker's recordings of each word.
    n_train, n_test
        Number of sequences, at most.
    seed
        Seed of everything that is drawn.

    Returns
    -------
    A `Dataset` whose ``groups`` are the speakers, and whose ``split`` marks the test sequences.

    Examples
    --------
    >>> from lsm_sim.audio import spoken_vowels
    >>> rng = np.random.default_rng(0)
    >>> said = ["ai", "iu"] * 16
    >>> sounds = [Recording(spoken_vowels(word, 120, 1.0, rng), 8000) for word in said]
    >>> word_sequences(sounds, said, n_train=20, n_test=10, seed=1)
    Dataset(word_sequences: 30 samples, 2 classes, 1 groups, 10 for testing)
    """
    seed = checks.whole(seed, "word_sequences seed")
    length = checks.whole(length, "word_sequences length", *LENGTHS)
    asked = _Question.checked(question, length)
    span = _span(gap)
    pool = pooled(recordings, labels, groups, words)
    classes = asked.classes(pool.words)
    parts = []
    for test, n in ((False, n_train), (True, n_test)):
        name = "n_test" if test else "n_train"
        n = checks.whole(n, f"word_sequences {name}", 1, checks.MOST)
        takes = pool.takes(test, test_speakers, stream(seed, "word_sequences/held_out"), length)
        each = n // (len(takes) * len(classes))
        if not each:
            need = len(takes) * len(classes)
            raise DescriptionError(
                f"word_sequences {name}: got {n}, expected at least {need}, one of each class and speaker"
            )
        for speaker, own in takes.items():
            rng = stream(seed, f"word_sequences/{name}/{speaker}")
            parts.append(_said(own, asked, length, each, span, speaker, test, pool, rng))
    return Dataset(
        "word_sequences",
        [sound for part in parts for sound in part.sounds],
        np.concatenate([part.y for part in parts]),
        classes,
        pool.source,
        groups=np.concatenate([np.full(len(part.y), part.speaker) for part in parts]),
        split=np.concatenate([np.full(len(part.y), part.test) for part in parts]),
        sample_rate=float(pool.sample_rate),
    )


@dataclass(frozen=True)
class _Question:
    """Which word is asked about, from 0; None: whether the first and the last word are the same."""

    position: int | None

    @staticmethod
    def checked(question: Any, length: int) -> _Question:
        if isinstance(question, str):
            checks.choice(question, "word_sequences question", ("first", "same"))
            return _Question(0 if question == "first" else None)
        return _Question(checks.whole(question, "word_sequences question", 1, length) - 1)

    def classes(self, words: tuple[str, ...]) -> tuple[str, ...]:
        return ("different", "same") if self.position is None else words

    def drawn(self, label: int, n: int, length: int, n_words: int, rng: np.random.Generator) -> Ints:
        """Return the words of n sequences of one class, shape (n, length), all others as equally often as possible."""
        out = np.stack([_evenly(n, n_words, rng) for _ in range(length)], axis=1)
        if self.position is not None:
            out[:, self.position] = label
        elif label == 1:
            out[:, -1] = out[:, 0]
        else:
            pair = _evenly(n, n_words * (n_words - 1), rng)
            out[:, 0], ahead = np.divmod(pair, n_words - 1)
            out[:, -1] = (out[:, 0] + 1 + ahead) % n_words
        return out


@dataclass(frozen=True, eq=False)
class _Said:
    """The sequences of one speaker."""

    sounds: list[Recording]
    y: Ints
    speaker: str
    test: bool


def _said(
    takes: Sequence[Ints],
    asked: _Question,
    length: int,
    each: int,
    span: tuple[float, float],
    speaker: str,
    test: bool,
    pool: Pool,
    rng: np.random.Generator,
) -> _Said:
    """Return ``each`` sequences of every class by one speaker, in random order."""
    n_classes = len(asked.classes(pool.words))
    y = np.repeat(np.arange(n_classes), each)
    spoken = np.concatenate([asked.drawn(label, each, length, len(takes), rng) for label in range(n_classes)])
    order = rng.permutation(len(y))
    sounds = []
    for row in spoken[order]:
        chosen = np.empty(length, np.int64)
        for word in np.unique(row):  # never the same recording twice
            at = np.flatnonzero(row == word)
            chosen[at] = rng.choice(takes[word], at.size, replace=False)
        silence = np.zeros(round(rng.uniform(*span) * pool.sample_rate))
        parts: list[Floats] = [pool.sounds[k].samples for k in chosen.tolist()]
        sounds.append(Recording(np.concatenate([*parts, silence]), pool.sample_rate))
    return _Said(sounds, y[order], speaker, test)


def _evenly(n: int, n_values: int, rng: np.random.Generator) -> Ints:
    """Return n numbers below ``n_values`` in random order, all as equally often as possible."""
    return np.asarray(rng.permutation(np.resize(rng.permutation(n_values), n)))


def _span(gap: Any) -> tuple[float, float]:
    """Return the shortest and the longest gap."""
    pair = checks.shape(gap, "word_sequences gap") == (2,)
    values = checks.real_array(gap if pair else [gap, gap], "word_sequences gap", "time")
    if values.shape != (2,) or not 0 <= values[0] <= values[1] <= LONGEST_GAP:
        raise DescriptionError(
            f"word_sequences gap: got {gap!r}, expected 0 to {LONGEST_GAP:g} s, or the shortest and the longest"
        )
    return float(values[0]), float(values[1])
