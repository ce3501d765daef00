"""Change good files a little: bytes, words of text, members of archives, values in arrays and in JSON."""

from __future__ import annotations

import io
import json
import re
import zipfile

import numpy as np

NUMBERS = (
    *(
        "0",
        "-1",
        "1",
        "1e308",
        "1e-320",
        "1e400",
        "nan",
        "inf",
        "-inf",
        "9" * 400,
        "-" + "9" * 400,
        "0.1",
        "007",
        "1_000",
    ),
    *(
        str(2**31),
        str(2**31 - 1),
        str(2**53 + 1),
        str(2**63),
        str(2**64),
        "true",
        "null",
        '""',
        '"x"',
        "[]",
        "{}",
        "[[1]]",
    ),
)
WORDS = (
    "",
    "\0",
    "é",
    "\ud7ff",
    "[",
    "]",
    "{",
    "}",
    '"',
    "'",
    "#",
    "=",
    ".",
    ",",
    ":",
    "\n",
    "\r",
    "[[",
    "]]",
    "\\u0000",
)
BYTES = (0, 1, 0x7F, 0x80, 0xFF)
DTYPES = ("<i8", "<i4", "<u8", "|u1", "|i1", "<f8", "<f4", "<f2", "|b1", "<U3", "|S3", "<c16", "<M8[s]", ">i8", "|V5")


def mutated_bytes(rng, data):
    """Flip, set, insert, delete, repeat or cut bytes, one to six times."""
    data = bytearray(data)
    for _ in range(rng.integers(1, 7)):
        kind, at = rng.integers(7), int(rng.integers(len(data) + 1))
        length = int(2 ** rng.uniform(0, 8))
        if kind == 0 and data:
            data[at % len(data)] ^= 1 << int(rng.integers(8))
        elif kind == 1 and data:
            data[at % len(data)] = int(rng.choice(BYTES))
        elif kind == 2:
            size = int(rng.choice([1, 2, 4, 8]))
            value = int(rng.choice([0, 1, 2**7, 2**15, 2**31, 2**32 - 1, 2**62])) % 2 ** (8 * size)
            data[at : at + size] = value.to_bytes(size, "little")
        elif kind == 3:
            data[at:at] = rng.bytes(length)
        elif kind == 4:
            del data[at : at + length]
        elif kind == 5:
            data[at:at] = data[at : at + length] * int(rng.integers(1, 4))
        elif rng.random() < 0.2:
            del data[at:]
    return bytes(data)


def flipped_bytes(rng, data):
    """Change one to three places and keep the length, so that a reader gets further than the first table."""
    data = bytearray(data)
    for _ in range(rng.integers(1, 4)):
        at, size = int(rng.integers(len(data))), int(rng.choice([1, 1, 1, 2, 4, 8]))
        value = int(rng.choice([0, 1, 2, 2**7, 2**15, 2**31, 2**62, data[at] ^ (1 << int(rng.integers(8)))]))
        new = (value % 2 ** (8 * size)).to_bytes(size, "little")[: len(data) - at]
        data[at : at + len(new)] = new
    return bytes(data)


def mutated_text(rng, data):
    """Replace numbers and words, and repeat, delete or swap lines."""
    text = data.decode("utf-8", "replace")
    for _ in range(rng.integers(1, 5)):
        kind, lines = rng.integers(6), text.split("\n")
        at = int(rng.integers(len(lines)))
        if kind <= 1:
            text = _replaced(rng, text, r"-?\b\d[\d.eE+-]*\b", NUMBERS)
        elif kind == 2:
            text = _replaced(rng, text, r"[A-Za-z_]+|[\[\]{}=:,\"']", (*WORDS, *re.findall(r"[A-Za-z_]+", text)[:50]))
        elif kind == 3:
            lines.insert(int(rng.integers(len(lines))), lines[at])
            text = "\n".join(lines)
        elif kind == 4:
            del lines[at]
            text = "\n".join(lines)
        else:
            place = int(rng.integers(len(text) + 1))
            depth = int(rng.choice([1, 3, 2000]))
            text = text[:place] + str(rng.choice(WORDS)) * depth + text[place:]
    return text.encode("utf-8", "surrogatepass")


def _replaced(rng, text, pattern, choices):
    found = list(re.finditer(pattern, text))
    if not found:
        return text
    match = found[int(rng.integers(len(found)))]
    return text[: match.start()] + str(choices[int(rng.integers(len(choices)))]) + text[match.end() :]


