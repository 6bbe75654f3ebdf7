"""The arrows of docs/architecture.md, proved twice: statically and in a fresh interpreter."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

GROUND = {
    "vocabulary", "errors", "arguments", "calendar", "hierarchy", "selling",
    "faults", "operation", "scratch", "child",
}  # fmt: skip

# Part of the house to what it may import of the house; a prefix covers what is below it.
MAY_IMPORT = {
    "forecasting.vocabulary": set(),
    "forecasting.errors": {"forecasting.consensus.events"},  # for type checking only
    "forecasting.arguments": {"forecasting.errors"},
    "forecasting.calendar": set(),
    "forecasting.hierarchy": {"forecasting.errors"},
    "forecasting.selling": {"forecasting.calendar", "forecasting.hierarchy"},
    "forecasting.faults": set(),
    "forecasting.operation": {"forecasting.errors", "forecasting.faults"},
    "forecasting.scratch": set(),
    "forecasting.child": set(),
    "forecasting.rights": {"forecasting.errors", "forecasting.vocabulary"},
    "forecasting.demand": {"forecasting.demand", *(f"forecasting.{g}" for g in GROUND)},
    "forecasting.consensus": {"forecasting.consensus", *(f"forecasting.{g}" for g in GROUND)},
    "forecasting.inventory": {"forecasting.inventory", *(f"forecasting.{g}" for g in GROUND)},
    "data": {
        "data",
        "forecasting.consensus.events",
        *(f"forecasting.{g}" for g in GROUND),
    },
}


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


def rule_of(path: Path) -> set[str] | None:
    """What a module may import of the house; None for the roof, which may import all."""
    module = module_of(path)
    return next((MAY_IMPORT[p] for p in MAY_IMPORT if f"{module}.".startswith(f"{p}.")), None)


RULED = [path for path in sources("forecasting", "data") if rule_of(path) is not None]


@pytest.mark.parametrize("path", RULED, ids=module_of)
def test_every_module_imports_only_what_its_place_allows(path):
    rule = rule_of(path)
    for name in house_imports(path):
        assert any(f"{name}.".startswith(f"{a}.") for a in rule), (
            f"{module_of(path)} imports {name}"
        )


def test_the_roof_is_what_stands_on_everything_else():
    roof = {module_of(p) for p in sources("forecasting")} - {module_of(p) for p in RULED}
    assert roof == {
        "forecasting.__init__", "forecasting.__main__", "forecasting.agenda", "forecasting.basis",
        "forecasting.board", "forecasting.buying", "forecasting.effects", "forecasting.evidence", "forecasting.findings", "forecasting.lead_time",
        "forecasting.outlook", "forecasting.policy", "forecasting.quarter", "forecasting.scorecard",
        "forecasting.comparisons", "forecasting.cycles", "forecasting.decisions", "forecasting.desk", "forecasting.drafts", "forecasting.experience", "forecasting.jobs",
        "forecasting.hindsight", "forecasting.inbound", "forecasting.history", "forecasting.marketing_calendar", "forecasting.reversals", "forecasting.runs", "forecasting.weekly",
        "forecasting.minutes", "forecasting.mixes", "forecasting.nudges", "forecasting.options", "forecasting.pack", "forecasting.plan", "forecasting.played", "forecasting.projector", "forecasting.reasons", "forecasting.recovery", "forecasting.replaying", "forecasting.resolving", "forecasting.roundtrip", "forecasting.selection",
        "forecasting.signals", "forecasting.snapshot", "forecasting.standing", "forecasting.statistical", "forecasting.views",
        "forecasting.workspace",
    }  # fmt: skip


def test_only_workspace_and_command_line_import_data():
    users = {
        module_of(p)
        for p in sources("forecasting")
        if any(name.split(".")[0] == "data" for name in house_imports(p))
    }
    verbs = {
        "forecasting.workspace",
        "forecasting.cycles",
        "forecasting.desk",
        "forecasting.drafts",
        "forecasting.hindsight",
        "forecasting.runs",
    }
    beside = {
        "forecasting.snapshot",
        "forecasting.roundtrip",
        "forecasting.pack",
        "forecasting.replaying",
        "forecasting.scorecard",
        "forecasting.effects",
        "forecasting.evidence",
        "forecasting.quarter",
    }
    assert users == verbs | beside | {"forecasting.__main__"}


@pytest.mark.parametrize(
    ("library", "only_in"),
    [
        ("duckdb", {"data"}),
        ("streamlit", {"app", "served", "pages"}),
        ("altair", {"pages"}),
        ("statsmodels", {"forecasting"}),
    ],
)
def test_each_framework_is_known_in_one_place_only(library, only_in):
    for path in [*sources("forecasting", "data", "pages"), ROOT / "app.py", ROOT / "served.py"]:
        top = path.relative_to(ROOT).parts[0].removesuffix(".py")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if module_of(path) == "forecasting.__main__":
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
            assert path.parent.name == "components"


def test_no_page_imports_a_page():
    for path in sources("pages"):
        for name in house_imports(path):
            if name.startswith("pages."):
                assert name.startswith("pages.components"), f"{path} imports {name}"


@pytest.mark.parametrize(
    ("loaded", "unwanted"),
    [
        ("forecasting.plan, forecasting.views", "streamlit duckdb altair data"),
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
