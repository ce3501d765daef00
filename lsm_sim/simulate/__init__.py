"""Running a network on a backend, with results by group name; rescaling of weights."""
