"""How the parts of a kernel are compiled: into it, and never so that Python or C could call them."""

from __future__ import annotations

import numba

OPTIONS = {"error_model": "numpy", "forceinline": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
inlined = numba.njit(**OPTIONS)
