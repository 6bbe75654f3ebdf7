"""Sentences write numbers, days and money as the company does; nothing else writes them."""

import ast
import datetime as dt
import re
from pathlib import Path

import pytest

from data.store import Store
from forecasting import conventions, write
from forecasting.conventions import US
from tests.odd import changed, found, order, week

ROOT = Path(__file__).parents[2]
SPELLS = {"spelled", "money"}
"""What is handed to them is written as the company does."""
NO_SENTENCES = {
    "data/parser": "a process of its own, which knows no company",
    "data/limits.py": "sizes of files in words",
    "data/parsing.py": "seconds of a limit",
    "data/tables.py": "what files may hold, written as files are",
    "forecasting/demand": "progress of a fit and labels of factors",
    "forecasting/sample": "names and numbers of a made-up company's files",
    "forecasting/conventions.py": "where numbers are spelled",
    "forecasting/write.py": "where numbers are spelled",
    "forecasting/calendar.py": "what conventions stand on",
    "forecasting/errors.py": "what conventions stand on",
    "forecasting/operation.py": "the log, which programs read",
}
DRAWINGS = {"<line", "<circle", "<text", "<rect", "<path", "<polyline"}
_BY_HAND = re.compile(r",|%$|\.\d+[fge]|^g$|^\+|%[Ymdb]")


def strays(path: Path) -> list[str]:
    """Numbers and days that a sentence of a module formats by itself."""
    tree = ast.parse(path.read_text())
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    told = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.FormattedValue) or node.format_spec is None:
            continue
        parts = node.format_spec.values if isinstance(node.format_spec, ast.JoinedStr) else []
        spec = "".join(p.value for p in parts if isinstance(p, ast.Constant))
        if not _BY_HAND.search(spec):
            continue
        above, at = [], node
        while at in parents:
            at = parents[at]
            above.append(at)
        whole = [n for n in above if isinstance(n, ast.JoinedStr)][-1]
        text = "".join(p.value for p in whole.values if isinstance(p, ast.Constant))
        calls = {
            getattr(n.func, "attr", getattr(n.func, "id", ""))
            for n in above if isinstance(n, ast.Call)
        }  # fmt: skip
        if not calls & SPELLS and not any(mark in text for mark in DRAWINGS) and " " in text:
            told.append(f"{path.relative_to(ROOT)}:{node.lineno} {{...:{spec}}} in '{text}'")
    return told


def test_no_sentence_writes_a_number_or_a_day_by_itself():
    modules = [
        path for room in ("forecasting", "data") for path in sorted((ROOT / room).rglob("*.py"))
        if not any(str(path.relative_to(ROOT)).startswith(place) for place in NO_SENTENCES)
    ]  # fmt: skip
    assert [stray for path in modules for stray in strays(path)] == []


def test_no_statement_writes_a_number_or_a_day_by_itself():
    for path in sorted((ROOT / "data" / "queries").glob("odd_*.sql")):
        assert not re.search(r"%,d|%\.\d+[fg]|strftime", path.read_text()), path.name


EUROPE = US.with_(
    {"currency": "€", "place": "after", "numbers": "1.234,5", "days": "2 Nov 2026"}
)


@pytest.fixture
def in_europe():
    conventions.keep(EUROPE)
    yield
    conventions.keep(US)


@pytest.mark.usefixtures("in_europe")
def test_sentences_write_as_the_company_does():
    assert write.number(1234.5, 1) == "1.234,5"
    assert write.number(1234, sign=True) == "+1.234"
    assert write.figure(0.25) == "0,25"
    assert write.percent(0.125, 1) == "12,5%"
    assert write.price(12.5) == "12,50\u00a0€"
    assert write.day(dt.date(2026, 11, 2)) == "2 Nov 2026"


@pytest.mark.usefixtures("in_europe")
def test_what_looks_odd_is_written_as_the_company_does():
    late = order("PO9", eta=week(6), units=12_500.0)
    (one,) = [o for o in found(changed("receipts", late)) if o.kind == "receipts_past_due"]
    assert "12.500 units due 4 Oct 2026" in one.sentence


def test_no_name_of_a_file_is_taken_for_a_number():
    assert write.written("SKU n0:5 p:3 at d2026-01-01") == "SKU n0:5 p:3 at d2026-01-01"
    store = Store()
    with store.cursor() as cursor:
        ((told,),) = cursor.execute(
            "select printf('%s, %s, %s, %s', told_number(1234.56, 1), told_day(date '2026-11-02'), "
            "told_price(3), told_figure(0.95))"
        ).fetchall()
    store.close()
    assert write.written(told) == "1,234.6, Nov 2, 2026, $3.00, 0.95"
