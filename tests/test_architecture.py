"""The arrows of docs/architecture.md, proved twice: statically and in a fresh interpreter."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

GROUND = {
    "vocabulary", "errors", "rights", "arguments", "taking", "calendar", "exposure", "conventions", "write", "hierarchy", "metering",
    "faults", "operation", "scratch", "child", "version",
}  # fmt: skip
ROOMS = {
    "demand", "consensus", "inventory", "plan", "governance", "weekly", "monthly", "quarterly",
    "record", "outputs", "sample", "intake", "commands", "api",
}  # fmt: skip


def house_imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] in ("data", "forecasting", "pages")}


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def sources(*folders: str) -> list[Path]:
    return [p for folder in folders for p in sorted((ROOT / folder).rglob("*.py"))]


def test_the_arrows_stated_in_pyproject_hold():
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_at_the_root_stand_the_ground_the_workspace_and_the_command_line_only():
    root = {p.stem for p in (ROOT / "forecasting").glob("*.py")}
    assert root == GROUND | {"__init__", "__main__", "workspace"}
    rooms = {p.parent.name for p in (ROOT / "forecasting").glob("*/__init__.py")}
    assert rooms == ROOMS


def test_the_stated_arrows_name_every_room_and_all_of_the_ground():
    """A room that no arrow names would be free to import anything."""
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = stated["tool"]["importlinter"]["contracts"][0]["layers"]
    named = {name.strip() for layer in layers for name in re.split(r"[|:]", layer)}
    expected = {f"forecasting.{name}" for name in ROOMS | GROUND | {"workspace", "__main__"}}
    assert named == expected | {"data", "pages"}


MOST_LINES = {ast.Module: 500, ast.ClassDef: 300, ast.FunctionDef: 60}


def too_large(path: Path) -> set[str]:
    """Module, classes and functions of a file beyond their lines."""
    text = path.read_text(encoding="utf-8")
    found = (
        {f"{path.relative_to(ROOT)}"} if text.count("\n") > MOST_LINES[ast.Module] else set()
    )
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            if lines > MOST_LINES[type(node)]:
                found.add(f"{path.relative_to(ROOT)}: {node.name}")
    return found


def test_modules_classes_and_functions_stay_of_a_size_that_is_read_at_once():
    every = [*sources("forecasting", "data", "pages"), ROOT / "app.py", ROOT / "served.py"]
    assert set().union(*map(too_large, every)) == set()


def test_every_room_says_what_it_is_for():
    for room in ROOMS:
        text = (ROOT / "forecasting" / room / "__init__.py").read_text(encoding="utf-8")
        assert ast.get_docstring(ast.parse(text)), room


@pytest.mark.parametrize(
    ("library", "only_in"),
    [
        ("duckdb", {"data"}),
        ("psycopg", {"data"}),
        ("streamlit", {"app", "served", "pages"}),
        ("altair", {"pages"}),
        ("statsmodels", {"forecasting"}),
    ],
)
def test_each_framework_is_known_in_one_place_only(library, only_in):
    for path in [*sources("forecasting", "data", "pages"), ROOT / "app.py", ROOT / "served.py"]:
        top = path.relative_to(ROOT).parts[0].removesuffix(".py")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if module_of(path) == "forecasting.commands.serve":
            continue  # `serve` starts the app
        for node in ast.walk(tree):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.split(".")[0] == library for name in names):
                assert top in only_in, f"{path} imports {library}"


def test_statsmodels_stays_in_demand_and_altair_in_charts():
    for path in sources("forecasting", "pages"):
        text = path.read_text(encoding="utf-8")
        if re.search(r"^\s*(import|from) statsmodels", text, re.MULTILINE):
            assert "forecasting/demand" in path.as_posix()
        if re.search(r"^\s*(import|from) altair", text, re.MULTILINE):
            assert path.parent.name == "charts" or path.name == "theme.py"


@pytest.mark.parametrize(
    ("loaded", "unwanted"),
    [
        ("forecasting.plan.live, forecasting.plan.views", "streamlit duckdb altair data"),
        # What a fit needs is loaded by the process that fits; nobody else waits for it.
        ("forecasting.__main__", "statsmodels scipy.stats scipy.signal"),
    ],
)
def test_nothing_is_loaded_that_is_not_needed(loaded, unwanted):
    code = (
        f"import sys, {loaded};"
        f"bad = set({unwanted!r}.split()) & set(sys.modules);"
        "sys.exit(str(bad) if bad else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
