import time

import numpy as np
import pytest

from lsm_sim.describe.wiring import (
    AllToAll,
    DistanceRule,
    Edges,
    End,
    FixedInDegree,
    FixedProbability,
    OneToOne,
    SmallWorld,
    WiringRule,
)
from lsm_sim.describe.wiring.blocks import Blocks
from lsm_sim.errors import DescriptionError

A, B = End("a", 40), End("b", 70)
SPACE = np.random.default_rng(99)
HERE = End("here", 60, SPACE.random((60, 3)) * 4)
THERE = End("there", 50, SPACE.random((50, 3)) * [4, 1, 6] + [1, 0, -2])
RULES = [
    FixedProbability(0.2),
    FixedProbability(0.2, autapses=True),
    FixedInDegree(7),
    FixedInDegree(33),
    FixedInDegree(33, autapses=True),
    DistanceRule(c=0.9, lam=1.5),
    DistanceRule(c=1.0, lam=1.5, autapses=True),
    AllToAll(),
    AllToAll(autapses=True),
    SmallWorld(k=6, p=0.3),
    OneToOne(),
]


def connect(rule, pre, post, seed=0):
    return rule.connect(pre, post, np.random.default_rng(seed))


def tally(rule, pre, post, repeats):
    """Return how often each pair was connected in ``repeats`` draws, shape (pre, post)."""
    total = np.zeros((pre.size, post.size), int)
    for seed in range(repeats):
        total[connect(rule, pre, post, seed)] += 1
    return total


def assert_binomial(hits, repeats, p):
    """Each count of hits is within 5.5 standard deviations of a binomial's mean: of 4000 cells, 1 seed in 6000 fails."""
    sd = np.sqrt(repeats * p * (1 - p))
    assert (abs(hits - repeats * p) <= 5.5 * sd + 1).all()  # the 1 is for cells with so small a p that none is expected


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_no_pair_stands_twice_and_all_exist(rule):
    for pre, post in ((HERE, HERE), (HERE, THERE)):
        if isinstance(rule, SmallWorld | OneToOne) and pre is not post:
            continue
        source, target = connect(rule, pre, post)
        assert source.dtype == target.dtype == np.int64
        pairs = set(zip(source.tolist(), target.tolist(), strict=True))
        assert len(pairs) == source.size
        assert source.min() >= 0 <= target.min()
        assert source.max() < pre.size
        assert target.max() < post.size


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_the_generator_alone_decides(rule):
    first, second = connect(rule, HERE, HERE, 5), connect(rule, HERE, HERE, 5)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_every_rule_is_a_wiring_rule_that_foresees_its_size(rule):
    assert isinstance(rule, WiringRule)
    assert connect(rule, HERE, HERE)[0].size <= rule.expected(HERE, HERE) * 1.5


@pytest.mark.parametrize(
    "make", [FixedProbability, DistanceRule, AllToAll, FixedInDegree], ids=lambda rule: rule.__name__
)
def test_autapses_exist_only_where_asked_for(make):
    arguments = {
        FixedProbability: {"p": 0.5},
        DistanceRule: {"c": 1.0, "lam": 2.0},
        AllToAll: {},
        FixedInDegree: {"k": 50},
    }[make]
    assert (np.diff(connect(make(**arguments), HERE, HERE), axis=0) != 0).all()
    assert (np.diff(connect(make(**arguments, autapses=True), HERE, HERE), axis=0) == 0).any()


def test_between_groups_equal_indices_are_no_autapses():
    assert connect(AllToAll(), A, B)[0].size == 40 * 70
    assert connect(AllToAll(), A, A)[0].size == 40 * 39
    assert connect(AllToAll(autapses=True), A, A)[0].size == 40 * 40


def test_fixed_probability_treats_every_pair_alike():
    hits = tally(FixedProbability(0.2), A, B, 400)
    assert_binomial(hits, 400, 0.2)
    recurrent = tally(FixedProbability(0.2), A, A, 400)
    assert (recurrent.diagonal() == 0).all()
    assert_binomial(recurrent[~np.eye(40, dtype=bool)], 400, 0.2)


def test_fixed_probability_draws_pairs_independently():
    sizes = np.array([connect(FixedProbability(0.3), A, B, seed)[0].size for seed in range(400)])
    variance = 40 * 70 * 0.3 * 0.7
    assert abs(sizes.mean() - 40 * 70 * 0.3) < 5 * np.sqrt(variance / 400)
    assert abs(sizes.var() / variance - 1) < 5 * np.sqrt(2 / 400)  # standard error of the variance of normal numbers


@pytest.mark.parametrize(("p", "n"), [(0, 0), (1, 2800), (1e-300, 0)])
def test_extreme_probabilities_are_exact(p, n):
    assert connect(FixedProbability(p), A, B)[0].size == n


@pytest.mark.parametrize("k", [0, 1, 5, 20, 21, 39, 40])
def test_each_target_has_exactly_k_sources(k):
    _, target = connect(FixedInDegree(k), A, B)
    assert (np.bincount(target, minlength=70) == k).all()


