"""Use Brian2 without effects on the user's own Brian2 code: preferences and device are always restored."""

from __future__ import annotations

import importlib
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from lsm_sim_brian2.interrupts import interruptible

_LOCK = threading.RLock()  # Brian2's preferences and device are global
_WANTED = {
    "core.default_float_dtype": np.float64,
    "core.stop_on_keyboard_interrupt": False,
    "logging.warn_for_unused_objects": False,  # every run would collect garbage to find them, which takes 0.1 s
}


@contextmanager
def isolated(preferences: Mapping[str, Any], device: Any = None) -> Iterator[None]:
    """Run the block with these preferences, float64, and Brian2's runtime device or the one given.

    Brian2's own functions for changing the device copy the default clock's dt, so they are not used.
    """
    from brian2 import Network, prefs

    devices: Any = importlib.import_module("brian2.devices.device")  # as an attribute, `device` is a proxy
    wanted = _WANTED | dict(preferences)
    with _LOCK, warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # Brian2 2.8 and 2.9 use functions deprecated in pyparsing 3.3
        before = {name: prefs[name] for name in wanted if name in prefs}
        active, running = devices.active_device, getattr(Network, "_globally_running", None)
        try:
            for name in before:
                prefs[name] = wanted[name]
            devices.active_device = device or devices.runtime_device
            with interruptible():
                yield
        finally:
            devices.active_device = active
            if running is not None:  # an interrupted run may leave it set, and then Ctrl-C only asks Brian2 to stop
                Network._globally_running = running
            for name, value in before.items():
                prefs[name] = value
