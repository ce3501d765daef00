"""Encoders fed frame by frame: the pieces are the batch form's spikes, to the bit, however the signal is cut."""

import copy
import dataclasses
import itertools

import numpy as np
import pytest

from lsm_sim import Spikes, encode
from lsm_sim.encode import BSA, Bits, Delta, Graded, Latency, Passthrough, Poisson, Population, Rate, SideBySide
from lsm_sim.encode.streaming import start_encoder
from lsm_sim.errors import DescriptionError

CUTS = 210


def _timing(rng):
    """Return a step, a frame of one to eight steps, or None, and an interpolation."""
    dt = float(rng.choice([0.5e-3, 1e-3, 2e-3]))
    frame = [None, *(dt * n for n in (1, 2, 3, 5, 8))][rng.integers(6)]
    return dt, {"frame": frame, "interpolation": str(rng.choice(["hold", "linear"]))}


def _rate(rng):
    dt, timing = _timing(rng)
    power, phase = float(rng.choice([1.0, 2.0, 0.7])), [None, 0.0, 0.4][rng.integers(3)]
    return Rate(rng.uniform(20, 0.9 / dt), power=power, phase=phase, seed=int(rng.integers(9)), **timing), dt


def _poisson(rng):
    dt, timing = _timing(rng)
    power = float(rng.choice([1.0, 2.3]))
    seed = np.random.default_rng(rng.integers(2**31))
    return Poisson(rng.uniform(50, 0.9 / dt), power=power, seed=seed, **timing), dt


def _latency(rng):
    dt, _ = _timing(rng)
    return Latency(dt * rng.integers(1, 12), threshold=float(rng.choice([0.0, 0.5]))), dt


def _delta(rng):
    dt, timing = _timing(rng)
    return Delta(rng.uniform(0.05, 0.5), start=rng.uniform(-1, 1), **timing), dt


def _bsa(rng):
    dt, timing = _timing(rng)
    taps = dt * int(rng.choice([1, 2, 5, 24]))
    form = {"taps": taps, "cutoff": 0.2 / dt, "threshold": rng.uniform(0.3, 1)}
    return BSA(rng.uniform(100, 0.9 / dt), power=float(rng.choice([1.0, 1.7])), **form, **timing), dt


def _population(rng):
    dt, timing = _timing(rng)
    return Population(int(rng.integers(2, 9)), max_rate=rng.uniform(50, 0.9 / dt), **timing), dt


def _bits(rng):
    dt, timing = _timing(rng)
    return Bits(int(rng.integers(1, 13)), frame=timing["frame"]), dt


def _graded(rng):
    dt, timing = _timing(rng)
    return Graded(int(rng.integers(2, 9)), timing["frame"], largest=1.0), dt


def _passthrough(_):
    return Passthrough(), 1e-3


def _side_by_side(rng):
    dt, timing = _timing(rng)
    timing["frame"] = timing["frame"] or dt
    taps = {"taps": 4 * dt, "cutoff": 0.2 / dt}
    kinds = [
        Rate(0.3 / dt, **timing),
        Delta(0.1, **timing),
        BSA(0.5 / dt, **taps, **timing),
        Poisson(0.3 / dt, seed=np.random.default_rng(rng.integers(2**31)), **timing),
        Graded(4, timing["frame"]),
        SideBySide((Latency(timing["frame"]), BSA(0.5 / dt, **taps, **timing))),
    ]
    return SideBySide(tuple(kinds[i] for i in rng.permutation(6)[: rng.integers(1, 5)])), dt


ENCODERS = {
    "Rate": _rate,
    "Poisson": _poisson,
    "Latency": _latency,
    "Delta": _delta,
    "BSA": _bsa,
    "Population": _population,
    "Bits": _bits,
    "Graded": _graded,
    "Passthrough": _passthrough,
    "SideBySide": _side_by_side,
}
FORMS = {
    "Rate": Rate(50),
    "Poisson": Poisson(50, seed=np.random.default_rng(1)),
    "Latency": Latency(),
    "Delta": Delta(),
    "BSA": BSA(),
    "Population": Population(),
    "Bits": Bits(),
    "Graded": Graded(),
    "Passthrough": Passthrough(),
    "SideBySide": SideBySide((Rate(50), Graded())),
}


def test_every_encoder_is_here():
    known = {name for name in encode.__all__ if name[0].isupper()} - {"Encoder", "EncoderStream"}
    assert set(ENCODERS) == known == set(FORMS)


def _signal(name, rng):
    shape = rng.integers(1, 40), rng.integers(1, 6)
    if name == "Passthrough":
        return (rng.random(shape) < 0.3).astype(float)
    values = rng.random(shape)
    values[rng.random(shape) < 0.2] = 0.0
    values[rng.random(shape) < 0.1] = 1.0
    return values - 0.3 if name == "Graded" else values


