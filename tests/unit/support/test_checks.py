import numpy as np
import pytest

from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.memory import check_memory
from lsm_sim.units import Hz, kHz, ms, second, us


@pytest.mark.parametrize("value", [3, 3.0, np.int8(3), np.float32(3), np.array(3), np.uint64(3)])
def test_whole_numbers_of_every_type_are_ints(value):
    number = checks.whole(value, "x")
    assert number == 3
    assert type(number) is int


def test_seeds_may_be_longer_than_any_integer_of_numpy():
    assert checks.whole(10**30 + 1, "x") == 10**30 + 1


@pytest.mark.parametrize("value", [True, np.True_, 2.5, -1, np.nan, np.inf, "3", None, [3], 3 + 0j, -(10**30)])
def test_what_is_not_a_whole_number_is_an_error(value):
    with pytest.raises(DescriptionError, match="x: got "):
        checks.whole(value, "x")


@pytest.mark.parametrize("value", [[1, 2], [1.0, 2.0], np.array([1, 2], np.uint8), (True, 2), np.array([1, 2], ">i2")])
def test_lists_of_whole_numbers_are_int64(value):
    array = checks.whole_array(value, "x")
    assert array.dtype == np.int64
    assert array.tolist() == [1, 2]


@pytest.mark.parametrize(
    "value", [[0.5], [np.nan], ["1"], [None], [2.0**53], [[1], [1, 2]], [1j], np.array([2**64 - 1], np.uint64), [2**70]]
)
def test_what_are_no_whole_numbers_is_an_error(value):
    with pytest.raises(DescriptionError, match="x: got "):
        checks.whole_array(value, "x")


def test_arrays_are_copies_in_c_order():
    for check, dtype in ((checks.real_array, np.float64), (checks.whole_array, np.int64)):
        given = np.asfortranarray(np.ones((2, 3), dtype))
        array = check(given, "x")
        assert array.flags.c_contiguous
        assert not np.shares_memory(array, given)


def test_nothing_is_a_list_without_numbers():
    assert checks.whole_array([], "x").tolist() == []
    assert checks.real_array([], "x").tolist() == []


@pytest.mark.parametrize("value", [[np.nan], [np.inf], [1j], "a", None, [[1], [1, 2]], [object()]])
def test_what_is_not_real_and_finite_is_an_error(value):
    with pytest.raises(DescriptionError, match="x: got "):
        checks.real_array(value, "x")


def test_what_does_not_fit_into_memory_is_an_error():
    check_memory(0, "x")
    with pytest.raises(DescriptionError, match=r"x: needs about 9\.31e\+08 GiB but .* GiB are free; make it smaller"):
        check_memory(1e18, "x")


def test_units_are_si():
    assert (second, ms, us, Hz, kHz) == (1, 1e-3, 1e-6, 1, 1e3)
