"""The tasks of `benchmarks/liquid_memory.py`: each module returns the rows of its tables, by name."""
