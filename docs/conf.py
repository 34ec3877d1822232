"""Build the documentation. Never asks the network unless `WECOM_AUTO_DOCS_ONLINE` says so."""

from __future__ import annotations

import builtins
import logging
import os
import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

# Alembic tells of its plugins at INFO, in the middle of the build's own lines.
logging.getLogger("alembic").setLevel(logging.WARNING)

project = "wecom_auto"
author = "The wecom_auto contributors"
copyright = "the wecom_auto contributors, Apache-2.0"
release = installed_version("wecom-auto")
version = ".".join(release.split(".")[:2])
language = "en"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "wecom_bindings",
    "wecom_docstrings",
    "wecom_endpoints",
    "wecom_errcodes",
    "wecom_events",
    "wecom_public",
]
exclude_patterns = ["_build", "_ext", "_static"]

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_default_options = {"members": True}
autodoc_inherit_docstrings = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_preprocess_types = False
default_role = "ref-or-code"
add_module_names = False

# Everything of ours must resolve (-n); what belongs to others is not in an inventory while the network is closed.
nitpick_ignore_regex = [
    (r"py:.*", r"(?!wecom_auto\b)[a-z_0-9]+(\.[A-Za-z_0-9]+)+(\[\w+)?"),
    (r"py:.*", "|".join(dir(builtins)) + r"|optional|callable|\.\.\."),
    (
        r"py:.*",
        "Decimal|datetime|date|time|timedelta|Path|ZoneInfo|WSGIApplication|TypeDecorator|UserDefinedType|ExternalType",
    ),
    # What nobody imports is not documented: private bases, aliases for annotations.
    (r"py:.*", r"wecom_auto\.(\w+\.)*_\w+\.\w+"),
    (r"py:.*", "Clock|Check|Node|Engine|Language"),
    # Classes of libraries whose documentation is not at hand: Celery, Procrastinate, rich.
    (r"py:.*", "Celery|App|Table"),
    # Type variables and names of the typing module as they stand in annotations.
    (r"py:.*", r"(wecom_auto\.[\w.]+\.)?([A-Z]|[A-Z]_co|[A-Z]T|ColourT)"),
    (
        r"py:.*",
        r"(Any|Self|Literal|Final|ClassVar|Protocol|Callable|Mapping|Sequence|Iterable|Iterator|Awaitable|NoneType)",
    ),
]
if os.environ.get("WECOM_AUTO_DOCS_ONLINE"):
    extensions.append("sphinx.ext.intersphinx")
    intersphinx_mapping = {
        "python": ("https://docs.python.org/3", None),
        "attrs": ("https://www.attrs.org/en/stable/", None),
    }

html_theme = "furo"
html_title = f"wecom_auto {release}"
html_static_path = ["_static"]
html_css_files = ["wecom.css"]
html_js_files = ["tables.js"]
html_copy_source = False
html_show_sourcelink = False
html_last_updated_fmt = None
copybutton_prompt_text = "$ "
