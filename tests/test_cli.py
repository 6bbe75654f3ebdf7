"""The command line, as scripts meet it: verbs, JSON, exit codes; on real data end to end."""

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from data.tables import TABLES
from forecasting.calendar import as_date
from forecasting.consensus.events import Scope
from forecasting.workspace import Workspace
from tests import orange_juice
from tests.calling import Answer, called

ROOT = Path(__file__).parents[1]


def concord(*words: object, code: int = 0, **env: str) -> tuple[dict, str]:
    """Run a verb with --json; returns its result and what it told on standard error."""
    return answered(called(*words, env=env), code)


def in_a_process(*words: object, code: int = 0) -> tuple[dict, str]:
    """The same, of a process of its own."""
    command = [sys.executable, "-m", "forecasting", *map(str, words)]
    return answered(subprocess.run(command, cwd=ROOT, capture_output=True, text=True), code)


def answered(done: Answer | subprocess.CompletedProcess[str], code: int) -> tuple[dict, str]:
    assert done.returncode == code, done.stderr
    return (json.loads(done.stdout) if done.stdout.startswith("{") else {}), done.stderr


def test_a_template_imports_as_it_is_written(tmp_path):
    written, _ = in_a_process("template", tmp_path / "t", "--json")
    assert len(written["files"]) == len(TABLES) + 1  # and the guide
    _, told = concord("import", tmp_path / "t", "--db", tmp_path / "x.duckdb", "--json", code=2)
    assert "nothing in these files" in told


def test_a_calendar_is_set_before_the_first_file_comes(tmp_path):
    db = tmp_path / "x.duckdb"
    words = ("--set", "first_weekday=monday", "--set", "pattern=calendar months")
    told, _ = concord("conventions", "--db", db, *words, "--set", "first_month=1", "--json")
    assert (told["first_weekday"], told["first_month"], told["zone"]) == ("Monday", 1, "UTC")
    again, _ = concord("conventions", "--db", db, "--json")
    assert again == told
    _, refused = concord("conventions", "--db", db, "--set", "zone", code=2)
    assert "NAME=VALUE" in refused
    _, refused = concord("conventions", "--db", db, "--set", "zone=Mars", code=2)
    assert "time zone" in refused


def test_bad_input_exits_2_with_a_line_per_problem_and_changes_nothing(tmp_path, company_copy):
    (tmp_path / "doors.csv").write_text("door,kind\nX1,kiosk\nX1,store\n")
    _, told = in_a_process("import", tmp_path / "doors.csv", "--db", company_copy, code=2)
    assert (
        "doors.csv, line 2, column kind: found 'kiosk', expected one of store, online, dc"
        in told
    )
    assert (
        "doors.csv, line 3, column door: found the same again: X1, expected each one once"
        in told
    )
    with duckdb.connect(str(company_copy), read_only=True) as db:
        assert db.execute("select count(*) from doors where door = 'X1'").fetchall() == [(0,)]


def test_allow_rejects_loads_the_good_rows_and_writes_the_others(tmp_path, company_copy):
    source = tmp_path / "doors.csv"
    source.write_text("door,kind\nX1,kiosk\nX2,store\n")
    result, _ = concord("import", source, "--db", company_copy, "--allow-rejects", "--json")
    assert result["tables"]["doors"] == {"read": 2, "accepted": 1, "rejected": 1}
    rejects = pd.read_csv(tmp_path / "doors.csv.rejects.csv")
    assert rejects["line"].tolist() == [2]
    assert "kind" in rejects["reason"][0]


def test_an_import_says_what_looks_odd_and_who_may_lives_with_it(tmp_path, company_copy):
    source = tmp_path / "budget.csv"
    source.write_text("date,class,units\n2026-12-06,Coatts,420\n")
    result, told = concord("import", source, "--db", company_copy, "--json")
    (one,) = [o for o in result["odd"] if o["kind"] == "budget_names"]
    assert (one["subject"], one["count"]) == ("Coatts", 1)
    assert set(one) >= {"title", "example", "assumed", "todo", "weight"}
    line = next(line for line in told.splitlines() if "Coatts" in line)
    assert "Did you mean Coats?" in line
    name = ["odd", "--db", company_copy, "--accept", "budget_names: Coatts"]
    _, refused = concord(*name, "--as", "mara", "--note", "Next year's class", code=2)
    assert "Ask Planning or Admin" in refused
    _, refused = concord(*name, code=2)
    assert "note" in refused
    left, _ = concord(*name, "--as", "dana", "--note", "Next year's class", "--json")
    assert "Coatts" not in [o["subject"] for o in left["odd"]]
    assert left["accepted"] == 1
    back, _ = concord(
        "odd", "--db", company_copy, "--show-again", "budget_names: Coatts", "--json"
    )
    assert "budget_names: Coatts" in [o["name"] for o in back["odd"]]


