"""Mapping to cores: every limit kept, counts recounted, refusals that name the limit and the change."""

from __future__ import annotations

import copy
import json
import pickle
import re

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import ms
from lsm_sim.deploy.chips import LOIHI1, LOIHI2, MEASURES, Limit
from lsm_sim.deploy.mapping import map_program, mapper, metis
from lsm_sim.errors import BackendUnavailableError, DescriptionError, UnsupportedError
from tests.unit.deploy.random_programs import chip, counted, program

METHODS = ["order", "greedy", "auto", "metis"]
needs_metis = pytest.mark.skipif(not metis.installed(), reason="pip install pymetis")


def some_method(rng):
    return str(rng.choice(METHODS if metis.installed() else METHODS[:-1]))


def some_chip(rng):
    """Return a chip with random small limits; a third of them are missing."""
    ranges = {
        "neurons": (2, 30),
        "input_axons": (12, 60),
        "output_axons": (20, 80),
        "synapse_words": (20, 120),
        "axon_map_words": (20, 80),
        "words": (60, 300),
        "neuron_groups": (1, 6),
        "neuron_configurations": (1, 4),
        "thresholds": (1, 4),
        "dendritic_accumulators": (64, 400),
    }
    kept = {name: int(rng.integers(*span)) for name, span in ranges.items() if name == "neurons" or rng.random() < 0.66}
    return chip(**kept)


@pytest.mark.parametrize("decade", range(20))
def test_200_random_networks_keep_every_limit(decade):
    mapped = 0
    for seed in range(10 * decade, 10 * decade + 10):
        rng = np.random.default_rng(seed)
        local = int(rng.integers(1, 10)) if rng.random() < 0.5 else None
        shape = {"n": int(rng.integers(1, 70)), "n_inputs": int(rng.integers(0, 6)), "fan_out": int(rng.integers(0, 8))}
        net = program(rng, **shape, longest=int(rng.choice([0, 3, 9])), settings=int(rng.integers(1, 5)), local=local)
        small, method = some_chip(rng), some_method(rng)
        label = f"seed {seed}: {shape}, {method}, {[*map(str, small.limits.values())]}"
        try:
            found = map_program(net, small, method=method, seed=seed)
        except UnsupportedError as error:
            if not impossible(net, small):
                pytest.fail(f"{label}: {error}")
            continue
        mapped += 1
        assert found.core.shape == (net.n_neurons,), label
        assert sorted(set(found.core.tolist())) == [*range(found.n_cores)], label
        uses, messages, from_inputs = counted(net, small, found.core)
        for use, expected in zip(found.uses, uses, strict=True):
            assert {name: use.measures[name] for name in expected} == expected, label
            over = [name for name in expected if name in small.limits and expected[name] > small.limits[name].value]
            assert not over, label
        assert (found.messages, found.input_messages) == (messages, from_inputs), label
    assert mapped >= 5, f"seeds {10 * decade}..{10 * decade + 9}"


def impossible(net, small):
    """Return whether a neuron exceeds a limit in a core of its own."""
    uses, *_ = counted(net, small, np.arange(net.n_neurons))
    return any(use[name] > small.limits[name].value for use in uses for name in use if name in small.limits)


@pytest.mark.parametrize("method", ["order", "greedy", pytest.param("metis", marks=needs_metis)])
def test_the_same_seed_gives_the_same_map(method):
    net, small = program(np.random.default_rng(3), n=200, local=8), chip(neurons=25, input_axons=90)
    one, again = (map_program(net, small, method=method, seed=4).to_dict() for _ in range(2))
    assert one == again


@pytest.mark.parametrize("method", ["greedy", pytest.param("metis", marks=needs_metis)])
def test_a_shuffled_network_needs_fewer_messages_than_in_index_order(method):
    net, small = program(np.random.default_rng(5), n=400, local=5), chip(neurons=50)
    ordered, found = (map_program(net, small, method=name) for name in ("order", method))
    assert found.messages < 0.25 * ordered.messages


def test_exchanges_between_cores_save_messages_and_keep_the_sizes(monkeypatch):
    net, small = program(np.random.default_rng(25), n=600, local=25), chip(neurons=60)
    refined = map_program(net, small, method="greedy")
    monkeypatch.setattr(mapper, "refine", lambda *given: given[1])
    grown = map_program(net, small, method="greedy")
    assert refined.messages < grown.messages
    sizes = ([use.neurons for use in found.uses] for found in (refined, grown))
    assert next(sizes) == next(sizes)


