"""``lsm-sim live``."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lsm_sim.apps.cli import options
from lsm_sim.errors import DescriptionError

if TYPE_CHECKING:
    from lsm_sim.live import Source
    from lsm_sim.spikes.spikes import Spikes

_TABLES = (".npy", ".csv")


def live(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="A model written by lsm-sim train.", show_default=False)
    ],
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A sound (.wav), a signal (.npy or .csv, a row for each frame), tcp:PORT, or - for raw sound on stdin.",
            show_default=False,
        ),
    ],
    window: Annotated[
        float | None,
        typer.Option(
            "--window", metavar="S", help="Answer for the last S seconds, such as the length of the training samples."
        ),
    ] = None,
    mel: Annotated[
        int | None, typer.Option("--mel", min=1, metavar="N", help="Sound becomes a mel spectrogram of N bands.")
    ] = None,
    reference: Annotated[
        float | None, typer.Option("--reference", metavar="DB", help="Level of the spectrogram's 1, as in training.")
    ] = None,
    sample_rate: Annotated[
        int | None, typer.Option("--sample-rate", min=1, metavar="HZ", help="Of raw sound.  [default: 8000]")
    ] = None,
    sample_format: Annotated[
        str | None, typer.Option("--sample-format", metavar="NAME", help="Of raw sound.  [default: s16le]")
    ] = None,
    stall: Annotated[
        float | None, typer.Option("--stall", metavar="S", help="End after S seconds without data (stdin and TCP).")
    ] = None,
    fast: Annotated[bool, typer.Option("--no-pace", help="Read files at full speed, not at their own.")] = False,
    backend: options.ModelsBackend = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object for each answer.")] = False,
    plot: Annotated[
        bool, typer.Option("--plot", help="Show scores and spikes in a window; closing it ends the session.")
    ] = False,
) -> None:
    """Run a trained model on data that come in while time passes; its answer for the data so far, frame by frame.

    On a terminal the answer, the scores and the spikes of the last frames are shown, otherwise a line for each answer; with --plot a
    window.
    """
    from sklearn.pipeline import Pipeline

    from lsm_sim.learn import model_file
    from lsm_sim.learn.estimators import LiquidClassifier, LiquidRegressor
    from lsm_sim.learn.opening import open_live

    if plot and json:
        raise DescriptionError("--plot: not together with --json; omit one of them")
    trained: Any = model_file.load(model, LiquidClassifier, LiquidRegressor)
    if backend is not None:
        trained.set_params(backend=backend)
    sound = {"sample_rate": sample_rate, "sample_format": sample_format}
    frame = getattr(trained.transformer_.encoder_, "frame", None) or trained.dt
    with _figure(plot) as figure, _source(source, trained, frame, sound, stall=stall, pace=not fast) as opened:
        front = _front(opened, mel, reference, frame)
        _check_channels(trained, opened, mel)
        whole = trained if front is None else Pipeline([("front", front), ("model", trained)])
        with open_live(whole, window=window) as session:
            follow = partial(_follow, opened, session, sound_only=front is not None)
            _shown(session, follow, json=json, figure=figure)
    counts = getattr(opened, "counts", None)
    if counts is not None and sys.stderr is not None:
        print(counts.summary(), file=sys.stderr)


def _follow(source: Source, session: Any, show: Callable[[Spikes], bool], *, sound_only: bool) -> None:
    """Give the session what the source gives, to its end or until nobody reads the answers any more."""
    for chunk in source:
        spikes = session.advance(chunk[:, 0] if sound_only else chunk) if len(chunk) else None
        if spikes is not None and not show(spikes):
            return
    rest = session.finish()
    if rest is not None:
        show(rest)


def _shown(session: Any, follow: Callable[[Callable[[Spikes], bool]], None], *, json: bool, figure: Any) -> None:
    """Follow the source, and show the answers in the figure, or as text."""
    from lsm_sim.apps.cli.live_view import answer_of, view

    if figure is None:
        with view(session, json=json) as show:
            follow(show)
        return
    from lsm_sim.apps.cli.live_window import Window

    window = Window(figure, session.program.n_neurons, getattr(session.readout, "classes_", ()))
    window.run(lambda add: follow(lambda spikes: add(answer_of(session), spikes)))


@contextlib.contextmanager
def _figure(wanted: bool) -> Iterator[Any]:
    if not wanted:
        yield None
        return
    from lsm_sim.apps.cli.live_window import opened_figure

    with opened_figure() as figure:
        yield figure


@contextlib.contextmanager
def _source(
    name: str, trained: Any, frame: float, sound: dict[str, Any], *, stall: float | None, pace: bool
) -> Iterator[Source]:
    """Yield the source; options that it does not have are refused."""
    from lsm_sim.live import RawAudioSource, TcpSource, WavSource

    given = {key: value for key, value in sound.items() if value is not None}
    port = name.removeprefix("tcp:") if name.startswith("tcp:") else None
    path = Path(name)
    if given and name != "-":
        raise DescriptionError(f"--{next(iter(given)).replace('_', '-')}: only for raw sound on stdin (-); omit it")
    if stall is not None and name != "-" and port is None:
        raise DescriptionError("--stall: only for stdin (-) and tcp:PORT; omit it")
    if name == "-":
        yield RawAudioSource(chunk=frame, stall=stall, **given)
    elif port is not None:
        if not port.isdecimal() or int(port) > 65535:
            raise DescriptionError(f"{name}: expected tcp:PORT with a number up to 65535, such as tcp:5000")
        with TcpSource(trained.transformer_.input_.n_channels, int(port), stall=stall) as listening:
            print(f"listening on port {listening.port} of this machine", file=sys.stderr)
            yield listening
    elif path.suffix.lower() == ".wav":
        yield WavSource(path, chunk=frame, pace=pace)
    elif path.suffix.lower() in _TABLES:
        yield _table(path, frame, pace)
    else:
        raise DescriptionError(f"{name}: expected a .wav, .npy or .csv file, tcp:PORT, or - for raw sound on stdin")


def _table(path: Path, frame: float, pace: bool) -> Source:
    """Return the frames of a table one by one, each when it is due."""
    from lsm_sim.apps.cli.signals import read_table
    from lsm_sim.live import from_iterable
    from lsm_sim.live.pace import Pacer

    rows, *others = read_table(path)
    if others:
        raise DescriptionError(f"{path}: got {len(others) + 1} samples, expected one, of shape (frames, channels)")

    def frames() -> Iterator[Any]:
        pacer = Pacer()
        for k, row in enumerate(rows):
            if pace:
                pacer.wait_until((k + 1) * frame)
            yield row

    return from_iterable(frames(), n_channels=rows.shape[1], rate=1 / frame)


def _front(source: Source, mel: int | None, reference: float | None, frame: float) -> Any:
    if mel is None:
        if reference is not None:
            raise DescriptionError("--reference: only with --mel; omit it")
        return None
    from lsm_sim.audio import MelSpectrogram

    if source.n_channels != 1 or source.rate is None:
        raise DescriptionError(f"--mel: got a source of {source.n_channels} channels, expected sound; omit it")
    if reference is None:
        raise DescriptionError("--mel: expected --reference too, the level in dB that was used in training")
    return MelSpectrogram(round(source.rate), mel, hop=frame, reference=reference)


def _check_channels(trained: Any, source: Source, mel: int | None) -> None:
    expected, got = trained.transformer_.input_.n_channels, source.n_channels if mel is None else mel
    if got != expected:
        remedy = f"; for sound give --mel {expected}" if source.n_channels == 1 and mel is None else ""
        raise DescriptionError(f"source: got {got} channels, expected {expected} as in training{remedy}")
