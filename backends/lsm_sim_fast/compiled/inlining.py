"""How the parts of a kernel are compiled: into it, and never so that Python or C could call them."""

from __future__ import annotations

from typing import Any

import numba

OPTIONS: Any = {"error_model": "numpy", "forceinline": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
inlined: Any = numba.njit(**OPTIONS)
