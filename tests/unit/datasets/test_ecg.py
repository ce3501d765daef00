import os
import re
import sys

import numpy as np
import pytest

from lsm_sim import BackendUnavailableError, DescriptionError
from lsm_sim.datasets import ecg
from lsm_sim.datasets.mit_bih import DS1, DS2, PACED, RECORDS
from lsm_sim.support import environment
from tests.datasets import write_ecg

RESOLUTION = 2 / 2**12  # mV, of twelve bits for two millivolts


@pytest.fixture
def records(tmp_path):
    return write_ecg(tmp_path / "records")


def signal(n=3600):
    return np.sin(np.arange(n) / 20)[:, None] * [1, -0.5]


def test_a_beat_is_the_signal_around_its_annotation(records):
    data = ecg(records)
    assert data.X.shape == (4, 90 + 144, 1)  # 0.25 s before, 0.4 s after, at 360 Hz
    for beat, at in zip(data.X, (300, 600, 900, 2000), strict=True):  # the last one is too near to the end
        np.testing.assert_allclose(beat[:, 0], signal()[at - 90 : at + 144, 0], atol=RESOLUTION)
    assert data.sample_rate == 360


def test_beats_at_the_very_ends_are_taken_if_they_fit(tmp_path):
    write_ecg(tmp_path, n=720, samples=[89, 90, 576, 577], symbols=["N"] * 4)
    assert len(ecg(tmp_path)) == 2


def test_beats_have_the_classes_of_aami(tmp_path):
    symbols = ["N", "L", "R", "j", "e", "A", "a", "J", "S", "V", "E", "F", "/", "f", "Q"]
    write_ecg(tmp_path, samples=300 + 100 * np.arange(15), symbols=symbols, notes=[""] * 15)
    data = ecg(tmp_path)
    assert data.classes == ("N", "S", "V", "F", "Q")
    assert data.y.tolist() == [0] * 5 + [1] * 4 + [2] * 2 + [3] + [4] * 3


def test_beats_have_the_symbols_themselves_if_asked(records):
    data = ecg(records, labels="symbols")
    assert [data.classes[k] for k in data.y] == ["N", "V", "A", "L"]


@pytest.mark.parametrize("channel", [1, "V1"])
def test_a_channel_is_chosen_by_number_or_name(records, channel):
    beat = ecg(records, channel=channel).X[0, :, 0]
    np.testing.assert_allclose(beat, signal()[210:444, 1], atol=RESOLUTION)


def test_windows_follow_one_another_and_have_the_class_of_most_beats(tmp_path):
    samples = [100, 200, 300, 800, 850, 1500, 1700]
    write_ecg(tmp_path, n=2000, samples=samples, symbols=["N", "V", "V", "N", "N", "~", "A"], notes=[""] * 7)
    data = ecg(tmp_path, window=1.0)  # 0..359 V, 360..719 without a beat, 720..1079 N, then noise, 1440..1799 A
    assert data.X.shape == (3, 360, 1)
    assert [data.classes[k] for k in data.y] == ["V", "N", "S"]
    np.testing.assert_allclose(data.X[1, :, 0], signal(2000)[720:1080, 0], atol=RESOLUTION)


def test_windows_have_the_rhythm_in_force_at_their_start(tmp_path):
    samples, notes = [400, 500, 1200, 1300], ["(AFIB", "", "MISSB", "(N"]
    write_ecg(tmp_path, n=2160, samples=samples, symbols=["+", "N", "+", "+"], notes=notes)
    data = ecg(tmp_path, window=1.0, labels="rhythm")
    assert [data.classes[k] for k in data.y] == ["(AFIB", "(AFIB", "(N", "(N"]  # from 720; two windows come before


def test_groups_are_records_and_the_split_is_by_patient(tmp_path):
    for name in ("100", "101", "103"):
        write_ecg(tmp_path, name)
    data = ecg(tmp_path)
    assert data.groups.tolist() == ["100"] * 4 + ["101"] * 4 + ["103"] * 4
    assert data.split.tolist() == [True] * 4 + [False] * 4 + [True] * 4
    assert np.unique(ecg(tmp_path, records=["103"]).groups).tolist() == ["103"]


def test_other_records_have_no_published_split(tmp_path):
    write_ecg(tmp_path, "100")
    write_ecg(tmp_path, "mine")
    assert ecg(tmp_path).split is None


def test_the_published_split_shares_no_record_and_has_no_paced_one():
    assert len(DS1) == len(DS2) == 22
    assert len(set(RECORDS)) == 44
    assert not set(RECORDS) & set(PACED)


def test_paced_records_are_read_only_if_asked_for(tmp_path):
    for name in ("100", "102"):
        write_ecg(tmp_path, name)
    assert np.unique(ecg(tmp_path).groups).tolist() == ["100"]
    data = ecg(tmp_path, records=["100", "102"])
    assert np.unique(data.groups).tolist() == ["100", "102"]
    assert data.split is None


def test_records_without_annotations_are_passed_over_unless_asked_for(tmp_path):
    write_ecg(tmp_path, "100")
    write_ecg(tmp_path, "101")
    (tmp_path / "101.atr").unlink()
    assert np.unique(ecg(tmp_path).groups).tolist() == ["100"]
    with pytest.raises(DescriptionError, match=r"no 101\.atr in .*; expected each record's \.hea and \.atr"):
        ecg(tmp_path, records=["101"])


def cut(name, size):
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:size])


