"""Trained models as programs for Loihi: the readout on the chip, mapping to cores, estimates of cost, files to hand over."""

from lsm_sim.deploy.deploying import deploy
from lsm_sim.deploy.deployment import Decisions, Deployment
from lsm_sim.deploy.reporting import report_on
from lsm_sim.deploy.verification import Verification, verify

__all__ = ["Decisions", "Deployment", "Verification", "deploy", "report_on", "verify"]
