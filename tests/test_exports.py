"""Everything that `export` can write is there, has its columns, and is safe to open."""

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from data import files
from forecasting.__main__ import main
from forecasting.errors import Refused, StorageFailed
from forecasting.outputs.exports import EXPORTS, as_markdown
from forecasting.vocabulary import Measure
from forecasting.workspace import Workspace

ROOT = Path(__file__).parents[1]
NEVER_BLANK = {"sku", "week", "seq", "version", "quarter", "measure", "level", "name", "kind"}


@pytest.fixture(scope="module")
def space(played, tmp_path_factory):
    """The sample company after its cycles, with something odd in it; nothing writes to it."""
    import shutil

    folder = tmp_path_factory.mktemp("exports")
    space = Workspace(Path(shutil.copy(played, folder / "played.duckdb")))
    odd = folder / "budget.csv"
    odd.write_text("date,class,units\n2026-12-06,=Coatts,9\n")
    terms = folder / "terms.csv"
    terms.write_text(f"date,sku,unit_cost\n2027-01-03,{space.plan.sku_names[0]},9.5\n")
    space.import_files("admin", [odd, terms])
    act = next(a for a in space.calendar.activations if a.start > space.plan.base.as_of)
    space.proposals.propose_change("dana", act.cancelled(), note="=Too much")
    yield space
    space.close()


def read(path: Path) -> pd.DataFrame:
    match path.suffix:
        case ".csv":
            return pd.read_csv(path, dtype=str, keep_default_na=False)
        case ".xlsx":
            return pd.read_excel(path, dtype=str, keep_default_na=False, engine="openpyxl")
        case _:
            return pd.read_parquet(path)


@pytest.mark.parametrize("name", EXPORTS)
def test_everything_that_can_be_written_has_rows_and_its_columns(space, tmp_path, name):
    one = EXPORTS[name]
    rows = one.made(space)
    assert tuple(rows.columns) == one.columns
    assert len(rows), f"{name} is empty"
    blank = [c for c in NEVER_BLANK & set(rows) if rows[c].isna().any()]
    assert blank == [] or name in ("activation_items", "budget", "activations")
    for ending in (".csv", ".xlsx", ".parquet"):
        few = rows.head(200)
        path = tmp_path / f"out{ending}"
        files.export(few, path)
        again = read(path)
        assert list(again.columns) == list(one.columns)
        assert len(again) == len(few)
        assert not [p for p in tmp_path.iterdir() if "partial" in p.name]


def test_names_that_a_spreadsheet_would_run_leave_defused(space, tmp_path):
    rows = EXPORTS["odd"].made(space)
    assert "=Coatts" in set(rows["subject"])
    files.export(rows, tmp_path / "odd.csv")
    assert "'=Coatts" in set(read(tmp_path / "odd.csv")["subject"])


def test_layers_of_the_draft_are_those_that_the_plan_sums_up(space):
    plan = space.plan_for("admin")
    rows = EXPORTS["consensus"].made(space)
    by_door = EXPORTS["consensus-by-door"].made(space)
    assert rows["consensus"].sum() == pytest.approx(plan.totals["draft"].sum() / 1000)
    assert by_door["consensus"].sum() == pytest.approx(rows["consensus"].sum())
    working = EXPORTS["working"].made(space)
    of_it = space.working_plan_for("admin").totals["draft"].sum() / 1000
    assert working["working"].sum() == pytest.approx(of_it)


def test_a_published_version_leaves_as_it_was_published(space):
    rows = EXPORTS["versions"].made(space)
    assert rows["version"].nunique() == len(space.cycles.published())
    assert {"naive", "statistical", "consensus"} <= set(rows.columns)


def test_the_budget_by_week_is_what_a_forecast_is_compared_with(space):
    import numpy as np

    rows = EXPORTS["budget-by-week"].made(space)
    base = space.plan.base
    name = str(rows["name"].iloc[0])
    at = np.flatnonzero(base.skus["class"].to_numpy() == name)
    weeks = np.arange(len(base.weeks))
    units = space.comparisons.budget("admin", at, weeks, Measure.UNITS)
    mine = rows[(rows["level"] == "class") & (rows["name"] == name)]
    assert mine["units"].sum() == pytest.approx(np.nansum(units))


def test_what_is_collected_blind_does_not_leave(space):
    """The ledger that is written holds no more than the local admin may read."""
    rows = EXPORTS["ledger"].made(space)
    seen = {e.seq for e in space.history.seen_by("admin", space.ledger.tail(0))}
    assert set(rows["seq"]) == seen


def test_an_export_that_cannot_be_written_leaves_the_file_of_before(tmp_path, monkeypatch):
    path = tmp_path / "sales.csv"
    files.export(pd.DataFrame({"a": [1]}), path)
    before = path.read_bytes()

    def full(_self, _data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StorageFailed, match="no space left"):
        files.export(pd.DataFrame({"a": [2]}), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["sales.csv"]


def test_an_ending_that_is_none_of_ours_makes_no_folder(tmp_path):
    with pytest.raises(Refused, match=r"\.docx"):
        files.export(pd.DataFrame({"a": [1]}), tmp_path / "new" / "sales.docx")
    assert not (tmp_path / "new").exists()


def test_the_contract_lists_what_can_be_written():
    assert as_markdown() in (ROOT / "docs" / "contracts.md").read_text()


def test_the_command_line_offers_them_all():
    shown = CliRunner().invoke(main, ["export", "--help"]).output
    assert [name for name in EXPORTS if name not in shown] == []
