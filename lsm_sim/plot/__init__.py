"""Pictures of liquids and their spikes, ready for print: single-column width, vector text, colours for every eye.

Each function draws into ``ax`` or, without one, into a new figure, and returns the Axes; none shows or saves anything, none
changes matplotlib's settings. Save with ``ax.figure.savefig("name.pdf")``. The font family is yours (``font.family``).
"""

from lsm_sim.plot.column_3d import column
from lsm_sim.plot.confusion_matrix import confusion
from lsm_sim.plot.membrane_traces import traces
from lsm_sim.plot.spike_raster import raster, rates
from lsm_sim.plot.state_space import trajectories
from lsm_sim.plot.weight_matrix import weights

__all__ = ["column", "confusion", "raster", "rates", "traces", "trajectories", "weights"]