def test_a_network_that_does_not_fit_in_index_order_fits_when_it_is_partitioned():
    net, small = program(np.random.default_rng(6), n=400, local=5), chip(cores=10, neurons=50, input_axons=100)
    with pytest.raises(UnsupportedError, match=r"limit of input axons .*or method='greedy', which needs \d+ cores"):
        map_program(net, small, method="order")
    assert map_program(net, small, method="greedy").n_cores <= 10


def test_neurons_that_send_to_few_may_have_many_input_axons():
    n, readouts = 40, 10  # all neurons send to all readouts, which are the last ones
    zeros = np.zeros(n + readouts, np.int64)
    net = lsm.Program(
        arithmetic="loihi",
        dt=1e-3,
        n_inputs=1,
        n_neurons=n + readouts,
        indptr=np.concatenate([[0], np.arange(n + 1) * readouts, np.full(readouts, n * readouts)]),
        post=np.tile(np.arange(n, n + readouts), n),
        weight=np.full(n * readouts, 2),
        delay=np.zeros(n * readouts, np.int64),
        threshold=zeros + 400,
        bias=zeros,
        refractory=zeros,
        du=zeros + 400,
        dv=zeros + 400,
    )
    assert map_program(net, chip(neurons=20, input_axons=40, output_axons=20), method="order").n_cores == 3


def test_auto_takes_one_core_if_everything_fits():
    found = map_program(program(np.random.default_rng(7)))
    assert (found.method, found.n_cores, found.messages) == ("one core", 1, 0)


@needs_metis
def test_auto_takes_the_method_with_fewer_messages(monkeypatch):
    net, small = program(np.random.default_rng(8), n=300, local=20), chip(neurons=40)
    found = {name: map_program(net, small, method=name).messages for name in ("greedy", "metis", "auto")}
    assert found["auto"] == min(found["greedy"], found["metis"])
    monkeypatch.setattr(metis, "installed", lambda: False)
    assert map_program(net, small).method == "greedy"


def test_neurons_per_core_is_a_limit_of_its_own():
    found = map_program(program(np.random.default_rng(9)), neurons_per_core=7)
    assert max(use.neurons for use in found.uses) == 7
    limit = next(margin.limit for margin in found.margins() if margin.limit.name == "neurons")
    assert (limit.value, limit.source, limit.trust) == (7, "neurons_per_core", "U")


def test_loihi_1_holds_fewer_neurons_if_delays_are_long():
    rng = np.random.default_rng(10)
    cores = {}
    for longest in (6, 7, 15, 62):
        net = program(rng, n=300, fan_out=2, longest=longest)
        assert net.max_delay == longest
        cores[longest] = max(use.neurons for use in map_program(net, "loihi1", method="order").uses)
    assert cores == {6: 300, 7: 300, 15: 256, 62: 128}


def test_a_float_program_is_counted_like_its_integers():
    liquid = lsm.Liquid(
        [lsm.Inputs("in", 4)],
        [lsm.Neurons("exc", 60, t_ref=0)],
        [lsm.Synapses("in", "exc", lsm.AllToAll(), weight=1.0), lsm.Synapses("exc", "exc", lsm.FixedProbability(0.1))],
        seed=1,
    )
    lowered = lsm.lower(liquid, 1 * ms)
    stimulus = lsm.Spikes.from_dense(np.random.default_rng(0).random((2, 30, 4)) < 0.2, 1 * ms)
    integers = lsm.quantise(lowered, stimulus).program
    assert map_program(lowered).uses[0].words == map_program(integers).uses[0].words


def test_weights_of_many_scales_need_many_formats():
    scales = [1 << k for k in range(9)]
    n = len(scales)
    net = lsm.Program(
        arithmetic="loihi",
        dt=1e-3,
        n_inputs=1,
        n_neurons=n,
        indptr=np.concatenate([[0], np.full(n + 1, n)]),
        post=np.arange(n),
        weight=[200 * scale for scale in scales],
        delay=np.zeros(n, int),
        threshold=np.full(n, 400),
        bias=np.zeros(n, int),
        refractory=np.zeros(n, int),
        du=np.full(n, 400),
        dv=np.full(n, 400),
        neuron_groups={f"g{i}": range(i, i + 1) for i in range(n)},
    )
    assert map_program(net, "loihi2").uses[0].measures["synapse formats"] == 9
    found = map_program(net, "loihi1")
    assert [use.measures["synapse formats"] for use in found.uses] in ([7, 2], [2, 7])


