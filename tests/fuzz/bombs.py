"""Small files that expand to gigabytes, or nest deep."""

from __future__ import annotations

import functools
import gzip
import io
import zipfile
import zlib

import numpy as np
from numpy.lib import format as npy

from tests.fuzz.mutate import zipped

TEN_GB = 10 * 2**30


def npy_header(shape, descr):
    text = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode()
    return npy.magic(1, 0) + (len(text) + 1).to_bytes(2, "little") + text + b"\n"


@functools.cache
def npz_of_zeros(name, size, descr="<f8"):
    """Return an .npz file with an array of ``size`` bytes of zeros."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        itemsize = np.dtype(descr).itemsize
        with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
            member.write(npy_header((size // itemsize,), descr))
            for _ in range(size // 2**20):
                member.write(bytes(2**20))
    return stream.getvalue()


@functools.cache
def ten_gigabytes(name):
    """Return an .npz file of 10 MB with an array of 10 GB of zeros."""
    engine, header = zlib.compressobj(9, zlib.DEFLATED, -15), npy_header((TEN_GB // 8,), "<f8")
    start = engine.compress(header) + engine.flush(zlib.Z_FULL_FLUSH)
    block = engine.compress(bytes(2**24)) + engine.flush(zlib.Z_FULL_FLUSH)  # depends on nothing before it
    data = start + block * (TEN_GB // 2**24) + engine.flush()
    info = zipfile.ZipInfo(f"{name}.npy")
    info.compress_type, info.file_size, info.compress_size = zipfile.ZIP_DEFLATED, len(header) + TEN_GB, len(data)
    info.CRC = info.header_offset = 0
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        stream.write(info.FileHeader(zip64=True) + data)
        archive.filelist.append(info)
        archive.NameToInfo[info.filename], archive.start_dir, archive._didModify = info, stream.tell(), True
    return stream.getvalue()


def archives(arrays):
    """Yield .npz files with these arrays, one of which is a bomb, in several ways."""
    members = {f"{key}.npy": _saved(value) for key, value in arrays.items()}
    for name in list(arrays)[1:3]:
        zeros = npy_header((2**26,), "|u1") + bytes(2**26)
        yield zipped(members | {f"{name}.npy": zeros}, zipfile.ZIP_DEFLATED)
        small = npy_header((2**22,), "|u1") + bytes(2**22)
        yield zipped(members | {f"{name}.npy": small}, zipfile.ZIP_DEFLATED)
        yield zipped(members | {f"{name}.npy": small}, zipfile.ZIP_BZIP2)
        yield zipped(members | {f"{name}.npy": small}, zipfile.ZIP_LZMA)
        yield npz_of_zeros(name, 2**28)
        yield ten_gigabytes(name)
        inner = zipped({"a.npz": zipped({"b.npy": zeros}, zipfile.ZIP_DEFLATED)}, zipfile.ZIP_DEFLATED)
        yield zipped(members | {f"{name}.npy": inner}, zipfile.ZIP_DEFLATED)


def _saved(value):
    stream = io.BytesIO()
    np.save(stream, value, allow_pickle=False)
    return stream.getvalue()


def nested_texts():
    """Yield TOML and JSON that nests deep or is very long."""
    for depth in (1000, 100_000):
        yield b"[" * depth
        yield b'{"a":' * depth
        yield b"a = " + b"[" * depth
        yield b"a = " + b"{b = " * depth
        yield b"a" + b".a" * depth + b" = 1"
        yield b"[" + b"a." * depth + b"a]"
    yield b"a = " + b"9" * 100_000
    yield b'{"a": ' + b"9" * 100_000 + b"}"
    yield b'{"a": ' + b"1," * 100_000 + b"}"


def gzipped(data):
    return gzip.compress(data)
