"""How `make docs` makes a site of these pages: Markdown to HTML, nothing from the internet."""

import re
import tomllib
from pathlib import Path
from typing import Any

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

_LISTS = ("index", "decisions/README")
"""Pages whose lists of links are the contents; a page that is in none of them is an error."""


def _contents(_app: Any, docname: str, source: list[str]) -> None:
    """Make the menu of the lists of links, so that a code host shows lists, not directives."""
    if docname not in _LISTS:
        return
    for part in re.split(r"^## ", source[0], flags=re.MULTILINE)[1:]:
        listed = re.findall(r"^- \[[^]]+\]\(([^)]+)\.md\)", part, flags=re.MULTILINE)
        caption = part.splitlines()[0]
        lines = ["```{toctree}", ":hidden:", f":caption: {caption}", *listed, "```"]
        source[0] += "\n\n" + "\n".join(lines) + "\n"


def setup(app: Any) -> None:
    """Hook into the build."""
    app.connect("source-read", _contents)
