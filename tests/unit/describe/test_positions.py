import numpy as np
import pytest

from lsm_sim import grid, random_in_box
from lsm_sim.errors import DescriptionError


def test_a_full_grid_is_in_order_with_z_fastest():
    points = grid(2, 1, 3).draw(6, np.random.default_rng(0))
    assert points.tolist() == [[0, 0, 0], [0, 0, 1], [0, 0, 2], [1, 0, 0], [1, 0, 1], [1, 0, 2]]


def test_part_of_a_grid_is_distinct_points_in_order():
    points = grid(3, 4, 5).draw(20, np.random.default_rng(0))
    place = points @ [20, 5, 1]
    assert (np.diff(place) > 0).all()
    assert (points < [3, 4, 5]).all()


def test_part_of_a_huge_grid_needs_no_huge_array():
    points = grid(10**6, 10**6, 10**6).draw(4, np.random.default_rng(0))
    assert points.shape == (4, 3)


def test_points_of_a_box_fill_it():
    points = random_in_box(1, 2, 3).draw(10_000, np.random.default_rng(0))
    assert (points >= 0).all()
    assert (points < [1, 2, 3]).all()
    # the mean of n uniform points is off by edge/sqrt(12 n) on average; five times that
    np.testing.assert_array_less(
        abs(points.mean(axis=0) - [0.5, 1, 1.5]), 5 * np.array([1, 2, 3]) / np.sqrt(12 * 10_000)
    )


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: grid(0, 1, 1), "grid nx: got 0, expected a whole number >= 1"),
        (lambda: grid(1, 2.5, 1), "grid ny: got 2.5"),
        (lambda: grid(2**31 - 1, 2**31 - 1, 3), r"grid: got 1.38351e\+19 points, expected less than 2\^63"),
        (lambda: random_in_box(1, -1, 1), "box y: got -1, expected a number > 0"),
        (lambda: random_in_box(1, 1, np.inf), "box z: got inf"),
    ],
)
def test_impossible_shapes_are_errors(make, words):
    with pytest.raises(DescriptionError, match=words):
        make()
