"""Networks written for other tools and devices; exporters are found by the entry points of the group ``lsm_sim.exporters``."""

from lsm_sim.exporters.exported import Exported
from lsm_sim.exporters.exporting import export

__all__ = ["Exported", "export"]
