"""What a program does and costs: counts on calibration samples, estimates for the chip, processor time of this machine."""

from lsm_sim.deploy.costs.activity import Activity, measure
from lsm_sim.deploy.costs.cpu import CpuCost, measure_cpu
from lsm_sim.deploy.costs.estimate import Costs, Estimate, StaticEnergy, costs
from lsm_sim.deploy.costs.operations import Published, Range

__all__ = [
    "Activity",
    "Costs",
    "CpuCost",
    "Estimate",
    "Published",
    "Range",
    "StaticEnergy",
    "costs",
    "measure",
    "measure_cpu",
]
