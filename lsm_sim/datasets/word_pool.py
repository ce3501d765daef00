"""The recordings that sequences of words are made of, by speaker and word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lsm_sim.audio import Recording
from lsm_sim.datasets.fsdd import fsdd
from lsm_sim.datasets.record import Dataset, Source
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Bools, Ints

NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
HELD_OUT = 0.25  # of the recordings of a word by a speaker, if no split is published
_GIVEN = Source("recordings given by the user", "that of the recordings", "")


@dataclass(frozen=True, eq=False)
class Pool:
    """Recordings of several words.

    Parameters
    ----------
    sounds
        Recordings, all with the same sample rate.
    word
        Index of each recording's word into ``words``, (B,).
    speaker
        Each recording's speaker, (B,).
    held_out
        True for the recordings of the published test set, (B,); None if no split is published.
    words
        The words.
    source
        Origin, licence and citation.
    """

    sounds: Sequence[Recording]
    word: Ints
    speaker: npt.NDArray[np.str_]
    held_out: Bools | None
    words: tuple[str, ...]
    source: Source

    @property
    def sample_rate(self) -> int:
        """Sample rate of all recordings, in Hz."""
        return self.sounds[0].sample_rate

    def takes(
        self, test: bool, test_speakers: Sequence[str] | None, rng: np.random.Generator, least: int
    ) -> Mapping[str, list[Ints]]:
        """Return the recordings of the training or test set: by speaker, for each word the indices.

        ``rng`` draws the test recordings if no split is published; a word has at least ``least`` recordings.
        """
        if test_speakers is None:
            speakers = np.unique(self.speaker)
            in_test = self._held_out(rng)
            chosen = in_test if test else ~in_test
        else:
            tested = self._tested(test_speakers)
            chosen = tested if test else ~tested
            speakers = np.unique(self.speaker[chosen])
        found = {}
        for speaker in speakers.tolist():
            own = [
                np.flatnonzero(chosen & (self.speaker == speaker) & (self.word == k)) for k in range(len(self.words))
            ]
            for word, takes in zip(self.words, own, strict=True):
                if len(takes) < least:
                    raise DescriptionError(
                        f"word_sequences: got {len(takes)} recordings of {word!r} by {speaker} for "
                        f"{'testing' if test else 'training'}, expected at least {least}, one for each word of a sequence; "
                        "add recordings or omit the word"
                    )
            found[speaker] = own
        return found

    def _held_out(self, rng: np.random.Generator) -> Bools:
        """Return which recordings are for testing if all speakers are in both sets."""
        if self.held_out is not None:
            return self.held_out
        out = np.zeros(len(self.sounds), bool)
        for speaker in np.unique(self.speaker):
            for k in range(len(self.words)):
                own = rng.permutation(np.flatnonzero((self.speaker == speaker) & (self.word == k)))
                out[own[: round(HELD_OUT * len(own))]] = True
        return out

    def _tested(self, test_speakers: Sequence[str]) -> Bools:
        known = np.unique(self.speaker).tolist()
        where = "word_sequences test_speakers"
        names = [str(name) for name in checks.items(test_speakers, where, "a list of speakers")]
        if len(known) < 2:
            raise DescriptionError(f"{where}: got recordings of one speaker, {known[0]}, expected at least two")
        unknown = [name for name in names if name not in known]
        if unknown or not names or set(names) == set(known):
            raise DescriptionError(f"{where}: got {', '.join(names) or 'none'}, expected some of {', '.join(known)}")
        return np.isin(self.speaker, names)


def pooled(recordings: Any, labels: Any, groups: Any, words: Any) -> Pool:
    """Return the recordings of the words from a data set, a folder that `fsdd` reads, or a list with labels and groups."""
    if isinstance(recordings, (str, Path)):
        recordings = fsdd(recordings)
    if isinstance(recordings, Dataset):
        if labels is not None or groups is not None:
            raise DescriptionError(
                f"word_sequences: {recordings.name} has its own labels and groups; omit labels and groups"
            )
        known: tuple[str, ...] = recordings.classes
        word, speaker, held_out, source = recordings.y, recordings.groups, recordings.split, recordings.source
        sounds: list[Any] = checks.items(recordings.X, "word_sequences recordings", "a list of Recording")
    else:
        sounds = checks.items(recordings, "word_sequences recordings", "a data set, a folder or a list of Recording")
        _check_sounds(sounds)
        known, word = _given_labels(labels, len(sounds))
        speaker, held_out, source = _given_groups(groups, len(sounds)), None, _GIVEN
    _check_sounds(sounds)
    if np.ndim(word) != 1:
        raise DescriptionError("word_sequences: got several labels per recording, expected one word each")
    chosen = _indices(words, known, np.unique(word).tolist())
    kept = np.flatnonzero(np.isin(word, chosen))
    position = {k: i for i, k in enumerate(chosen)}
    return Pool(
        [sounds[k] for k in kept],
        np.array([position[k] for k in word[kept].tolist()], np.int64),
        np.full(len(kept), "all") if speaker is None else speaker[kept].astype(str),
        None if held_out is None else held_out[kept],
        tuple(known[k] if words is None else str(words[i]) for i, k in enumerate(chosen)),
        source,
    )


def _given_labels(labels: Any, n: int) -> tuple[tuple[str, ...], Ints]:
    if labels is None:
        raise DescriptionError("word_sequences labels: got none, expected the word of each recording")
    names = np.array([str(label) for label in checks.items(labels, "word_sequences labels", "a list of words")], str)
    if len(names) != n:
        raise DescriptionError(f"word_sequences labels: got {len(names)}, expected {n}, one per recording")
    known, word = np.unique(names, return_inverse=True)
    return tuple(known.tolist()), word


def _given_groups(groups: Any, n: int) -> npt.NDArray[np.str_] | None:
    if groups is None:
        return None
    names = [str(group) for group in checks.items(groups, "word_sequences groups", "a list of speakers")]
    if len(names) != n:
        raise DescriptionError(f"word_sequences groups: got {len(names)}, expected {n}, one per recording")
    return np.array(names, str)


def _check_sounds(sounds: Sequence[Any]) -> None:
    if not sounds:
        raise DescriptionError("word_sequences recordings: got none, expected some of at least two words")
    for k, sound in enumerate(sounds):
        checks.instance(sound, Recording, f"word_sequences recordings[{k}]", "a Recording")
        if sound.sample_rate != sounds[0].sample_rate:
            raise DescriptionError(
                f"word_sequences recordings[{k}]: got {sound.sample_rate} samples per second, but the first has "
                f"{sounds[0].sample_rate}; resample one of them"
            )


def _indices(words: Any, known: tuple[str, ...], present: list[int]) -> list[int]:
    """Return the classes of the words; without words, those of which there are recordings."""
    where = "word_sequences words"
    if words is None:
        found = present
    else:
        names = [str(word) for word in checks.items(words, where, "a list of words")]
        numbers = {word: known.index(str(k)) for k, word in enumerate(NUMBERS) if str(k) in known}
        by_name = numbers | {word: k for k, word in enumerate(known)}
        unknown = [name for name in names if name not in by_name]
        if unknown:
            raise DescriptionError(f"{where}: no word {', '.join(unknown)}; known: {', '.join(known)}")
        found = [by_name[name] for name in names]
    if len(found) < 2 or len(set(found)) < len(found):
        got = ", ".join(known[k] for k in found) or "none"
        raise DescriptionError(f"{where}: got {got}, expected at least two different words")
    return found
