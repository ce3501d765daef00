"""``lsm-sim live``: answers as lines and as JSON, the picture, and bad input."""

import io
import json
import socket
import sys
import threading
import time
import wave

import numpy as np
import pytest

import lsm_sim as lsm
from lsm_sim import Hz, ms
from lsm_sim.apps.cli.app import app
from lsm_sim.apps.cli.live_view import Picture
from lsm_sim.audio import MelSpectrogram
from lsm_sim.live import Answer, packed_array, send_frames


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    rng, y = np.random.default_rng(0), np.arange(12) % 2
    sounds = [rng.normal(0, 0.05 * (1 + 2 * label), 2400) for label in y]
    X = MelSpectrogram(8000, 4, hop=10 * ms, reference=-10.0).transform(sounds)
    liquid = lsm.Liquid(
        [lsm.Inputs("in", 4)],
        [lsm.Neurons("exc", 20, v_thresh=0.3)],
        [lsm.Synapses("in", "exc", lsm.FixedProbability(0.5), weight=1.0)],
        seed=2,
    )
    labels = np.array(["soft", "loud"])[y]
    model = lsm.LiquidClassifier(liquid, lsm.encode.Rate(200 * Hz, frame=10 * ms)).fit(X, labels)
    folder = tmp_path_factory.mktemp("live")
    model.save(folder / "model.npz")
    np.save(folder / "signal.npy", X[1])
    with wave.open(str(folder / "sound.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(np.rint(sounds[1] * 20000).astype("<i2").tobytes())
    return folder, model, X[1], sounds[1]


def _lines(capsys, *words, code=0):
    with pytest.raises(SystemExit) as end:
        app(["live", *map(str, words)], prog_name="lsm-sim")
    out, err = capsys.readouterr()
    assert (end.value.code or 0) == code, err
    return out.splitlines() if code == 0 else err


def test_a_signal_gives_an_answer_for_each_frame(trained, capsys):
    folder, model, signal, _ = trained
    answers = [
        json.loads(line) for line in _lines(capsys, folder / "model.npz", folder / "signal.npy", "--no-pace", "--json")
    ]
    assert [round(answer["time"], 3) for answer in answers] == [round(0.01 * (k + 1), 3) for k in range(len(signal))]
    assert [answer["label"] for answer in answers] == [model.predict([signal[: k + 1]])[0] for k in range(len(signal))]
    score = model.decision_function([signal])[0]
    assert answers[-1]["scores"] == pytest.approx([-score, score])
    lines = _lines(capsys, folder / "model.npz", folder / "signal.npy", "--no-pace", "--backend", "reference")
    assert lines[-1].split()[:3] == ["0.280", "s", answers[-1]["label"]]


def test_sound_from_a_file_and_from_standard_input(trained, capsys, monkeypatch):
    folder, _, _, sound = trained
    options = ("--mel", 4, "--reference", "-10", "--json")
    from_file = _lines(capsys, folder / "model.npz", folder / "sound.wav", "--no-pace", *options)
    raw = io.BytesIO(np.rint(sound * 20000).astype("<i2").tobytes())
    monkeypatch.setattr(sys, "stdin", type("Stdin", (), {"buffer": raw})())
    assert _lines(capsys, folder / "model.npz", "-", *options) == from_file
    assert len(from_file) > 20


def test_frames_over_tcp(trained, capsys):
    folder, _, signal, _ = trained
    port = _free_port()
    client = threading.Timer(0.0, _send, (port, signal))
    client.start()
    answers = _lines(capsys, folder / "model.npz", f"tcp:{port}", "--stall", 20, "--json")
    client.join()
    assert len(answers) == len(signal)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _send(port, signal):
    for _ in range(200):
        try:
            send_frames(port, signal)
        except lsm.LsmError:
            time.sleep(0.05)
        else:
            return


def _send_bytes(port, data):
    for _ in range(200):
        try:
            connection = socket.create_connection(("127.0.0.1", port), timeout=20)
        except OSError:
            time.sleep(0.05)
        else:
            with connection:
                connection.sendall(data)
            return


def test_the_picture_has_bars_and_a_raster():
    picture = Picture(24)
    spikes = lsm.Spikes.from_events([0, 0, 0], [0, 1, 23], n_steps=10, n_channels=24, dt=1 * ms)
    drawn = picture.drawn(Answer(0.5, "yes", [0.25, 1.0]), np.array(["no", "yes"]), spikes).splitlines()
    assert drawn[0] == "   0.500 s  yes  margin 0.750"
    assert [line.count("#") for line in drawn[1:3]] == [0, 40]
    raster = drawn[3:]
    assert len(raster) == 12
    assert raster[-1].endswith("@|")  # neurons 0 and 1: 0.1 spikes per neuron and step
    assert raster[0].rstrip("|")[-1] not in " @"
    assert raster[5] == f"|{' ' * 60}|"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["none.xyz"], "expected a .wav, .npy or .csv file, tcp:PORT, or -"),
        (["tcp:x"], "expected tcp:PORT with a number"),
        (["sound.wav"], "got 1 channels, expected 4 as in training; for sound give --mel 4"),
        (["sound.wav", "--mel", "4"], "--mel: expected --reference too"),
        (["sound.wav", "--reference", "1"], "--reference: only with --mel"),
        (["sound.wav", "--sample-rate", "8000"], "--sample-rate: only for raw sound"),
        (["signal.npy", "--stall", "3"], "--stall: only for"),
        (["signal.npy", "--mel", "4", "--reference", "1"], "--mel: got a source of 4 channels, expected sound"),
        (["signal.npy", "--window", "0"], "window"),
        (["missing.npy"], "missing.npy"),
        (["missing.wav"], "missing.wav"),
    ],
)
def test_bad_input_is_one_line(trained, capsys, monkeypatch, words, message):
    folder = trained[0]
    monkeypatch.chdir(folder)
    err = _lines(capsys, "model.npz", *words, code=2)
    assert message in err
    assert err.count("\n") == 1


def test_wrong_packets_are_counted(trained, capsys):
    folder, _, signal, _ = trained
    port = _free_port()
    sent = packed_array(np.ones((1, 3)), 0), packed_array(signal[:2], 1), packed_array(np.ones((1, 4)), 2)[:-4]
    client = threading.Thread(target=_send_bytes, args=(port, b"".join([*sent, packed_array(signal[2:4], 3)])))
    client.start()
    with pytest.raises(SystemExit) as end, pytest.warns(lsm.LsmWarning, match="got packets of 3 channels, expected 4"):
        app(["live", str(folder / "model.npz"), f"tcp:{port}", "--stall", "20"], prog_name="lsm-sim")
    client.join()
    out, err = capsys.readouterr()
    assert not end.value.code, err
    assert len(out.splitlines()) == 2, err  # an answer for each packet
    assert "channels" in err
    assert "checksum" in err
