"""Deploy a trained model on a neuromorphic chip: check that it fits, map it to cores, and estimate what it costs."""