def mutated_archive(rng, data):
    """Change one member of a zip archive and keep its checksum right; sometimes change the bytes of the archive instead."""
    if rng.random() < 0.15:
        return mutated_bytes(rng, data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for _ in range(rng.integers(1, 4)):
        name = str(rng.choice(list(members)))
        kind = rng.random()
        if kind < 0.06 and len(members) > 1:
            del members[name]
        elif kind < 0.1:
            members[str(rng.choice(list(members)))] = members[name]
        elif kind < 0.14:
            members[f"{name}{rng.integers(9)}"] = members[name]
        else:
            members[name] = mutated_member(rng, name, members[name])
    return zipped(members)


def zipped(members, method=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def mutated_member(rng, name, content):
    if name.endswith(".json"):
        return mutated_text(rng, content)
    if rng.random() < 0.2:
        return mutated_bytes(rng, content)
    try:
        array = np.load(io.BytesIO(content), allow_pickle=False)
    except Exception:
        return mutated_bytes(rng, content)
    stream = io.BytesIO()
    try:
        np.save(stream, mutated_array(rng, array), allow_pickle=False)
    except Exception:  # not every change is possible for every type
        return mutated_bytes(rng, content)
    return stream.getvalue()


def mutated_array(rng, array):
    """Change values, the type or the shape of an array; text that is JSON and bytes that are an archive are changed inside."""
    if array.dtype == np.uint8 and array.ravel()[:4].tobytes() == b"PK\x03\x04":
        return np.frombuffer(mutated_archive(rng, array.tobytes()), np.uint8)
    if array.dtype.kind == "U" and array.ndim == 0 and str(array).startswith("{") and rng.random() < 0.9:
        return np.array(mutated_json(rng, str(array)))
    kind = rng.integers(8)
    if kind == 0:
        return array.reshape([(-1,), (1, -1), (-1, 1), (1, 1, -1)][int(rng.integers(4))])
    if kind == 1:
        return np.zeros(rng.integers(0, 5, rng.integers(0, 4)), str(rng.choice(DTYPES)))
    if kind == 2:
        with np.errstate(all="ignore"):
            try:
                return array.astype(str(rng.choice(DTYPES)))
            except (ValueError, TypeError, OverflowError):
                return np.zeros(3)
    if kind == 3:
        return array.ravel()[: int(rng.integers(array.size + 1))]
    if kind == 4:
        return np.repeat(array.ravel(), rng.integers(1, 4))
    return changed_values(rng, array)


def changed_values(rng, array):
    array = np.array(array)
    flat = array.reshape(-1)
    for _ in range(rng.integers(1, 4) if flat.size else 0):
        at = int(rng.integers(flat.size))
        if array.dtype.kind == "f":
            flat[at] = float(rng.choice([0, -1, 1e30, 1e-40, 1e300, np.nan, np.inf, -np.inf, rng.normal()]))
        elif array.dtype.kind in "iu":
            info = np.iinfo(array.dtype)
            flat[at] = int(rng.choice([0, 1, info.min, info.max, int(flat[at]) // 2])) if rng.random() < 0.8 else 7
        elif array.dtype.kind == "U":
            flat[at] = str(rng.choice(["", "x", "é", "in", "\n"]))
        else:
            flat[at] = flat[int(rng.integers(flat.size))]
    return array


def mutated_json(rng, text):
    """Change one value in JSON, or the text itself."""
    if rng.random() < 0.3:
        return mutated_text(rng, text.encode()).decode("utf-8", "replace").replace("\0", "")
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return text
    places = list(_places(tree))
    parent, key = places[int(rng.integers(len(places)))]
    kind = rng.random()
    if kind < 0.15:
        del parent[key]
    elif kind < 0.3:
        other, name = places[int(rng.integers(len(places)))]
        parent[key] = json.loads(json.dumps(other[name])) if name in other or isinstance(other, list) else None
    else:
        values = [
            0,
            -1,
            1,
            10**400,
            2**31,
            1e308,
            True,
            None,
            "",
            "x",
            [],
            {},
            [[1]],
            {"x": 1},
            0.5,
            float("nan"),
            [1, 2],
        ]
        parent[key] = values[int(rng.integers(len(values)))]
    return json.dumps(tree)


def _places(tree):
    """Yield each container of a tree with each of its keys."""
    items = list(tree.items()) if isinstance(tree, dict) else list(enumerate(tree)) if isinstance(tree, list) else []
    for key, value in items:
        yield tree, key
        yield from _places(value)
