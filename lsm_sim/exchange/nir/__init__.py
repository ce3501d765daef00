"""Networks as files of NIR, the Neuromorphic Intermediate Representation (Pedersen et al., Nat. Commun. 15, 2024)."""

from lsm_sim.exchange.nir.reading import ReadNIR, read_nir
from lsm_sim.exchange.nir.writing import ExportedNIR, export_nir

__all__ = ["ExportedNIR", "ReadNIR", "export_nir", "read_nir"]
