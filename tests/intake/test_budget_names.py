"""A budget for a class that no SKU has is named before it is imported, with the one meant."""

from contextlib import closing

import pytest

from forecasting.intake.budget_names import meant_by
from forecasting.rights import LOCAL_ADMIN
from forecasting.workspace import Workspace

SKUS = "sku,class\nS1,Scarves\nK1,Knitwear\n"
BUDGET = "date,class,units\n2026-11-01,{name},90\n2026-11-08,{name},80\n"


@pytest.fixture(scope="module")
def space():
    with closing(Workspace()) as made:
        yield made


def told(space, folder, name, *, skus=SKUS):
    """What is said of a budget that names a class, before anything is written."""
    (folder / "budget.csv").write_text(BUDGET.format(name=name))
    if skus:
        (folder / "skus.csv").write_text(skus)
    judged = space.preview_import(LOCAL_ADMIN.id, [folder])
    assert not judged.all_problems
    return [note for note in judged.notes if note.startswith("Budget of")]


@pytest.mark.parametrize("name", ["Scarvs", "scarves", "SCARFES"])
def test_a_misspelt_class_is_named_with_the_one_that_is_meant(space, tmp_path, name):
    (note,) = told(space, tmp_path, name)
    assert f"Budget of {name} (2 rows)" in note
    assert "counts nowhere" in note
    assert "Did you mean Scarves?" in note


def test_a_class_that_is_like_none_is_named_without_a_guess(space, tmp_path):
    (note,) = told(space, tmp_path, "Umbrellas")
    assert "No class is nearly called so" in note


def test_a_class_that_there_is_needs_no_remark(space, tmp_path):
    assert told(space, tmp_path, "Scarves") == []


def test_of_two_that_are_alike_the_nearer_one_is_meant():
    assert meant_by("Shirst", ["Shorts", "Shirts", "Skirts"]) == "Shirts"
    assert meant_by("x", []) is None
