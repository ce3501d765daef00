import importlib

import numpy as np
import pytest

from lsm_sim import DescriptionError
from lsm_sim.datasets import japanese_vowels
from tests.datasets import REAL, real, write_vowels

ONES = " ".join(["1.0"] * 12)


@pytest.mark.parametrize("separator", ["", ONES, f"{ONES} \r\n"], ids=["blank", "ones", "ones and blank"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["unix", "windows"])
def test_every_utterance_is_read_whatever_divides_them(tmp_path, separator, newline):
    blocks = write_vowels(tmp_path, separator=separator, newline=newline)
    data = japanese_vowels(tmp_path)
    assert [part.tolist() for part in data.X] == [block.tolist() for block in blocks]


def test_speakers_and_split_come_from_the_sizes(tmp_path):
    write_vowels(tmp_path, train=(2, 3), test=(1, 2))
    data = japanese_vowels(tmp_path)
    assert data.y.tolist() == [0, 0, 1, 1, 1, 0, 1, 1]
    assert data.split.tolist() == [False] * 5 + [True] * 3
    assert (data.classes, data.frame) == (("1", "2"), 0.0064)


def test_without_sizes_the_published_ones_hold(tmp_path):
    vowels = importlib.import_module("lsm_sim.datasets.japanese_vowels")
    write_vowels(tmp_path, vowels.SIZES["train"], vowels.SIZES["test"])
    with_sizes = japanese_vowels(tmp_path)
    for part in ("train", "test"):
        (tmp_path / f"size_ae.{part}").unlink()
    assert japanese_vowels(tmp_path).y.tolist() == with_sizes.y.tolist()


def test_the_files_may_lie_one_folder_below(tmp_path):
    write_vowels(tmp_path / "JapaneseVowels")
    assert len(japanese_vowels(tmp_path)) == 8


def change(name, old, new):
    return lambda folder: (folder / name).write_text((folder / name).read_text().replace(old, new, 1))


def cut(name, lines):
    return lambda folder: (folder / name).write_text("\n".join((folder / name).read_text().splitlines()[:lines]))


def first_number(folder):
    text = (folder / "ae.train").read_text()
    return text.split()[0]


BROKEN = {
    "missing": (lambda folder: (folder / "ae.test").unlink(), r"ae\.test: no such file"),
    "cut short": (cut("ae.train", 30), r"ae\.train: got [0-9] utterances, expected 5 \(2, 3\); it is truncated, or"),
    "empty": (lambda folder: (folder / "ae.train").write_text(""), r"ae\.train: got 0 utterances, expected 5"),
    "a frame cut short": (
        lambda folder: (folder / "ae.test").write_text("0.5 0.25\n"),
        r"ae\.test, line 1: got 2 numbers, expected 12",
    ),
    "text": (lambda folder: (folder / "ae.test").write_text("a b c"), r"line 1: got 'a b c', expected 12 numbers"),
    "bytes": (
        lambda folder: (folder / "ae.test").write_bytes(bytes(range(14, 256))),
        "line 1: got .*, expected 12 numb",
    ),
    "nan": (lambda folder: change("ae.train", first_number(folder), "nan")(folder), "line 1: got nan, expected finite"),
    "sizes as text": (change("size_ae.train", "2", "two"), r"size_ae\.train: got 'two 3', expected the number"),
    "no sizes": (lambda folder: (folder / "size_ae.train").write_text(""), r"size_ae\.train: got '', expected"),
    "other speakers": (change("size_ae.test", "1 2", "1 1 1"), r"size_ae\.test: got 3 speakers, expected 2"),
    "other sizes": (change("size_ae.test", "1 2", "1 3"), r"ae\.test: got 3 utterances, expected 4 \(1, 3\)"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_file_is_named_with_its_line(tmp_path, how):
    write_vowels(tmp_path)
    breaks, words = BROKEN[how]
    breaks(tmp_path)
    with pytest.raises(DescriptionError, match=words):
        japanese_vowels(tmp_path)


def test_a_folder_without_the_files_is_named(tmp_path):
    with pytest.raises(DescriptionError, match=r"no ae\.train in the folder .*; expected ae\.train or \*/ae\.train"):
        japanese_vowels(tmp_path)


@real("japanese_vowels")
def test_the_real_utterances_are_all_there():
    data = japanese_vowels(REAL / "japanese_vowels")
    assert (len(data.train), len(data.test)) == (270, 370)
    assert np.bincount(data.train.y).tolist() == [30] * 9
    assert np.bincount(data.test.y).tolist() == [31, 35, 88, 44, 29, 24, 40, 50, 29]
    assert {part.shape[1] for part in data.X} == {12}
    assert (min(map(len, data.X)), max(map(len, data.X))) == (7, 29)


@real("japanese_vowels")
def test_the_checksum_is_that_of_the_real_numbers():
    vowels = importlib.import_module("lsm_sim.datasets.japanese_vowels")
    assert vowels.contents(japanese_vowels(REAL / "japanese_vowels").X) == vowels.CONTENTS


def test_a_size_of_5000_digits_is_one_sentence(tmp_path):
    write_vowels(tmp_path)
    (tmp_path / "size_ae.train").write_text("9" * 5000)
    with pytest.raises(DescriptionError, match=r"size_ae\.train: got '9{40}', expected the number of utterances"):
        japanese_vowels(tmp_path)