def _pieces(stream, signal, rng):
    """Return the pieces of a signal that is cut at random places."""
    how = rng.integers(3)  # frame by frame, in one piece, anyhow
    n = len(signal)
    cuts = [np.arange(n + 1), [0, n], np.unique([0, *rng.integers(0, n + 1, 4), n])][how]
    out = []
    for start, stop in itertools.pairwise(cuts):
        frames = signal[start] if stop == start + 1 and rng.random() < 0.5 else signal[start:stop]
        out.append(stream.advance(frames))
        known = sum(int(piece.n_steps[0]) for piece in out if piece is not None)
        assert stop * stream.steps_per_frame - stream.delay <= known <= stop * stream.steps_per_frame
    return [*out, stream.finish()]


@pytest.mark.parametrize("name", ENCODERS)
def test_the_pieces_are_the_spikes_of_the_whole_signal(name):
    for seed in range(CUTS):
        rng = np.random.default_rng(seed)
        encoder, dt = ENCODERS[name](rng)
        signal = _signal(name, rng)
        stream = start_encoder(copy.deepcopy(encoder), signal.shape[1], dt)
        pieces = [piece for piece in _pieces(stream, signal, rng) if piece is not None]
        for piece in pieces:  # what the constructor would have made of them
            assert piece == dataclasses.replace(piece), f"seed {seed}"
            assert not any(array.flags.writeable for array in (piece.step, piece.channel, piece.offsets, piece.n_steps))
        expected = encoder([signal], dt)
        got = Spikes.concatenate(pieces, along="time")
        assert got == expected, f"seed {seed}: {encoder}, {signal.shape}: {got.difference(expected)}"
        assert (stream.n_channels, stream.dt) == (expected.n_channels, expected.dt), f"seed {seed}"


def test_some_spikes_are_held_back_where_the_future_matters():
    assert BSA(taps=24e-3).stream(1, 1e-3).delay == 23
    assert BSA(taps=24e-3, frame=10e-3).stream(1, 1e-3).delay == 28
    assert Rate(50, frame=10e-3, interpolation="linear").stream(1, 1e-3).delay == 5
    assert Rate(50, frame=10e-3).stream(1, 1e-3).delay == 0
    first = BSA(taps=24e-3).stream(2, 1e-3)
    assert first.advance([0.5, 0.5]) is None
    assert first.finish().n_steps.tolist() == [1]


def test_a_signal_of_a_million_steps_has_the_bits_of_the_batch():
    signal = np.random.default_rng(3).random((10**5, 1))
    encoder = Rate(700, frame=10e-3, interpolation="linear", power=1.3)
    stream = encoder.stream(1, 1e-3)
    cuts = np.unique(np.random.default_rng(4).integers(1, 10**5, 50))
    pieces = [stream.advance(part) for part in np.split(signal, cuts)]
    assert Spikes.concatenate([*pieces, stream.finish()], along="time") == encoder([signal], 1e-3)


