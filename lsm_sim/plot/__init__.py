"""Figures of liquids and their spikes, ready for print: single-column width, vector text, colour-blind safe colours.

Each function draws into ``ax`` or, without it, into a new figure, and returns the Axes. No function shows or saves a figure
or changes matplotlib's settings. Save with ``ax.figure.savefig("name.pdf")``. The font is that of your rcParams (``font.family``).
"""

from lsm_sim.plot.column_3d import column
from lsm_sim.plot.confusion_matrix import confusion
from lsm_sim.plot.membrane_traces import traces
from lsm_sim.plot.spike_raster import raster, rates
from lsm_sim.plot.state_space import trajectories
from lsm_sim.plot.synapse_efficacy import synapse
from lsm_sim.plot.weight_matrix import weights

__all__ = ["column", "confusion", "raster", "rates", "synapse", "traces", "trajectories", "weights"]
