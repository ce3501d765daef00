"""What a liquid is: separation, ranks, memory, processing capacity, divergence, how its neurons fire.

``print(lsm_sim.measures.all_of(liquid))`` computes all of them with standard stimuli; each is a function of its own on spikes,
states or a liquid, and returns a record that can be printed, drawn (`plot`) and written as JSON (`to_dict`). docs/measures.md
says what they tell and what they do not. Imported on demand, because scikit-learn takes a second to load.
"""

from lsm_sim.measures.branching import BranchingRatio, branching_ratio
from lsm_sim.measures.capacity import MemoryCapacity, memory_capacity
from lsm_sim.measures.collection import Measures
from lsm_sim.measures.distances import van_rossum, victor_purpura
from lsm_sim.measures.fading import FadingMemory, fading_memory
from lsm_sim.measures.firing import IntervalCV, Rates, Synchrony, interval_cv, rates, synchrony
from lsm_sim.measures.liquid import all_of
from lsm_sim.measures.processing import ProcessingCapacity, information_processing_capacity
from lsm_sim.measures.ranks import Dimension, Rank, effective_dimension, generalisation_rank, kernel_rank
from lsm_sim.measures.separation import Separation, separation
from lsm_sim.measures.twins import Lyapunov, lyapunov

__all__ = [
    "BranchingRatio",
    "Dimension",
    "FadingMemory",
    "IntervalCV",
    "Lyapunov",
    "Measures",
    "MemoryCapacity",
    "ProcessingCapacity",
    "Rank",
    "Rates",
    "Separation",
    "Synchrony",
    "all_of",
    "branching_ratio",
    "effective_dimension",
    "fading_memory",
    "generalisation_rank",
    "information_processing_capacity",
    "interval_cv",
    "kernel_rank",
    "lyapunov",
    "memory_capacity",
    "rates",
    "separation",
    "synchrony",
    "van_rossum",
    "victor_purpura",
]