def test_the_margins_have_every_limit_the_tightest_first():
    found = map_program(program(np.random.default_rng(11), n=100, longest=5), "loihi1", neurons_per_core=40)
    margins = found.margins()
    assert {margin.limit.name for margin in margins} == set(LOIHI1.limits)
    shares = [margin.share for margin in margins]
    assert shares == sorted(shares, reverse=True)
    for margin in margins:
        if margin.core is not None:
            assert margin.used == found.uses[margin.core].measures[margin.limit.name]
            assert margin.used == max(use.measures[margin.limit.name] for use in found.uses)
    by_name = {margin.limit.name: margin for margin in margins}
    assert (by_name["cores"].used, by_name["cores"].allowed, by_name["delay"].used) == (found.n_cores, 128, 5)


def test_a_map_is_printed_as_an_aligned_table_with_sources():
    found = map_program(program(np.random.default_rng(12), n=100), neurons_per_core=40)
    title, head, *rows, words, note = str(found).splitlines()
    assert re.match(
        r"100 neurons in 3 of 120 cores of Loihi 2, method \w+: \d+ messages between cores, \d+ from inputs", title
    )
    at = head.index("trust and source")
    for row, margin in zip(rows, found.margins(), strict=True):
        assert row.startswith(margin.limit.name)
        assert row[at:] == f"{margin.limit.trust}: {margin.limit.source}"
        assert row[: at - 2].split()[-1] in ("%", str(margin.core))
    assert words.startswith("64-bit words of a core, mean: input axons")
    assert note == "note: a compiler for the chip may still refuse: it has limits that are not public"
    assert repr(found).startswith("CoreMap(loihi2, method=")


def test_a_map_becomes_json():
    found = map_program(program(np.random.default_rng(13), n=100), neurons_per_core=40)
    data = json.loads(json.dumps(found.to_dict()))
    assert data["core"] == found.core.tolist()
    assert data["uses"][0]["words"] == dict(found.uses[0].words)
    assert data["margins"][0]["source"]
    assert data["note"]


@pytest.mark.parametrize("again", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))], ids=["copy", "pickle"])
def test_a_map_can_be_copied_and_is_frozen(again):
    found = again(map_program(program(np.random.default_rng(14))))
    assert found.to_dict() == map_program(program(np.random.default_rng(14))).to_dict()
    with pytest.raises(ValueError, match="read-only"):
        found.core[0] = 1
    with pytest.raises(TypeError):
        found.uses[0].words["neurons"] = 1


def test_synapses_of_weight_0_are_not_stored():
    net = program(np.random.default_rng(15), n=5, n_inputs=1, weight=0)
    (use,) = map_program(net).uses
    assert (use.synapses, use.input_axons, use.words["synapses"]) == (0, 0, 0)


def test_a_program_larger_than_the_board_is_told_how_many_chips_would_do():
    net, small = program(np.random.default_rng(16), n=100, fan_out=2), chip(cores=3, neurons=10)
    with pytest.raises(UnsupportedError) as caught:
        map_program(net, small, method="order", n_chips=2)
    assert str(caught.value) == (
        "map_program: 100 neurons need 10 cores of Small (method order), 4 more than 2 chips have; most cores are full by "
        "the limit of neurons (10 per core, U: a test): use n_chips=4, or at most 60 neurons"
    )
    assert map_program(net, small, method="order", n_chips=4).n_cores == 10


