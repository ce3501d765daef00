"""Where two batches of spikes differ first, in one sentence."""

from __future__ import annotations

from typing import Any

import numpy as np


def difference(got: Any, expected: Any) -> str | None:
    """Return where the `Spikes` ``got`` differ first from ``expected``: in form, then in events, then in groups; None: nowhere."""
    return _form(got, expected) or _events(got, expected) or _payloads(got, expected) or _groups(got, expected)


def _form(got: Any, expected: Any) -> str | None:
    for name in ("n_channels", "dt"):
        mine, other = getattr(got, name), getattr(expected, name)
        if mine != other:
            return f"{name}: got {mine!r}, expected {other!r}"
    if len(got) != len(expected):
        return f"got {len(got)} samples, expected {len(expected)}"
    wrong = np.flatnonzero(got.n_steps != expected.n_steps)
    if wrong.size:
        b = wrong[0]
        return f"sample {b}: got {got.n_steps[b]} steps, expected {expected.n_steps[b]}"
    return None


def _events(got: Any, expected: Any) -> str | None:
    names = ("offsets", "step", "channel")
    if all(np.array_equal(getattr(got, name), getattr(expected, name)) for name in names):
        return None
    mine, other = _keys(got), _keys(expected)
    wrong = np.setxor1d(mine, other, assume_unique=True)
    place, channel = divmod(int(wrong[0]), got.n_channels)
    start = np.cumsum(got.n_steps) - got.n_steps
    b = int(np.searchsorted(start, place, side="right")) - 1
    values = "got a spike, expected none" if wrong[0] in mine else "got no spike, expected one"
    where = f"sample {b}, step {place - start[b]}, channel {channel}"
    return f"{where}: {values} ({wrong.size} spikes differ; {got.n_events} and {expected.n_events} in total)"


def _payloads(got: Any, expected: Any) -> str | None:
    """Return the first difference of the payloads of the same events."""
    if got.payload is None and expected.payload is None:
        return None
    mine, other = (np.ones(got.n_events, np.int32) if one.payload is None else one.payload for one in (got, expected))
    wrong = np.flatnonzero(mine != other)
    if not wrong.size:
        return None
    i = wrong[0]
    where = f"sample {got.sample[i]}, step {got.step[i]}, channel {got.channel[i]}"
    return f"{where}: got the payload {mine[i]}, expected {other[i]} ({wrong.size} payloads differ)"


def _keys(spikes: Any) -> Any:
    """Return one ascending number for each event: all samples on one time axis."""
    start = np.cumsum(spikes.n_steps) - spikes.n_steps
    return (start[spikes.sample] + spikes.step) * spikes.n_channels + spikes.channel


def _groups(got: Any, expected: Any) -> str | None:
    if dict(got.groups) == dict(expected.groups):
        return None
    return f"groups: got {dict(got.groups)}, expected {dict(expected.groups)}"
