"""The Lava backend: Loihi's arithmetic as lava-nc 0.10.0 computes it, in a supervised child process.

The Lava library is imported only in that child process.
"""

from lsm_sim_lava.engine import Lava
from lsm_sim_lava.loihi2 import Loihi2

__all__ = ["Lava", "Loihi2"]
