"""Descriptions of liquids, in seconds and names: input channels, groups of neurons, synapses; as objects and as files."""
