"""Which Concord this is: the only place that knows.

The version is written once, in pyproject.toml. A checkout reads it there, because what is
installed of it may be older; an installed Concord asks its own package.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import metadata
from pathlib import Path

NAME = "concord"
UNKNOWN = "unknown"
"""Neither a project file nor a package: the source was copied by hand."""
_PROJECT = Path(__file__).parents[1] / "pyproject.toml"


@cache
def version() -> str:
    """The product's version: "1.0.0"; `UNKNOWN` where nothing says it."""
    return _of_checkout(_PROJECT) or _of_package(NAME)


def _of_checkout(project: Path) -> str:
    """What a project file says, if it is ours; '' if not."""
    try:
        stated = tomllib.loads(project.read_text(encoding="utf-8")).get("project", {})
    except (OSError, ValueError):
        return ""
    return str(stated.get("version", "")) if stated.get("name") == NAME else ""


def _of_package(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return UNKNOWN
