"""The payloads of several batches of spikes as one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

Payload: TypeAlias = Any  # (E,), or None where every event has 1


def joined_payload(parts: Sequence[Any], order: Any = slice(None)) -> Payload:
    """Return the payload of each event of all ``parts``, then in ``order``; None where no part has payloads."""
    if all(part.payload is None for part in parts):
        return None
    each = [np.ones(part.n_events, np.int32) if part.payload is None else part.payload for part in parts]
    return np.concatenate(each)[order]
