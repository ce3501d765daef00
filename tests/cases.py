"""Where this checkout has case files."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1]
GOLDEN = sorted((ROOT / "tests/golden").glob("*.npz"))
CONFORMANCE = sorted((ROOT.parent / "shared/conformance").glob("*.npz"))
CONFORMANCE2 = sorted((ROOT.parent / "shared/conformance2").glob("*.npz"))
"""Results of Lava and Brian2; these files are next to a checkout, not in it."""
