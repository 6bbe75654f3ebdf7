"""Documentation that fails the build when it stops being true."""

import ast
import datetime as dt
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from data import files
from forecasting.__main__ import main
from forecasting.intake import checks
from forecasting.vocabulary import GLOSSARY

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def glossary() -> str:
    lines = ["# Glossary", "", "The words of the trade, as every page uses them.", ""]
    lines += [f"**{term}**: {meaning}\n" for term, meaning in sorted(GLOSSARY.items())]
    return "\n".join(lines)


def test_the_glossary_says_what_the_pages_say():
    assert (DOCS / "glossary.md").read_text() == glossary()


def test_the_guide_to_files_says_what_the_import_expects_and_what_is_assumed():
    expected = files.columns_guide() + checks.chapter()
    assert (DOCS / "files.md").read_text() == expected


def test_every_term_that_a_page_explains_is_in_the_glossary():
    for path in (ROOT / "pages").rglob("*.py"):
        for term in re.findall(r'frame\.term\("([^"]+)"\)', path.read_text()):
            assert term in GLOSSARY, f"{path.name}: {term}"


@pytest.mark.parametrize("verb", sorted(main.commands))
def test_every_verb_has_help_and_stands_in_the_readme(verb):
    shown = CliRunner().invoke(main, [verb, "--help"])
    assert shown.exit_code == 0
    assert main.commands[verb].help
    assert f"`{verb}`" in (ROOT / "README.md").read_text()


def test_every_link_between_documents_leads_somewhere():
    for path in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]:
        for target in re.findall(r"\]\((?!http)([^)#]+)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name} -> {target}"


def test_every_formula_example_of_the_docstrings_holds():
    import doctest

    from forecasting import hierarchy
    from forecasting.demand import accuracy
    from forecasting.inventory import projection

    for module in (hierarchy, accuracy, projection):
        failed, tried = doctest.testmod(module)
        assert tried > 0
        assert failed == 0


def test_the_readmes_library_example_prints_what_it_says():
    import doctest

    code = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    example = doctest.DocTestParser().get_doctest(code[1], {}, "README", "README.md", 0)
    runner = doctest.DocTestRunner()
    runner.run(example)
    assert runner.tries == 5
    assert runner.failures == 0


# The site ---------------------------------------------------------------------------------


def built(source: Path, target: Path) -> subprocess.CompletedProcess[str]:
    """The site as `make docs` builds it."""
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet"]
    return subprocess.run(
        [*command, "--builder", "html", str(source), str(target)],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_asks_no_other_server_for_anything(tmp_path):
    done = built(DOCS, tmp_path)
    assert done.returncode == 0, done.stderr
    pages = {p.relative_to(tmp_path).with_suffix("") for p in tmp_path.rglob("*.html")}
    assert pages >= {p.relative_to(DOCS).with_suffix("") for p in DOCS.rglob("*.md")}
    loads = r"""<(?:script|img|iframe)[^>]+src=["']?(?:https?:)?//|<link[^>]+href=["']?(?:https?:)?//"""
    for page in tmp_path.rglob("*.html"):
        assert not re.search(loads, page.read_text()), page
    for sheet in tmp_path.rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*[\"']?(https?:)?//", sheet.read_text()), sheet


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# A\n\n[gone](gone.md)\n", "gone.md"),
        ("# A\n\n[part](#no-such-part)\n", "no-such-part"),
        ("# A\n", "isn't included in any toctree"),
    ],
    ids=["page", "heading", "page-that-nobody-lists"],
)
def test_the_site_fails_on_a_link_that_leads_nowhere_and_on_a_page_without_one(
    tmp_path, text, words
):
    source = tmp_path / "docs"
    source.mkdir()
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    (source / "conf.py").write_text((DOCS / "conf.py").read_text())
    listed = "" if "toctree" in words else "## Part\n\n- [A](a.md)\n"
    (source / "index.md").write_text(f"# Index\n\n{listed}")
    (source / "a.md").write_text(text)
    done = built(source, tmp_path / "site")
    assert done.returncode != 0
    assert words in done.stderr


# Decisions --------------------------------------------------------------------------------

RECORDS = sorted((DOCS / "decisions").glob("0*.md"))
STATUS = re.compile(
    r"Status: ((?:accepted|superseded by \d+), (\d{4}-\d\d-\d\d)"
    r"(?:; last added to (\d{4}-\d\d-\d\d))?)\."
)


@pytest.mark.parametrize("path", RECORDS, ids=lambda p: p.stem)
def test_a_decision_says_its_number_status_and_date_and_is_listed(path):
    title, blank, status, *_ = path.read_text().splitlines()
    assert title.startswith(f"# {int(path.stem[:4])}. ")
    assert blank == ""
    stated = STATUS.fullmatch(status)
    assert stated, status
    first, last = (dt.date.fromisoformat(day) for day in (stated[2], stated[3] or stated[2]))
    assert first <= last
    line = f"- [{title.removeprefix('# ')}]({path.name}): {stated[1]}\n"
    assert line in (DOCS / "decisions" / "README.md").read_text()


def test_a_record_is_short_and_its_notes_lie_beside_it():
    for path in RECORDS:
        assert len(path.read_text().splitlines()) <= 100, f"{path.name}: move figures to notes/"
    for note in (DOCS / "decisions" / "notes").glob("*.md"):
        record = note.parents[1] / note.name
        assert f"notes/{note.name}" in record.read_text()


# A newcomer's test -----------------------------------------------------------------------


def test_each_thing_that_concord_does_is_where_the_newcomer_is_sent():
    rows = re.findall(
        r"^\| ([A-Z][^|]+\.) \| `([^`]+)` \| (.+?) \|$", (DOCS / "where.md").read_text(), re.M
    )
    assert len(rows) >= 10
    for sentence, path, names in rows:
        assert (ROOT / path).is_file(), f"{sentence} -> {path}"
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        has = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        lacking = set(re.findall(r"`([^`]+)`", names)) - has
        assert not lacking, f"{sentence} {path} has no {lacking}"


# Words of the screen ----------------------------------------------------------------------

ON_SCREEN = [
    ROOT / "app.py",
    *(ROOT / "pages").rglob("*.py"),
    *(ROOT / "forecasting").rglob("*.py"),
]
WALKS = [p for part in ("tutorial", "guides", "how-to") for p in (DOCS / part).glob("*.md")]


def literals() -> Iterator[str]:
    """Every text of the source of pages and of what labels them."""
    for path in ON_SCREEN:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_whatever_a_guide_names_in_bold_stands_on_a_page():
    shown = "\n".join(literals())
    for path in WALKS:
        for name in re.findall(r"\*\*(.+?)\*\*", path.read_text(), re.DOTALL):
            words = " ".join(name.split())
            assert words in shown, f"{path.name}: no page says '{words}'"


# Releases ---------------------------------------------------------------------------------


def test_the_version_is_a_dated_section_of_the_changelog_or_still_to_be_released():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    sections = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert sections
    dated = [re.fullmatch(r"(\d+\.\d+\.\d+) \((\d{4}-\d\d-\d\d)\)", s) for s in sections]
    released = [found for found in dated if found]
    assert len(released) >= len(sections) - (sections[0] == "Unreleased")
    assert not released or released[0][1] == version
