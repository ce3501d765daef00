"""Live sessions: the spikes of a run, step by step, and what a session refuses."""

import contextlib
import dataclasses
import threading

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import DescriptionError, Spikes, UnsupportedError, ms
from lsm_sim.engine.protocol import Request, compiled
from lsm_sim.engine.state import State
from lsm_sim.testing.programs import EXTRA_ARRAYS, random_program, random_stimulus, some_needs

ENGINES = ("fast", "reference")


def _of(stimulus, k):
    now = stimulus.step == k
    return stimulus.channel[now], None if stimulus.payload is None else stimulus.payload[now]


def _uncut(program, stimulus):
    with compiled(program, "reference") as run:
        return run(stimulus, Request(keep_state=True, progress=False))


@pytest.fixture
def liquid():
    return lsm.Liquid(
        [lsm.Inputs("in", 3)],
        [lsm.Neurons("exc", 6, v_thresh=0.5), lsm.Neurons("inh", 2, v_thresh=0.5)],
        [
            lsm.Synapses("in", "exc", lsm.AllToAll(), weight=0.6),
            lsm.Synapses("exc", "inh", lsm.AllToAll(), weight=0.3, delay=2 * ms),
            lsm.Synapses("inh", "exc", lsm.AllToAll(), weight=-0.3),
        ],
        seed=1,
    )


@pytest.fixture
def stimulus():
    return Spikes.from_dense(np.random.default_rng(5).random((40, 3)) < 0.3, 1 * ms)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("arithmetic", ["float64", "loihi"])
@pytest.mark.parametrize("seed", range(8))
def test_steps_and_pieces_give_what_one_run_gives(seed, arithmetic, engine):
    rng = np.random.default_rng(seed)
    for graded in (False, True):
        program = random_program(rng, arithmetic, needs=some_needs(rng, EXTRA_ARRAYS) if seed else ())
        stimulus = random_stimulus(rng, program, graded=graded)[0]
        right, n_steps = _uncut(program, stimulus), int(stimulus.n_steps[0])
        with lsm.open(program, backend=engine) as session:
            found = [(k, neuron) for k in range(n_steps) for neuron in session.step(*_of(stimulus, k))]
            assert found == list(zip(right.spikes.step, right.spikes.channel, strict=True)), seed
            assert session.state == right.state, seed
            session.reset()
            cut = int(rng.integers(1, n_steps)) * program.dt if n_steps > 1 else None
            parts = [stimulus.crop(0, cut), stimulus.crop(cut)] if cut else [stimulus]
            assert Spikes.concatenate([session.advance(part) for part in parts], along="time") == right.spikes, seed
            assert session.state == right.state, seed


def test_the_count_of_steps_begins_again_before_it_exceeds_32_bits():
    """10^9 steps: the counter is set near the limits that it passes, 2^29 in one piece and in steps."""
    program = random_program(np.random.default_rng(2), "float64", needs=tuple(EXTRA_ARRAYS))
    stimulus = random_stimulus(np.random.default_rng(2), program)[0]
    right = _uncut(program, stimulus)
    for before in (0, 1, 7):
        with lsm.open(program) as session:
            inner = session._stepper
            inner._worker.variable("free_at")[:] += 2**29 - before
            inner._k = 2**29 - before
            session._n_steps = 10**9
            found = [n for k in range(stimulus.n_steps[0]) for n in session.step(*_of(stimulus, k))]
            assert found == right.spikes.channel.tolist()
            assert session.state == right.state
            assert inner._k < stimulus.n_steps[0] + 2**20
            assert session.n_steps == 10**9 + stimulus.n_steps[0]
            assert session.time == pytest.approx(session.n_steps * program.dt)


