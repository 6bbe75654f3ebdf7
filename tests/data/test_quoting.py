"""What comes from outside is a value or a quoted name: proved from the source, and tried."""

import ast
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.quoting import identifier, literal

DATA = Path(__file__).parents[2] / "data"
OF_IMPORT = [
    *(
        DATA / f"{name}.py"
        for name in ("reading", "checking", "files", "sheets", "parsing", "looking")
    ),
    *sorted((DATA / "parser").glob("*.py")),
]
"""What handles files from outside."""
RUNS = {"execute", "executemany", "query", "sql", "from_query"}


def trees(paths):
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in paths]


def is_constant(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def is_composed(node: ast.expr) -> bool:
    """A call of quoting.sql."""
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "sql"


def is_named(node: ast.expr) -> bool:
    """A statement of queries/ or of in_force.py, which are made of our own names."""
    names = ("sql", "sent_again_sql", "gives_way_sql", "gone_through_sql")
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") in names


@pytest.mark.parametrize(
    ("path", "tree"), trees(OF_IMPORT), ids=lambda x: getattr(x, "name", "")
)
def test_every_statement_of_the_import_is_a_constant_or_is_composed(path, tree):
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr in RUNS and getattr(node.func.value, "id", "") != "store":
            first = node.args[0]
            assert is_constant(first) or is_composed(first) or is_named(first), (
                f"{path.name}:{node.lineno} runs {ast.unparse(first)}"
            )


TEMPLATES = {"_WRONG[column.kind]"}
"""Constants of checking.py, one for each kind of column."""


@pytest.mark.parametrize(
    ("path", "tree"), trees(OF_IMPORT), ids=lambda x: getattr(x, "name", "")
)
def test_what_is_composed_is_a_constant_with_gaps_and_only_quoting_says_what_is_sql(path, tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.expr) and is_composed(node):
            first = node.args[0]
            assert is_constant(first) or ast.unparse(first) in TEMPLATES, (
                f"{path.name}:{node.lineno} composes {ast.unparse(first)}"
            )
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Sql":
            assert ast.unparse(node) == "Sql(column.sql_type)", f"{path.name}:{node.lineno}"


def test_nothing_but_the_process_that_may_die_opens_a_file_from_outside():
    openers = {"csv", "zipfile", "xml", "openpyxl", "python_calamine", "pyarrow.parquet"}
    for path, tree in trees(sorted(DATA.rglob("*.py"))):
        if path.parent.name == "parser" or path.name == "leaving.py":  # that one only writes
            continue
        for node in ast.walk(tree):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert not any(f"{name}.".startswith(f"{o}.") for o in openers), path.name
                assert not name.startswith("data.parser"), f"{path.name} imports {name}"


def test_the_process_that_opens_files_knows_nothing_of_the_database():
    for path, tree in trees(sorted((DATA / "parser").glob("*.py"))):
        for node in ast.walk(tree):
            module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
            if module.split(".")[0] == "data":
                allowed = (
                    "data.parser",
                    "data.limits",
                    "data.tables",
                    "data.quoting",
                    "data.shapes",
                    "data.cells",
                )
                assert module.startswith(allowed), path.name


text = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"))


@given(text)
def test_a_quoted_text_is_that_text(value):
    with duckdb.connect() as connection:
        assert connection.execute(f"select {literal(value)}").fetchall() == [(value,)]


@given(text.filter(bool))
def test_a_quoted_name_is_that_name(name):
    with duckdb.connect() as connection:
        connection.execute(f"create table t ({identifier(name)} int)")
        assert connection.execute("select * from t").description[0][0] == name


@pytest.mark.parametrize("quote", [identifier, literal])
def test_a_nul_is_no_part_of_sql(quote):
    with pytest.raises(ValueError, match="NUL"):
        quote("a\0b")
