"""Documentation that fails the build when it stops being true."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from data import files
from forecasting import oddities
from forecasting.__main__ import main
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
    expected = files.columns_guide() + oddities.chapter()
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
