"""Independent tasks in several processes, on this machine or in a Dask cluster, with results in the order of the tasks."""

from lsm_sim.support.parallel.ordered import Work, in_order, processes_of, start

__all__ = ["Work", "in_order", "processes_of", "start"]
