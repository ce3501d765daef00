"""More samples than memory: features, spikes and recordings that are computed and stored chunk by chunk.

`transform` writes the features of any number of samples to a folder, `fit` trains a readout on them, `record` writes spikes and
recorded variables. A run that was killed goes on where it was. Forms of samples: `lsm_sim.streams.batches`.
"""

from lsm_sim.streams.fitting import fit
from lsm_sim.streams.recording import record
from lsm_sim.streams.stored_features import StoredFeatures
from lsm_sim.streams.stored_recording import StoredRecording
from lsm_sim.streams.transforming import transform

__all__ = ["StoredFeatures", "StoredRecording", "fit", "record", "transform"]
