"""Which group a channel belongs to."""

from __future__ import annotations

from typing import Any

import numpy as np

from lsm_sim.support.checks import Ints


def group_of_each(spikes: Any) -> Ints:
    """Return for each channel the place of its group in ``spikes.groups``, the last one that has it; -1: none."""
    code = np.full(spikes.n_channels, -1)
    for i, members in enumerate(spikes.groups.values()):
        code[members.start : members.stop] = i
    return code
