"""Settings of the documentation site: `make docs` builds it into build/docs."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path

import scipy.stats  # noqa: F401, because it looks for PyTorch while it is imported, and finds what autodoc puts in its place
import sklearn  # noqa: F401, for the same reason
from sphinx_gallery import backreferences

import lsm_sim

os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"  # pictures of notebooks appear in them

project = "lsm_sim"
author = "The lsm_sim authors"
copyright = f"2026, {author}"  # noqa: A001, the name that Sphinx wants
release = version = lsm_sim.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["images", "gallery/*.ipynb", "gallery/*.py", "**/.ipynb_checkpoints"]
default_role = "py:obj"

# Pages
html_theme = "furo"
html_title = "lsm_sim"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_theme_options = {"footer_icons": []}
copybutton_prompt_text = ">>> "
copybutton_only_copy_prompt_lines = False
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

# Notebooks are committed without results and run here; an error in one fails the build.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True
nb_output_stderr = "remove"  # progress bars

# Kernels warn that nobody else should read the ports of this machine, and once Lava has set up logging, a line names each notebook:
# neither is shown.
kernel_profile = Path(__file__).parents[1] / "build/ipython/profile_default"
kernel_profile.mkdir(parents=True, exist_ok=True)
(kernel_profile / "ipython_kernel_config.py").write_text('c.IPKernelApp.log_level = "ERROR"\n')
os.environ["IPYTHONDIR"] = str(kernel_profile.parent)
logging.getLogger("traitlets").setLevel(logging.WARNING)

# Reference: the names in __all__ of each public module, from their docstrings.
autodoc_typehints = "none"  # the docstrings say types together with shapes and units
autodoc_member_order = "bysource"
autodoc_mock_imports = ["torch"]  # the site is built without it
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_attr_annotations = False

# Gallery: all examples, of which the build runs those that take a few seconds; the tests run all of them.
RUN = ("first_liquid", "own_data", "same_spikes", "spoken_digits")
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": rf"/({'|'.join(RUN)})\.py$",
    "abort_on_example_error": True,
    "remove_config_comments": True,
    "show_memory": False,
    "show_signature": False,
    "download_all_examples": False,
    "default_thumb_file": str(Path(__file__).parent / "images/raster.png"),
    "min_reported_time": 1e9,
    "write_computation_times": False,
    "within_subsection_order": "ExampleTitleSortKey",
}


def short_module_name(module, name, find=backreferences._get_short_module_name):
    """Return None for a name that needs PyTorch, which is not installed: sphinx-gallery expects an AttributeError there."""
    try:
        return find(module, name)
    except lsm_sim.BackendUnavailableError:
        return None


backreferences._get_short_module_name = short_module_name

REPOSITORY = os.environ.get("GITHUB_REPOSITORY")  # owner/name, where a workflow builds the site


def mark_equations(app, what, name, obj, options, lines):
    """Show indented lines after a colon, and |u|, as they are written: reStructuredText would change both."""
    outside = 0  # the indent at which an equation has ended
    equation = False
    for k, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        equation = equation and (not line.strip() or indent > outside)
        if equation:
            continue
        following = next((other for other in lines[k + 1 :] if other.strip()), "")
        if line.rstrip().endswith(":") and lines[k + 1 : k + 2] == [""] and following.startswith(" " * (indent + 4)):
            line = line.rstrip(": ") + "::"
            outside, equation = indent, True
        parts = re.split(r"(``.*?``)", line)
        lines[k] = "".join(part if part.startswith("``") else part.replace("|", r"\|") for part in parts)


def skip_inherited(app, what, name, obj, skip, options):
    """Leave out what scikit-learn adds to each estimator for metadata routing."""
    return skip or bool(re.fullmatch(r"set_\w+_request", name))


def link_to_sources(app, docname, source):
    """Turn links to files outside docs/ into links to the repository, or into the plain name where it is not known."""
    if "/" in docname:  # only the pages in docs/ itself
        return
    target = rf"[\1](https://github.com/{REPOSITORY}/blob/main/\2)" if REPOSITORY else r"\1"
    source[0] = re.sub(r"\[([^\]]+)\]\(\.\./([^)]+)\)", target, source[0])


def setup(app):
    """Add what is needed beside the extensions."""
    app.connect("autodoc-process-docstring", mark_equations, priority=400)  # before napoleon
    app.connect("autodoc-skip-member", skip_inherited)
    app.connect("source-read", link_to_sources)
