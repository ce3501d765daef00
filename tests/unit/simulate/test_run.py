import dataclasses

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import Inputs, Liquid, Neurons, Record, Spikes, Synapses, lower, ms
from lsm_sim.backend import Request
from lsm_sim.describe.wiring import AllToAll, FixedProbability
from lsm_sim.engine.requests import checked_request
from lsm_sim.errors import DescriptionError
from lsm_sim.testing import random_program, random_stimulus

LIQUID = Liquid(
    [Inputs("in", 4)],
    [Neurons("exc", 6, v_rest=-65, v_reset=-70, v_thresh=-50, sign=1), Neurons("inh", 3, v_thresh=2, sign=-1)],
    [
        Synapses("in", ("exc", "inh"), AllToAll(), weight=8.0),
        Synapses(
            "exc", ("exc", "inh"), FixedProbability(0.5), weight=lsm.Gamma(2, 2), delay=lsm.Uniform(1 * ms, 5 * ms)
        ),
        Synapses("inh", "exc", AllToAll(), weight=-1.0),
    ],
    seed=5,
)


@pytest.fixture
def stimulus():
    rng = np.random.default_rng(0)
    return Spikes.from_dense([rng.random((n, 4)) < 0.3 for n in (40, 25)], 1 * ms)


def test_results_come_back_under_the_names_of_the_groups(stimulus, backend):
    result = lsm.run(LIQUID, stimulus, backend=backend, record={"exc": ["u", "v"], "inh": Record("v", neurons=[2, 0])})
    assert result.spikes["exc"].n_channels == 6
    assert result.spikes["exc"].n_events + result.spikes["inh"].n_events == result.spikes.n_events > 0
    assert set(result.u) == {"exc"}
    assert set(result.v) == {"exc", "inh"}
    assert result.v["inh"].neurons.tolist() == [2, 0]
    assert [values.shape for values in result.v["inh"].values] == [(40, 2), (25, 2)]
    np.testing.assert_allclose(result.v["exc"].times[1], np.arange(1, 26) * 1e-3, rtol=1e-15)  # one rounding each


@pytest.mark.parametrize(
    ("part", "option"), [("spikes", "spikes=True"), ("counts", "bins="), ("excursions", "excursions=True")]
)
def test_what_was_not_asked_for_is_an_error_to_read(part, option, stimulus):
    result = lsm.run(LIQUID, stimulus, spikes=False)
    with pytest.raises(DescriptionError, match=f"result: {part} were not requested; run again with {option}"):
        getattr(result, part)


def test_traces_are_in_the_units_of_the_user(stimulus):
    of_liquid = lsm.run(LIQUID, stimulus, record={"exc": "v", "inh": "v"})
    of_program = lsm.run(lower(LIQUID, 1 * ms), stimulus, record={"exc": "v", "inh": "v"})
    for name, reset, threshold in (("exc", -70, -50), ("inh", 0, 2)):
        np.testing.assert_array_equal(of_liquid.v[name].values[0], of_program.v[name].values[0] + reset)
        assert (of_liquid.v[name].threshold == threshold).all()
        assert (of_liquid.v[name].values[0] <= threshold).all()
    at_spikes = of_liquid.spikes["exc"][0]
    assert (of_liquid.v["exc"].values[0][at_spikes.step, at_spikes.channel] == -70).all()


def test_chosen_steps_are_rows_of_the_whole_record(stimulus):
    everything = lsm.run(LIQUID, stimulus, record={"exc": "v"}).v["exc"]
    some = lsm.run(LIQUID, stimulus, record={"exc": "v"}, record_steps=[3, 24, 30, 1000]).v["exc"]
    for b, rows in ((0, [3, 24, 30]), (1, [3, 24])):
        np.testing.assert_array_equal(some.values[b], everything.values[b][rows])
        np.testing.assert_array_equal(some.times[b], everything.times[b][rows])


def test_counts_are_those_of_the_spikes(stimulus, backend):
    result = lsm.run(LIQUID, stimulus, backend=backend, bins=4)
    np.testing.assert_array_equal(result.counts, result.spikes.counts(4))
    only = lsm.run(LIQUID, stimulus, backend=backend, bins=np.int64(4), spikes=False)
    assert only.outcome.spikes is None
    np.testing.assert_array_equal(only.counts, result.counts)
    edges = [[0, 10, 40], [0, 25, 25]]
    np.testing.assert_array_equal(
        lsm.run(LIQUID, stimulus, backend=backend, bins=edges).counts, result.spikes.counts(edges)
    )


def test_edges_in_any_memory_order_are_read_alike(stimulus, fast):
    edges = np.asfortranarray([[0, 10, 40], [0, 5, 25]])
    np.testing.assert_array_equal(
        lsm.run(LIQUID, stimulus, backend=fast, bins=edges).counts,
        lsm.run(LIQUID, stimulus, bins=edges.copy("C")).counts,
    )


def test_a_backend_may_be_given_by_name_or_itself(stimulus, fast):
    by_name, itself = (lsm.run(LIQUID, stimulus, backend=backend) for backend in ("fast", fast))
    np.testing.assert_array_equal(by_name.spikes.step, itself.spikes.step)


