"""How `make docs` makes a site of these pages: Markdown to HTML, nothing from the internet."""

import tomllib
from pathlib import Path

project = "Concord"
author = "The Concord authors"
copyright = "2026 The Concord authors"  # the name that Sphinx looks for
release = tomllib.loads(Path("../pyproject.toml").read_text(encoding="utf-8"))["project"][
    "version"
]

extensions = ["myst_parser"]
myst_heading_anchors = 3
"""Headings can be linked to as on a code host."""
suppress_warnings = ["myst.header"]  # a record may begin its sections at any level
nitpicky = True

html_theme = "furo"
html_title = f"Concord {release}"
html_copy_source = False
html_show_sourcelink = False
# The system's own fonts; no page asks another server for anything.
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0f5c8c", "color-brand-content": "#0f5c8c"},
    "dark_css_variables": {"color-brand-primary": "#5fb0e0", "color-brand-content": "#5fb0e0"},
}
