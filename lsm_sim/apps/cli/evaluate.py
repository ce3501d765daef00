"""``lsm-sim evaluate``."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from lsm_sim.apps.cli import options
from lsm_sim.errors import DescriptionError

NAMES = (
    "fsdd, japanese_vowels, digits, spike_templates, shd, ssc, ecg, atrial_fibrillation, words, mackey_glass, "
    "mackey_glass_bits, narma10, lorenz, laser"
)


class ReadoutName(str, Enum):
    """Names of other readouts than that of the benchmark."""

    nested = "nested"


def evaluate(
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"One of {NAMES}.", show_default=False)],
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="Folder with the data.  [default: download into a cache]"),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            "--split", metavar="NAME", help="fsdd: upstream, words: takes; tests recordings 0-4 of each digit."
        ),
    ] = None,
    test_speakers: Annotated[
        str | None,
        typer.Option("--test-speakers", metavar="A,B", help="fsdd, words: test on these, train on all others."),
    ] = None,
    loso: Annotated[
        bool, typer.Option("--loso", help="fsdd, words (default): leave one speaker out, each in turn.")
    ] = False,
    robust: Annotated[
        bool, typer.Option("--robust", help="fsdd: a front end for other rooms, microphones and voices.")
    ] = False,
    stress: Annotated[
        bool, typer.Option("--stress", help="Accuracy against perturbations of the test samples, trained clean.")
    ] = False,
    train_noise: Annotated[
        float | None, typer.Option("--train-noise", metavar="DB", help="--stress: train with white noise, too.")
    ] = None,
    ensemble: Annotated[
        int | None, typer.Option("--ensemble", min=2, metavar="K", help="Also evaluate an ensemble of K liquids.")
    ] = None,
    rivals: Annotated[
        bool,
        typer.Option("--rivals", help="Labels: add MiniRocket (needs aeon), a support vector machine and a forest."),
    ] = False,
    rows: Annotated[
        str | None,
        typer.Option(
            "--rows",
            metavar="A,B",
            help="Labels: add rows: trained with its controls (extra torch); cfc, ltc, liquid-ode, liquid-time-step, spiking-core "
            "(extra cells); minirocket, svm, forest.",
        ),
    ] = None,
    tune: Annotated[
        bool, typer.Option("--tune", help="Labels: tune each row on training samples, all with the same budget.")
    ] = False,
    readout: Annotated[
        ReadoutName | None,
        typer.Option("--readout", help="Labels: nested chooses the readout of each row on training samples."),
    ] = None,
    horizon: Annotated[
        list[int] | None,
        typer.Option("--horizon", min=0, metavar="N", help="Series: predict N samples ahead; may be repeated."),
    ] = None,
    neurons: Annotated[
        int | None, typer.Option("--neurons", min=5, metavar="N", help="Number of neurons.  [default: as tuned]")
    ] = None,
    bins: Annotated[
        int | None, typer.Option("--bins", min=1, metavar="N", help="Bins per sample.  [default: as tuned]")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, metavar="N", help="shd, ssc: read only N samples of each file.")
    ] = None,
    words: Annotated[
        str | None, typer.Option("--words", metavar="A,B", help="words: use these, or all.  [default: zero,one]")
    ] = None,
    question: Annotated[
        str | None,
        typer.Option("--question", metavar="Q", help="words: first, same, or K for the K-th word.  [default: first]"),
    ] = None,
    length: Annotated[
        int | None, typer.Option("--length", metavar="N", help="words: 2 to 4 words in a row.  [default: 2]")
    ] = None,
    gap: Annotated[
        float | None,
        typer.Option("--gap", metavar="S", help="words: seconds of silence at the end.  [default: 0]"),
    ] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, metavar="N", help="Number of seeds to average over.")] = 5,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="The first seed.")] = 0,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Write NAME.json and NAME.txt into this folder.")
    ] = None,
    arithmetic: Annotated[
        options.ArithmeticName | None,
        typer.Option("--arithmetic", help="loihi: also evaluate the liquid in Loihi's integers."),
    ] = None,
    backend: options.Backend = "fast",
    threads: options.Threads = None,
    workers: options.Workers = None,
    dask: options.Dask = None,
    json: options.Json = False,
) -> None:
    """Compare a liquid with its controls on a data set.

    The same readout learns from raw samples, from the encoder's spike counts, from the liquid without recurrence, from an
    echo-state network of equal size, and from the liquid. The settings are those that were best on training data.
    """
    from lsm_sim.apps.cli.output import check_new_folder, print_json
    from lsm_sim.apps.evaluate import Options, running

    if out is not None:
        check_new_folder(out)
    _check_split(name, split, test_speakers, loso)
    asked = Options(
        name,
        data,
        tuple(range(seed, seed + seeds)),
        neurons=neurons,
        bins=bins,
        ensemble=ensemble,
        test_speakers=_names("--test-speakers", test_speakers),
        loso=loso,
        rivals=rivals,
        rows=tuple(name.replace("-", "_") for name in _names("--rows", rows)),
        tune=tune,
        readout=None if readout is None else readout.value,
        split=split,
        arithmetic=None if arithmetic is None else arithmetic.value,
        stress=stress,
        train_noise=train_noise,
        robust=robust,
        horizons=tuple(dict.fromkeys(horizon or ())),
        limit=limit,
        words=_names("--words", words),
        question=question,
        length=length,
        gap=gap,
        backend=backend,
        n_threads=threads,
        workers=workers,
        dask=dask,
    )
    found = running.evaluate(asked)
    files = [] if out is None else found.save(out)
    if json:
        print_json(found.to_dict() | {"files": files})
        return
    print(found.table())
    if files:
        print(f"written to {out}/: {', '.join(path.name for path in files)}")


def _check_split(name: str, split: str | None, test_speakers: str | None, loso: bool) -> None:
    if split is None:
        return
    known = {"fsdd": "upstream", "words": "takes"}
    if name not in known:
        raise DescriptionError(f"--split: not an option of {name}; omit it")
    if split != known[name]:
        raise DescriptionError(f"--split: got {split!r}, expected {known[name]!r}; or use --test-speakers or --loso")
    if test_speakers is not None or loso:
        raise DescriptionError("--split: omit it with --test-speakers and --loso, which are other splits")


def _names(option: str, text: str | None) -> tuple[str, ...]:
    """Return the names between the commas."""
    if text is None:
        return ()
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    if "" in names:
        raise DescriptionError(f"{option}: got {text!r}, expected names separated by commas")
    return names