def test_excursions_are_counted_on_request(reference):
    program = random_program(np.random.default_rng(407), "loihi")
    stimulus = random_stimulus(np.random.default_rng(0), program)
    result = lsm.run(program, stimulus, backend=reference, excursions=True)
    assert result.excursions.count.shape == (len(stimulus), 3)
    assert result.excursions.count.sum() > 0


def wrong(**options):
    return lambda stimulus: lsm.run(LIQUID, stimulus, **options)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda _: lsm.run(LIQUID, np.zeros((4, 4))),
            "stimulus: got ndarray, expected Spikes, or a dict of them by input group; see lsm_sim.encode",
        ),
        (lambda s: lsm.run("liquid", s), "network: got str, expected a Liquid or a Program"),
        (lambda s: lsm.run(LIQUID, s[:0]), "stimulus: got an empty batch, expected at least one sample"),
        (
            lambda _: lsm.run(LIQUID, Spikes.from_dense(np.zeros((5, 3)), 1 * ms)),
            "stimulus: got 3 channels, expected the 4 input channels of the network",
        ),
        (
            lambda s: lsm.run(lower(LIQUID, 0.5 * ms), s),
            "stimulus: got steps of 0.001 s, expected 0.0005 s as in the program; encode or lower again",
        ),
        (wrong(backend="nest"), r"no backend 'nest'; known: .*fast.*reference"),
        (wrong(record={"ex": "v"}), "record: no group 'ex'; known: exc, inh"),
        (wrong(record={"exc": "x"}), "record variable: got 'x', expected 'u'"),
        (
            wrong(record={"exc": Record("v", neurons=[6])}),
            r"record 'exc': got neurons \[6\], expected a list in 0\.\.5",
        ),
        (wrong(record={"exc": Record("v", neurons=[-1])}), r"record 'exc': got neurons \[-1\]"),
        (wrong(record={"exc": Record("v", neurons=np.array([0.5]))}), "record 'exc': got 0.5, expected whole numbers"),
        (
            wrong(record_steps=[3, 2], record={"exc": "v"}),
            "record steps: expected ascending steps >= 0 without repeats",
        ),
        (wrong(record_steps=[-1], record={"exc": "v"}), "record steps: expected ascending"),
        (wrong(record_steps=[[1]], record={"exc": "v"}), "record steps: expected ascending"),
        (wrong(bins=0), "bins: got 0, expected a whole number >= 1"),
        (wrong(bins=True), "bins: got True"),
        (wrong(bins=2.5), "bins: got 2.5"),
        (wrong(bins=[0, 40]), r"bins: got edges of shape \(2,\)"),
        (
            wrong(bins=[[0, 40], [0, 40]]),
            r"bins: got edges \[0, 40\] for sample 1, expected them to rise from 0 to its 25",
        ),
        (wrong(n_threads=0), "n_threads: got 0, expected a whole number >= 1"),
        (wrong(n_threads=1.5), "n_threads: got 1.5"),
        (wrong(excursions=True), "excursions: only loihi arithmetic has limited registers"),
    ],
)
def test_wrong_calls_are_an_error(call, words, stimulus):
    with pytest.raises(DescriptionError, match=words) as caught:
        call(stimulus)
    assert "\n" not in str(caught.value)


@pytest.mark.filterwarnings("ignore::lsm_sim.LsmWarning")  # of delays longer than the sample
@pytest.mark.parametrize("engine", ["fast", "reference"])
def test_what_memory_cannot_hold_is_refused_before_it_is_allocated(engine, stimulus, monkeypatch):
    class Memory:
        available = 2**20

    small = lower(LIQUID, 1 * ms)
    monkeypatch.setattr("psutil.virtual_memory", Memory)
    long = Spikes.from_events([], [], n_steps=10**6, n_channels=4, dt=1 * ms)
    with pytest.raises(DescriptionError, match=r"the recording of v, counts: needs about 0\.0671 GiB"):
        lsm.run(small, long, backend=engine, record={"exc": "v", "inh": "v"})
    slow = lsm.Program(
        arithmetic="loihi", dt=1 * ms, n_inputs=4, n_neurons=2, indptr=[0, 1, 1, 1, 1, 1, 1], post=[0], weight=[1],
        delay=[2**19], threshold=[1, 1], bias=[0, 0], refractory=[0, 0], du=[0, 0], dv=[0, 0],
    )  # fmt: skip
    with pytest.raises(DescriptionError, match=rf"{engine}: the spikes in flight: needs about"):
        lsm.run(slow, stimulus, backend=engine)


def test_a_whole_float_is_a_number_of_threads(stimulus):
    request = checked_request(lower(LIQUID, 1 * ms), stimulus, Request(n_threads=2.0))
    assert type(request.n_threads) is int