def test_rights_hold_on_the_command_line_too(tmp_path, company_copy):
    (tmp_path / "doors.csv").write_text("door,kind\nX2,store\n")
    _, told = concord("import", tmp_path, "--db", company_copy, "--as", "victor", code=2)
    assert "Victor Lindqvist speaks for Leadership" in told
    _, told = concord("refresh", "--db", company_copy, "--as", "mara", code=2)
    assert "Ask Planning or Admin" in told


def test_a_database_in_use_is_refused_with_the_process(company_copy):
    space = Workspace(company_copy)
    try:
        _, told = in_a_process(
            "bridge", "--db", company_copy, "--out", company_copy.with_name("never.csv"), code=2
        )
        assert f"process {os.getpid()}" in told
    finally:
        space.close()


def test_bridge_project_and_export_write_the_contracts_columns(tmp_path, company):
    result, _ = concord(
        "bridge", "--db", company, "--weeks", 12, "--out", tmp_path / "b.parquet", "--json"
    )
    bridge = pd.read_parquet(tmp_path / "b.parquet")
    assert list(bridge.columns) == [
        "activation",
        "sku",
        "door",
        "week",
        "demand",
        "lift_units",
        "on_hand_start",
        "on_hand_end",
        "headroom",
        "p_stockout",
        "p_window",
        "units_short",
        "revenue_at_risk",
        "margin_at_risk",
        "status",
        "first_short_week",
    ]
    assert result["rows"] == len(bridge)
    weeks = pd.to_datetime(bridge["week"])
    assert (weeks.max() - weeks.min()).days < 7 * 12, "not all of what runs on"
    assert sum(result["cells"].values()) == len(
        bridge.drop_duplicates(["activation", "sku", "door"])
    )
    concord(
        "project", "--db", company, "--weeks", 10, "--out", tmp_path / "p.parquet", "--json"
    )
    project = pd.read_parquet(tmp_path / "p.parquet")
    assert list(project.columns) == [
        "week",
        "sku",
        "door",
        "demand",
        "receipts",
        "on_hand",
        "lost_units",
        "weeks_of_supply",
        "outlasts",
    ]
    assert project["week"].nunique() == 10
    concord("project", "--db", company, "--weeks", 78, "--out", tmp_path / "far.parquet")
    far = pd.read_parquet(tmp_path / "far.parquet")
    assert far["week"].nunique() == 78
    left = 51 - project.groupby(["sku", "door"]).cumcount()
    assert (project["weeks_of_supply"][project["outlasts"]] == left[project["outlasts"]]).all()
    assert not (project["weeks_of_supply"] >= left)[~project["outlasts"]].any()
    assert (project["on_hand"].dropna() >= 0).all()
    exported, _ = concord(
        "export", "--db", company, "--table", "skus", "--out", tmp_path / "s.xlsx", "--json"
    )
    assert len(pd.read_excel(tmp_path / "s.xlsx", engine="openpyxl")) == exported["rows"] == 72
    _, told = concord(
        "export", "--db", company, "--table", "skus", "--out", tmp_path / "s.docx", code=2
    )
    assert ".docx" in told


def test_the_projection_agrees_with_the_same_recursion_in_sql(tmp_path, company):
    """The SQL of the projection is its oracle: same rows, from the exported demand."""
    concord(
        "project", "--db", company, "--weeks", 20, "--out", tmp_path / "p.parquet", "--json"
    )
    with Workspace_closed(company) as space:
        opening = pd.DataFrame(
            [
                (sku, door, np.maximum(space.plan.base.opening[s, d], 0))
                for s, sku in enumerate(space.plan.sku_names)
                for d, door in enumerate(space.plan.door_names)
            ],
            columns=["sku", "door", "opening"],
        )
    query = """
        with b as (select p.*, o.opening, p.receipts - p.demand as n
                   from read_parquet(?) p join opening o using (sku, door) where on_hand is not null),
        s as (select *, opening + sum(n) over w as s from b
              window w as (partition by sku, door order by week rows unbounded preceding)),
        m as (select *, least(0, min(s) over w) as m from s
              window w as (partition by sku, door order by week rows unbounded preceding))
        select max(abs(on_hand - (s - m))) as worst, count(*) as n from m
    """
    with duckdb.connect() as db:
        db.register("opening", opening)
        worst, n = db.execute(query, [str(tmp_path / "p.parquet")]).fetchall()[0]
    assert n > 1000
    assert worst < 1e-6


