"""The page as one text: its parts are files of this package; styles and scripts that are not in them cannot run."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

# Of the folder "page", in this order: later files use what earlier ones define.
SCRIPTS = (
    *("data.js", "store.js", "drawing.js", "axes.js", "raster.js", "inputs.js", "rates.js", "membrane.js"),
    *("column.js", "trajectory.js", "scores.js", "decision.js", "compare.js", "pane.js", "controls.js", "main.js"),
)


def document(title: str, contents: Mapping[str, Any], data: str) -> str:
    """Return the page with these contents; ``data`` are the arrays in base64."""
    style = _file("style.css")
    script = '"use strict";\n(() => {\n' + "\n".join(map(_file, SCRIPTS)) + "\n})();\n"
    policy = f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:"
    parts = {
        "policy": html.escape(policy, quote=True),
        "title": html.escape(title),
        "style": style,
        "contents": _as_json(contents),
        "data": data,
        "script": script,
    }
    page = _file("page.html")
    for name, text in parts.items():  # the data, which are long and have no braces, are not searched again
        before, mark, after = page.partition("{{" + name + "}}")
        assert mark
        page = before + text + after
    return page


def _file(name: str) -> str:
    return resources.files("lsm_sim.explorer").joinpath("page", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _as_json(contents: Mapping[str, Any]) -> str:
    """Return JSON in which no text can end the element that it is in."""
    text = json.dumps(contents, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
