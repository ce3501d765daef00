"""Significance of differences: a paired test over test samples, and Holm's correction for multiple tests."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.seeding import stream

_EXACT = 14  # blocks up to which all 2^n signs are tried
_DRAWS, _AT_ONCE = 9999, 1111
_ROUNDING = 1e-9  # relative: sums of the same numbers in another order


def paired_test(one: Floats, other: Floats, blocks: Ints | None = None) -> float:
    """Return the two-sided p-value of the paired permutation test of equal losses.

    The losses of each sample are averaged over seeds, and their difference summed over each block; under the null
    hypothesis, the sign of each sum is random and independent of the others. p is the fraction of sign assignments whose
    total is at least as far from 0 as the observed one: of all assignments for up to 14 blocks that differ, else of 9999
    random ones and the observed one (Phipson and Smyth, Stat. Appl. Genet. Mol. Biol. 9, 2010). For losses of 0 and 1 and
    one seed this is McNemar's exact test. For its use with learning systems see Dror et al., The hitchhiker's guide to
    testing statistical significance in natural language processing, ACL 2018, after R. A. Fisher, The design of
    experiments, 1935.

    The test generalises to other test samples only; training sets and seeds are taken as given.

    Parameters
    ----------
    one, other
        Losses, such as 0 for right and 1 for wrong or squared errors, shape (seeds, samples).
    blocks
        Samples with the same number here, shape (samples,), are not independent and change sign together: neighbours in a
        series, recordings of a speaker. None: all samples are independent.
    """
    one, other = (checks.real_array(losses, "paired test") for losses in (one, other))
    if one.shape != other.shape or one.ndim != 2:
        raise DescriptionError(
            f"paired test: got losses of shapes {one.shape} and {other.shape}, expected one (seeds, samples)"
        )
    difference = (one - other).mean(axis=0)
    if blocks is not None and checks.shape(blocks, "paired test: blocks") != difference.shape:
        raise DescriptionError(
            f"paired test: got blocks of shape {np.shape(blocks)}, expected one number for each of {difference.size} samples"
        )
    if blocks is not None:
        difference = np.bincount(np.unique(blocks, return_inverse=True)[1], difference)
    difference = difference[difference != 0]
    if difference.size == 0:
        return 1.0
    least = abs(difference.sum()) * (1 - _ROUNDING)
    n = difference.size
    if n <= _EXACT:
        return float(np.mean(_totals(np.arange(2**n)[:, None] >> np.arange(n) & 1, difference) >= least))
    rng = stream(0, "controls/paired_test")
    draws = (rng.integers(0, 2, (_AT_ONCE, n)) for _ in range(_DRAWS // _AT_ONCE))
    reached = sum(int(np.sum(_totals(tosses, difference) >= least)) for tosses in draws)
    return (1 + reached) / (1 + _DRAWS)


def _totals(tosses: Ints, difference: Floats) -> Floats:
    return np.asarray(np.abs((2 * tosses - 1) @ difference))


def holm(p: Mapping[str, float]) -> dict[str, float]:
    """Return the p-values corrected for their number (Holm, Scandinavian Journal of Statistics 6, 1979).

    >>> holm({"a": 0.01, "b": 0.04, "c": 0.03})
    {'a': 0.03, 'b': 0.06, 'c': 0.06}
    """
    corrected, so_far = {}, 0.0
    for rank, name in enumerate(sorted(p, key=lambda name: p[name])):
        so_far = max(so_far, min(1.0, (len(p) - rank) * p[name]))
        corrected[name] = so_far
    return {name: corrected[name] for name in p}
