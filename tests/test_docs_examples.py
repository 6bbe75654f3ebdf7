"""Commands that the documentation shows: they exist as written, and the short ones are run."""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pandas as pd
import pytest

from forecasting.__main__ import main
from forecasting.sample.company import make_sample
from tests.calling import called

ROOT = Path(__file__).parents[1]
DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
FENCED = re.compile(r"^[ ]*```(?:sh|)\n(.*?)^[ ]*```", re.MULTILINE | re.DOTALL)
SHELL = re.compile(r"\s*(\|\|.*|&&.*|>.*|#.*)$")
"""What stands behind a command and is the shell's."""


def shown(path: Path) -> Iterator[str]:
    """Lines of the blocks of a page that hold commands."""
    for block in FENCED.findall(path.read_text(encoding="utf-8")):
        for line in block.splitlines():
            yield SHELL.sub("", line.strip())


def commands(path: Path) -> Iterator[list[str]]:
    """Words after `python -m forecasting` or `concord`, of each command that a page shows."""
    for line in shown(path):
        found = re.match(r"(?:[A-Z_]+=\S+ )*(?:python -m forecasting|concord) (.+)", line)
        if found:
            yield shlex.split(found[1])


EXAMPLES = [(path, words) for path in DOCS for words in commands(path)]


def checked(words: list[str]) -> None:
    """Read a command as the command line would, without running it."""
    if words[0].startswith("-"):
        assert words[0] in {name for option in main.params for name in option.opts}
        return
    command = main.commands[words[0]]
    context = click.Context(command, info_name=words[0])
    values, _, _ = command.make_parser(context).parse_args(words[1:])
    for parameter in command.params:
        given = values.get(parameter.name)
        if given is None or given == ():
            assert not parameter.required, f"{parameter.name} is missing"
        elif isinstance(given, str):
            parameter.type_cast_value(context, given)


def test_the_documentation_shows_commands():
    assert len(EXAMPLES) > 20
    assert {"import", "backup", "restore", "serve"} <= {words[0] for _, words in EXAMPLES}


@pytest.mark.parametrize(
    ("path", "words"), EXAMPLES, ids=[f"{p.stem}: {' '.join(w)}" for p, w in EXAMPLES]
)
def test_every_command_that_is_shown_exists_as_written(path, words):
    checked(words)


@pytest.mark.parametrize(
    "wrong",
    [
        "backup --into x",
        "backup",
        "bridge --weeks many --out x.csv",
        "export --table nothing --out x",
    ],
)
def test_a_command_that_does_not_exist_is_found(wrong):
    with pytest.raises((click.ClickException, AssertionError)):
        checked(wrong.split())


def test_every_make_target_that_is_shown_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        word
        for path in DOCS
        for line in (*shown(path), *re.findall(r"`(make [a-z]+)", path.read_text()))
        for word in re.findall(r"^make ([a-z]+)", line)
    }
    assert {"app", "test", "check"} <= named
    assert named <= targets


def run(path: Path, folder: Path, *, leave: tuple[str, ...] = ()) -> list[str]:
    """Run what a page shows, in its order, in a folder, but for commands with one of the words
    that are left; the verbs that were run.
    """
    done = []
    for words in commands(path):
        if set(words) & set(leave):
            continue
        finished = called(*words, cwd=folder)
        assert finished.returncode == 0, f"{' '.join(words)}: {finished.stderr}"
        done.append(words[0])
    return done


def test_backing_up_and_restoring_work_as_they_are_shown(company, tmp_path):
    shutil.copy(company, tmp_path / "company.duckdb")
    page = ROOT / "docs" / "how-to" / "backup.md"
    assert run(page, tmp_path) == ["backup", "restore", "export"]
    assert (tmp_path / "restored.duckdb").stat().st_size > 0
    assert len((tmp_path / "skus.csv").read_text().splitlines()) == 1 + 72


def test_the_way_back_from_an_upgrade_works_as_it_is_shown(company, tmp_path):
    database = tmp_path / "company.duckdb"
    shutil.copy(company, database)
    page = ROOT / "docs" / "how-to" / "upgrade.md"
    for words in commands(page):
        if words[0] == "restore":
            database.rename(tmp_path / "away.duckdb")
        if words[0] in ("backup", "restore"):
            finished = called(*words, cwd=tmp_path)
            assert finished.returncode == 0, finished.stderr
    assert database.is_file()


def test_reports_of_the_planners_guide_are_written_as_shown(played, tmp_path, monkeypatch):
    monkeypatch.setenv("CONCORD_DB", str(shutil.copy(played, tmp_path / "played.duckdb")))
    assert run(ROOT / "docs" / "guides" / "planning.md", tmp_path) == [
        "bridge",
        "buy-plan",
        "approve",
        "orders",
        "release",
        "pack",
    ]
    for name in ("bridge.csv", "buy-plan.csv", "orders.csv", "consensus.pdf"):
        assert (tmp_path / name).stat().st_size > 0
    mix = pd.read_csv(tmp_path / "best-mix.csv")
    assert len(mix)
    assert (mix["net"] >= 0).all()  # nothing is given up unasked
    assert set(mix["decided_by"]) == {"Planning"}


@pytest.mark.slow
def test_bringing_ones_own_data_works_as_it_is_shown(tmp_path):
    files = tmp_path / "my-files"
    page = ROOT / "docs" / "how-to" / "own-data.md"
    assert run(page, tmp_path, leave=("import", "refresh", "serve", "sources", "till.csv")) == [
        "template",
        "conventions",
    ]
    for name, frame in make_sample(skus=9, doors=3, weeks=60, seed=3).tables.items():
        assert (files / f"{name}.csv").is_file()
        frame.to_csv(files / f"{name}.csv", index=False)
    assert run(
        page, tmp_path, leave=("template", "conventions", "serve", "sources", "till.csv")
    ) == [
        "import",
        "import",
        "refresh",
    ]