def test_a_neuron_is_not_among_its_own_k_sources():
    source, target = connect(FixedInDegree(39), A, A)
    assert (np.bincount(target) == 39).all()
    assert (source != target).all()
    with pytest.raises(DescriptionError, match=r"k = 40, expected at most the 39 possible sources"):
        connect(FixedInDegree(40), A, A)


@pytest.mark.parametrize("k", [4, 30])
def test_fixed_in_degree_treats_every_source_alike(k):
    assert_binomial(tally(FixedInDegree(k), A, B, 400), 400, k / 40)


def distance_probability(rule, pre, post):
    squared = ((pre.positions[:, None] - post.positions[None]) ** 2).sum(axis=-1)
    return rule.c * np.exp(-squared / rule.lam**2)


@pytest.mark.parametrize("c", [0.1, 0.6, 1.0])
@pytest.mark.parametrize("lam", [0.4, 2.0, 30.0])  # many blocks and tiny probabilities; some blocks; one block
@pytest.mark.parametrize("post", [HERE, THERE], ids=lambda end: end.name)
def test_distance_rule_follows_the_formula_for_every_pair(c, lam, post):
    rule, repeats = DistanceRule(c=c, lam=lam, autapses=True), 120
    assert_binomial(tally(rule, HERE, post, repeats), repeats, distance_probability(rule, HERE, post))


def test_distance_rule_on_a_grid_follows_the_formula_at_every_distance():
    points = np.stack(np.meshgrid(*map(np.arange, (6, 5, 4)), indexing="ij"), axis=-1).reshape(-1, 3).astype(float)
    end, rule, repeats = End("grid", len(points), points), DistanceRule(c=0.3, lam=2.0), 50
    hits = tally(rule, end, end, repeats)
    squared = ((points[:, None] - points[None]) ** 2).sum(axis=-1).astype(int)
    for distance in range(1, int(squared.max()) + 1):
        pairs = squared == distance
        if pairs.any():
            assert_binomial(hits[pairs].sum(), repeats * pairs.sum(), 0.3 * np.exp(-distance / 4))


def test_coincident_points_are_connected_with_probability_c():
    end = End("one place", 30, np.zeros((30, 3)))
    assert connect(DistanceRule(c=1.0, lam=1.0), end, end)[0].size == 30 * 29
    assert_binomial(tally(DistanceRule(c=0.25, lam=1e-6, autapses=True), end, end, 400), 400, 0.25)


def test_distance_pairs_are_independent():
    rule = DistanceRule(c=0.4, lam=1.5, autapses=True)
    p = distance_probability(rule, HERE, THERE)
    sizes = np.array([connect(rule, HERE, THERE, seed)[0].size for seed in range(200)])
    variance = (p * (1 - p)).sum()
    assert abs(sizes.mean() - p.sum()) < 5 * np.sqrt(variance / 200)
    assert abs(sizes.var() / variance - 1) < 5 * np.sqrt(2 / 200)  # standard error of the variance of normal numbers


def test_blocks_partition_the_points_and_bound_their_distances():
    one, two = Blocks.of(HERE.positions, 0.8), Blocks.of(THERE.positions, 0.5)
    assert sorted(one.order.tolist()) == list(range(60))
    assert one.size.sum() == 60
    gap = one.distance(two)
    label = np.empty((2, 60), int)
    for row, blocks in enumerate((one, two)):
        label[row, blocks.order] = np.resize(np.repeat(np.arange(blocks.size.size), blocks.size), 60)[
            : blocks.order.size
        ]
    real = np.sqrt(((HERE.positions[:, None] - THERE.positions[None]) ** 2).sum(axis=-1))
    assert (gap[label[0]][:, label[1, :50]] <= real * (1 + 1e-12)).all()  # the roots of two sums may round differently


def test_small_world_without_moves_is_the_ring():
    source, target = connect(SmallWorld(k=4, p=0), A, A)
    assert sorted(np.unique((target - source) % 40)) == [1, 2, 38, 39]
    assert source.size == 160


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("k", [2, 6, 38])
def test_small_world_keeps_the_out_degree_and_makes_no_autapse(k, p):
    source, target = connect(SmallWorld(k=k, p=p), A, A)
    assert (np.bincount(source) == k).all()
    assert (source != target).all()
    assert np.unique(source * 40 + target).size == source.size


def test_small_world_moves_the_share_p_anywhere():
    repeats, k, p, n = 400, 4, 0.3, 40
    hits = tally(SmallWorld(k=k, p=p), A, A, repeats)
    offset = (np.arange(n)[None] - np.arange(n)[:, None]) % n
    near = np.isin(offset, [1, 2, n - 2, n - 1])
    far = hits[~near & (offset != 0)].mean() / repeats
    kept = hits[near].mean() / repeats
    # a moved target is one of the n - 1 - k neurons that are not neighbours; 64 000 connections: 5 standard deviations
    assert abs(kept - (1 - p)) < 5 * (p * (1 - p) / (repeats * k * n)) ** 0.5
    assert abs(far - k * (1 - kept) / (n - 1 - k)) < 1e-12  # k targets in every draw, but for rounding of the means


