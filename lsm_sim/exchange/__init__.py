"""Networks written for other tools and devices, and read from them; exporters are found by the entry points of the group ``lsm_sim.exporters``."""

from lsm_sim.exchange.exported import Exported
from lsm_sim.exchange.exporting import export

__all__ = ["Exported", "export"]
