"""How the parts of a kernel are compiled: inlined into it, without wrappers for calls from Python or C."""

from __future__ import annotations

from typing import Any

import numba

OPTIONS: Any = {"error_model": "numpy", "forceinline": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
inlined = numba.njit(**OPTIONS)
