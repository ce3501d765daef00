"""Stimuli on the command line: encode, signals given to run, recorded variables, samples of different lengths."""

import json

import numpy as np
import pytest
from scipy.io import wavfile
from typer.testing import CliRunner

import lsm_sim as lsm
from lsm_sim import Hz, Spikes, encode, ms
from lsm_sim.apps.cli.app import app
from lsm_sim.audio import Cochleagram, read_wav


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def fails(result, expected):
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert expected in result.stderr


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with a liquid of 4 input channels, its program, and signals of 4 channels."""
    folder = tmp_path_factory.mktemp("signals")
    rng = np.random.default_rng(0)
    groups = [lsm.Neurons("exc", 8), lsm.Neurons("inh", 3)]
    liquid = lsm.Liquid([lsm.Inputs("in", 4)], groups, [lsm.Synapses("in", ("exc", "inh"), lsm.AllToAll(), weight=0.4)])
    liquid.save(folder / "liquid.toml")
    lsm.lower(liquid, 0.5 * ms).save(folder / "program.npz")
    signals = rng.random((3, 6, 4))
    np.save(folder / "three.npy", signals)
    np.save(folder / "one.npy", signals[0])
    np.savetxt(folder / "one.csv", signals[0], delimiter=",", header="a,b,c,d", comments="")
    np.save(folder / "large.npy", 100 * signals)
    wavfile.write(folder / "tone.wav", 8000, (3000 * np.sin(np.arange(2000) * 0.5)).astype(np.int16))
    np.save(folder / "objects.npy", np.array([1, "a"], object), allow_pickle=True)
    np.save(folder / "flat.npy", signals[0, 0])
    np.save(folder / "nan.npy", np.full((2, 4), np.nan))
    (folder / "broken.npy").write_bytes((folder / "three.npy").read_bytes()[:200])
    (folder / "text.npy").write_text("hello")
    (folder / "text.csv").write_text("a,b\n1,x\n")
    (folder / "ragged.csv").write_text("1,2\n3\n")
    (folder / "empty.csv").write_text("")
    (folder / "notes.txt").write_text("1")
    Spikes.from_dense(rng.random((30, 4)) < 0.1, 1 * ms).save(folder / "spikes.npz")
    return folder


def encoded(tmp_path, *arguments):
    result = run("encode", *arguments, "-o", tmp_path / "out.npz")
    assert result.exit_code == 0, result.output
    return Spikes.load(tmp_path / "out.npz")


def test_tables_are_encoded_as_the_library_does_it(files, tmp_path):
    signals = np.load(files / "three.npy")
    expected = encode.rate(signals, max_rate=200 * Hz, frame=50 * ms, dt=1 * ms)
    assert encoded(tmp_path, files / "three.npy") == expected
    assert encoded(tmp_path, files / "one.npy") == expected[0]
    assert encoded(tmp_path, files / "one.csv") == expected[0]
    assert len(encoded(tmp_path, files / "three.npy", files / "one.csv")) == 4
    options = ("--encoder", "delta", "--step", "0.2", "--frame", "0.01", "--dt", "0.0005")
    got = encoded(tmp_path, files / "three.npy", *options)
    assert got == encode.delta(signals, step=0.2, frame=10 * ms, dt=0.5 * ms)


def test_sounds_are_encoded_by_frequency_band(files, tmp_path):
    got = encoded(tmp_path, files / "tone.wav", "--front-end", "cochlea", "--bands", "16")
    bands = Cochleagram(n_bands=16, hop=5 * ms).fit_transform([read_wav(files / "tone.wav")])
    assert got == encode.rate(bands, max_rate=200 * Hz, frame=5 * ms, dt=1 * ms)
    assert encoded(tmp_path, files / "tone.wav").n_channels == 32


@pytest.mark.parametrize("scale", ["channel", "global"])
def test_values_are_scaled_on_request(files, tmp_path, scale):
    signals = np.load(files / "large.npy")
    axis = (0, 1) if scale == "channel" else None
    low, high = signals.min(axis), signals.max(axis)
    expected = encode.rate((signals - low) / (high - low), max_rate=200 * Hz, frame=50 * ms, dt=1 * ms)
    assert encoded(tmp_path, files / "large.npy", "--scale", scale) == expected


def test_poisson_spikes_need_no_signal(tmp_path):
    arguments = ("--rate", 20, "--channels", 80, "--duration", 2, "--samples", 3, "--seed", 5)
    spikes = encoded(tmp_path, *arguments)
    assert (len(spikes), spikes.n_channels, spikes.n_steps.tolist()) == (3, 80, [2000] * 3)
    assert 19 < spikes.rates().mean() < 21  # 9600 spikes expected, standard deviation 1 %
    assert spikes == encoded(tmp_path, *arguments)
    assert spikes[0] != spikes[1]
    assert spikes != encoded(tmp_path, *arguments[:-1], 6)


def test_the_json_of_encode_describes_the_spikes(files, tmp_path):
    result = run("encode", files / "one.npy", "-o", tmp_path / "out.npz", "--json")
    report = json.loads(result.stdout)
    spikes = Spikes.load(tmp_path / "out.npz")
    assert (report["samples"], report["channels"], report["spikes"]) == (1, 4, spikes.n_events)
    assert report["rate"] == pytest.approx(spikes.rates().mean())


@pytest.mark.parametrize("description", ["liquid.toml", "program.npz"])
@pytest.mark.parametrize("signal", [("three.npy",), ("one.csv",), (), ("three.npy", "--encoder", "poisson")])
def test_run_takes_what_encode_takes(files, tmp_path, description, signal):
    path = [files / signal[0]] if signal else []
    options = [*signal[1:]] if signal else ["--rate", 50, "--duration", 0.2]
    more = [] if signal else ["--channels", 4]
    dt = ["--dt", 0.0005] if description == "program.npz" else []  # that of the program
    stimulus = encoded(tmp_path, *path, *options, *more, *dt)
    direct = run("run", files / description, *path, *options, "-o", tmp_path / "direct.npz")
    assert direct.exit_code == 0, direct.output
    stimulus.save(tmp_path / "stimulus.npz")
    run("run", files / description, tmp_path / "stimulus.npz", "-o", tmp_path / "indirect.npz")
    assert Spikes.load(tmp_path / "direct.npz") == Spikes.load(tmp_path / "indirect.npz")


def test_the_seed_of_run_is_that_of_a_random_stimulus_too(files, tmp_path):
    def spikes(description, *options):
        result = run("run", files / description, "--rate", 50, *options, "-o", tmp_path / "out.npz")
        assert result.exit_code == 0, result.output
        return Spikes.load(tmp_path / "out.npz")

    for description in ("liquid.toml", "program.npz"):
        assert spikes(description, "--seed", 1) == spikes(description, "--seed", 1)
        assert spikes(description, "--seed", 1) != spikes(description, "--seed", 2)


def test_recorded_variables_are_written_by_group(files, tmp_path):
    options = ("--record", "u, v", "--traces", tmp_path / "traces.npz")
    assert run("run", files / "liquid.toml", files / "three.npy", *options).exit_code == 0
    stimulus = encoded(tmp_path, files / "three.npy")
    record = dict.fromkeys(("exc", "inh"), ("u", "v"))
    result = lsm.run(lsm.Liquid.load(files / "liquid.toml"), stimulus, record=record)
    with np.load(tmp_path / "traces.npz") as got:
        assert set(got) == {"format", "dt", "offsets", "u.exc", "v.exc", "u.inh", "v.inh"}
        for b in range(3):
            rows = slice(*got["offsets"][b : b + 2])
            for variable, groups in result.traces.items():
                for name, trace in groups.items():
                    np.testing.assert_array_equal(got[f"{variable}.{name}"][rows], trace.values[b])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "liquid.toml", "notes.txt"], "got the suffix '.txt', expected spikes as .npz, or a signal as .wav"),
        (["run", "liquid.toml", "objects.npy"], "contains pickled objects, which are never loaded"),
        (["run", "liquid.toml", "broken.npy"], "declares 576 bytes but contains 72; it is damaged"),
        (["run", "liquid.toml", "text.npy"], "damaged or not an .npy file"),
        (["run", "liquid.toml", "flat.npy"], "got shape (4,), expected (frames, channels) or (samples, frames"),
        (["run", "liquid.toml", "nan.npy"], "got nan, expected finite numbers"),
        (["run", "liquid.toml", "nothing.npy"], "no such file"),
        (["run", "liquid.toml", "text.csv"], "row 0: got 'x', expected a number"),
        (["run", "liquid.toml", "ragged.csv"], "row 1 has 1 values, expected 2 as in the first"),
        (["run", "liquid.toml", "empty.csv"], "got shape (0,)"),
        (["run", "liquid.toml", "large.npy"], "expected values in [0, 1]; use --scale channel or --scale global"),
        (["run", "liquid.toml", "tone.wav"], "got 32 channels, expected the 4 input channels"),
        (["run", "liquid.toml"], "no stimulus: expected a file, or --rate for Poisson spikes"),
        (["run", "liquid.toml", "one.npy", "--rate", "5"], "one.npy too, expected a file or --rate, not both"),
        (["run", "liquid.toml", "one.npy", "--duration", "5"], "--duration: only with --rate; omit it"),
        (["run", "liquid.toml", "--rate", "5", "--frame", "1"], "--frame: with --rate nothing is encoded; omit it"),
        (["run", "liquid.toml", "--rate", "5000"], "max_rate: got 5000 Hz, expected at most one spike per step"),
        (["run", "liquid.toml", "--rate", "5", "--duration", "0"], "--duration: got 0, expected a number > 0"),
        (
            ["run", "liquid.toml", "spikes.npz", "--max-rate", "9"],
            "spikes.npz holds spikes, which are not encoded again",
        ),
        (["run", "liquid.toml", "spikes.npz", "--dt", "0.1"], "spikes.npz has its own time step; omit it"),
        (["run", "liquid.toml", "one.npy", "--bands", "9"], "one.npy is no sound; omit it"),
        (["run", "liquid.toml", "one.npy", "--step", "9"], "--step: the encoder 'rate' has no such setting"),
        (["run", "liquid.toml", "one.npy", "--record", "v"], "--traces: missing, expected beside --record"),
        (["run", "liquid.toml", "one.npy", "--traces", "t.npz"], "--record: missing, expected beside --traces"),
        (["run", "liquid.toml", "one.npy", "--record", "x", "--traces", "t.npz"], "record variable: got 'x'"),
        (["encode", "one.npy"], "--out: missing"),
        (["encode", "-o", "out.npz"], "no stimulus: expected a file, or --rate"),
        (["encode", "--rate", "5", "-o", "out.npz"], "--channels: missing, expected the number of channels for --rate"),
        (["encode", "one.npy", "tone.wav", "-o", "out.npz"], "got sounds and tables, expected files of one kind"),
        (["encode", "one.npy", "--channels", "5", "-o", "out.npz"], "--channels: only with --rate; omit it"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(files, monkeypatch, arguments, message):
    monkeypatch.chdir(files)
    fails(run(*arguments), message)


@pytest.fixture
def ragged(tmp_path):
    """Twelve samples of two classes and different lengths: in one file, and as a list of files."""
    rng = np.random.default_rng(2)
    y = np.arange(12) % 2
    X = [np.clip(rng.normal(0.3 + 0.4 * label, 0.1, (int(rng.integers(2, 6)), 4)), 0, 1) for label in y]
    np.savez(tmp_path / "data.npz", X=np.concatenate(X), n_frames=[len(x) for x in X], y=y)
    for i, sample in enumerate(X):
        np.save(tmp_path / f"{i}.npy", sample)
    lines = [f"{i}.npy,{label}" for i, label in enumerate(y)]
    (tmp_path / "list.csv").write_text("\n".join(["file,label", *lines]))
    (tmp_path / "new.csv").write_text("\n".join(f"{i}.npy" for i in range(12)))
    return tmp_path, X, y


def test_samples_of_different_lengths_are_trained_and_predicted(files, ragged):
    folder, X, y = ragged
    texts = []
    for data in ("data.npz", "list.csv"):
        result = run("train", files / "liquid.toml", folder / data, "-o", folder / "m.npz", "--cv", 3, "--json")
        assert result.exit_code == 0, result.output
        report = json.loads(result.stdout)
        assert report["samples"] == 12
        assert len(report["cv"]["folds"]) == 3
        texts.append([report["training"], report["cv"]])
        model = lsm.LiquidClassifier.load(folder / "m.npz")
        for new in (data, "new.csv"):
            predicted = json.loads(run("predict", folder / "m.npz", folder / new, "--json").stdout)
            assert predicted["predictions"] == model.predict(X).tolist()
            assert (predicted["score"] is None) == (new == "new.csv")
    assert texts[0] == texts[1]
    assert (model.classes_ == np.unique(y)).all()


def test_labels_are_numbers_or_texts(ragged):
    from lsm_sim.apps.cli.inputs import load_data

    folder, _, _ = ragged
    for labels, kind in ((["1", "2"], "i"), (["1", "2.5"], "f"), (["a", "2"], "U"), (["1", "nan"], "U")):
        (folder / "some.csv").write_text("".join(f"{i}.npy,{label}\n" for i, label in enumerate(labels)))
        assert load_data(folder / "some.csv", need_y=True)[1].dtype.kind == kind


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.npy\n", "expected lines FILE,LABEL, at least one"),
        ("", "expected lines FILE,LABEL"),
        ("0.npy,1\n1.npy\n", "expected lines FILE,LABEL, at least one and all of one kind"),
        ("a.wav,1\n", "got the file 'a.wav', expected .npy or .csv files"),
        ("12.npy,1\n", "12.npy: no such file"),
    ],
)
def test_a_wrong_list_is_answered_in_a_sentence(files, ragged, text, message):
    folder, _, _ = ragged
    (folder / "wrong.csv").write_text(text)
    fails(run("train", files / "liquid.toml", folder / "wrong.csv", "-o", folder / "m.npz"), message)


def test_numbers_of_frames_must_fit(files, ragged):
    folder, X, y = ragged
    np.savez(folder / "wrong.npz", X=np.concatenate(X), n_frames=[1, 2], y=y[:2])
    fails(run("train", files / "liquid.toml", folder / "wrong.npz", "-o", folder / "m.npz"), "n_frames of shape (2,)")
    result = run("train", files / "liquid.toml", folder / "data.npz", "-o", folder / "m.npz", "--shape", 2, 2)
    fails(result, "--shape: got (2, 2), but the samples of X have a shape already; omit it")