def test_a_session_goes_on_from_a_state_and_gives_one(liquid, stimulus):
    whole = lsm.run(liquid, stimulus, keep_state=True)
    first = lsm.run(liquid, stimulus.crop(0, 15 * ms), keep_state=True)
    with lsm.open(liquid, dt=1 * ms, state=first.state) as session:
        rest = session.advance(stimulus.crop(15 * ms))
        assert session.state == whole.state
        assert session.time == pytest.approx(25 * ms)
        session.reset(first.state)
        assert session.advance(stimulus.crop(15 * ms)) == rest
    assert Spikes.concatenate([first.spikes, rest], along="time") == whole.spikes


def test_groups_and_dicts_work_as_in_a_run(liquid, stimulus):
    with lsm.open(liquid) as session:
        spikes = session.advance({"in": stimulus})
    assert spikes["exc"] == lsm.run(liquid, stimulus).spikes["exc"]


@pytest.mark.parametrize("engine", ENGINES)
def test_recorded_variables_are_those_of_a_run(liquid, stimulus, engine):
    record = {"exc": ["v", "u"], "inh": lsm.Record("v", neurons=[1])}
    right = lsm.run(liquid, stimulus, record=record).traces
    with lsm.open(liquid, record=record, backend=engine) as session:
        assert session.traces == {}
        session.advance(stimulus.crop(0, 30 * ms))
        assert session.traces["v"]["exc"].values[0].shape == (30, 6)
        session.advance(stimulus.crop(30 * ms, 39 * ms))
        session.step(*_of(stimulus, 39))
        last = session.traces
    for name in ("u", "v"):
        for group, trace in last[name].items():
            assert np.array_equal(trace.values[0], right[name][group].values[0][39:])
            assert trace.times[0] == pytest.approx([40 * ms])
    assert set(last["v"]) == {"exc", "inh"}
    assert set(last["u"]) == {"exc"}


def test_time_without_events(liquid):
    silent = Spikes.from_events([], [], n_steps=20, n_channels=3, dt=1 * ms)
    with lsm.open(liquid) as one, lsm.open(liquid) as other:
        one.step([0, 1, 2])
        other.step([0, 1, 2])
        assert one.advance_until(21 * ms) == other.advance(silent)
        assert len(one.advance_until(21 * ms)) == 0
        with pytest.raises(
            DescriptionError, match=r"time goes backwards: got 0.003 s, but the session has reached 0.021 s"
        ):
            one.advance_until(3 * ms)
        assert one.time == pytest.approx(21 * ms)


def test_payloads_may_grow_while_it_runs():
    program = random_program(np.random.default_rng(0), "loihi")
    rng, n_steps = np.random.default_rng(3), 30
    size = np.repeat([1, 3, 300], 10)
    dense = rng.random((n_steps, program.n_inputs)) < 0.5
    step, channel = np.nonzero(dense)
    payload = rng.integers(-size[step], size[step] + 1)
    stimulus = Spikes.from_events(
        step, channel, n_steps=n_steps, n_channels=program.n_inputs, dt=program.dt, payload=payload
    )
    right = _uncut(program, stimulus)
    with lsm.open(program) as session:
        found = [n for k in range(n_steps) for n in session.step(channel[step == k], payload[step == k])]
        assert found == right.spikes.channel.tolist()
        assert session.state == right.state


