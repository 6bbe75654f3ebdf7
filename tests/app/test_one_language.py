"""One visual language: colours, numbers, days and sizes are named once, and pages use the names."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py"))]
NAMES_THEM = {"theme.py", "written.py"}
"""The modules that may: of everything, and of amounts in tables."""
COLUMN_FORMS = {
    "localized", "%,.0f", "%+,.0f", "%,.1f", "%.2fx", "%.0f%%", "%.1f%%", "%+.1f%%", "%g",
    "%.1f",  # a field that a percentage is typed into
}  # fmt: skip
"""How tables write a number: one whole and one exact form a kind."""
AXIS_FORMS = {
    ",",
    ",.0f",
    ",.1f",
    ".0%",
    ".1%",
    ".0f",
    ".2f",
    "~s",
    "%b",
    "%b %Y",
    ",.2~f",
    ".2~f",
}
"""How axes and tooltips do (d3-format, d3-time-format)."""
COLOUR = re.compile(r"#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?\b")
BY_HAND = re.compile(r",|%|\.\d+[fge]|^\+")
"""A number or a day formatted on the spot: it would not be written as the company writes."""


def strays(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        at = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
        match node:
            case ast.Constant(value=str(text)) if COLOUR.fullmatch(text.strip()):
                found.append(f"{at} colour {text}")
            case ast.FormattedValue(
                format_spec=ast.JoinedStr(values=[ast.Constant(value=str(how))])
            ):
                if BY_HAND.search(how) and how not in {"%<9"}:
                    found.append(f"{at} {{...:{how}}}")
            case ast.keyword(arg="format", value=ast.Constant(value=str(how))):
                if how not in COLUMN_FORMS | AXIS_FORMS:
                    found.append(f"{at} format {how!r}")
            case ast.keyword(arg="scheme"):
                found.append(f"{at} a palette of another's")
            case ast.Attribute(attr="strftime"):
                found.append(f"{at} strftime")
    return found  # fmt: skip


@pytest.mark.parametrize(
    "path", [p for p in PAGES if p.name not in NAMES_THEM], ids=lambda p: p.name
)
def test_no_page_has_a_colour_or_a_form_of_its_own(path):
    allowed = {
        "f'{first:%A}'",
        "{...:%A}",
        "{...:%a}",
    }  # a day of the week has no order of parts
    assert [s for s in strays(path) if not any(s.endswith(one) for one in allowed)] == []


def test_the_search_finds_strays(tmp_path, monkeypatch):
    page = tmp_path / "page.py"
    page.write_text(
        'a = "#ff0000"\nb = f"{x:,.0f} u"\nc = f"{d:%b %d}"\nNumberColumn(format="%.3f")\n'
        'Scale(scheme="tableau10")\nd.strftime("%Y")\nfine = f"{x:d} {y}"\n'
    )
    monkeypatch.setattr("tests.app.test_one_language.ROOT", tmp_path)
    assert len(strays(page)) == 6


def test_the_style_sheet_names_each_colour_once_and_sizes_by_a_scale():
    sheet = (ROOT / "pages" / "components" / "style.css").read_text(encoding="utf-8")
    tokens, _, rules = sheet.partition("/* Rules */")
    assert rules
    assert not COLOUR.search(rules), "colours stand among the tokens, above"
    assert not re.search(r"font-size: (?!var\()", rules)
    sizes = re.findall(r"--size-\w+: ([\d.]+)rem", tokens)
    assert sizes == sorted(sizes, key=float)
    assert 2 <= len(sizes) <= 6
