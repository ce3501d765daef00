"""From float64 to the integers of Loihi."""