@pytest.mark.parametrize(("k", "n"), [(4, 40), (12, 40), (20, 40), (26, 40), (38, 40)])
def test_a_moved_connection_never_comes_back(k, n):
    ring, end = set(range(1, k // 2 + 1)) | set(range(n - k // 2, n)), End("a", n)
    source, target = connect(SmallWorld(k=k, p=1.0), end, end)
    near = np.isin((target - source) % n, list(ring)).reshape(n, k)
    assert (near.sum(axis=1) == max(0, k - (n - 1 - k))).all()  # those for which no other target is left


def test_a_crowded_small_world_is_drawn_in_time():
    end, begin = End("crowd", 401), time.perf_counter()
    connect(SmallWorld(k=400, p=1.0), end, end)
    assert time.perf_counter() - begin < 30  # below 5 s on an idle machine; tests may share theirs


def test_edges_come_back_in_order():
    source, target = connect(Edges([3, 0, 3], [1, 2, 0]), A, B)
    assert source.tolist() == [3, 0, 3]
    assert target.tolist() == [1, 2, 0]


def test_edges_may_be_none():
    assert connect(Edges([], []), A, B)[0].size == 0


@pytest.mark.parametrize(
    "rule", [FixedProbability(0.02), FixedInDegree(200), DistanceRule(c=0.3, lam=6), SmallWorld(k=200, p=0.1)], ids=repr
)
def test_two_million_synapses_take_seconds(rule):
    end = End("big", 10_000, np.random.default_rng(0).random((10_000, 3)) * [13, 28, 28])
    begin = time.perf_counter()
    source, _ = connect(rule, end, end)
    assert 1.5e6 < source.size < 2.5e6
    assert time.perf_counter() - begin < 10  # 2 s on an idle machine; tests may share theirs


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: FixedProbability(1.5), r"FixedProbability p: got 1.5, expected a probability in \[0, 1\]"),
        (lambda: FixedProbability(-0.1), "FixedProbability p: got -0.1"),
        (lambda: FixedProbability(np.nan), "FixedProbability p: got nan"),
        (lambda: FixedInDegree(-1), "FixedInDegree k: got -1, expected a whole number >= 0"),
        (lambda: FixedInDegree(2.5), "FixedInDegree k: got 2.5"),
        (lambda: DistanceRule(c=1.1, lam=2), "DistanceRule c: got 1.1"),
        (lambda: DistanceRule(c=0.5, lam=0), "DistanceRule lam: got 0, expected a number > 0"),
        (lambda: connect(DistanceRule(c=0.5, lam=2), A, A), "'a' has no positions; give it positions="),
        (lambda: SmallWorld(k=3, p=0.1), "SmallWorld k: got 3, expected an even number"),
        (lambda: SmallWorld(k=0, p=0.1), "SmallWorld k: got 0, expected a whole number >= 2"),
        (lambda: SmallWorld(k=2, p=2), "SmallWorld p: got 2"),
        (lambda: connect(SmallWorld(k=40, p=0.1), A, A), "got k = 40, expected less than its 40 neurons"),
        (lambda: connect(SmallWorld(k=2, p=0.1), A, B), "SmallWorld a -> b: expected one group on both sides"),
        (lambda: connect(OneToOne(), A, B), "OneToOne a -> b: got groups of 40 and 70, expected equal sizes"),
        (lambda: Edges([0, 1], [0]), r"Edges: got pre of shape \(2,\) and post of shape \(1,\)"),
        (lambda: Edges([0.5], [0]), "Edges pre: got 0.5, expected whole numbers"),
        (lambda: Edges([[0], [0, 1]], [0]), "Edges pre: got nested sequences of unequal length"),
        (lambda: connect(Edges([40], [0]), A, B), r"got index 40 in 'a', expected 0\.\.39"),
        (lambda: connect(Edges([0], [-1]), A, B), r"got index -1 in 'b', expected 0\.\.69"),
        (lambda: connect(Edges([1, 2, 1], [3, 3, 3]), A, B), r"the pair \(1, 3\) appears twice; add the weights"),
    ],
)
def test_impossible_wiring_is_an_error(make, words):
    with pytest.raises(DescriptionError, match=words):
        make()


@pytest.mark.parametrize(
    ("rule", "arguments"),
    [(DistanceRule, (0.3, 2.0)), (SmallWorld, (4, 0.1)), (FixedProbability, (0.5, True)), (FixedInDegree, (3, True))],
)
def test_numbers_that_could_be_mistaken_need_their_names(rule, arguments):
    with pytest.raises(TypeError, match="positional argument"):
        rule(*arguments)


@pytest.mark.parametrize("lam", [1e-200, 1e200])
def test_lengths_whose_square_is_no_number_are_refused(lam):
    with pytest.raises(DescriptionError, match=r"DistanceRule lam: got 1e[-+]200, expected 1e-150 to 1e\+150"):
        DistanceRule(c=0.3, lam=lam)
