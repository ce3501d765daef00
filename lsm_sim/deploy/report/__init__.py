"""The report of a deployment: as text, as plain data, as one HTML page."""

from lsm_sim.deploy.report.record import AccuracyRow, DeploymentReport, ProgramFacts, Rasters, ReadoutFact

__all__ = ["AccuracyRow", "DeploymentReport", "ProgramFacts", "Rasters", "ReadoutFact"]
