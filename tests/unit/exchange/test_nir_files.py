"""Files of NIR are not trusted: whatever is wrong is one sentence, nothing is executed, and memory stays bounded."""

from __future__ import annotations

import resource
from typing import Any

import h5py
import nir
import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim.exchange.nir.keeping import metadata

N, C = 4, 3


def lif(n: int = N, **change: Any) -> nir.LIF:
    one = np.ones(n)
    values = {"tau": 0.02 * one, "r": one, "v_leak": 0 * one, "v_threshold": one, "v_reset": 0 * one}
    return nir.LIF(**{**values, **change})


def cuba(n: int = N, **change: Any) -> nir.CubaLIF:
    one = np.ones(n)
    values = {
        "tau_syn": 0.005 * one,
        "tau_mem": 0.02 * one,
        "r": one,
        "v_leak": 0 * one,
        "v_threshold": one,
        "w_in": one,
    }
    return nir.CubaLIF(**{**values, **change})


def linear(rows: int = N, columns: int = C, value: float = 0.5) -> nir.Linear:
    return nir.Linear(np.full((rows, columns), value))


def graph(edges: Any = (), **nodes: Any) -> nir.NIRGraph:
    """Return input -> w -> neurons -> output with other nodes, or nodes replaced, and more edges."""
    every = {"input": nir.Input(np.array([C])), "w": linear(), "neurons": cuba(), "output": nir.Output(np.array([N]))}
    chain = [("input", "w"), ("w", "neurons"), *edges, ("neurons", "output")]
    return nir.NIRGraph({**every, **nodes}, chain, type_check=False)


def read(one: nir.NIRGraph, **how: Any) -> Any:
    return lsm.read_nir(one, **{"dt": 1e-3, **how})


def test_the_plain_graph_is_read() -> None:
    program = read(graph()).program
    assert (program.n_inputs, program.n_neurons, program.n_synapses) == (C, N, C * N)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            graph([("neurons", "conv"), ("neurons", "i")], conv=nir.Scale(np.ones(N)), i=nir.LI(*np.ones((3, N)))),
            r"^graph: got the nodes 'conv' \(Scale\), 'i' \(LI\), which lsm_sim cannot say; expected CubaLIF, LIF, ",
        ),
        (graph([("neurons", "a"), ("a", "b"), ("b", "a"), ("b", "neurons")], a=linear(N, N), b=linear(N, N)), "'a', 'b' form a loop"),
        (graph([("neurons", "a"), ("a", "a")], a=nir.Delay(np.full(N, 0.01))), "'a' form a loop without neurons"),
        (graph([("neurons", "i"), ("i", "neurons")], i=nir.I(np.ones(N))), "from the integrator 'i' to 'neurons', expected one into"),
        (graph(w=linear(value=np.nan)), "node 'w' weight: got nan, expected finite numbers"),
        (graph(neurons=cuba(v_threshold=np.full(N, np.inf))), "node 'neurons' v_threshold: got inf"),
        (graph(w=linear(N, C + 1)), "the edge from 'input' to 'w' leads from 3 values to 4"),
        (graph(neurons=cuba(5)), "the edge from 'w' to 'neurons' leads from 4 values to 5"),
        (graph(neurons=cuba(tau_syn=np.zeros(N))), "tau_syn: got 0 s, expected time constants > 0"),
        (graph(neurons=cuba(tau_mem=np.full(N, 5e-4))), "tau_mem: got 0.0005 s, expected at least the time step, 0.001 s"),
        (graph(w=nir.Delay(np.full(C, -0.1))), "from 3 values to 4"),
        (graph([("neurons", "d"), ("d", "neurons")], d=nir.Delay(np.full(N, -0.1))), "got a delay of -0.1 s"),
        (graph([("neurons", "d"), ("d", "neurons")], d=nir.Delay(np.full(N, 1e9))), "delay: got 1e.09 s"),
        (graph(neurons=linear(N, N)), "a graph without neurons"),
        (graph(input=nir.Input(np.array([10**12]))), "from 1000000000000 values to 3"),
        (graph(w=nir.Linear(np.ones((2, N, C)))), "expected .outputs, inputs."),
        (nir.NIRGraph({"a": cuba()}, [], type_check=False), "a graph without an Input"),
        (graph(w=nir.Affine(np.ones((N, C)), np.ones(3))), "bias: got shape .3,., expected .4,."),
    ],
)  # fmt: skip
def test_a_wrong_graph_is_one_sentence(wrong: nir.NIRGraph, message: str) -> None:
    with pytest.raises(lsm.DescriptionError, match=message) as error:
        read(wrong)
    assert "\n" not in str(error.value)


