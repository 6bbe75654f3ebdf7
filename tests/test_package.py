"""What is installed, and with what: pyproject, requirements and locks say the same."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from forecasting import version as versions
from tests import tidy

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SUPPORTED = ("3.11", "3.12", "3.13")


def stated(name: str) -> list[str]:
    """The requirements of a file, without comments and what it takes from another."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith(("#", "-r "))]


def locked(name: str, python: str) -> dict[str, str]:
    """Package to exact version in a lock, as one Python on Linux takes it."""
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "sys_platform": "linux",
    }
    found = [Requirement(line) for line in stated(name)]
    return {
        plain(each.name): str(each.specifier).removeprefix("==")
        for each in found
        if each.marker is None or each.marker.evaluate(environment)
    }


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_package_needs_what_requirements_txt_says():
    assert sorted(PROJECT["dependencies"]) == sorted(stated("requirements.txt"))


def test_the_extras_together_are_what_development_needs():
    extras = [each for group in PROJECT["optional-dependencies"].values() for each in group]
    assert sorted(extras) == sorted(stated("requirements-dev.txt"))


@pytest.mark.parametrize("python", SUPPORTED)
@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_a_lock_has_one_version_that_fits_for_everything_that_is_needed(name, python):
    lock = locked(f"{name}.lock", python)
    needed = stated("requirements.txt") + (
        stated("requirements-dev.txt") if name == "requirements-dev" else []
    )
    for each in map(Requirement, needed):
        assert each.specifier.contains(lock[plain(each.name)]), f"{each}: run `make lock`"


def test_development_runs_on_the_same_versions_as_the_app():
    app, development = (
        set(stated(f"{name}.lock")) for name in ("requirements", "requirements-dev")
    )
    assert app <= development


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_names_versions_and_no_place_that_they_come_from(name):
    for line in stated(name):
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+( ; [^@/]+)?", line), line


def test_the_supported_pythons_are_named_alike_everywhere():
    assert PROJECT["requires-python"] == ">=3.11,<3.14"
    stated = [each.rsplit(" ", 1)[1] for each in PROJECT["classifiers"] if ":: 3." in each]
    assert tuple(stated) == SUPPORTED
    assert "(3, 11) <= sys.version_info < (3, 14)" in (ROOT / "Makefile").read_text()


def test_hooks_run_what_is_here_and_fetch_nothing():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repository["repo"] for repository in hooks] == ["local"]
    for hook in hooks[0]["hooks"]:
        assert hook["language"] == "system"
        assert hook["entry"].startswith(".venv/bin/")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"fine\n", []),
        (b"", []),
        (b"two \nlines\n", ["1: blanks at the end of the line"]),
        (b"<" + b"<<<<<< ours\n", ["1: a conflict was left open"]),
        (b"no end", [" the last line has no end"]),
        (b"\0" * 1_000_001, [" 1,000,001 bytes, at most 1,000,000"]),
        (b"\0 picture ", []),
    ],
)
def test_what_no_commit_should_hold_is_found(tmp_path, content, text):
    path = tmp_path / "file"
    path.write_bytes(content)
    assert [each.removeprefix(f"{path}:") for each in tidy.findings(path)] == text


# The version ------------------------------------------------------------------------------


def test_the_version_of_a_checkout_is_that_of_its_project_file():
    assert versions.version() == PROJECT["version"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", PROJECT["version"])


@pytest.mark.parametrize(
    "text", ["", "[tool.ruff]", '[project]\nname = "other"\nversion = "9.9"', "not = [toml"]
)
def test_a_project_file_that_is_not_ours_says_no_version(tmp_path, text):
    path = tmp_path / "pyproject.toml"
    path.write_text(text)
    assert versions._of_checkout(path) == ""
    assert versions._of_checkout(tmp_path / "none.toml") == ""


def test_a_package_says_its_version_and_one_that_is_not_there_is_unknown():
    assert versions._of_package("packaging") == metadata.version("packaging")
    assert versions._of_package("no-such-package-here") == versions.UNKNOWN
