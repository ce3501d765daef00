import numpy as np
import pytest

from lsm_sim import DescriptionError, encode, ms

ROWS = [[0.5] * 5] * 100


def test_an_array_of_two_dimensions_is_one_signal_and_of_three_a_batch():
    assert encode.rate(np.array(ROWS)).n_steps.tolist() == [100]
    assert encode.rate(np.array(ROWS)[:, None]).n_steps.tolist() == [1] * 100
    assert encode.rate([ROWS]).n_steps.tolist() == [100]


def test_a_list_is_a_batch_of_arrays():
    assert encode.rate([np.array(row) for row in ROWS]).n_steps.tolist() == [1] * 100
    assert encode.rate((np.array(ROWS), np.array(ROWS[:7]))).n_steps.tolist() == [100, 7]


@pytest.mark.parametrize("code", [encode.poisson, encode.rate, encode.delta, encode.population, encode.bsa])
@pytest.mark.parametrize("rows", [ROWS, tuple(map(tuple, ROWS)), [np.zeros(5), [0.5] * 5]])
def test_a_list_of_lists_of_numbers_says_how_to_write_both(code, rows):
    with pytest.raises(DescriptionError, match=r"one signal \(T, C\) write numpy\.array\(signals\).*\[:, None\]"):
        code(rows)


@pytest.mark.parametrize("values", [[0.1, 0.2], np.array([0.1, 0.2]), [np.float64(0.1), 1]])
def test_one_row_of_numbers_says_how_to_write_a_channel_or_a_frame(values):
    with pytest.raises(DescriptionError, match=r"for one channel write \S+\[:, None\]"):
        encode.rate(values)


@pytest.mark.parametrize("signals", [None, 5, "text", {}, np.float64(1), np.array(0.5), np.zeros((1, 1, 1, 1))])
def test_what_is_no_batch_is_refused(signals):
    with pytest.raises(DescriptionError, match="expected a list of"):
        encode.Rate()(signals, 1 * ms)


@pytest.mark.parametrize("signals", [[[[0.1], [0.2, 0.3]]], [[None]], [None], [{}], [[]], [["a"]]])
def test_odd_items_are_refused(signals):
    with pytest.raises(DescriptionError, match=r"sample 0|channels"):
        encode.Rate()(signals, 1 * ms)


def test_an_object_array_of_signals_is_refused_with_the_remedy():
    signals = np.empty(2, object)
    signals[:] = [np.zeros((3, 2)), np.zeros((4, 2))]
    with pytest.raises(DescriptionError, match="expected a list of"):
        encode.rate(signals)
