import numpy as np

from lsm_sim import Gamma, Inputs, Liquid, Neurons, Normal, Synapses, Uniform, lower, ms
from lsm_sim.describe.drawing import draw_parameters, draw_positions, draw_synapses
from lsm_sim.describe.positions import random_in_box
from lsm_sim.describe.wiring import FixedProbability
from lsm_sim.support.seeding import stream


def test_streams_of_other_names_or_seeds_differ():
    first = [stream(seed, label).integers(2**62) for seed in (0, 1, 2**70) for label in ("a", "b", "ab", "é")]
    assert len(set(first)) == len(first)


def test_the_stream_is_pinned():
    # a change here changes every liquid that anyone has made
    assert stream(7, "neurons/exc/tau_m").integers(0, 1000, 4).tolist() == [253, 249, 712, 845]


BOX = random_in_box(1, 1, 1)
EXC = Neurons("exc", 30, tau_m=Uniform(10 * ms, 30 * ms), positions=BOX)
INH = Neurons("inh", 10, tau_m=Normal(20 * ms, 1 * ms, minimum=1 * ms), positions=BOX)
WIRES = [
    Synapses("in", "exc", FixedProbability(0.5), weight=Gamma(1, 2)),
    Synapses("exc", ("exc", "inh"), FixedProbability(0.3), weight=Normal(0, 1), delay=Uniform(1 * ms, 9 * ms)),
]


def drawn(neurons, synapses):
    liquid = Liquid([Inputs("in", 5)], neurons, synapses, seed=3)
    parameters = {group.name: draw_parameters(group, 3)["tau_m"].tolist() for group in neurons}
    positions = {group.name: draw_positions(group, 3).tolist() for group in neurons}
    projections = {
        (p.pre, p.post, i): (
            p.source.tolist(),
            p.target.tolist(),
            p.weight.tolist(),
            None if p.delay is None else p.delay.tolist(),
        )
        for i, p in enumerate(sorted(draw_synapses(liquid), key=lambda p: (p.pre, p.post)))
    }
    return parameters, positions, {key[:2]: value for key, value in projections.items()}


def test_adding_a_group_changes_no_other_draw():
    before = drawn([EXC, INH], WIRES)
    new = Neurons("new", 7, tau_m=Uniform(10 * ms, 30 * ms), positions=BOX)
    after = drawn([new, INH, EXC], [Synapses("new", "exc", FixedProbability(0.5)), *WIRES[::-1]])
    for old, now in zip(before, after, strict=True):
        assert {name: now[name] for name in old} == old


def test_adding_targets_changes_no_other_draw():
    before = drawn([EXC, INH], WIRES)[2]
    after = drawn([EXC, INH], [*WIRES, Synapses("inh", ("exc", "inh"), FixedProbability(0.2), weight=Normal(0, 1))])[2]
    assert {pair: after[pair] for pair in before} == before


def test_equal_groups_with_other_names_are_drawn_apart():
    parameters, positions, _ = drawn([EXC, Neurons("exb", 30, tau_m=EXC.tau_m, positions=BOX)], WIRES[:1])
    assert parameters["exc"] != parameters["exb"]
    assert positions["exc"] != positions["exb"]


def test_the_same_liquid_lowers_to_the_same_program():
    programs = [lower(Liquid([Inputs("in", 5)], [EXC, INH], WIRES, seed=3), 1 * ms) for _ in range(2)]
    for name in ("indptr", "post", "weight", "delay", "decay_v"):
        np.testing.assert_array_equal(getattr(programs[0], name), getattr(programs[1], name))


def test_another_seed_draws_everything_anew():
    one, two = (lower(Liquid([Inputs("in", 5)], [EXC, INH], WIRES, seed=seed), 1 * ms) for seed in (3, 4))
    assert (one.decay_v != two.decay_v).all()
    assert one.n_synapses != two.n_synapses or (one.post != two.post).any()
