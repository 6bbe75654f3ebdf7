"""One word for one thing: what pages call a measure stands in the glossary, and no other word.

Labels are read from the source, so that those of rare moments count, too: tiles, columns, axes,
legends and tooltips. A label is made of words of the glossary and of words that say which one
(now, published, 8 weeks); what is no measure at all, such as a name or a date, is listed here.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from forecasting.vocabulary import GLOSSARY, Function, Status

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted((ROOT / "pages").rglob("*.py"))
ON_SCREEN = [ROOT / "app.py", *PAGES, *sorted((ROOT / "forecasting").rglob("*.py"))]

TEMPLATES = sorted((ROOT / "forecasting" / "outputs" / "templates").glob("*.html"))

WHICH = frozenset(
    re.split(
        r"\s+",
        "now before after planned published expected stated typed exported due done late all week "
        "weeks day days last other same past ahead per worst doors door out activations that for "
        "at the in with without less vs of so far to retail cost units promoted usual typical "
        "moved used no first begin start end times buy order prevented flagged absolute sku skus "
        "year an ordinary 1 8 marketing merchandising planning sign "
        "cheapest budget",
    )
)
"""Words that say which value of a measure it is: when, whose, where, of what."""
NO_MEASURE = frozenset(
    [
        "#",
        "Dates",
        "Ours",
        "In the file",
        "Or the same in every row",
        "Part",
        "Step",
        "Value",
        "Weeks ahead",
        "Accepted",
        "In the column",
        "Times",
        "Remark",
        "Activations that feature it",
        "After",
        "Parts of the draft",
        "Week of",
        "Buys",
        "Take",
        "Order by",
        "For",
        "Short without it, u",
        "Margin protected",
        "Places",
        "Earlier",
        "Times an ordinary week",
        "Units, total or change",
        "line",
        "Also signs for",
        "Speaks for",
        "Or for",
        "Signs in as",
        "Given by",
        "May",
        "Verbs",
        "Last used",
        "Limited to",
        "What happened",
        "Of what",
        "Group",
        "Arrives",
        "Best supply option",
        "By",
        "Can be chosen",
        "Can be sold from",
        "Cause",
        "Class",
        "Code",
        "Column",
        "Count",
        "Cycles",
        "Day",
        "Decide by",
        "Decided",
        "Decided by",
        "Department",
        "Description",
        "Discount",
        "Done",
        "Doors",
        "Due",
        "Evidence",
        "Expected",
        "File",
        "First day",
        "For example",
        "Found",
        "From",
        "Frozen weeks",
        "Function",
        "History",
        "How it is forecast",
        "Id",
        "In force",
        "Inputs due",
        "Last day",
        "Last quarter",
        "Last year",
        "Leaves, or was due",
        "Line",
        "Lines like it",
        "May move, u",
        "Measure",
        "Meeting",
        "Most likely cause",
        "Name",
        "Needs a note",
        "Note",
        "Now",
        "Odd in its data",
        "On time",
        "Order",
        "Owner",
        "Person",
        "People",
        "Promised",
        "Publish by",
        "Quarter",
        "Read",
        "Reason",
        "Refused",
        "Region",
        "Release",
        "Remarks",
        "Runs out",
        "What looks odd",
        "Where",
        "SKU",
        "SKUs",
        "Setting",
        "Signatures that lapse",
        "Since",
        "Starts",
        "State",
        "Status",
        "Still ran out",
        "Supplier",
        "Table",
        "Target",
        "To",
        "Ticked",
        "To check",
        "Total",
        "Trend",
        "Type",
        "Until",
        "Week",
        "Weeks",
        "Weeks before",
        "Weeks late",
        "What",
        "What it is",
        "Who",
        "Why",
        "class",
        "log",
        "sd",
        "type",
        "value",
    ]
)
"""Labels of what is no measure: names, people, days, words."""


def labels() -> Iterator[tuple[str, str]]:
    """What pages call their measures, and where."""
    for path in PAGES:
        for label, line in found_in(path.read_text(encoding="utf-8")):
            yield label, f"{path.relative_to(ROOT)}:{line}"
    for path in TEMPLATES:
        for label in re.findall(r"<th[^>]*>([^<{]+)</th>", path.read_text(encoding="utf-8")):
            yield label, str(path.relative_to(ROOT))


def found_in(source: str) -> Iterator[tuple[str, int]]:
    """Tiles, columns, axes, legends and tooltips of one module."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(attr="metric"), args=[label, *_]):
                yield from _literal(label)
            case ast.Call(func=ast.Name(id="tip" | "named"), args=[_, label, *_]):
                yield from _literal(label)
            case ast.Call(func=ast.Attribute(attr="NumberColumn"), args=[label, *_]):
                yield from _literal(label)
            case ast.Call(func=ast.Attribute(attr="DataFrame"), keywords=options):
                yield from _columns(node.args, options)
            case ast.Call(func=ast.Attribute(attr="rename"), keywords=options):
                for option in options:
                    if option.arg == "columns" and isinstance(option.value, ast.Dict):
                        for value in option.value.values:
                            yield from _literal(value)
            case ast.Assign(targets=[ast.Subscript(slice=ast.Constant() as label)]):
                if label.value[:1].isupper() if isinstance(label.value, str) else False:
                    yield from _literal(label)
            case ast.keyword(arg="title", value=label):
                yield from _literal(label)
            case ast.Dict(keys=keys) if len(keys) > 1:
                yield from _headed(keys)


