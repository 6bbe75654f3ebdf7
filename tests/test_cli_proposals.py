"""Proposals and the marketing calendar without a browser."""

import datetime as dt
import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from icalendar import Calendar

from forecasting.__main__ import main
from forecasting.weekly.option import Action
from forecasting.workspace import Workspace
from tests.weekly.test_decisions import first_open


def run(db: Path, *words: str, refused: bool = False):
    done = CliRunner().invoke(main, [*words, "--db", str(db), "--json"])
    assert done.exit_code == (2 if refused else 0), done.output
    return done.stderr if refused else json.loads(done.stdout)


@pytest.fixture(scope="module")
def db(company, tmp_path_factory):
    import shutil

    return Path(shutil.copy(company, tmp_path_factory.mktemp("cli") / "c.duckdb"))


def test_a_proposal_goes_from_marketing_to_planning_and_comes_back_answered(db):
    space = Workspace(db)
    option = first_open(space, Action.TRANSFER)
    act = next(a for a in space.plan.activations() if a.is_live and a.items)
    space.close()
    words = ["--activation", option.activation, "--sku", option.sku, "--action", "transfer"]
    made = run(db, "propose", *words, "--as", "mara", "--note", "It sells out")
    assert (made["state"], made["to"], made["decision"]) == ("open", "Planning", None)
    assert "already" in run(db, "propose", *words, "--as", "mara", refused=True)
    number = str(made["proposal"])
    (listed,) = run(db, "proposals", "--as", "dana")["proposals"]
    assert (listed["seq"], listed["changes"], listed["mark"]) == (made["proposal"], [], "")
    assert listed["units"] == pytest.approx(option.units_saved, abs=1e-3)
    assert "Say why" in run(db, "answer", number, "accept", "--as", "dana", refused=True)
    text = run(db, "answer", number, "accept", "--as", "mara", "--note", "x", refused=True)
    assert "cannot move stock" in text
    done = run(db, "answer", number, "accept", "--as", "dana", "--note", "Yes")
    assert (done["state"], done["decision"]) == ("accepted", done["event"])
    assert run(db, "proposals")["proposals"] == []
    (kept,) = run(db, "proposals", "--all")["proposals"]
    assert (kept["answered_by"], kept["answer"]) == ("dana", "Yes")

    made = run(db, "propose", "--activation", act.activation, "--cancel", "--as", "dana")
    assert made["to"] == "Marketing"
    number = str(made["proposal"])
    assert run(db, "answer", number, "withdraw", "--as", "dana")["state"] == "withdrawn"
    lift = ["--sku", act.items[0].sku, "--lift", "1.7"]
    made = run(db, "propose", "--activation", act.activation, *lift, "--as", "dana")
    number = str(made["proposal"])
    told = run(db, "answer", number, "decline", "--as", "mara", "--note", "Too high")
    assert told["state"] == "declined"
    plain = CliRunner().invoke(main, ["proposals", "--all", "--db", str(db)])
    assert "declined, to Marketing" in plain.stdout
    assert "mara: Too high" in plain.stdout


def test_a_proposal_is_answered_by_changing_it(db, tmp_path):
    space = Workspace(db)
    option = first_open(space, Action.TRANSFER)
    case = space.plan.base.stated(space.plan.sku_index[option.sku], "case_pack", 1.0)
    act = next(a for a in space.plan.activations() if a.is_live and a.items)
    space.close()
    words = ["--activation", option.activation, "--sku", option.sku, "--action", "transfer"]
    number = str(run(db, "propose", *words, "--as", "mara")["proposal"])
    change = ["answer", number, "change", "--as", "dana", "--note", "Rather so"]
    assert "--action, --units" in run(db, *change, refused=True)
    assert "--start go with" in run(
        db, "answer", number, "accept", "--as", "dana", "--start", "2027-01-03", refused=True
    )
    assert "is no number" in run(db, *change, "--units", "many", refused=True)
    assert "u is none" in run(db, *change, "--units", str(case * 1.5), refused=True)
    done = run(db, *change, "--units", str(case))
    assert done["state"] == "changed"
    space = Workspace(db)
    (decided,) = [d for d in space.decisions.all if d.seq == done["decision"]]
    assert sum(m.units for m in decided.moves) == case
    space.close()

    made = run(db, "propose", "--activation", act.activation, "--cancel", "--as", "dana")
    later = act.end + dt.timedelta(3)
    change = ["answer", str(made["proposal"]), "change", "--as", "mara", "--note", "Longer"]
    assert "--cancel, --start" in run(db, *change, "--units", "3", refused=True)
    done = run(db, *change, "--end", str(later))
    assert done["state"] == "changed"
    space = Workspace(db)
    assert space.calendar.one(act.activation).end == later
    space.close()


def test_orders_of_the_buy_plan_are_proposed_and_answered(db, tmp_path):
    planned = tmp_path / "plan.csv"
    run(db, "buy-plan", "--out", str(planned))
    rows = pd.read_csv(planned)
    mine = rows[(rows["kind"] == "release") & (rows["source"] == "supplier")]
    some = mine[mine["sku"].isin(mine["sku"].unique()[:2])]
    some.to_csv(tmp_path / "some.csv", index=False)
    words = ["propose", "--orders", "--file", str(tmp_path / "some.csv"), "--note", "Christmas"]
    assert "may decide this" in run(db, *words, "--as", "dana", refused=True)
    made = run(db, *words, "--as", "ines")
    assert made["to"] == "Planning"
    assert made["units"] > 0
    first, second = sorted(some["sku"].unique())
    change = ["answer", str(made["proposal"]), "change", "--as", "dana", "--note", "One"]
    assert "names no single order" in run(db, *change, "--units", "12", refused=True)
    done = run(db, *change, "--units", f"{second}=0")
    assert done["state"] == "changed"
    space = Workspace(db)
    ordered = [(o.sku, o.units) for o in space.orders.open if o.seq == done["decision"]]
    space.close()
    assert ordered == [(first, some.loc[some["sku"] == first, "units"].sum())]


def test_what_does_not_go_together_is_refused(db):
    words = ["propose", "--activation", "nothing", "--as", "dana"]
    for more, text in (
        ([], "no activation 'nothing'"),
        (["--action", "transfer"], "--action goes with --sku"),
        (["--orders", "--all"], "Say what it is about"),
        (["--supplier", "x"], "go with --orders"),
        (["--action", "transfer", "--sku", "x"], "not judged"),
    ):
        assert text in run(db, *words, *more, refused=True)


@pytest.mark.parametrize("ending", ["ics", "xlsx", "csv", "parquet"])
def test_the_calendar_that_the_stock_allows_is_written(db, tmp_path, ending):
    out = tmp_path / f"calendar.{ending}"
    told = run(db, "calendar", "--weeks", "12", "--out", str(out))
    states = ("needs a decision", "at risk", "approved", "cancelled")
    assert sum(told[state] for state in states) == told["activations"] > 0
    match ending:
        case "ics":
            assert (
                len(Calendar.from_ical(out.read_bytes()).walk("VEVENT")) >= told["activations"]
            )
        case "xlsx":
            assert len(pd.read_excel(out, engine="openpyxl")) == told["activations"]
        case "csv":
            assert len(pd.read_csv(out)) == told["activations"]
        case _:
            assert len(pd.read_parquet(out)) == told["activations"]


def test_a_calendar_of_another_kind_is_refused_and_nothing_is_written(db, tmp_path):
    out = tmp_path / "calendar.pdf"
    assert ".ics, .xlsx" in run(db, "calendar", "--out", str(out), refused=True)
    assert not out.exists()
