"""Independent random streams from one seed, each with a name.

Every draw of a description has a stream of its own, named after what it is for (``neurons/exc/tau_m``), so that adding
or removing a group leaves the draws of all others as they were.
"""

import hashlib

import numpy as np


def stream(seed: int, label: str) -> np.random.Generator:
    """Return the generator of the stream ``label`` under ``seed``: PCG64DXSM keyed by the seed and SHA-256 of the label.

    >>> stream(7, "a").random() == stream(7, "a").random()
    True
    """
    words = np.frombuffer(hashlib.sha256(label.encode()).digest(), dtype="<u4")
    return np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence(entropy=seed, spawn_key=words.tolist())))
