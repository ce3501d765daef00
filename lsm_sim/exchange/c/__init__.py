"""Programs as C99 for devices: tables in flash, a state of fixed size, no allocation, integers only."""

from lsm_sim.exchange.c.writing import export_c

__all__ = ["export_c"]