def _columns(args: list[ast.expr], options: list[ast.keyword]) -> Iterator[tuple[str, int]]:
    for option in options:
        if option.arg == "columns" and isinstance(option.value, ast.List):
            for label in option.value.elts:
                yield from _literal(label)
    for given in args:
        if isinstance(given, ast.Dict):
            yield from _headed(given.keys)


def _headed(keys: list[ast.expr | None]) -> Iterator[tuple[str, int]]:
    """Keys of a dict that are headings: all that are written out begin with a capital."""
    written = [k for k in keys if isinstance(k, ast.Constant) and isinstance(k.value, str)]
    if written and all(not k.value or not k.value[0].islower() for k in written):
        for key in written:
            yield from _literal(key)


def _literal(node: ast.expr) -> Iterator[tuple[str, int]]:
    """What is written out of a label; what it is filled with is left out."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value, node.lineno
    if isinstance(node, ast.JoinedStr):
        parts = [p.value for p in node.values if isinstance(p, ast.Constant)]
        yield " ".join(str(p) for p in parts), node.lineno


TERMS = re.compile(
    "|".join(
        rf"\b{re.escape(term.casefold())}(?:s|es)?\b" if term[0].isalpha() else re.escape(term)
        for term in sorted(GLOSSARY, key=len, reverse=True)
    )
)
NAMES = frozenset(one.label for one in (*Status, *Function))


def bare(label: str) -> str:
    """A label without signs and without brackets that something else fills in."""
    return re.sub(r"[^\w %$,()#-]|\(\s*\)", " ", label).strip()


def lacking(label: str) -> str:
    """What of a label neither the glossary nor a word of `WHICH` explains; '' nothing."""
    text = bare(label)
    if text in NO_MEASURE or text in NAMES or not re.search(r"[a-zA-Z]{2}", text):
        return ""
    left, terms = TERMS.subn(" ", text.casefold())
    left = re.sub(r"(, | )(u|\$|%)(?=$| )", " ", left)
    unknown = [w for w in re.findall(r"[a-z0-9][\w-]*", left) if w not in WHICH]
    if unknown:
        return " ".join(unknown)
    return "" if terms else text


def test_every_measure_on_a_page_is_called_by_a_word_of_the_glossary():
    found = list(labels())
    assert len(found) > 250  # the collector still sees the pages
    unknown = [
        f"{where}: '{label}' ({lacking(label)})" for label, where in found if lacking(label)
    ]
    assert not unknown, "\n".join(unknown)


@pytest.mark.parametrize(
    ("source", "label", "unexplained"),
    [
        ('tiles[0].metric("Oomph", 1)', "Oomph", "oomph"),
        ('st.dataframe(pd.DataFrame({"SKU": a, "Wanted, u": b}))', "Wanted, u", "wanted"),
        ('alt.Y("x:Q", title="risk that was said, %")', "risk that was said, %", "risk was said"),
        ('tiles[0].metric(f"Draft, {n} weeks", 1)', "Draft,   weeks", ""),
        ('{"Class": a, "On hand now, u": b}', "On hand now, u", ""),
    ],
)  # fmt: skip
def test_a_measure_that_the_glossary_lacks_is_seen(source, label, unexplained):
    assert label in dict(found_in(source))
    assert lacking(label) == unexplained


def test_nothing_is_listed_as_no_measure_that_no_page_shows():
    shown = {bare(label) for label, _ in labels()}
    assert not NO_MEASURE - shown


# Words that went ----------------------------------------------------------------------------

GONE = {
    r"\bwanted\b": "demand, or actual",
    r"\b(that|what|it|is|are|was|were|nothing|anything) said\b": "forecast, or entered",
    r"\bsaid (nothing|another|of)\b": "changed",
    r"\b(held|holds?|holding) (it |them |what was \w+ )?against\b": "compared with",
    r"\bwhat came\b|\bcame out\b|\bcame to\b": "actual",
    r"\bways? out\b": "option",
    r"\b(8|eight)( times)? (in|of|out of) (10|ten)\b": "80% interval",
    r"\bpp\b": "points",
    r"\bon-hand\b": "on hand",
}
"""Word to the one that stands for it now."""


def texts() -> Iterator[tuple[str, str]]:
    """Every text of the source that may be shown, and the documents of users."""
    for path in ON_SCREEN:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docstrings = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in docstrings
                and " " in node.value.strip()
            ):
                yield node.value, f"{path.relative_to(ROOT)}:{node.lineno}"
    for path in TEMPLATES:
        words = re.sub(
            r"<style>.*?</style>|{[{%].*?[}%]}|<[^>]+>", " ", path.read_text(), flags=re.S
        )
        yield words, str(path.relative_to(ROOT))
    for path in DOCS.rglob("*.md"):
        if "decisions" not in path.parts:
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                yield line, f"docs/{path.relative_to(DOCS)}:{number}"


def test_words_that_went_do_not_come_back():
    back = [
        f"{where}: '{found[0]}', say {instead}"
        for text, where in texts()
        for word, instead in GONE.items()
        if (found := re.search(word, text, re.IGNORECASE))
    ]
    assert not back, "\n".join(back)
