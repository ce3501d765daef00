import numpy as np
import pytest

from lsm_sim import Gamma, LogNormal, Normal, Uniform
from lsm_sim.describe.distributions import Distribution
from lsm_sim.errors import DescriptionError

SIZE = 40_000
FIVE_SIGMA = 5 / np.sqrt(SIZE)  # a mean of SIZE draws is within 5 of its standard errors, but for 1 seed in 2 million


def draw(distribution, seed=0, size=SIZE):
    return distribution.draw(size, np.random.default_rng(seed))


@pytest.mark.parametrize(
    ("distribution", "mean", "sd"),
    [
        (Normal(0.3, 0.5), 0.3, 0.5),
        (Gamma(mean=0.6, shape=2), 0.6, 0.6 / np.sqrt(2)),
        (LogNormal(mean=2.0, sd=0.7), 2.0, 0.7),
        (Uniform(-1, 3), 1.0, 4 / np.sqrt(12)),
    ],
    ids=repr,
)
def test_values_have_the_mean_and_deviation_they_are_named_for(distribution, mean, sd):
    values = draw(distribution)
    assert abs(values.mean() - mean) < FIVE_SIGMA * sd
    kurtosis = (
        (values - mean) ** 4
    ).mean() / sd**4  # the standard error of a variance is sd^2 sqrt((kurtosis - 1)/SIZE)
    assert abs(values.var() - sd**2) < FIVE_SIGMA * sd**2 * np.sqrt(kurtosis)


def test_truncation_draws_again_and_never_piles_up_at_the_edge():
    values = draw(Normal(0, 1, minimum=-0.5, maximum=1))
    assert values.min() > -0.5
    assert values.max() < 1
    inside = draw(Normal(0, 1))
    inside = inside[(inside > -0.5) & (inside < 1)]
    # the share below 0 has a standard error of at most 0.5/sqrt(n); two samples are compared, so sqrt(2) of that
    assert abs((values < 0).mean() - (inside < 0).mean()) < 5 * 0.5 * np.sqrt(2 / inside.size)


def test_scaling_keeps_the_draws():
    base = Gamma(mean=0.6, shape=2)
    np.testing.assert_array_equal(draw(-base), -draw(base))
    np.testing.assert_array_equal(draw(2 * base), draw(base) * 2)
    np.testing.assert_array_equal(draw(np.float64(2) * base), draw(base * 2))


def test_bounds_follow_the_factor():
    assert Uniform(1, 3).bounds == (1, 3)
    assert (-Uniform(1, 3)).bounds == (-3, -1)
    assert (0 * Normal(0, 1)).bounds == (0, 0)
    assert (-Gamma(1, 2, maximum=4)).bounds == (-4, 0)
    assert Normal(0, 1, minimum=-2).bounds == (-2, np.inf)


def test_a_point_of_uniform_is_a_constant():
    assert set(draw(Uniform(2, 2), size=5)) == {2.0}


def test_repr_reads_like_the_call():
    assert repr(-Gamma(0.6, 2)) == "-Gamma(mean=0.6, shape=2)"
    assert repr(3 * Normal(0, 1, minimum=-1)) == "3 * Normal(mean=0, sd=1, minimum=-1)"


def test_equal_distributions_are_equal_and_hashable():
    assert Normal(0, 1) == Normal(0.0, 1.0)
    assert len({Normal(0, 1), Normal(0, 1), Normal(0, 2)}) == 2


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Normal(0, 0), "Normal sd: got 0, expected a number > 0"),
        (lambda: Normal(np.nan, 1), "Normal mean: got nan, expected finite"),
        (lambda: Gamma(-1, 2), "Gamma mean: got -1, expected a number > 0"),
        (lambda: LogNormal(1, -1), "LogNormal sd: got -1"),
        (lambda: Uniform(3, 1), "low 3 and high 1, expected low <= high"),
        (lambda: Normal(0, 1, minimum=2, maximum=1), "expected minimum < maximum"),
        (lambda: Gamma(1, 1, maximum=-1), "expected minimum < maximum"),
        (lambda: Normal(0, 1) * np.inf, "Normal factor: got inf"),
        (lambda: Normal([0, 1], 1), "expected one number"),
        (lambda: Normal(1j, 1), "expected real numbers"),
        (lambda: Distribution("Cauchy", 0, 1), "got 'Cauchy', expected one of Normal"),
        (lambda: draw(Normal(0, 1, minimum=50), size=3), "hardly any draw falls inside"),
    ],
)
def test_what_cannot_be_drawn_is_an_error(make, words):
    with pytest.raises(DescriptionError, match=words):
        make()


@pytest.mark.parametrize("law", [Uniform(-1e308, 1e308), LogNormal(1e-10, 1e200)], ids=str)
def test_a_range_beyond_64_bits_is_one_sentence(law):
    with pytest.raises(DescriptionError, match=r"the range is too large for 64-bit numbers; use other parameters"):
        law.draw(3, np.random.default_rng(0))
