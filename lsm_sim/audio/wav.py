"""Recordings, and reading them from wav files."""

from __future__ import annotations

import struct
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.io import wavfile

from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.brief import brief
from lsm_sim.support.checks import Floats
from lsm_sim.support.files import PathLike, check_readable
from lsm_sim.support.records import rebuild


@dataclass(frozen=True, eq=False)
class Recording:
    """A mono sound.

    Parameters
    ----------
    samples
        Shape (n,), n >= 1; full scale is [-1, 1].
    sample_rate
        Samples per second.
    """

    samples: Floats
    sample_rate: int

    def __post_init__(self) -> None:
        samples = checks.real_array(self.samples, "Recording samples")
        if samples.ndim != 1 or samples.size == 0:
            raise DescriptionError(
                f"Recording samples: got shape {samples.shape}, expected (n,) with at least one sample"
            )
        object.__setattr__(self, "samples", checks.read_only(samples))
        rate = checks.whole(self.sample_rate, "Recording sample_rate", minimum=1, maximum=checks.MOST)
        object.__setattr__(self, "sample_rate", rate)

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild(self)

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def duration(self) -> float:
        """Duration, in seconds."""
        return len(self.samples) / self.sample_rate


def read_wav(path: PathLike) -> Recording:
    """Read the wav file ``path``, of 8-, 16-, 24-, 32- or 64-bit integers or of floats; several channels are averaged.

    Integers are divided by their full scale, so that samples lie in [-1, 1]; 8-bit files are unsigned, with silence at 128.
    Floats, whose full scale is 1 by convention, are not scaled.

    Raises
    ------
    DescriptionError
        The file is missing, is not a wav file, is truncated, has no samples, or has NaN or infinite samples.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     wavfile.write(f"{folder}/a.wav", 8000, np.array([[0, 16384], [-32768, -32768]], np.int16))
    ...     read_wav(f"{folder}/a.wav").samples
    array([ 0.25, -1.  ])
    """
    rate, data = _read(Path(path))
    if data.size == 0:
        raise DescriptionError(f"{path}: got no samples, expected at least one; remove the file or record it again")
    samples = _full_scale_one(data)
    if not np.isfinite(samples).all():
        bad = samples[~np.isfinite(samples)].flat[0]
        raise DescriptionError(f"{path}: got the sample {bad}, expected finite numbers; write the file again")
    if samples.ndim == 2:
        samples = samples.mean(axis=1)
    return Recording(samples, rate)


def _read(path: Path) -> tuple[int, npt.NDArray[Any]]:
    check_readable(path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", wavfile.WavFileWarning)
        warnings.filterwarnings("ignore", "Chunk", wavfile.WavFileWarning)  # without sound; there may be millions
        try:
            rate, data = wavfile.read(path)
        except OSError as error:
            raise DescriptionError(
                f"{path}: cannot read it ({error.strerror or error}), expected a wav file; check the path"
            ) from None
        except UnboundLocalError:  # SciPy has met the end without samples
            raise DescriptionError(
                f"{path}: got a wav file without a data chunk, expected samples; copy or download it again"
            ) from None
        except Exception as error:  # SciPy checks little, so other files raise errors of many types
            raise DescriptionError(_why_unreadable(path, error)) from None
    if any("EOF" in str(warning.message) for warning in caught):
        raise DescriptionError(_truncated(path))
    return int(rate), np.asarray(data)


def _why_unreadable(path: Path, error: Exception) -> str:
    """Return whether the file is empty, not a wav file, truncated, or of an unsupported format, as an error message."""
    with path.open("rb") as stream:
        head = stream.read(12)
    if path.stat().st_size == 0:
        return f"{path}: got an empty file, expected a wav file; copy or download it again"
    if head[:4] not in (b"RIFF", b"RIFX", b"RF64") or (len(head) == 12 and head[8:] != b"WAVE"):
        return f"{path}: not a wav file (it begins with {head[:4]!r}, expected b'RIFF'); convert it to wav"
    size = struct.Struct(">I" if head[:4] == b"RIFX" else "<I")
    if len(head) < 12 or path.stat().st_size < size.unpack(head[4:8])[0] + 8:
        return _truncated(path)
    return (
        f"{path}: cannot read this wav file ({brief(error)}), expected PCM or float samples; convert it to 16-bit PCM"
    )


def _truncated(path: Path) -> str:
    return f"{path}: the file ends before all samples that its header declares; copy or download it again"


def _full_scale_one(data: npt.NDArray[Any]) -> Floats:
    """Return samples of any type with full scale 1; SciPy returns 24-bit samples as 32-bit ones, shifted up."""
    if data.dtype.kind == "f":
        return data.astype(np.float64)
    bits = 8 * data.dtype.itemsize
    centre = 2.0 ** (bits - 1) if data.dtype.kind == "u" else 0.0
    return np.asarray((data.astype(np.float64) - centre) / 2.0 ** (bits - 1))
