"""Orders on the command line: proposed, edited in a file, approved, listed, released, taken back."""

import json
import os

import pandas as pd
import pytest
from click.testing import CliRunner

from forecasting.__main__ import main


def concord(*words: object, code: int = 0) -> tuple[dict, str]:
    """A verb in this process: its JSON, and what it told on standard error."""
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == code, done.output
    return (json.loads(done.stdout) if done.stdout.startswith("{") else {}), done.stderr


@pytest.fixture(scope="module")
def shop(company, tmp_path_factory):
    """A company of this module's own; each test goes on from the one before."""
    path = tmp_path_factory.mktemp("orders") / "shop.duckdb"
    path.write_bytes(company.read_bytes())
    return path


def test_an_edited_buy_plan_is_approved_released_and_taken_back(shop, tmp_path):
    planned, asked = tmp_path / "plan.csv", tmp_path / "asked.csv"
    before, _ = concord("buy-plan", "--db", shop, "--out", planned, "--json")
    rows = pd.read_csv(planned)
    mine = rows[(rows["kind"] == "release") & (rows["source"] == "supplier")]
    some = mine[mine["sku"].isin(mine["sku"].unique()[:2])].copy()
    some.to_csv(asked, index=False)
    as_dana = ("--db", shop, "--as", "dana", "--json")
    _, told = concord(
        "approve", "--db", shop, "--as", "mara", "--file", asked, "--json", code=2
    )
    assert "Ask Planning" in told
    _, told = concord("approve", *as_dana, code=2)
    assert "--sku, --supplier, --all" in told
    made, _ = concord("approve", *as_dana, "--file", asked, "--note", "Two to begin with")
    assert (len(made["orders"]), made["state"]) == (2, "approved")
    assert made["units"] == some["units"].sum()
    first, second = made["orders"]
    concord("release", *as_dana, first)
    _, told = concord("take-back", *as_dana, first, second, code=2)
    assert "released already" in told
    concord("take-back", *as_dana, second)
    listed, _ = concord("orders", "--db", shop, "--all", "--out", tmp_path / "l.csv", "--json")
    assert listed["orders"] == {"Released": 1, "Taken back": 1}
    actions = pd.read_csv(tmp_path / "l.csv")
    assert set(actions["why"]) == {"Two to begin with"}
    assert actions["units"].sum() == some["units"].sum()
    concord("close-orders", *as_dana, "--all", "--note", "They cannot deliver")
    after, _ = concord("buy-plan", "--db", shop, "--out", planned, "--json")
    assert after == before


def test_a_file_that_is_no_buy_plan_is_refused_line_by_line(shop, tmp_path):
    asked = tmp_path / "asked.csv"
    as_dana = ("--db", shop, "--as", "dana", "--file", asked)
    for text, told in (
        ("sku,door\nA,B\n", "lacks receipt_week, units"),
        ("sku,door,receipt_week,units\nA,B,soon,5\n", "line 2"),
        ("sku,door,receipt_week,units\nA,B,2027-01-03,nan\n", "units"),
        ("sku,door,receipt_week,units\nA,B,2027-01-03,5\n", "no SKU 'A'"),
        ("sku,door,receipt_week,units\n", "nothing to order"),
    ):
        asked.write_text(text)
        _, words = concord("approve", *as_dana, code=2)
        assert told in words
    asked.write_bytes(b"sku,door,receipt_week,units\n\xff,B,2027-01-03,5\n")
    _, words = concord("approve", *as_dana, code=2)
    assert "UTF-8" in words
    asked.unlink()
    _, words = concord("approve", *as_dana, code=2)
    assert "cannot be read: No such file" in words
    os.mkfifo(asked)  # is never waited for
    _, words = concord("approve", *as_dana, code=2)
    assert "a pipe" in words
