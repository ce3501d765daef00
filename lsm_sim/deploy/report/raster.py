"""Spikes of one sample as a small PNG image, written without other packages, for pages that carry their pictures."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lsm_sim.spikes.spikes import Spikes

WIDTH, HEIGHT = 400, 240  # pixels at most; each is one or more steps and neurons
_FAINTEST = 0.45  # opacity of a pixel with the fewest spikes


def raster_image(spikes: Spikes, colours: Sequence[str]) -> str:
    """Return the first sample as a data URI: time to the right, neurons upwards, transparent where nothing spikes.

    Groups take the colours (such as ``"#0072B2"``) in turn; the more spikes in a pixel, the more opaque it is.
    """
    one = spikes[0]
    n_steps, n = int(one.n_steps[0]), max(one.n_channels, 1)
    width, height = min(n_steps, WIDTH), min(n, HEIGHT)
    x, y = one.step.astype(np.int64) * width // n_steps, one.channel.astype(np.int64) * height // n
    density = np.bincount(y * width + x, minlength=width * height).reshape(height, width)
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[..., :3] = _row_colours(one, height, colours)[:, None]
    share = density / max(int(density.max()), 1)
    pixels[..., 3] = np.where(density > 0, np.rint(255 * (_FAINTEST + (1 - _FAINTEST) * share)), 0)
    return "data:image/png;base64," + base64.b64encode(png(pixels[::-1])).decode()


def _row_colours(one: Spikes, height: int, colours: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Return the colour of each row of pixels, that of its first neuron's group."""
    first = np.arange(height) * one.n_channels // height
    number = np.zeros(height, np.int64)
    for i, members in enumerate(one.groups.values()):
        number[(first >= members.start) & (first < members.stop)] = i
    rgb = np.array([[int(colour[k : k + 2], 16) for k in (1, 3, 5)] for colour in colours], np.uint8)
    return rgb[number % len(colours)]


def png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Return pixels (height, width, 4: red, green, blue, opacity) as a PNG file."""
    height, width, _ = pixels.shape
    lines = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], axis=1)  # 0: no filter
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)  # 8 bits, RGBA
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(_chunk, *zip(*chunks, strict=True)))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
