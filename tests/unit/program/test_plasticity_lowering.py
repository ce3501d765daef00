import dataclasses

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import AllToAll, Inputs, Liquid, Neurons, Normal, Spikes, Synapses, TsodyksMarkram, Uniform, lower, ms
from lsm_sim.errors import DescriptionError, LsmWarning

STP = TsodyksMarkram(0.5, 1.1, 50 * ms)
OTHER = TsodyksMarkram(0.25, 125 * ms)
TWO = {"tau_syn_inh": 6 * ms}


def liquid(*synapses, exc=None, inh=None, seed=0):
    neurons = [Neurons("exc", 4, **(exc or {})), Neurons("inh", 2, sign=-1, **(inh or {}))]
    return Liquid([Inputs("in", 3)], neurons, synapses, seed=seed)


def kinds(program):
    return [(block.receptor, block.rule, block.n_synapses) for block in program.blocks]


def amounts(stp, steps, dt=1 * ms):
    """What spikes at these steps deliver for a weight of 1, in the closed form between spikes."""
    r, f, last, out = 1.0, 0.0, 0, []
    for step in steps:
        gap = (step - last) * dt
        r = 1 - (1 - r) * (np.exp(-gap / stp.tau_rec) if stp.tau_rec else 0)
        f = f * (np.exp(-gap / stp.tau_facil) if stp.tau_facil else 0)
        x = f + stp.U * (1 - f)
        out.append(x * r)
        r, f, last = r - x * r, x, step
    return np.array(out)


@pytest.mark.parametrize("stp", [STP, OTHER, TsodyksMarkram(0.1, None, 1.0), TsodyksMarkram(0.3, 0.0, 0.0)])
def test_a_spike_delivers_what_the_equations_in_seconds_say(stp):
    steps = np.array([0, 10, 20, 50, 51, 300])
    one = Liquid([Inputs("in", 1)], [Neurons("n", 1)], [Synapses("in", "n", AllToAll(), weight=0.5, stp=stp)])
    program = lower(one, 1 * ms, weight_bits=30)
    raster = np.zeros((1, 320, 1), bool)
    raster[0, steps] = True
    result = lsm.run(program, Spikes.from_dense(raster, 1 * ms), backend="reference", record={"n": ["u"]})
    u = result.u["n"].values[0][:, 0] / program.units.u_scale[0]
    jumps = u - np.r_[0, u[:-1]] * program.decay_u[0]
    # u jumps by weight / tau_syn one step after a spike; amounts are rounded to a grid of 2^-30
    np.testing.assert_allclose(jumps[steps + 1], 0.5 / 5e-3 * amounts(stp, steps), rtol=1e-6)


def test_projections_share_blocks_where_their_sources_agree():
    program = lower(
        liquid(
            Synapses("in", ("exc", "inh"), AllToAll(), stp=STP),
            Synapses("exc", "exc", AllToAll(), stp=OTHER),  # other sources
            Synapses("exc", "inh", AllToAll(), stp=OTHER),  # the same sources, the same parameters
            Synapses("exc", "exc", AllToAll(), stp=STP),  # the same sources, other parameters
            Synapses("inh", "exc", AllToAll(), weight=-1.0),
        ),
        1 * ms,
    )
    assert kinds(program) == [(0, "static", 8), (0, "stp", 18 + 12 + 8), (0, "stp", 12)]
    _, first, second = program.blocks
    assert first.stp_U.tolist() == [0.5] * 3 + [0.25] * 4 + [0] * 2
    assert second.stp_U.tolist() == [0] * 3 + [0.5] * 4 + [0] * 2
    np.testing.assert_array_equal(second.stp_decay_rec, np.where(second.stp_U, np.exp(-1e-3 / 1.1), 0))
    assert first.stp_decay_facil[3:].tolist() == [0] * 6


def test_receptors_follow_the_signs_of_weights():
    program = lower(
        liquid(
            Synapses("in", "exc", AllToAll(), weight=0.5),
            Synapses("inh", "exc", AllToAll(), weight=Normal(0, 1), stp=STP),
            Synapses("inh", "exc", AllToAll(), weight=-0.5),
            Synapses("inh", "inh", AllToAll(), weight=-0.5),
            Synapses("exc", "exc", AllToAll(), weight=Normal(0, 1), receptor="inh"),
            exc=TWO,
        ),
        1 * ms,
    )
    assert kinds(program) == [(0, "static", 12 + 2), (1, "static", 8 + 12), (1, "stp", 8)]


