"""What `lsm-sim bench` runs side by side: our engines, the limit of the machine, and other simulators."""
