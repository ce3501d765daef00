"""One target per reader: good files to start from, how to change them, and the call that reads them."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import gzip
import io
import shutil
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests import datasets as made
from tests.fuzz import bombs
from tests.fuzz.mutate import flipped_bytes, mutated_archive, mutated_bytes, mutated_text

Mutate = Callable[[Any, bytes], bytes]


@dataclass(frozen=True)
class Target:
    """A reader.

    Parameters
    ----------
    make
        Write good files into an empty folder, and return those to change.
    change
        How files with a suffix ("" for others) are changed.
    read
        Read the folder.
    weight
        Share of the inputs; readers that start a process or load a model get fewer.
    together
        Whether the reader needs all files of the folder, one of which is changed.
    special
        Contents that are tried as they are, in place of the first file.
    """

    make: Callable[[Path], list[Path]]
    change: dict[str, Mutate]
    read: Callable[[Path], Any]
    weight: float = 1.0
    together: bool = False
    special: Callable[[], Iterator[bytes]] = lambda: iter(())


def _network():
    import lsm_sim as lsm

    return lsm.Liquid(
        [lsm.Inputs("in", 3)],
        [lsm.Neurons("e", 8, tau_m=lsm.Uniform(0.02, 0.04), positions=lsm.grid(2, 2, 2)), lsm.Neurons("i", 2)],
        [
            lsm.Synapses("in", "e", lsm.FixedProbability(0.5), weight=lsm.Normal(0.5, 0.1)),
            lsm.Synapses("e", "e", lsm.DistanceRule(c=0.3, lam=2.0), weight=0.2, delay=2e-3),
            lsm.Synapses("e", "i", lsm.Edges([0, 1], [1, 0]), weight=[0.1, 0.2]),
        ],
        seed=7,
    )


def _programs(folder):
    from lsm_sim.testing import random_program
    from lsm_sim.testing.programs import EXTRA_ARRAYS

    paths = []
    every = tuple(EXTRA_ARRAYS)
    for k, (arithmetic, needs) in enumerate([("float64", ()), ("loihi", ()), ("float64", every), ("loihi", every)]):
        paths.append(folder / f"{k}.npz")
        random_program(np.random.default_rng(k), arithmetic, needs=needs).save(paths[-1])
    return paths


def _spikes(folder):
    from lsm_sim import Spikes

    spikes = Spikes.from_dense(np.random.default_rng(0).random((3, 20, 5)) < 0.2, 1e-3)
    spikes.save(folder / "0.npz")
    dataclasses.replace(spikes, payload=np.arange(spikes.n_events) - 9).save(folder / "1.npz")
    return [folder / "0.npz", folder / "1.npz"]


def _cases(folder):
    from lsm_sim.engine import conformance
    from lsm_sim.engine.protocol import Request, compiled
    from lsm_sim.testing import random_program, random_stimulus
    from lsm_sim.testing.programs import EXTRA_ARRAYS

    for k, needs in enumerate([(), tuple(EXTRA_ARRAYS)]):
        rng = np.random.default_rng(0)
        program = random_program(rng, "float64", needs=needs)
        stimulus = random_stimulus(rng, program, graded=bool(needs))[0]
        with compiled(program, "reference") as run:
            out = run(stimulus, Request(neurons=np.arange(program.n_neurons), variables=program.state, progress=False))
        traces = {name: values[0] for name, values in out.traces.items()}
        conformance.Case("reference", program, stimulus, out.spikes, traces).save(folder / f"{k}.npz")
    return sorted(folder.iterdir())


def _models(folder):
    import lsm_sim as lsm
    from lsm_sim import Hz, ms

    rng = np.random.default_rng(0)
    X, y = rng.random((12, 4, 3)), np.arange(12) % 2
    one = lsm.LiquidClassifier(_network(), lsm.encode.Rate(max_rate=200 * Hz, frame=10 * ms)).fit(X, y)
    one.save(folder / "0.npz")
    traces = lsm.Traces(tau=20 * ms, times=(0.5, 1.0))
    lsm.LiquidRegressor(
        _network(), lsm.encode.Poisson(max_rate=200 * Hz, frame=10 * ms), traces, arithmetic="loihi"
    ).fit(X, X[:, 0, 0]).save(folder / "1.npz")
    lsm.LiquidEnsemble([one, one]).fit(X, y).save(folder / "2.npz")
    return sorted(folder.iterdir())


def _load_model(folder):
    from lsm_sim.learn import model_file
    from lsm_sim.learn.ensemble import LiquidEnsemble
    from lsm_sim.learn.estimators import LiquidClassifier, LiquidRegressor

    for path in sorted(folder.iterdir()):
        model: Any = model_file.load(path, LiquidClassifier, LiquidRegressor, LiquidEnsemble)
        first = model.members_[0] if hasattr(model, "members_") else model
        for part in getattr(model, "members_", [model]):
            part.set_params(backend="reference")  # others may have to compile first
        form = getattr(first, "transformer_", first).input_
        model.predict([np.zeros((4, form.n_channels))])


def _liquids(suffix):
    def make(folder):
        _network().save(folder / f"0{suffix}")
        return [folder / f"0{suffix}"]

    return make


def _load_liquid(folder):
    import lsm_sim as lsm

    for path in folder.iterdir():
        liquid = lsm.Liquid.load(path)
        if liquid.n_neurons <= 1000 and liquid.n_inputs <= 1000:
            lsm.lower(liquid, 1e-3)


def _wavs(folder):
    from scipy.io import wavfile

    rng = np.random.default_rng(0)
    for k, dtype in enumerate((np.int16, np.uint8, np.int32, np.float32, np.float64)):
        wavfile.write(folder / f"{k}.wav", 8000, (rng.random((50, 1 + k % 2)) * 100).astype(dtype))
    return sorted(folder.iterdir())


def _each(load: Callable[[Path], Any]) -> Callable[[Path], None]:
    def read(folder):
        for path in sorted(folder.iterdir()):
            load(path)

    return read


def _vowels(folder):
    made.write_vowels(folder)
    return sorted(folder.iterdir())


def _digits(folder):
    made.write_digits(folder, speakers=("ann",), digits=(0, 1), numbers=(0, 5))
    return sorted(folder.iterdir())


def _heidelberg(folder):
    made.write_spikes(folder / "shd_test.h5", 4)
    return [folder / "shd_test.h5"]


def _nir(folder):
    import lsm_sim as lsm

    for mode in ("euler", "exact"):
        lsm.export(_network(), folder / f"{mode}.nir", to="nir", mode=mode, dt=1e-3)
    shutil.copy(Path(__file__).parents[1] / "nir_peers/answers/snntorch.nir", folder)
    return sorted(folder.iterdir())


def _read_nir(path):
    import lsm_sim as lsm

    return lsm.read_nir(path, dt=1e-3 if path.stem in ("euler", "exact") else 1e-4)


def _packed(folder):
    made.write_spikes(folder / "shd_test.h5", 4)
    made.compressed(folder / "shd_test.h5", "gz")
    return [folder / "shd_test.h5.gz"]


def _hdf5_specials():
    saved = Path(__file__).parents[1] / "unit/datasets/saved/loops.h5"
    yield saved.read_bytes()


def _record(folder):
    made.write_ecg(folder, n=400, samples=[5, 100, 200, 300], symbols=["+", "N", "V", "A"])
    return sorted(folder.iterdir())


def _read(name: str, *arguments: Any, **options: Any) -> Callable[[Path], Any]:
    def read(folder):
        from lsm_sim import datasets

        return getattr(datasets, name)(folder, *arguments, **options)

    return read


def _load(name: str) -> Callable[[Path], Any]:
    """Return the function that reads one file."""

    def load(path):
        import lsm_sim as lsm
        from lsm_sim.audio import read_wav
        from lsm_sim.engine import conformance

        known: dict[str, Any] = {
            "program": lsm.Program.load,
            "spikes": lsm.Spikes.load,
            "case": conformance.load,
            "wav": read_wav,
        }
        return repr(known[name](path))

    return load


class CommandError(Exception):
    """A command ended in another way than with 0 or with 2 and one line."""


def command(*words: str) -> None:
    """Run ``lsm-sim`` in this process and check how it ends."""
    from lsm_sim.apps.cli.app import app

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            app(list(words), prog_name="lsm-sim")
            code: Any = 0
        except SystemExit as end:
            code = end.code
    lines = [line for line in err.getvalue().splitlines() if "warning:" not in line]
    if code not in (None, 0, 1, 2) or (code and len(lines) > 1) or "--debug COMMAND" in err.getvalue():
        raise CommandError(f"{words[0]} ended with {code}: {err.getvalue()[:1000]}")


def _commands(folder):
    _network().save(folder / "0.toml")
    _spikes(folder)
    return sorted(folder.iterdir())


def _run_commands(folder):
    command("run", str(folder / "0.toml"), str(folder / "0.npz"), "--backend", "reference")


def _encode(suffix: str) -> tuple[Callable[[Path], list[Path]], Callable[[Path], None]]:
    """Return the target of ``lsm-sim encode``, which reads CSV and .npy."""

    def make(folder):
        table = np.random.default_rng(0).random((20, 3))
        if suffix == ".csv":
            np.savetxt(folder / "0.csv", table, delimiter=",", header="a,b,c", comments="")
        else:
            np.save(folder / "0.npy", table)
        return [folder / f"0{suffix}"]

    def read(folder):
        command("encode", str(folder / f"0{suffix}"), "-o", str(folder.parent / "encoded.npz"))

    return make, read


def has_encode() -> bool:
    """Return whether ``lsm-sim encode`` exists."""
    from lsm_sim.apps.cli.app import app

    return any(one.callback is not None and one.callback.__name__ == "encode" for one in app.registered_commands)


def _arrays_of(make: Callable[[Path], list[Path]]) -> Callable[[], Iterator[bytes]]:
    """Return bombs that look like the first good file."""

    def special():
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            first = make(Path(folder))[0]
            with np.load(first) as arrays:
                content = dict(arrays)
        yield from bombs.archives(content)

    return special


def _gzip_bombs():
    yield gzip.compress(bytes(2**28))
    yield gzip.compress(gzip.compress(bytes(2**28)))


def _zip_bomb_of_text():
    yield b"1 " * 2**20
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bytes(2**20))
    yield stream.getvalue()


_ARCHIVE: dict[str, Mutate] = {"": mutated_archive}
_TEXT: dict[str, Mutate] = {"": mutated_text}
_FLIPS: dict[str, Mutate] = {"": flipped_bytes}
_BYTES: dict[str, Mutate] = {"": mutated_bytes}

TARGETS: dict[str, Target] = {
    "npz program": Target(_programs, _ARCHIVE, _each(_load("program")), 1.5, special=_arrays_of(_programs)),
    "npz spikes": Target(_spikes, _ARCHIVE, _each(_load("spikes")), 1.5, special=_arrays_of(_spikes)),
    "npz case": Target(_cases, _ARCHIVE, _each(_load("case")), 1.0, special=_arrays_of(_cases)),
    "npz model": Target(_models, _ARCHIVE, _load_model, 0.25, special=_arrays_of(_models)),
    "TOML": Target(_liquids(".toml"), _TEXT, _load_liquid, 1.5, special=bombs.nested_texts),
    "JSON": Target(_liquids(".json"), _TEXT, _load_liquid, 1.5, special=bombs.nested_texts),
    "wav": Target(_wavs, _BYTES, _each(_load("wav")), 2.0),
    "vowels": Target(_vowels, _TEXT, _read("japanese_vowels"), 1.5, together=True, special=_zip_bomb_of_text),
    "FSDD": Target(_digits, _BYTES, _read("fsdd"), 1.0, together=True),
    "HDF5": Target(_heidelberg, _FLIPS, _read("shd", parts=["test"]), 0.04, special=_hdf5_specials),
    "HDF5 gzip": Target(_packed, _BYTES, _read("shd", parts=["test"]), 0.01, special=_gzip_bombs),
    "NIR": Target(_nir, _FLIPS, _each(_read_nir), 0.04),
    "WFDB": Target(_record, {".hea": mutated_text, "": flipped_bytes}, _read("ecg"), 0.5, together=True),
    "commands": Target(_commands, {".toml": mutated_text, "": mutated_archive}, _run_commands, 0.1, together=True),
    "CSV": Target(_encode(".csv")[0], _TEXT, _encode(".csv")[1], 1.0),
    "npy": Target(_encode(".npy")[0], _BYTES, _encode(".npy")[1], 1.0),
}


@functools.cache
def available() -> tuple[str, ...]:
    """Return the names of the targets whose reader exists."""
    return tuple(name for name in TARGETS if name not in ("CSV", "npy") or has_encode())


def read_quietly(target: Target, folder: Path) -> None:
    """Read a folder; warnings do not matter here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        target.read(folder)