def test_a_huge_input_needs_no_memory() -> None:
    wide = nir.NIRGraph(
        {"input": nir.Input(np.array([10**12])), "n": lif(1), "output": nir.Output(np.array([10**12]))},
        [("input", "n"), ("n", "output")],
        type_check=False,
    )
    with pytest.raises(lsm.DescriptionError, match="GiB"):
        read(wide)


def test_a_product_of_matrices_that_explodes_is_refused() -> None:
    n = 60_000
    nodes = {"input": nir.Input(np.array([n])), "a": nir.Linear(np.ones((1, n))), "b": nir.Linear(np.ones((n, 1)))}
    nodes |= {"n": lif(n), "output": nir.Output(np.array([n]))}
    edges = [("input", "a"), ("a", "b"), ("b", "n"), ("n", "output")]
    with pytest.raises(lsm.DescriptionError, match="GiB"):
        read(nir.NIRGraph(nodes, edges, type_check=False))


def with_metadata(program: lsm.Program, /, **change: Any) -> nir.NIRGraph:
    """Return the plain graph with the metadata of a program."""
    one = graph()
    own = metadata(program, "euler")["lsm_sim"]
    one.metadata = {"lsm_sim": {**own, **change, "program": {**own["program"], **change.get("program", {})}}}
    return one


def test_metadata_of_a_larger_network_makes_no_matrices() -> None:
    n = 50_000
    wide = lsm.lower(lsm.Liquid([lsm.Inputs("in", 1)], [lsm.Neurons("n", n)]), 1e-3)
    assert read(with_metadata(wide)).approximations[0].startswith("the nodes were changed")


@pytest.mark.parametrize(
    "change",
    [
        {"texts": "[" * 100_000},
        {"texts": "{}"},
        {"program": {"dt": np.zeros(0)}},
        {"program": {"indptr": np.full(3, -1)}},
        {"program": {"decay_u": np.full(2, np.nan)}},
    ],
)
def test_damaged_metadata_is_not_used(change: Any) -> None:
    small = lsm.lower(lsm.Liquid([lsm.Inputs("in", 1)], [lsm.Neurons("n", 2)]), 1e-3)
    found = read(with_metadata(small, **change))
    assert found.approximations[0].startswith("the program in the metadata is damaged")
    assert found.program.n_neurons == N


def test_edges_without_nodes_are_named() -> None:
    one = graph()
    one.edges.append(("neurons", "nowhere"))
    with pytest.raises(lsm.DescriptionError, match="from 'neurons' to 'nowhere', but there is no node 'nowhere'"):
        read(one)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"dt": None}, "the file does not say its time step; pass that of the tool that wrote it"),
        ({"dt": 0}, "read_nir dt: got 0, expected a number > 0"),
        ({"dt": "1 ms"}, "read_nir dt"),
        ({"convention": "rk4"}, "read_nir convention: got 'rk4', expected 'euler', 'exact', 'norse' or None"),
        ({"weight_bits": 1}, "weight_bits"),
        ({"metadata": "yes"}, "read_nir metadata: got 'yes', expected True or False"),
    ],
)
def test_options_are_checked(how: Any, message: str) -> None:
    with pytest.raises(lsm.DescriptionError, match=message):
        read(graph(), **how)


def test_what_is_no_hdf5_or_no_nir_is_refused(tmp_path: Any) -> None:
    (tmp_path / "text.nir").write_text("hello")
    with h5py.File(tmp_path / "other.nir", "w") as file:
        file["spikes"] = np.zeros(3)
    for name, message in (
        ("text.nir", "text.nir: damaged or not an HDF5 file"),
        ("other.nir", "not a file of NIR, expected a group 'node' in it; it contains spikes"),
        ("none.nir", "none.nir: cannot be read"),
        (".", "cannot be read, because it is a folder"),
    ):
        with pytest.raises(lsm.DescriptionError, match=message):
            lsm.read_nir(tmp_path / name, dt=1e-3)
    with pytest.raises(lsm.DescriptionError, match="got int, expected the name of a file, or a graph"):
        lsm.read_nir(3)


def test_declared_sizes_links_and_circles_are_refused(tmp_path: Any) -> None:
    with h5py.File(tmp_path / "huge.nir", "w") as file:
        file.create_dataset("node/weight", (10**6, 10**6), "f8", chunks=(1000, 1000), compression="gzip")
    with h5py.File(tmp_path / "link.nir", "w") as file:
        file.create_group("node")["type"] = h5py.ExternalLink("/etc/passwd", "/")
    with h5py.File(tmp_path / "circle.nir", "w") as file:
        group = file.create_group("node")
        group["node"] = group
    (tmp_path / "raw").write_bytes(bytes(80))
    with h5py.File(tmp_path / "outside.nir", "w") as file:
        file.create_dataset("node/type", (10,), "f8", external=[("/dev/zero", 0, 80)])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name, message in (
        ("huge", "node/weight declares more values than a file of this size can contain"),
        ("link", "node/type is a link, which is not followed"),
        ("circle", "more names or levels"),
        ("outside", "node/type is no array of this file"),
    ):
        with pytest.raises(lsm.DescriptionError, match=message):
            lsm.read_nir(tmp_path / f"{name}.nir", dt=1e-3)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**18  # KiB


