"""Small files in the formats of the real data sets, and the folder of the real ones."""

from __future__ import annotations

import gzip
import hashlib
import io
import shutil
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

REAL = Path(__file__).parents[2] / "shared" / "data"


def real(name):
    """Mark a test that needs a real data set in ../shared/data; the generated files are tested without it."""
    return pytest.mark.skipif(
        not (REAL / name).is_dir(), reason=f"no {REAL / name}; generated files are tested instead"
    )


def write_wav(path, samples=800, rate=8000):
    """Write a tone that depends on the name of the file."""
    pitch = 200 + sum(path.name.encode()) % 400
    wave = np.sin(2 * np.pi * pitch * np.arange(samples) / rate)
    wavfile.write(path, rate, (wave * 8000).astype(np.int16))


def write_digits(folder, speakers=("ann", "bob"), digits=range(10), numbers=(0, 4, 5, 12)):
    """Write recordings named like those of the Free Spoken Digit Dataset."""
    folder.mkdir(parents=True, exist_ok=True)
    for speaker in speakers:
        for digit in digits:
            for number in numbers:
                write_wav(folder / f"{digit}_{speaker}_{number}.wav")
    return folder


def write_vowels(folder, train=(2, 3), test=(1, 2), separator="", newline="\n", seed=0):
    """Write utterances in the format of the UCI text files; return their frames."""
    folder.mkdir(parents=True, exist_ok=True)
    rng, blocks = np.random.default_rng(seed), []
    for part, sizes in (("train", train), ("test", test)):
        lines = []
        for _ in range(sum(sizes)):
            blocks.append(rng.normal(size=(rng.integers(7, 30), 12)).round(6))
            lines += [" ".join(f"{value:.6f}" for value in row) + " " for row in blocks[-1]] + [separator]
        (folder / f"ae.{part}").write_text(newline.join(lines) + newline, newline="")
        (folder / f"size_ae.{part}").write_text(" ".join(map(str, sizes)) + "\n")
    return blocks


def write_spikes(path, n=6, n_classes=20, seed=0, **replaced):
    """Write an HDF5 file in the format of the Heidelberg data sets; ``replaced`` gives other values for some keys."""
    import h5py

    rng = np.random.default_rng(seed)
    sizes = rng.integers(0, 40, n)
    values = {
        "spikes/times": [np.sort(rng.uniform(0, 1, size)).astype(np.float16) for size in sizes],
        "spikes/units": [rng.integers(0, 700, size).astype(np.uint16) for size in sizes],
        "labels": rng.integers(0, n_classes, n).astype(np.uint16),
        "extra/speaker": rng.integers(0, 12, n).astype(np.uint16),
        "extra/keys": np.array([f"word {k}".encode() for k in range(n_classes)]),
    } | replaced
    ragged = {"spikes/times": np.float16, "spikes/units": np.uint16}
    with h5py.File(path, "w") as file:
        for key, value in values.items():
            if value is None:
                continue
            if key in ragged and isinstance(value, list):
                dtype = value[0].dtype if value else ragged[key]
                dataset = file.create_dataset(key, (len(value),), dtype=h5py.vlen_dtype(dtype))
                for k, part in enumerate(value):
                    dataset[k] = part
            else:
                file[key] = value
    return values


def write_ecg(folder, name="100", n=3600, rate=360, samples=None, symbols=None, notes=None, signal=None):
    """Write a WFDB record with two signals and annotations."""
    folder.mkdir(parents=True, exist_ok=True)
    samples = np.array([5, 300, 600, 900, 1200, 2000, 3590]) if samples is None else np.array(samples)
    symbols = ["+", "N", "V", "A", "~", "L", "N"] if symbols is None else symbols
    notes = ["(N"] + [""] * (len(symbols) - 1) if notes is None else notes
    if signal is None:
        signal = np.sin(np.arange(n) / 20)[:, None] * [1, -0.5]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # wfdb uses deprecated functions of pandas
        import wfdb

        where = {"write_dir": str(folder)}
        names = {"sig_name": ["MLII", "V1"], "units": ["mV", "mV"], "fmt": ["212", "212"]}
        wfdb.wrsamp(name, fs=rate, p_signal=signal, **names, **where)
        wfdb.wrann(name, "atr", samples, symbol=symbols, aux_note=notes, **where)
    return folder


def write_rhythms(folder, name, seed, beats=300, rate=50):
    """Write a WFDB record whose second half is atrial fibrillation: irregular beats, far from those before them."""
    rng = np.random.default_rng(seed)
    calm, wild = rng.normal(0.8, 0.03, beats // 2), rng.uniform(0.4, 1.1, beats - beats // 2)
    at = np.rint(rate * np.cumsum(np.concatenate([[1], calm, wild]))).astype(int)
    start = int(at[beats // 2]) + 1
    samples = np.sort(np.concatenate([at, [at[0] - 2, start]]))
    symbols = ["+" if one in (at[0] - 2, start) else "N" for one in samples]
    notes = [
        "(AFIB" if one == start else "(N" if symbol == "+" else "" for one, symbol in zip(samples, symbols, strict=True)
    ]
    n = int(at[-1]) + 10
    return write_ecg(folder, name, n, rate, samples, symbols, notes, np.zeros((n, 2)) + np.sin(np.arange(n))[:, None])


def compressed(path, how):
    """Replace a file by its .gz or .zip."""
    target = path.with_name(f"{path.name}.{how}")
    if how == "gz":
        with path.open("rb") as source, gzip.open(target, "wb") as destination:
            shutil.copyfileobj(source, destination)
    else:
        with zipfile.ZipFile(target, "w") as archive:
            archive.write(path, path.name)
    path.unlink()
    return target


def zipped(folder, top):
    """Return the bytes of a zip archive with the files of a folder below ``top``."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(f"{top}/", "")
        for path in sorted(folder.rglob("*")):
            archive.write(path, f"{top}/{path.relative_to(folder)}")
    return stream.getvalue()


def sha256(data):
    """Return the checksum in the format of pooch."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
