"""Applications: command line, demo, evaluation of accuracy, benchmark of speed. No other part of lsm_sim imports them."""
