"""What `lsm-sim bench` runs side by side: our engine, the machine's limit, and the peers that are installed."""
