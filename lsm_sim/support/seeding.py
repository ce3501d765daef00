"""Independent random streams from one seed, each with a name.

Every drawn parameter of a description has its own stream, named after it (``neurons/exc/tau_m``), so that adding or
removing a group does not change the draws of the others.
"""

import hashlib

import numpy as np


def stream(seed: int, label: str) -> np.random.Generator:
    """Return the generator of the stream ``label`` under ``seed``: PCG64DXSM keyed by the seed and SHA-256 of the label.

    >>> stream(7, "a").random() == stream(7, "a").random()
    True
    """
    words = np.frombuffer(hashlib.sha256(label.encode()).digest(), dtype="<u4")
    return np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence(entropy=int(seed), spawn_key=words.tolist())))