@pytest.mark.parametrize("method", ["order", "greedy", pytest.param("metis", marks=needs_metis)])
def test_the_number_of_chips_in_the_error_is_enough(method):
    net, small = program(np.random.default_rng(17), n=120), chip(cores=2, neurons=30, words=250)
    with pytest.raises(UnsupportedError) as caught:
        map_program(net, small, method=method)
    chips = int(re.search(r"n_chips=(\d+)", str(caught.value))[1])
    map_program(net, small, method=method, n_chips=chips)
    with pytest.raises(UnsupportedError):
        map_program(net, small, method=method, n_chips=chips - 1)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"delay": 8}, r"the longest delay is 10 steps, at most 9 \(U: a test\): shorten it, or use a larger dt"),
        (
            {"input_axons": 2},
            r"neuron \d+ of neurons needs \d+ input axons .*, \d+ more than the 2 of a core \(U: a test\): use fewer so",
        ),
        (
            {"synapse_words": 3},
            r"neuron \d+ of neurons needs \d+ synapse words .*, \d+ more than the 3 of a core .*: use fewer synapses",
        ),
        ({"words": 5}, r"needs \d+ words .*, \d+ more than the 5 of a core"),
        (
            {"dendritic_accumulators": 15},
            "needs 16 dendritic accumulators .*, 1 more than the 15 of a core .*: use shorter delays",
        ),
        ({"neuron_groups": 0}, "needs 1 neuron groups .*, 1 more than the 0 of a core"),
    ],
)
def test_what_no_partition_can_help_is_refused_with_the_limit_and_the_excess(limits, message):
    net = program(np.random.default_rng(18), longest=9)
    assert net.max_delay == 9
    with pytest.raises(UnsupportedError, match=message) as caught:
        map_program(net, chip(neurons=100, **limits))
    assert "\n" not in str(caught.value)


def test_a_neuron_that_does_not_fit_is_named_by_its_group():
    rng = np.random.default_rng(19)
    plain = program(rng, n=20, n_inputs=0)
    named = lsm.Program(**{**vars(plain), "neuron_groups": {"a": range(5), "b": range(5, 20)}})
    worst = int(np.argmax([len({*plain.sources()[(plain.synapses().post == i)]}) for i in range(20)]))
    group, first = ("a", 0) if worst < 5 else ("b", 5)
    with pytest.raises(UnsupportedError, match=f"neuron {worst - first} of {group} needs"):
        map_program(named, chip(neurons=9, input_axons=2))


def test_too_many_output_axons_are_refused_if_nothing_helps():
    net = program(np.random.default_rng(20), n=30, fan_out=8)
    with pytest.raises(UnsupportedError, match=r"neuron \d+ of neurons needs \d+ output axons .*, \d+ more than the 2"):
        map_program(net, chip(neurons=3, output_axons=2), method="greedy")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"program": 1}, "map_program: program: got int, expected a Program"),
        ({"chip": "loihi9"}, "chip: got 'loihi9', expected 'loihi1' or 'loihi2'"),
        ({"method": "magic"}, "map_program: method: got 'magic', expected 'auto', 'order', 'greedy' or 'metis'"),
        ({"n_chips": 0}, "map_program: n_chips: got 0"),
        ({"neurons_per_core": 5000}, "map_program: neurons_per_core: got more than 4095"),
        ({"neurons_per_core": 0}, "map_program: neurons_per_core: got 0"),
        ({"seed": -1}, "map_program: seed: got -1"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(DescriptionError, match=message):
        map_program(**({"program": program(np.random.default_rng(21))} | arguments))


def test_a_missing_pymetis_is_told_how_to_install(monkeypatch):
    monkeypatch.setattr(metis, "installed", lambda: False)
    with pytest.raises(BackendUnavailableError, match=r"method 'metis' needs pymetis: pip install .*\[mapping\]"):
        map_program(program(np.random.default_rng(22)), method="metis")


def test_every_limit_of_the_profiles_is_checked():
    for profile in (LOIHI1, LOIHI2):
        found = map_program(program(np.random.default_rng(23)), profile)
        assert set(profile.limits) - {"cores", "delay"} <= set(found.uses[0].measures)
        assert set(found.uses[0].measures) == set(MEASURES)


def test_a_board_with_fewer_cores_is_a_chip_with_another_limit():
    small = LOIHI2.with_limit(Limit("cores", 1, "half a board", "U"))
    with pytest.raises(
        UnsupportedError,
        match=r"2 more than 1 chip has; .*: use n_chips=3, or neurons_per_core of at least 40, or at most 15 neurons",
    ):
        map_program(program(np.random.default_rng(24)), small, neurons_per_core=15, method="order")
