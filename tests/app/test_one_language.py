"""One visual language: colours, numbers, days and sizes are named once, and pages use the names."""

import ast
import re
import tokenize
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


WRITTEN = [
    *PAGES, *sorted((ROOT / "forecasting").rglob("*.py")), *sorted((ROOT / "data").rglob("*.py")),
    *sorted((ROOT / "data" / "queries").glob("*.sql")),
    *(p for p in sorted((ROOT / "docs").rglob("*.md")) if "decisions" not in p.parts),
    ROOT / "README.md",
]  # fmt: skip
"""Everything that somebody reads; decision records stay as they were written."""
APART = re.compile(r"(?<=[\d}]) %(?![\w%])|(?<=%[sdg]) %%")
"""A per cent sign set apart from its number: '80 %'. Everywhere else it is '80%'."""
KEPT = "price depth beyond 15 %"
"""A name under which parameters are kept in every run."""


def apart(path: Path) -> list[int]:
    """Lines of a file that set a per cent sign apart; of Python only what is text, not arithmetic."""
    if path.suffix == ".py":
        with path.open("rb") as source:
            texts = [
                (token.start[0], token.string)
                for token in tokenize.tokenize(source.readline)
                if token.type in (tokenize.STRING, tokenize.COMMENT)
            ]
    else:
        texts = list(enumerate(path.read_text(encoding="utf-8").splitlines(), 1))
    return [line for line, text in texts if APART.search(text.replace(KEPT, ""))]


def test_a_per_cent_is_written_in_one_form():
    strays = {str(p.relative_to(ROOT)): lines for p in WRITTEN if (lines := apart(p))}
    assert strays == {}


def test_the_search_for_per_cents_tells_text_from_arithmetic(tmp_path):
    page = tmp_path / "page.py"
    page.write_text('a = 7 % 2\nb = f"{a} %"\nc = "80 % interval"  # 5% of it\nd = "80%"\n')
    assert apart(page) == [2, 3]


def heights(path: Path) -> list[str]:
    """Tables whose height is given in pixels: their last line may be cut through, or empty ones follow."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        called = ast.unparse(node.func)
        if called == "st.dataframe":
            found.append(f"{path.name}:{node.lineno} is drawn past pages/components/written.py")
        for given in node.keywords if node.func.attr in ("dataframe", "data_editor") else ():
            how = ast.unparse(given.value)
            if given.arg == "height" and not re.fullmatch(
                r".*\bheight\(.*\)|'content'|tall", how
            ):
                found.append(f"{path.name}:{node.lineno} height={how}")
    return found


def test_a_table_is_as_tall_as_its_lines():
    drawn = [p for p in PAGES if p.name != "written.py"]
    assert [stray for path in drawn for stray in heights(path)] == []


def test_the_search_finds_a_table_that_is_cut_through(tmp_path):
    page = tmp_path / "page.py"
    page.write_text("st.dataframe(a)\nwritten.dataframe(a, height=340)\nwritten.dataframe(a)\n")
    assert len(heights(page)) == 2
