"""Words that went stay away from code, too: from names, docstrings, comments, queries and docs.

tests/test_words.py holds what is seen on pages; here is what only contributors read. Decision
records and the steps of the schema keep their words, since they are history.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
NAMING = {Path(__file__), ROOT / "tests" / "test_words.py"}
"""Name the words that went, to find them."""

SOURCES = [
    path
    for folder in ("forecasting", "pages", "data", "tests")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path not in NAMING
]
SQL = sorted((ROOT / "data" / "queries").rglob("*.sql"))
PROSE_OF_USERS = [
    ROOT / "README.md",
    *(p for p in sorted(DOCS.rglob("*.md")) if "decisions" not in p.parts),
]

GONE_FROM_NAMES = {
    r"(?<![a-z])said(?![a-z])|Said(?![a-z])": "text, label, in_words, body or stated",
    r"(?<![a-z])wanted(?![a-z])|Wanted(?![a-z])": "demand, or what is needed",
    r"held_against": "compared",
    r"what_came(?!_(of|in|through|after|before|back|late))": "actuals",
    r"ways?_out": "option",
    r"(8|eight)_(in|of|out_of)_(10|ten)": "80% interval",
}
GONE_FROM_PROSE = {
    r"(?<![-\w])said\b": "stated, entered, shown or flagged",
    r"\bwanted\b": "demand, or asked for",
    r"\b(held|holds?|holding) (it |them |what was \w+ )?against\b": "compared with",
    r"\bwhat came\b(?! (of|in|through|after|before|back|late)\b)": "actuals",
    r"\bways? out\b": "option",
    r"\b(8|eight) (in|of|out of) (10|ten)\b": "80% interval",
}
KEYS = (
    "`said`",
    "scope, said, operation",
    "sku, said, person",
    "sku, said, weeks_ahead",
    "sku, said, units",
)
"""Keys and columns that ledgers, exports and the log have had from the start: scripts rely on
them, so they keep the word and are named as they are."""


def names(source: str) -> Iterator[tuple[str, int]]:
    """Every name of a module, those within f-strings too; no text."""
    for node in ast.walk(ast.parse(source)):
        line = getattr(node, "lineno", 0)
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name):
                yield name, line
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, line
            case ast.keyword(arg=str(name)) | ast.MatchAs(name=str(name)):
                yield name, line
            case ast.alias(name=name, asname=other):
                yield from ((each, line) for each in (name, other) if each)
            case ast.MatchClass(kwd_attrs=several):
                yield from ((each, line) for each in several)


def prose(source: str) -> Iterator[tuple[str, int]]:
    """Docstrings and comments, comments that follow each other as one."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield text, node.lineno
    begun, first, last = "", 0, -1
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            line = token.start[0]
            if line != last + 1:
                yield begun, first
                begun, first = "", line
            begun, last = f"{begun} {token.string.lstrip('# ')}", line
    yield begun, first


def named_wrongly(source: str) -> list[str]:
    """Names that hold a word that went."""
    return [
        f"{line}: {name}, say {instead}"
        for name, line in names(source)
        for word, instead in GONE_FROM_NAMES.items()
        if re.search(word, name)
    ]


def told_wrongly(text: str) -> list[str]:
    """Words of a text that went."""
    plain = " ".join(text.split())
    for key in KEYS:
        plain = plain.replace(key, "")
    return [
        f"{found[0]}, say {instead}"
        for word, instead in GONE_FROM_PROSE.items()
        if (found := re.search(word, plain, re.IGNORECASE))
    ]


def test_words_that_went_are_in_no_name():
    assert len(SOURCES) > 400
    back = [
        f"{path.relative_to(ROOT)}:{where}"
        for path in SOURCES
        for where in named_wrongly(path.read_text(encoding="utf-8"))
    ]
    assert not back, "\n".join(back)


def test_words_that_went_are_in_no_docstring_comment_query_or_document():
    told = [
        (path, line, text)
        for path in SOURCES
        for text, line in prose(path.read_text(encoding="utf-8"))
    ]
    told += [(path, 0, path.read_text(encoding="utf-8")) for path in (*SQL, *PROSE_OF_USERS)]
    back = [
        f"{path.relative_to(ROOT)}:{line} {where}"
        for path, line, text in told
        for where in told_wrongly(text)
    ]
    assert not back, "\n".join(back)


@pytest.mark.parametrize(
    "source",
    [
        "said = 1",
        "wanted_before = 1",
        "def _said_once(): ...",
        "class FileSaid: ...",
        "f(said=1)",
        "x = f'{one.said}'",
        "from a import held_against",
        "def test_the_ways_out_are_few(): ...",
    ],
)
def test_a_name_that_went_is_seen(source):
    assert named_wrongly(source)


@pytest.mark.parametrize(
    "source",
    [
        '"""What was\n    said."""',
        "# what they had\n# held against it",
        "x = 1  # forecast beside what came",
        "x = 1\n'''Holds eight of ten.'''",
    ],
)
def test_prose_that_went_is_seen(source):
    assert any(told_wrongly(text) for text, _ in prose(source))


@pytest.mark.parametrize(
    "text", ["unwanted = x.foreseen, aforesaid", "sku, said, person", "what came of it"]
)
def test_what_only_looks_like_it_is_not_seen(text):
    assert not told_wrongly(text)
