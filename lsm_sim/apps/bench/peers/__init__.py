"""The peers of `lsm-sim bench`: our backends, the limit of the machine, and other simulators."""
