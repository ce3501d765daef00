"""Where two programs differ first, in one sentence."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from lsm_sim.program.blocks import RULE_ARRAYS


def difference(got: Any, expected: Any) -> str | None:
    """Return where the `Program` ``got`` differs first from ``expected``, field by field; None: nowhere."""
    for field in dataclasses.fields(expected):
        mine, other = getattr(got, field.name), getattr(expected, field.name)
        if field.name == "units":
            found = _units(mine, other)
        elif field.name == "more_blocks":
            found = _blocks(mine, other, expected.n_inputs)
        else:
            found = _values(field.name, mine, other, got, expected.n_inputs)
        if found:
            return found
    return None


def _blocks(got: Any, expected: Any, n_inputs: int) -> str | None:
    """Return the first difference of two lists of blocks of synapses, the first of which is block 1."""
    if len(got) != len(expected):
        return f"blocks: got {1 + len(got)}, expected {1 + len(expected)}"
    for number, (mine, other) in enumerate(zip(got, expected, strict=True), start=1):
        for field in dataclasses.fields(other):
            values = getattr(mine, field.name), getattr(other, field.name)
            found = _values(field.name, *values, mine, n_inputs)
            if found:
                return f"block {number} {found}"
    return None


def _values(name: str, got: Any, expected: Any, block: Any = None, n_inputs: int = 0) -> str | None:
    """Return the first difference of two values; ``block`` has the synapses whose arrays they are."""
    if got is None or expected is None:
        texts = ["none" if value is None else "an array" for value in (got, expected)]
        return None if texts[0] == texts[1] else f"{name}: got {texts[0]}, expected {texts[1]}"
    if not isinstance(got, np.ndarray):
        return None if got == expected else f"{name}: got {got!r}, expected {expected!r}"
    if got.shape != expected.shape:
        return f"{name}: got shape {got.shape}, expected {expected.shape}"
    wrong = np.flatnonzero(got != expected)
    if not wrong.size:
        return None
    i = int(wrong[0])
    values = f"got {got[i]}, expected {expected[i]} ({wrong.size} of {got.size} differ)"
    return f"{name}[{i}]{_place(name, i, block, n_inputs)}: {values}"


def _place(name: str, i: int, block: Any, n_inputs: int) -> str:
    """Return the synapse or source with index ``i``, in words; nothing for other arrays, whose index is that of a neuron."""
    if block is None or name not in ("post", "weight", "delay", *RULE_ARRAYS):
        return ""
    row = i if name in RULE_ARRAYS else int(np.searchsorted(block.indptr, i, side="right")) - 1
    source = f"input channel {row}" if row < n_inputs else f"neuron {row - n_inputs}"
    return f" from {source}" + (f" to neuron {block.post[i]}" if name in ("weight", "delay") else "")


def _units(got: Any, expected: Any) -> str | None:
    """Return the first difference of two `Units`, either of which may be unknown."""
    if got is None or expected is None:
        texts = ["unknown" if value is None else "known" for value in (got, expected)]
        return None if texts[0] == texts[1] else f"units: got {texts[0]}, expected {texts[1]}"
    for field in dataclasses.fields(expected):
        found = _values(f"units.{field.name}", getattr(got, field.name), getattr(expected, field.name))
        if found:
            return found
    return None
