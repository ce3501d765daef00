"""Map a program to the cores of a chip, under every limit that is known of it."""

from lsm_sim.deploy.mapping.core_map import CoreMap, CoreUse, Margin
from lsm_sim.deploy.mapping.mapper import map_program

__all__ = ["CoreMap", "CoreUse", "Margin", "map_program"]