BROKEN = {
    "no signal": (lambda folder: (folder / "100.dat").unlink(), r"100\.dat: no such file"),
    "signal cut short": (cut("100.dat", 3000), r"100\.hea: damaged or not a file of a WFDB record"),
    "signal empty": (cut("100.dat", 0), r"100\.hea: damaged or not"),
    "header empty": (cut("100.hea", 0), r"100\.hea: damaged or not"),
    "header of text": (lambda folder: (folder / "100.hea").write_text("hello\nworld"), r"100\.hea: damaged or not"),
    "header of bytes": (
        lambda folder: (folder / "100.hea").write_bytes(bytes(range(256))),
        r"100\.hea: damaged or not",
    ),
    "annotations cut short": (cut("100.atr", 8), r"100\.atr: truncated, or not an annotation file"),
    "annotations empty": (cut("100.atr", 0), r"100\.atr: truncated"),
    "annotations of text": (lambda folder: (folder / "100.atr").write_text("hello"), r"100\.atr: truncated, or not"),
    "annotations of noise": (
        lambda folder: (folder / "100.atr").write_bytes(b"hello this is text" * 9 + b"\0\0"),
        r"100\.atr: got an annotation at sample [0-9]+, but the record has 3600 samples",
    ),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_file_is_named(records, how):
    breaks, words = BROKEN[how]
    breaks(records)
    with pytest.raises(DescriptionError, match=words):
        ecg(records)


def test_annotations_of_another_record_are_refused(tmp_path):
    write_ecg(tmp_path, n=3000, samples=[300, 3000], symbols=["N", "N"])
    with pytest.raises(DescriptionError, match="annotation at sample 3000, but the record has 3000 samples"):
        ecg(tmp_path)


def test_a_gap_in_the_signal_is_named_where_a_sample_needs_it(tmp_path):
    values = signal()
    values[605, 0] = np.nan
    write_ecg(tmp_path, signal=values)
    with pytest.raises(DescriptionError, match=r"record 100 has no value at 1\.681 s; choose another channel"):
        ecg(tmp_path)
    assert len(ecg(tmp_path, channel=1)) == 4


def test_records_of_different_rates_are_refused(tmp_path):
    write_ecg(tmp_path, "100")
    write_ecg(tmp_path, "101", rate=250)
    with pytest.raises(
        DescriptionError, match="record 101 has 250 samples per second, but 100 has 360; read them separately"
    ):
        ecg(tmp_path)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"labels": "colours"}, "expected 'aami', 'symbols' or 'rhythm'"),
        ({"labels": "rhythm"}, "needs windows; set window"),
        ({"before": 0}, "ecg before"),
        ({"after": np.nan}, "ecg after"),
        ({"window": -1}, "ecg window"),
        ({"window": 0.0001}, "shorter than one sample at 360 samples per second"),
        ({"window": 100.0}, "no sample with a label of labels='aami' in these records"),
        ({"channel": 2}, "no channel 2; it has 0..1: MLII, V1"),
        ({"channel": "aVR"}, "no channel 'aVR'"),
        ({"records": "100"}, "expected a list of names"),
        ({"records": []}, "expected a list of names"),
        ({"records": ["101"]}, r"no 101\.hea in"),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_request_is_said(records, wrong, words):
    with pytest.raises(DescriptionError, match=words):
        ecg(records, **wrong)


def test_a_folder_with_nothing_to_read_is_named(tmp_path):
    write_ecg(tmp_path, "102")
    with pytest.raises(DescriptionError, match=r"no record with annotations \*\.atr in .*; to read the paced records"):
        ecg(tmp_path)


def test_a_folder_without_records_is_named(tmp_path):
    with pytest.raises(DescriptionError, match=r"ecg: no \*\.hea in the folder"):
        ecg(tmp_path)


def test_a_missing_package_is_named_with_the_line_that_installs_it(records, monkeypatch):
    monkeypatch.setitem(sys.modules, "wfdb", None)
    with pytest.raises(
        BackendUnavailableError,
        match=r"package wfdb, .*" + re.escape(environment.install("data")),
    ):
        ecg(records)


HOSTILE = {
    "many samples": (
        "100 2 360 3600",
        "100 2 360 360000000000",
        "declares 360000000000 samples of 2 signals, but 100.dat has",
    ),
    "many signals": ("100 2 360", "100 200000000 360", "declares 200000000 signals, but describes 2"),
    "frames of many samples": ("100.dat 212 ", "100.dat 212x100000000 ", "declares 3600 samples of 2 signals, but"),
    "a large skew": ("100.dat 212 ", "100.dat 212:1000000000 ", "declares 3600 samples of 2 signals, but"),
    "segments of itself": ("100 2 360", "100/3 2 360", "the record has several segments, expected one"),
    "a device": ("100.dat 212 ", "/dev/zero 212 ", "expected the name of a file in the same folder"),
    "another folder": ("100.dat 212 ", "../100.dat 212 ", "expected the name of a file in the same folder"),
    "a named pipe": ("100.dat 212 ", "pipe 212 ", "pipe: cannot be read, because it is a named pipe"),
    "another word": ("100.dat 212 ", "100.dat x ", "expected the name of a file in the same folder and its format"),
}


@pytest.mark.parametrize("how", HOSTILE)
def test_a_header_that_lies_is_refused_before_memory_is_used(tmp_path, how):
    write_ecg(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    old, new, words = HOSTILE[how]
    text = (tmp_path / "100.hea").read_text()
    assert old in text
    (tmp_path / "100.hea").write_text(text.replace(old, new))
    with pytest.raises(DescriptionError, match=words):
        ecg(tmp_path)