def test_each_receptor_has_its_own_gain():
    program = lower(
        liquid(
            Synapses("in", "exc", AllToAll(), weight=0.5),
            Synapses("in", "exc", AllToAll(), weight=0.5, receptor="inh"),
            Synapses("in", "inh", AllToAll(), weight=0.5),
            exc=TWO,
        ),
        1 * ms,
    )
    alone = [
        lower(liquid(Synapses("in", "exc", AllToAll(), weight=0.5), exc={"tau_syn": tau}), 1 * ms)
        for tau in (5 * ms, 6 * ms)
    ]
    assert program.blocks[0].weight[0] == alone[0].weight[0]
    assert program.blocks[1].weight[0] == alone[1].weight[0] != alone[0].weight[0]
    np.testing.assert_allclose(program.weights(), 0.5, rtol=1e-4)  # of 16 bits
    # a group without a second current decays like its first
    assert (program.decay_u2[4:] == program.decay_u[4:]).all()
    assert (program.decay_u2[:4] != program.decay_u[:4]).all()


def test_groups_without_adaptation_keep_their_threshold():
    program = lower(liquid(exc={"tau_adapt": 1.0, "adapt_step": 0.1}), 1 * ms)
    assert program.jump.tolist() == [0.1] * 4 + [0] * 2
    assert program.decay_w.tolist() == [np.exp(-1e-3)] * 4 + [0] * 2
    assert program.needs == {"adaptive-threshold"}


def test_a_plain_liquid_lowers_to_a_plain_program():
    plain = liquid(Synapses("in", "exc", AllToAll()), Synapses("exc", "inh", AllToAll(), receptor="exc"))
    program = lower(plain, 1 * ms)
    assert program.needs == frozenset()
    assert program.more_blocks == ()
    assert program.units.u2_scale is None


def test_drawn_plasticity_moves_no_other_draw_and_is_shared_by_targets():
    drawn = TsodyksMarkram(Uniform(0.2, 0.6), Uniform(0.1, 1))
    weight, delay = Normal(1, 0.1), Uniform(1 * ms, 9 * ms)
    synapses = Synapses("in", ("exc", "inh"), lsm.FixedProbability(0.5), weight=weight, delay=delay)
    static = lower(liquid(synapses, seed=3), 1 * ms)
    program = lower(liquid(dataclasses.replace(synapses, stp=drawn), seed=3), 1 * ms)
    block = program.blocks[1]
    assert kinds(program) == [(0, "static", 0), (0, "stp", static.n_synapses)]
    for name in ("indptr", "post", "weight", "delay"):
        np.testing.assert_array_equal(getattr(block, name), getattr(static, name))
    assert len(set(block.stp_U[:3])) == 3


REFUSED = [
    (lambda: TsodyksMarkram(1.5, 1.0), r"TsodyksMarkram U: got 1.5, expected a fraction in \[0, 1\]"),
    (lambda: TsodyksMarkram([0.1, -0.5]), r"U: got -0.5, expected a fraction in \[0, 1\]"),
    (lambda: TsodyksMarkram(0.5, -1.0), "tau_rec: got -1 s, expected a time >= 0"),
    (lambda: Synapses("a", "b", AllToAll(), stp=0.5), "stp: got float, expected TsodyksMarkram"),
    (lambda: Synapses("a", "b", AllToAll(), receptor="gaba"), "receptor: got 'gaba', expected 'exc' or 'inh'"),
    (
        lambda: liquid(Synapses("in", "exc", AllToAll(), stp=TsodyksMarkram([0.1, 0.2]))),
        "Synapses in -> exc stp U: got 2 values, expected one for each of the 3 sources",
    ),
    (
        lambda: liquid(Synapses("in", ("exc", "inh"), AllToAll(), receptor="inh"), exc=TWO),
        "Synapses in -> inh receptor: got 'inh', a receptor without a second time constant; give 'inh' a tau_syn_inh",
    ),
    (
        lambda: liquid(Synapses("in", "exc", AllToAll(), weight=Normal(0, 1)), exc=TWO),
        "weights of both signs, but 'exc' has two time constants; say 'exc' or 'inh'",
    ),
    (
        lambda: lower(liquid(Synapses("in", "exc", AllToAll(), stp=STP)), 51 * ms),
        "dt: got 0.051 s, but tau_m",
    ),
    (
        lambda: lower(liquid(Synapses("in", "exc", AllToAll(), stp=TsodyksMarkram(0.5, 1.0, 0.5 * ms))), 1 * ms),
        "Synapses in -> exc stp tau_facil: got 0.0005 s, expected 0 or at least one step of 0.001 s",
    ),
    (
        lambda: lower(liquid(Synapses("in", "exc", AllToAll(), stp=TsodyksMarkram(Uniform(0.9, 1.4)))), 1 * ms),
        r"stp U: drew 1.\d+, expected a fraction in \[0, 1\]",
    ),
]