class Workspace_closed:  # noqa: N801
    """A workspace that closes itself."""

    def __init__(self, path):
        self.space = Workspace(path)

    def __enter__(self):
        return self.space

    def __exit__(self, *_):
        self.space.close()


def test_backtest_writes_a_row_per_origin_week_sku_and_door(tmp_path, company_copy):
    result, told = concord(
        "backtest",
        "--db",
        company_copy,
        "--origins",
        2,
        "--step",
        4,
        "--horizon",
        8,
        "--out",
        tmp_path / "f.parquet",
        "--json",
    )
    rows = pd.read_parquet(tmp_path / "f.parquet")
    assert list(rows.columns) == [
        "origin_week",
        "target_week",
        "sku",
        "door",
        "units",
        "promoted",
        "naive",
        "baseline",
        "forecast",
        "p10",
        "p50",
        "p90",
    ]
    assert not rows.duplicated(["origin_week", "target_week", "sku", "door"]).any()
    lag = (rows["target_week"] - rows["origin_week"]).dt.days // 7
    assert sorted(lag.unique()) == list(range(1, 9))
    assert rows["origin_week"].nunique() == 2
    assert result["all"]["wape"] < result["all"]["wape_of_naive"]
    assert "series forecast, from 2 weeks" in told


def test_a_backup_restores_to_the_same_plan(tmp_path, company_copy):
    concord("backup", "--db", company_copy, "--out", tmp_path / "b.duckdb", "--json")
    _, told = concord("restore", tmp_path / "b.duckdb", "--db", company_copy, code=2)
    assert "so that nothing is lost" in told
    (tmp_path / "new.duckdb.wal").write_bytes(b"left by another database")
    concord("restore", tmp_path / "b.duckdb", "--db", tmp_path / "new.duckdb", code=2)
    (tmp_path / "new.duckdb.wal").unlink()
    concord("restore", tmp_path / "b.duckdb", "--db", tmp_path / "new.duckdb", "--json")
    with (
        Workspace_closed(company_copy) as one,
        Workspace_closed(tmp_path / "new.duckdb") as other,
    ):
        assert one.seq == other.seq
        np.testing.assert_array_equal(one.plan.totals["draft"], other.plan.totals["draft"])


def test_sample_refuses_to_overwrite(company_copy):
    _, told = concord("sample", "--db", company_copy, code=2)
    assert "exists already" in told


@pytest.fixture(scope="module")
def juice(shared_data, tmp_path_factory) -> Path:
    """The orange-juice data as Concord's files, in a folder; stock is made up (see below)."""
    folder = tmp_path_factory.mktemp("juice")
    tables = orange_juice.convert(shared_data)
    for name, frame in (tables | orange_juice.made_up_stock(tables)).items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    return folder


@pytest.mark.slow
def test_orange_juice_end_to_end_on_the_command_line(juice, tmp_path):
    db = tmp_path / "oj.duckdb"
    result, _ = concord("import", juice, "--db", db, "--json")
    assert result["tables"]["sales"] == {"read": 106_139, "accepted": 106_139, "rejected": 0}
    run, _ = concord("refresh", "--db", db, "--as-of", "1992-08-01", "--json")
    assert run["series"] >= 900
    assert run["columns"][:2] == ["feature", "price"]
    with Workspace_closed(db) as space:
        from forecasting.vocabulary import Function

        space.set_person(
            "admin", identity="dana", name="Dana Okoro", function=Function.PLANNING
        )
        week = as_date(space.plan.base.weeks[3])
        before = space.plan.totals["draft"][0, 3]
        scope = Scope(
            product_level="sku",
            product=space.plan.sku_names[0],
            first_week=week,
            last_week=week,
        )
        space.override("dana", scope, "percent", 10, reason="TREND")
        assert space.plan.totals["draft"][0, 3] == round(before * 1.1)
    bridged, _ = concord("bridge", "--db", db, "--out", tmp_path / "b.parquet", "--json")
    assert bridged["rows"] > 1000
    rows = pd.read_parquet(tmp_path / "b.parquet")
    assert {"red", "green"} <= set(rows["status"])
    assert rows["margin_at_risk"].isna().all(), "no cost is known, so no margin is"


def test_a_reader_that_has_enough_is_no_fault_and_none_of_the_disk(company_copy):
    """`concord conventions | head -0`: the pipe is shut before anything is written."""
    command = [sys.executable, "-m", "forecasting", "conventions", "--db", str(company_copy)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as verb:
        assert verb.stdout is not None
        assert verb.stderr is not None
        verb.stdout.close()
        told = verb.stderr.read().decode()
    assert verb.returncode == 1
    assert told == ""
