"""Spikes of a batch of ragged samples: stimuli and what neurons fire."""

from lsm_sim.spikes.spikes import Spikes

__all__ = ["Spikes"]