def _misuses(liquid, stimulus):
    program = lsm.lower(liquid, 1 * ms)
    other = State.start(random_program(np.random.default_rng(0), "float64"))
    nan = dataclasses.replace(State.start(program), in_flight=np.zeros((1, 1, 3, 8)))
    yield "channel outside", lambda s: s.step([3]), r"events: got channel 3, expected 0..2"
    yield "negative channel", lambda s: s.step([-1]), r"got channel -1"
    yield "channel twice", lambda s: s.step([1, 1]), r"got a channel twice"
    yield "fraction", lambda s: s.step([0.5]), r"events: got 0.5, expected whole numbers"
    yield "two dimensions", lambda s: s.step([[0]]), r"got shape \(1, 1\), expected a list of input channels"
    yield "text", lambda s: s.step("in"), r"session: events"
    yield "payload shape", lambda s: s.step([0, 1], [1]), r"payload: got shape \(1,\), expected \(2,\)"
    yield "payload size", lambda s: s.step([0], [2**31]), r"payload: expected integers within"
    yield "payload beyond 64 bits of magnitude", lambda s: s.step([0], [-(2**63)]), r"payload: expected integers within"
    yield "two samples", lambda s: s.advance(stimulus[[0, 0]]), r"got 2 samples, expected one"
    yield "no spikes", lambda s: s.advance(3), r"stimulus: got int, expected Spikes"
    yield "dt", lambda s: s.advance(Spikes.from_dense(np.ones((2, 3)), 2 * ms)), r"got steps of 0.002 s"
    yield "time", lambda s: s.advance_until(np.nan), r"session: time"
    yield "state", lambda s: s.reset(other), r"that of another program"
    yield "no state", lambda s: s.reset({}), r"state: got dict"
    yield "state shape", lambda s: s.reset(nan), r"state in_flight: got shape"


def test_bad_input_is_refused_in_one_sentence_and_changes_nothing(liquid, stimulus):
    right = lsm.run(liquid, stimulus, keep_state=True)
    with lsm.open(liquid) as session:
        session.advance(stimulus.crop(0, 20 * ms))
        for name, call, message in _misuses(liquid, stimulus):
            with pytest.raises(DescriptionError, match=message) as caught:
                call(session)
            assert "\n" not in str(caught.value), name
        session.advance(stimulus.crop(20 * ms))
        assert session.state == right.state


def test_nan_in_a_state_is_refused(liquid):
    with pytest.raises(DescriptionError, match="got nan, expected finite numbers"):
        dataclasses.replace(State.start(lsm.lower(liquid, 1 * ms)), v=np.full((1, 8), np.nan))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"network": 3}, "network: got int, expected a Liquid, a Program or a trained model"),
        ({"record": {"none": ["v"]}}, "record: no group 'none'"),
        ({"backend": "none"}, "no backend 'none'"),
        ({"dt": -1.0}, "dt"),
        ({"state": 3}, "state: got int"),
    ],
)
def test_bad_arguments(liquid, arguments, message):
    with pytest.raises(DescriptionError, match=message):
        lsm.open(**{"network": liquid} | arguments)


def test_a_program_keeps_its_dt(liquid):
    program = lsm.lower(liquid, 1 * ms)
    with pytest.raises(DescriptionError, match=r"dt: got 0\.002 s, but the program has 0\.001 s"):
        lsm.open(program, dt=2 * ms)


def test_a_closed_session_says_so(liquid, stimulus):
    with lsm.open(liquid) as session:
        session.step()
    session.close()
    assert "closed" in repr(session)
    for call in (session.step, lambda: session.advance(stimulus), lambda: session.state, session.reset):
        with pytest.raises(DescriptionError, match=r"it is closed; open another with lsm_sim\.open"):
            call()


def test_two_threads_in_one_session_are_refused(liquid):
    inside, go_on, errors = threading.Event(), threading.Event(), []

    class Slow:
        def __len__(self):
            return 0

        def __array__(self, dtype=None, copy=None):
            inside.set()
            go_on.wait(20)
            return np.empty(0, np.int64)

    with lsm.open(liquid) as session:
        thread = threading.Thread(target=lambda: session.step(Slow()))
        thread.start()
        try:
            assert inside.wait(20)
            with pytest.raises(DescriptionError, match="used by two threads at the same time"):
                session.step()
        except BaseException as error:
            errors.append(error)
        finally:
            go_on.set()
            thread.join()
        assert not errors, errors
        session.step()
        assert session.n_steps == 2


def test_an_engine_without_states_is_refused_by_name(liquid):
    class Plain:
        name, supports = "plain", frozenset()

        def legalise(self, program):
            return program

        def compile(self, program):
            return contextlib.nullcontext(program)

    with pytest.raises(UnsupportedError, match="plain: a state is given or requested"):
        lsm.open(liquid, backend=Plain())