def outcome(path: Any) -> str:
    """Return the error of reading a file; empty: there was none."""
    try:
        lsm.read_nir(path, dt=1e-3)
    except lsm.DescriptionError as error:
        return str(error)
    return ""


def test_damaged_files_are_one_sentence(tmp_path: Any) -> None:
    nir.write(tmp_path / "a.nir", graph())
    good = (tmp_path / "a.nir").read_bytes()
    rng = np.random.default_rng(3)
    errors = 0
    for seed in range(6):
        bad = bytearray(good[: int(rng.integers(100, len(good)))] if seed % 2 else good)
        for place in rng.integers(0, len(bad), 30):
            bad[place] = int(rng.integers(256))
        (tmp_path / "b.nir").write_bytes(bad)
        found = outcome(tmp_path / "b.nir")
        assert "\n" not in found, seed
        errors += bool(found)
    assert errors > 1


def test_matrices_and_delays_in_a_row_are_multiplied_and_added() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.integers(-4, 5, (5, C)) / 4, rng.integers(-4, 5, (N, 5)) / 4
    nodes = {
        "w": nir.Linear(a),
        "d": nir.Delay(np.array([0, 1, 1, 2, 2]) * 1e-3),
        "b": nir.Linear(b),
        "e": nir.Delay(np.full(N, 3e-3)),
    }
    one = graph(**nodes)
    one.edges = [("input", "w"), ("w", "d"), ("d", "b"), ("b", "e"), ("e", "neurons"), ("neurons", "output")]
    neurons = one.nodes["neurons"]
    neurons.r, neurons.w_in = neurons.tau_mem / 1e-3, neurons.tau_syn / 1e-3
    program = read(one).program
    got = np.zeros((6, N, C))
    every = program.synapses()
    np.add.at(got, (every.delay, every.post, every.source), every.weight)
    expected = np.zeros_like(got)
    for middle, delay in enumerate([0, 1, 1, 2, 2]):
        expected[3 + delay] += np.outer(b[:, middle], a[middle])
    assert np.array_equal(got, expected)


def test_subgraphs_are_read_as_their_nodes() -> None:
    inner = nir.NIRGraph(
        {
            "input": nir.Input(np.array([N])),
            "lif": lif(),
            "w": linear(N, N, -0.25),
            "output": nir.Output(np.array([N])),
        },
        [("input", "lif"), ("lif", "w"), ("w", "lif"), ("lif", "output")],
        type_check=False,
    )
    flat = graph([("neurons", "r"), ("r", "neurons")], neurons=lif(), r=linear(N, N, -0.25))
    nested, plain = read(graph(neurons=inner)), read(flat)
    assert nested.program.digest == plain.program.digest
    assert list(nested.program.neuron_groups) == ["neurons.lif"]


def test_a_constant_input_builds_up_as_in_the_file() -> None:
    one = graph(w=nir.Affine(np.zeros((N, C)), np.array([0.0, 0.25, -0.5, 1.0])))
    program = read(one, convention="euler").program
    result = lsm.run(
        program, lsm.Spikes.from_dense([np.zeros((200, C), bool)], 1e-3), record={"neurons": ["v"]}, backend="reference"
    )
    trace = np.asarray(result.v["neurons"].values[0])
    node, current, v, spikes = one.nodes["neurons"], np.zeros(N), np.zeros(N), 0
    for step in range(200):
        current += 1e-3 / node.tau_syn * (node.w_in * one.nodes["w"].bias - current)
        v += 1e-3 / node.tau_mem * (node.r * current - v)
        spikes += int((v > 1).sum())
        v[v > 1] = 0
        np.testing.assert_allclose(trace[step], v, atol=1e-14)  # other order of the same sums
    assert result.spikes.n_events == spikes


def test_lif_without_a_current_is_a_program_that_keeps_nothing_of_it() -> None:
    program = read(graph(neurons=lif(r=np.full(N, 20.0))), convention="euler").program
    assert np.array_equal(program.decay_u, np.zeros(N))
    np.testing.assert_allclose(program.decay_v, 0.95)
    assert np.array_equal(program.weight, np.full(N * C, 0.5))
    exact = read(graph(neurons=lif(r=np.full(N, 0.02))), convention="exact")
    np.testing.assert_allclose(exact.program.weight, 0.5 * np.exp(-0.05), atol=2**-30)
    assert exact.liquid is None