@pytest.mark.parametrize(("create", "message"), REFUSED)
def test_what_is_wrong_is_said_in_one_sentence(create, message):
    with pytest.raises(DescriptionError, match=message):
        create()


def test_a_forgotten_unit_of_plasticity_is_warned_of():
    slip = liquid(Synapses("in", "exc", AllToAll(), stp=TsodyksMarkram(0.5, 800)))
    with pytest.warns(LsmWarning, match=r"in -> exc stp tau_rec: got 800 s, which is unusually long; did you mean"):
        lower(slip, 1 * ms)


@pytest.mark.parametrize("suffix", ["toml", "json"])
def test_files_have_plasticity_and_receptors(tmp_path, suffix):
    own = liquid(
        Synapses("in", "exc", AllToAll(), stp=TsodyksMarkram([0.1, 0.2, 0.3], lsm.Gamma(0.5, 2, minimum=0.1))),
        Synapses("inh", "exc", AllToAll(), weight=-1.0, stp=STP, receptor="exc"),
        exc=TWO | {"tau_adapt": 1.0, "adapt_step": 0.1},
    )
    own.save(tmp_path / f"net.{suffix}")
    assert Liquid.load(tmp_path / f"net.{suffix}") == own
    assert lower(Liquid.load(tmp_path / f"net.{suffix}"), 1 * ms) == lower(own, 1 * ms)


@pytest.mark.parametrize(
    ("own", "version"),
    [
        (liquid(Synapses("in", "exc", AllToAll()), exc={"v_init": 0.5}), 1),
        (liquid(Synapses("in", "exc", AllToAll(), stp=STP)), 2),
        (liquid(Synapses("in", "exc", AllToAll(), receptor="exc")), 2),
        (liquid(exc=TWO), 2),
        (liquid(inh={"tau_adapt": 1.0, "adapt_step": 0.1}), 2),
    ],
)
def test_the_format_says_which_versions_can_read_a_file(own, version):
    assert own.to_dict()["format"] == f"lsm_sim.liquid/{version}"


def test_a_wrong_table_of_plasticity_is_named_by_its_place():
    data = liquid(Synapses("in", "exc", AllToAll(), stp=STP)).to_dict()
    data["synapses"][0]["stp"] = {"TsodyksMarkram": {"U": 2.0}}
    with pytest.raises(DescriptionError, match=r"synapses\[0\].stp.TsodyksMarkram: TsodyksMarkram U: got 2"):
        Liquid.from_dict(data)


def test_summaries_show_what_a_program_has():
    program = lower(
        liquid(
            Synapses("in", "exc", AllToAll(), weight=0.5, stp=STP),
            Synapses("inh", "exc", AllToAll(), weight=-0.5, stp=TsodyksMarkram([0.25, 0.5], 125 * ms)),
            exc=TWO | {"tau_adapt": 1.0, "adapt_step": 0.1},
        ),
        1 * ms,
    )
    lines = program.summary().splitlines()
    names = ["tau_syn_inh (ms)", "tau_adapt (ms)", "adapt_step"]
    assert [name in lines[2] for name in names] == [True] * 3
    assert lines[3].split()[-1] == "0.1"
    assert lines[6].endswith("kind")
    assert lines[7].endswith("1               exc, U 0.5, tau_rec 1100 ms, tau_facil 50 ms")
    assert lines[8].endswith("inh, U 0.25 .. 0.5, tau_rec 125 ms")


def test_summaries_of_programs_in_integers_show_them_too():
    program = lower(liquid(Synapses("in", "exc", AllToAll(), weight=0.5, stp=TsodyksMarkram(0.5, 64 * ms))), 1 * ms)
    quiet = Spikes.from_dense(np.ones((1, 50, 3)), 1 * ms)
    assert "U 0.5, tau_rec 63.5 ms" in lsm.quantise(program, quiet).program.summary()


def test_a_block_with_other_sources_is_refused():
    program = lower(liquid(Synapses("in", "exc", AllToAll(), stp=STP)), 1 * ms)
    foreign = lower(Liquid([Inputs("in", 4)], [Neurons("exc", 6)]), 1 * ms).blocks[0]
    with pytest.raises(
        DescriptionError, match=r"Program block 1 indptr: got shape \(11,\), expected 10 non-decreasing"
    ):
        dataclasses.replace(program, more_blocks=[foreign])
    shorter = dataclasses.replace(program.blocks[1], stp_U=np.full(8, 0.5))
    with pytest.raises(DescriptionError, match=r"Program block 1 stp_U: got shape \(8,\), expected \(9,\)"):
        dataclasses.replace(program, more_blocks=[shorter])
