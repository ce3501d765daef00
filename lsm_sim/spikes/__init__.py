"""Spikes of a batch of samples of any lengths: stimuli, and the output of networks."""

from lsm_sim.spikes.spikes import Spikes

__all__ = ["Spikes"]
