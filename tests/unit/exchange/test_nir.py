"""Networks as NIR: what is written, and that it comes back."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

import nir
import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import ms
from lsm_sim.program.blocks import SynapseBlock
from lsm_sim.testing import random_program, random_stimulus

MODES = ("euler", "exact")
LIQUID = lsm.Liquid(
    [lsm.Inputs("in", 3)],
    [
        lsm.Neurons("exc", 20, tau_m=lsm.Uniform(10 * ms, 30 * ms), v_rest=-65.0, v_reset=-66.0, v_thresh=-50.0),
        lsm.Neurons("inh", 5, tau_syn=3 * ms, i_bias=20.0),
    ],
    [
        lsm.Synapses("in", "exc", lsm.FixedProbability(0.5), weight=20.0),
        lsm.Synapses(
            "exc",
            ("exc", "inh"),
            lsm.FixedProbability(0.3),
            weight=lsm.Gamma(4.0, shape=2),
            delay=lsm.Uniform(1 * ms, 4 * ms),
        ),
        lsm.Synapses("inh", "exc", lsm.FixedProbability(0.5), weight=-3.0),
    ],
    seed=3,
)
PROGRAM = lsm.lower(LIQUID, 1 * ms)


def said(seed: int, mode: str) -> lsm.Program:
    """Return a random program that NIR can say; in the mode "exact" without the decays 0."""
    for attempt in range(100):
        rng = np.random.default_rng([seed, attempt])
        program = random_program(rng, "float64", max_delay=9, wide=False)
        kept = np.concatenate([program.decay_u, program.decay_v])
        if program.n_inputs and (kept < 1).all() and (mode == "euler" or (kept > 0).all()):
            return dataclasses.replace(program, refractory=np.zeros(program.n_neurons, np.int64))
    raise AssertionError(seed)


def canonical(program: lsm.Program) -> dict[tuple[int, int, int], float]:
    """Return the weight of each source, target and delay."""
    out: dict[tuple[int, int, int], float] = {}
    every = program.synapses()
    for source, post, weight, delay in zip(every.source, every.post, every.weight, every.delay, strict=True):
        key = int(source), int(post), int(delay)
        out[key] = out.get(key, 0.0) + float(weight)
    return {key: weight for key, weight in out.items() if weight}


def assert_equal_but_for_rounding(got: lsm.Program, expected: lsm.Program) -> None:
    """Check that synapses are equal, and the numbers of neurons within 8 units in the last place of the largest."""
    assert canonical(got) == canonical(expected)
    assert set(got.arrays) == set(expected.arrays)
    for name, values in expected.arrays.items():
        unit = np.spacing(max(1.0, float(np.abs(values).max())))
        np.testing.assert_allclose(
            got.arrays[name], values, rtol=0, atol=8 * unit, err_msg=name
        )  # rounding of tau and back


@pytest.mark.parametrize("mode", MODES)
def test_a_random_program_comes_back_equal(mode: str, tmp_path: Any) -> None:
    for seed in range(12):
        program = said(seed, mode)
        lsm.export(program, tmp_path / "a.nir", to="nir", mode=mode)
        found = lsm.read_nir(tmp_path / "a.nir" if seed < 3 else nir.read(tmp_path / "a.nir"))
        assert found.program == program, (seed, found.program.difference(program))
        assert not found.approximations


@pytest.mark.parametrize("mode", MODES)
def test_the_nodes_alone_give_the_program_within_rounding(mode: str, tmp_path: Any) -> None:
    for seed in range(12):
        program = said(seed, mode)
        lsm.export(program, tmp_path / "a.nir", to="nir", mode=mode)
        found = lsm.read_nir(nir.read(tmp_path / "a.nir"), metadata=False)
        assert_equal_but_for_rounding(found.program, program)


def test_large_weights_come_back_on_a_coarser_grid(tmp_path: Any) -> None:
    program = dataclasses.replace(
        PROGRAM, units=None, weight=PROGRAM.weight * 2.0**20, threshold=PROGRAM.threshold * 2.0**20
    )
    lsm.export(program, tmp_path / "a.nir", to="nir")
    assert canonical(lsm.read_nir(nir.read(tmp_path / "a.nir"), metadata=False).program) == canonical(program)


@pytest.mark.parametrize("mode", MODES)
def test_the_nodes_of_a_liquid_alone_give_its_spikes(mode: str, tmp_path: Any) -> None:
    lsm.export(LIQUID, tmp_path / "a.nir", to="nir", mode=mode, dt=1 * ms)
    found = lsm.read_nir(tmp_path / "a.nir", metadata=False)
    stimulus = random_stimulus(np.random.default_rng(1), PROGRAM)
    expected, got = (lsm.run(one, stimulus).spikes for one in (PROGRAM, found.program))
    assert expected.n_events > 100
    assert np.array_equal(got.step, expected.step)
    assert np.array_equal(got.channel, expected.channel)


@pytest.mark.parametrize("mode", MODES)
def test_a_liquid_comes_back_as_a_liquid(mode: str, tmp_path: Any) -> None:
    lsm.export(LIQUID, tmp_path / "a.nir", to="nir", mode=mode, dt=1 * ms)
    found = lsm.read_nir(tmp_path / "a.nir")
    assert found.program == PROGRAM
    liquid = found.liquid
    assert liquid is not None
    assert [group.name for group in liquid.neurons] == ["exc", "inh"]
    assert_equal_but_for_rounding(lsm.lower(liquid, 1 * ms), PROGRAM)


def test_an_exact_file_can_be_read_with_another_step(tmp_path: Any) -> None:
    lsm.export(LIQUID, tmp_path / "a.nir", to="nir", mode="exact", dt=1 * ms)
    found = lsm.read_nir(tmp_path / "a.nir", dt=0.5 * ms)
    np.testing.assert_allclose(found.program.parameters()["tau_m"], PROGRAM.parameters()["tau_m"], rtol=1e-12)
    assert found.program.max_delay + 1 == 2 * (PROGRAM.max_delay + 1)
    lsm.export(LIQUID, tmp_path / "b.nir", to="nir", dt=1 * ms)
    with pytest.raises(lsm.DescriptionError, match=r"^read_nir dt: got 0\.0005 s, .* steps of 0\.001 s; leave dt out$"):
        lsm.read_nir(tmp_path / "b.nir", dt=0.5 * ms)


def test_constants_of_euler_are_those_that_importers_want(tmp_path: Any) -> None:
    lsm.export(PROGRAM, tmp_path / "a.nir", to="nir")
    graph = nir.read(tmp_path / "a.nir")
    node = graph.nodes["neurons"]
    np.testing.assert_allclose(1 - 1e-3 / node.tau_syn, PROGRAM.decay_u, rtol=1e-14)
    np.testing.assert_allclose(1 - 1e-3 / node.tau_mem, PROGRAM.decay_v, rtol=1e-14)
    assert np.array_equal(node.r, node.tau_mem / 1e-3)
    assert np.array_equal(node.w_in, node.tau_syn / 1e-3)
    assert np.array_equal(node.v_threshold, PROGRAM.threshold)


def test_constants_of_exact_are_those_of_the_user(tmp_path: Any) -> None:
    lsm.export(PROGRAM, tmp_path / "a.nir", to="nir", mode="exact")
    node = nir.read(tmp_path / "a.nir").nodes["neurons"]
    np.testing.assert_allclose(node.v_threshold, [-50.0] * 20 + [1.0] * 5)
    np.testing.assert_allclose(node.v_reset, [-66.0] * 20 + [0.0] * 5)
    np.testing.assert_allclose(node.v_leak, [-65.0] * 20 + [20.0 * 20e-3] * 5, rtol=1e-12)
    np.testing.assert_allclose(node.tau_syn, [5e-3] * 20 + [3e-3] * 5)
    weights = nir.read(tmp_path / "a.nir").nodes["w_in"].weight
    np.testing.assert_allclose(weights[weights != 0], 20.0, rtol=1e-3)  # 16 bits


def test_each_delay_has_a_matrix_and_the_output_is_last(tmp_path: Any) -> None:
    done = lsm.export(PROGRAM, tmp_path / "a.nir", to="nir")
    graph = nir.read(tmp_path / "a.nir")
    assert graph.edges[-1] == ("neurons", "output")
    assert not any("." in name for name in graph.nodes)
    recurrent = [name for name in graph.nodes if name.startswith("w_rec")]
    delays = [graph.nodes[name] for name in graph.nodes if name.startswith("delay_rec")]
    assert {float(node.delay[0]) for node in delays} == {1e-3, 2e-3, 3e-3}
    assert done.numbers() == {"matrices": 1 + len(recurrent), "bytes": 8 * 25 * (3 + 25 * len(recurrent))}


def lossy() -> lsm.Program:
    rows = PROGRAM.n_inputs + PROGRAM.n_neurons
    stp = {name: np.full(rows, 0.5) for name in ("stp_U", "stp_decay_rec", "stp_decay_facil")}
    none = np.zeros(rows + 1, np.int64)
    plastic = SynapseBlock(none, none[:0], none[:0].astype(float), none[:0], rule="stp", **stp)
    n = np.ones(PROGRAM.n_neurons)
    return dataclasses.replace(
        PROGRAM,
        units=None,
        refractory=2 * n.astype(np.int64),
        decay_u2=0.5 * n,
        decay_w=0.5 * n,
        jump=n,
        v0=n,
        more_blocks=[plastic],
    )


def test_everything_that_would_be_lost_is_named_at_once(tmp_path: Any) -> None:
    with pytest.raises(lsm.UnsupportedError) as error:
        lsm.export(lossy(), tmp_path / "a.nir", to="nir")
    for part in ("refractory", "adaptive", "second synaptic current", "short-term", "start of a sample", "allow_loss"):
        assert part in str(error.value), part
    assert not (tmp_path / "a.nir").exists()


def test_what_is_lost_is_warned_of_and_kept_in_the_metadata(tmp_path: Any) -> None:
    program = lossy()
    with pytest.warns(lsm.LsmWarning, match="refractory periods of 25 neurons, the longest of 2 steps"):
        done = lsm.export(program, tmp_path / "a.nir", to="nir", allow_loss=True)
    assert len(done.lost) == 5
    assert "left out: refractory periods" in done.summary()
    assert lsm.read_nir(tmp_path / "a.nir").program == program
    plain = lsm.read_nir(tmp_path / "a.nir", metadata=False).program
    assert not plain.needs
    assert not plain.refractory.any()


def test_metadata_is_not_used_after_a_change_of_the_nodes(tmp_path: Any) -> None:
    lsm.export(PROGRAM, tmp_path / "a.nir", to="nir")
    graph = nir.read(tmp_path / "a.nir")
    graph.nodes["neurons"].v_threshold[0] += 1
    found = lsm.read_nir(graph)
    assert found.program.threshold[0] == PROGRAM.threshold[0] + 1
    assert found.approximations[0].startswith("the nodes were changed")


@pytest.mark.parametrize(
    ("change", "mode", "message"),
    [
        ({"decay_v": np.ones(25)}, "euler", "25 neurons keep all of v"),
        ({"decay_u": np.zeros(25)}, "exact", "mode='euler' can say it"),
    ],
)
def test_time_constants_without_a_number_are_refused(change: Any, mode: str, message: str) -> None:
    with pytest.raises(lsm.UnsupportedError, match=message):
        lsm.export(dataclasses.replace(PROGRAM, **change), None, to="nir", mode=mode, allow_loss=True)


def test_networks_without_inputs_and_of_the_chip_are_refused() -> None:
    with pytest.raises(lsm.UnsupportedError, match="no input channels"):
        lsm.export(lsm.lower(lsm.Liquid([], [lsm.Neurons("n", 1)]), 1 * ms), None, to="nir")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lsm.LsmWarning)
        quantised = lsm.quantise(PROGRAM).program
    with pytest.raises(lsm.UnsupportedError, match=r"^export to NIR: its arithmetic is Loihi's"):
        lsm.export(quantised, None, to="nir")


def test_options_are_checked(tmp_path: Any) -> None:
    for how, message in (
        ({"mode": "rk4"}, "^export mode: "),
        ({"dt": 2 * ms}, "^export dt: got 0.002 s, but the program already has"),
        ({"network": LIQUID}, "a liquid has no time step"),
        ({"path": tmp_path / "none/a.nir"}, "cannot write there"),
    ):
        with pytest.raises(lsm.DescriptionError, match=message):
            lsm.export(**({"network": PROGRAM, "path": None, "to": "nir"} | how))


@pytest.mark.parametrize("mode", MODES)
def test_a_trained_model_is_written_with_its_readout(mode: str, tmp_path: Any) -> None:
    X = np.random.default_rng(2).random((12, 5, 3)) + np.repeat([0.0, 0.5], 6)[:, None, None]
    y = np.repeat(["low", "high"], 6)
    liquid = lsm.Liquid(LIQUID.inputs, [lsm.Neurons("exc", 20)], [lsm.Synapses("in", "exc", lsm.FixedProbability(0.5))])
    encoder = lsm.encode.Rate(max_rate=200 * lsm.Hz, frame=10 * ms)
    model = lsm.LiquidClassifier(liquid, encoder, features=lsm.Counts(bins=1), readout="centred_ridge", dt=1 * ms).fit(
        X, y
    )
    lsm.export(model, tmp_path / "a.nir", to="nir", mode=mode)
    graph = nir.read(tmp_path / "a.nir")
    assert graph.edges[-4:] == [
        ("neurons", "w_out"),
        ("w_out", "integrator"),
        ("integrator", "scores"),
        ("neurons", "output"),
    ]
    gain = {"euler": 1e-3, "exact": 1.0}[mode]  # of a step, of an impulse
    v = model.transformer_.transform(X) @ graph.nodes["w_out"].weight.T * graph.nodes["integrator"].r * gain
    own = graph.metadata["lsm_sim"]["readout"]
    scores = v + own["intercept"]
    assert np.array_equal(own["classes"].astype(str)[scores.argmax(axis=1)], model.predict(X))
    np.testing.assert_allclose(scores[:, 1] - scores[:, 0], model.decision_function(X), rtol=1e-9, atol=1e-9)
    assert lsm.read_nir(tmp_path / "a.nir").program == model.transformer_.program()
    plain = lsm.read_nir(tmp_path / "a.nir", metadata=False)
    assert plain.approximations == ("the integrators 'integrator' are a readout, which is left out",)
    binned = lsm.LiquidClassifier(liquid, encoder, features=lsm.Counts(bins=2), dt=1 * ms).fit(X, y)
    with pytest.raises(lsm.UnsupportedError, match=r"train with features=Counts\(bins=1\)"):
        lsm.export(binned, None, to="nir")
