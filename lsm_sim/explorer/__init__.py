"""The explorer: one HTML page to look inside a liquid, with its spikes, its state and the decision of its readout."""

from lsm_sim.explorer.exploring import Explorer, explore

__all__ = ["Explorer", "explore"]
