"""What installs the packages that the cells need."""

EXTRA = "cells"  # of lsm_sim