def test_traces_that_were_not_requested_name_the_option(stimulus):
    with pytest.raises(
        DescriptionError,
        match=r"traces of u were not requested; run again with record=\{'exc': \['u'\], 'inh': \['u'\]\}",
    ):
        lsm.run(LIQUID, stimulus).u  # noqa: B018
    result = lsm.run(LIQUID, stimulus, record={"exc": ["v"]})
    assert list(result.v) == ["exc"]
    with pytest.raises(DescriptionError, match="traces of u were not requested"):
        result.u  # noqa: B018
    with pytest.raises(
        DescriptionError,
        match=r"v of 'inh' was not requested \(recorded: 'exc'\); run again with record=\{'inh': \['v'\]",
    ):
        result.v["inh"]


def test_results_are_equal_by_value(stimulus):
    options = {"bins": 3, "record": {"exc": ["u", "v"]}}
    one, other = (lsm.run(LIQUID, stimulus, **options) for _ in range(2))
    assert one == other
    assert one.outcome == other.outcome
    assert one.v["exc"] == other.v["exc"]
    assert one != lsm.run(LIQUID, stimulus)
    assert one.v["exc"] != one.u["exc"]
    assert one != lsm.run(LIQUID, stimulus[::-1], **options)


def test_counts_of_registers_are_equal_by_value(stimulus):
    one, other = (lsm.run(LIQUID, s, arithmetic="loihi", excursions=True).excursions for s in (stimulus, stimulus[:1]))
    assert one == lsm.run(LIQUID, stimulus, arithmetic="loihi", excursions=True).excursions
    assert one != other


TWO_INPUTS = Liquid(
    [Inputs("audio", 3), Inputs("tone", 2)],
    [Neurons("exc", 5)],
    [Synapses(name, "exc", AllToAll(), weight=weight) for name, weight in (("audio", 0.7), ("tone", 0.3))],
)


@pytest.fixture
def parts():
    rng = np.random.default_rng(1)
    return {name: Spikes.from_dense(rng.random((2, 30, n)) < 0.3, 1 * ms) for name, n in (("tone", 2), ("audio", 3))}


@pytest.mark.parametrize("network", [TWO_INPUTS, lower(TWO_INPUTS, 1 * ms)], ids=["liquid", "program"])
def test_input_groups_are_taken_by_name_in_any_order(network, parts):
    dense = np.concatenate([parts["audio"].to_dense(), parts["tone"].to_dense()], axis=2)
    expected = lsm.run(network, Spikes.from_dense(dense, 1 * ms))
    assert expected.spikes.n_events > 0
    assert lsm.run(network, parts) == expected
    assert lsm.run(network, {name: parts[name] for name in ("audio", "tone")}) == expected


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: {"audio": p["audio"]}, "no spikes for the input group 'tone', expected all of: audio, tone"),
        (lambda p: p | {"light": p["tone"]}, "no input group 'light'; known: audio, tone"),
        (
            lambda p: {"audio": p["tone"], "tone": p["audio"]},
            "got 2 channels for 'audio', expected 3 as in the network",
        ),
        (lambda p: p | {"tone": p["tone"].crop(5 * ms)}, "sample 0: got 30 steps in 'audio' and 25 in 'tone'"),
        (lambda p: p | {"tone": p["tone"][0]}, "got 2 samples in 'audio' and 1 in 'tone'"),
        (lambda p: p | {"tone": p["tone"].raster()}, "'tone': got ndarray, expected Spikes"),
        (lambda p: Spikes.join(p), "'tone' is on channels 0..1, but on 3..4 of the network; pass a dict"),
        (lambda _: {}, "no spikes for the input group 'audio' and 'tone'"),
        (lambda p: list(p.values()), "got list, expected Spikes, or a dict of them by input group"),
    ],
)
def test_wrong_input_groups_are_answered_in_a_sentence(parts, change, message):
    with pytest.raises(DescriptionError, match=message):
        lsm.run(TWO_INPUTS, change(parts))


@pytest.mark.parametrize("record", [["e"], "e", 5, {"e": 5}, {"e": None}])
def test_what_is_no_table_of_groups_to_record_is_refused(record):
    liquid = lsm.Liquid([lsm.Inputs("in", 1)], [lsm.Neurons("e", 2)])
    stimulus = lsm.Spikes.from_dense(np.zeros((3, 1), bool), 1 * ms)
    with pytest.raises(lsm.DescriptionError, match=r"record.*expected"):
        lsm.run(liquid, stimulus, record=record)


def test_adaptation_that_silences_every_neuron_is_warned_of():
    liquid = Liquid(
        [Inputs("in", 1)],
        [Neurons("n", 3, tau_adapt=10.0, adapt_step=100.0)],
        [Synapses("in", "n", AllToAll(), weight=3.0)],
    )
    stimulus = Spikes.from_dense(np.ones((2, 100, 1)), 1 * ms)
    with pytest.warns(lsm.LsmWarning, match="no neuron spiked more than once in a sample.* a smaller adapt_step"):
        lsm.run(liquid, stimulus, backend="reference")
    lsm.run(liquid, stimulus, backend="reference", record={"n": ["w"]})  # who records w sees it
    few = dataclasses.replace(liquid, neurons=[Neurons("n", 3, tau_adapt=0.01, adapt_step=0.1)])
    lsm.run(few, stimulus, backend="reference")