def test_the_sum_of_rates_is_as_exact_as_said():
    """After n steps it is off by at most n^2 * max_rate * dt * 6e-17 spikes, against the sum of exact fractions."""
    stream = Rate(200, phase=0.0).stream(1, 1e-3)
    code = stream._code
    n = 10**6
    for _ in range(10):
        code(np.ones((n // 10, 1)), False)
    from fractions import Fraction

    error = abs(Fraction(float(code.total[0])) - n * Fraction(0.2))
    assert 0 < error < n**2 * 0.2 * 6e-17


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize(
    "bad", ["text", [[np.nan, 0.0]], [[1.0, 0.0, 0.0]], np.zeros((0, 2)), np.zeros((1, 1, 2)), None]
)
def test_bad_frames_are_one_sentence_and_change_nothing(name, bad):
    dt = 1e-3
    signal = np.eye(2)[[0, 1, 1, 0, 0, 1]]
    stream = copy.deepcopy(FORMS[name]).stream(2, dt)
    pieces = [stream.advance(signal[:3])]
    for _ in range(2):
        with pytest.raises(DescriptionError) as error:
            stream.advance(bad)
        assert "\n" not in str(error.value)
    pieces += [stream.advance(signal[3:]), stream.finish()]
    expected = copy.deepcopy(FORMS[name])([signal], dt)
    assert Spikes.concatenate([piece for piece in pieces if piece], along="time") == expected


@pytest.mark.parametrize("name", ["Rate", "Poisson", "Latency", "BSA", "Bits", "Graded", "Passthrough"])
def test_a_value_out_of_range_is_named_with_its_frame(name):
    stream = copy.deepcopy(FORMS[name]).stream(2, 1e-3)
    stream.advance(np.zeros((3, 2)))
    with pytest.raises(DescriptionError, match=rf"{name}: got 1.5 in frame 4, expected .*; (scale|encode)"):
        stream.advance([[0.0, 0.0], [0.0, 1.5]])


def test_no_part_goes_on_if_one_of_them_refuses():
    both = SideBySide((Delta(0.1), Rate(500)))
    stream, signal = both.stream(1, 1e-3), np.array([[0.2], [0.9], [0.4]])
    first = stream.advance(signal[:1])
    with pytest.raises(DescriptionError, match="Rate: got 7 in frame 1"):
        stream.advance([7.0])
    assert Spikes.concatenate([first, stream.advance(signal[1:])], along="time") == both([signal], 1e-3)


@pytest.mark.parametrize("name", FORMS)
def test_nothing_comes_after_the_end(name):
    stream = copy.deepcopy(FORMS[name]).stream(2, 1e-3)
    assert stream.finish() is None  # of no frames at all
    for call in (stream.finish, lambda: stream.advance([0.0, 0.0]), lambda: stream.check([0.0, 0.0])):
        with pytest.raises(DescriptionError, match=r"after finish\(\), expected none; start another stream"):
            call()


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"n_features": 0}, "n_features"),
        ({"n_features": 1.5}, "n_features"),
        ({"dt": 0.0}, "dt"),
        ({"dt": "1"}, "dt"),
        ({"rng": 3}, "rng: got int, expected a numpy.random.Generator, or None"),
    ],
)
def test_wrong_arguments_of_a_stream_are_one_sentence(name, wrong, words):
    with pytest.raises(DescriptionError, match=words):
        start_encoder(copy.deepcopy(FORMS[name]), **{"n_features": 2, "dt": 1e-3} | wrong)


def test_a_stream_of_random_spikes_needs_a_source_of_numbers():
    with pytest.raises(DescriptionError, match=r"got the seed 3, whose random numbers .* give rng="):
        Poisson(50, seed=3).stream(2, 1e-3)
    signal = np.random.default_rng(0).random((30, 2))
    stream = Poisson(300, seed=3).stream(2, 1e-3, rng=np.random.default_rng(8))
    pieces = [stream.advance(frame) for frame in signal]
    assert Spikes.concatenate(pieces, "time") == Poisson(300, seed=np.random.default_rng(8))([signal], 1e-3)


def test_side_by_side_each_random_encoder_has_numbers_of_its_own():
    signal = np.random.default_rng(0).random((30, 2))
    both = SideBySide((Poisson(300, seed=1), Poisson(300, seed=2)))
    stream = both.stream(2, 1e-3, rng=np.random.default_rng(8))
    pieces = Spikes.concatenate([stream.advance(frame) for frame in signal], "time")
    seeds = np.random.default_rng(8).spawn(2)
    assert pieces == SideBySide(tuple(Poisson(300, seed=seed) for seed in seeds))([signal], 1e-3)
    one = np.random.default_rng(1)
    with pytest.raises(DescriptionError, match="one numpy Generator as the seed of several encoders"):
        SideBySide((Poisson(300, seed=one), Poisson(300, seed=one))).stream(2, 1e-3)


def test_encoders_side_by_side_need_one_duration():
    with pytest.raises(DescriptionError, match="frames of 1 and 5 steps from Rate and Delta"):
        SideBySide((Rate(50), Delta(frame=5e-3))).stream(2, 1e-3)


def test_spikes_pass_through_in_pieces():
    whole = Spikes.from_dense(np.random.default_rng(2).random((20, 3)) < 0.4, 1e-3)
    stream = Passthrough().stream(3, 1e-3)
    parts = [stream.advance(whole.crop(0, 7e-3)), stream.advance(whole.raster()[7:9]), stream.advance(whole.crop(9e-3))]
    assert Spikes.concatenate(parts, "time") == whole
    for wrong in (Spikes.from_dense(np.ones((2, 3, 3)), 1e-3), Spikes.from_dense(np.ones((3, 4)), 1e-3)):
        with pytest.raises(DescriptionError, match="expected one sample of 3 channels"):
            stream.advance(wrong)
    with pytest.raises(DescriptionError, match=r"in steps of 0.002 s, expected 0.001 s"):
        stream.advance(Spikes.from_dense(np.ones((3, 3)), 2e-3))


@pytest.mark.parametrize("encoder", [None, "Rate", Rate, lambda _: None])
def test_an_encoder_without_a_stream_is_refused(encoder):
    with pytest.raises(DescriptionError, match="can be fed frame by frame, such as"):
        start_encoder(encoder, 2, 1e-3)
