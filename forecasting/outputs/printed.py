"""A pack as one page of HTML, or as one PDF; either needs nothing else.

Typst sets the PDF, a compiler in a wheel of its own that needs neither a browser nor a font
of the system nor the network (docs/decisions/0030-a-pdf-in-one-click.md). What people wrote
goes to it as data, never as its markup.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typst
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from forecasting.outputs.paper import SIGNS, Paper

TEMPLATES = Path(__file__).parent / "templates"


def template(name: str) -> Template:
    """A page of its own that people fill: whatever they wrote is text in it, never markup."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    ).get_template(f"{name}.html")


def as_html(paper: Paper) -> str:
    """One page that prints well."""
    return template("paper").render(paper=paper, sign=SIGNS)


def as_pdf(paper: Paper) -> bytes:
    """Pages of A4 with bookmarks, tagged for screen readers; the same of the same pack."""
    told = json.dumps({**_drawable(asdict(paper)), "sign": SIGNS}, ensure_ascii=False)
    made: bytes = typst.compile(
        TEMPLATES / "paper.typ", sys_inputs={"paper": told}, format="pdf", timestamp=0
    )
    return made


def _drawable(value: Any) -> Any:
    """Pictures as files of their own: an SVG outside a page names its language."""
    match value:
        case {"svg": svg, **rest}:
            named = str(svg).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
            return {"svg": named, **rest}
        case dict():
            return {key: _drawable(one) for key, one in value.items()}
        case tuple() | list():
            return [_drawable(one) for one in value]
    return value
