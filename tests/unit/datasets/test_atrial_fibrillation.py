import numpy as np
import pytest

from lsm_sim import DescriptionError
from lsm_sim.datasets import atrial_fibrillation
from lsm_sim.datasets.atrial_fibrillation import CHANNELS, variability
from tests.datasets import write_ecg, write_rhythms


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    top = tmp_path_factory.mktemp("af")
    write_rhythms(top, "p0", 0)
    write_rhythms(top, "p1", 1)
    return top


def test_windows_have_the_rhythm_of_most_of_their_beats_and_the_group_of_their_record(folder):
    data = atrial_fibrillation(folder, beats=30)
    assert data.X.shape == (2 * 10, 30, len(CHANNELS))  # 300 intervals for each record
    assert data.y.tolist() == 2 * ([0] * 5 + [1] * 5)
    assert data.groups.tolist() == ["p0"] * 10 + ["p1"] * 10
    assert data.split is None


def test_intervals_are_those_between_the_annotated_beats(folder):
    data = atrial_fibrillation(folder, beats=30)
    assert data.X[0, :, 0].mean() == pytest.approx(0.8, abs=0.02)
    assert data.X[9, :, 3].mean() > 3 * data.X[0, :, 3].mean()  # RMSSD of fibrillation


def test_beats_are_in_files_of_their_own_where_there_are_some(tmp_path):
    write_rhythms(tmp_path, "p0", 0)
    at = 60 + 40 * np.arange(201)
    write_ecg(tmp_path / "beats", "p0", 9000, 50, at, ["N"] * len(at), [""] * len(at))
    (tmp_path / "beats/p0.atr").rename(tmp_path / "p0.qrs")
    data = atrial_fibrillation(tmp_path, beats=20)
    np.testing.assert_allclose(data.X[:, :, 0], 0.8)
    assert len(atrial_fibrillation(tmp_path, beats=20, annotator="atr")) == 15


def test_windows_with_a_gap_or_before_the_first_rhythm_are_omitted(tmp_path):
    at = [10, *range(60, 60 + 40 * 20, 40), *range(1200, 1200 + 40 * 20, 40)]  # a gap of 7.6 s after 20 beats
    symbols = ["N"] * len(at)
    symbols[5] = "+"
    write_ecg(tmp_path, "a", 2100, 50, at, symbols, ["(N" if s == "+" else "" for s in symbols])
    assert len(atrial_fibrillation(tmp_path, beats=8)) == 2  # of four: the first begins too early, one has the gap


def test_variability_is_that_of_the_last_eight_intervals():
    rr = np.random.default_rng(3).uniform(0.5, 1.0, 20)
    last, steps = rr[12:], np.abs(np.diff(rr[12:]))
    expected = [rr[-1], steps[-1], last.std(), np.sqrt((steps**2).mean()), (steps > 0.05).mean()]
    np.testing.assert_allclose(variability(rr)[-1], expected)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda _: atrial_fibrillation(),
            "got no folder, and this data set is not downloaded; get the annotations",
        ),
        (lambda folder: atrial_fibrillation(folder, beats=1), "beats: got 1, expected"),
        (
            lambda folder: atrial_fibrillation(folder, beats=400),
            "no window of 400 beats with a rhythm in these 2 records",
        ),
        (lambda folder: atrial_fibrillation(folder / "none"), "does not exist"),
        (lambda folder: atrial_fibrillation(folder, annotator="xyz"), "xyz"),
        (lambda _: variability([[1.0]]), r"intervals: got shape \(1, 1\)"),
    ],
)
def test_what_is_wrong_is_said(folder, call, words):
    with pytest.raises(DescriptionError, match=words):
        call(folder)


def test_a_truncated_annotation_file_is_named(tmp_path):
    write_rhythms(tmp_path, "p0", 0)
    file = tmp_path / "p0.atr"
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.raises(DescriptionError, match=r"p0\.atr: truncated"):
        atrial_fibrillation(tmp_path)
