"""Packs as pages and as PDFs: one value, drawn twice."""

import dataclasses
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.outputs import board_pack, consensus_pack, printed
from forecasting.outputs.drawings import ticks
from forecasting.outputs.paper import Items, Paper, Section, Table, Text, Tile, row
from forecasting.workspace import Workspace
from tests.cycling import open_cycle
from tests.monthly.test_cycle import busiest, publish, scope

HOSTILE = '#panic("x") $x$ *b* _i_ `r` <script>alert(1)</script> \\ @label //c [#read("/etc/passwd")] "q"'


def paper(words: str) -> Paper:
    sections = (
        Section(title=words, basis=words, after=words, parts=(
            Table(heads=("A", words), rows=(row(words, "1"), row("All", words)), is_summed=True),
            Items(lines=((words, words),)), Text(words=words),
        )),
    )  # fmt: skip
    return Paper(
        title=words, subject=words, basis=words, below=words, footer=words,
        tiles=(Tile(label=words, figure=words),), sections=sections,
    )  # fmt: skip


def test_what_people_wrote_is_text_in_both_never_markup():
    assert printed.as_pdf(paper(HOSTILE)).startswith(b"%PDF-")
    page = printed.as_html(paper(HOSTILE))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


@given(st.text(max_size=40))
@settings(max_examples=15, deadline=None)
def test_no_words_break_the_print(words):
    assert printed.as_pdf(paper(words)).startswith(b"%PDF-")


@pytest.fixture(scope="module")
def published(company, tmp_path_factory):
    """A company with a version; nothing here changes it."""
    folder = tmp_path_factory.mktemp("printed")
    space = Workspace(Path(shutil.copy(company, folder / "copy.duckdb")))
    open_cycle(space, "2026-11", blind=False)
    space.override("mara", scope(space, busiest(space), 1, 6), "percent", 30, reason="EVENT")
    kept = scope(space, busiest(space), 1, 2)
    dropped = scope(space, busiest(space), 3, 4)
    space.cycles.agree("dana", kept, units=500.0, note="Half way")
    space.reversals.undo("dana", space.cycles.agree("dana", dropped, units=77.0, note="No").seq)
    yield space, publish(space).version
    space.close()


def test_the_pack_tells_money_risk_orders_and_agreements_as_they_were(published):
    space, number = published
    told = space.ledger.event(number).body.fed
    page = consensus_pack.as_html(space, number)
    for title in (
        "What it is worth", "Marketing calendar and what may run out", "Buy plan",
        "Week by week", "Agreements, decisions, actions, assumptions", "Signed by",
    ):  # fmt: skip
        assert f"<h2>{title}</h2>" in page
    assert consensus_pack.NOT_KEPT not in page
    assert "500 u for" in page
    assert "Half way" in page
    assert "77 u for" not in page
    units = sum(one["units"] for one in told["money"]["departments"])
    layers = space.cycles.layers(space.cycles.version(number))
    weeks = sorted(layers["week"].unique())[: told["money"]["weeks"]]
    consensus = layers.loc[layers["week"].isin(weeks), "consensus"].sum()
    assert units == pytest.approx(consensus, abs=0.01 * len(layers))
    assert [one["name"] for one in told["risk"]["activations"]] == [
        one["name"] for one in told["risk"]["activations"] if one["name"] in page
    ]


def test_the_same_pack_is_the_same_print_and_names_the_version(published):
    space, number = published
    first = consensus_pack.as_pdf(space, number)
    assert first == consensus_pack.as_pdf(space, number)


def test_a_version_that_kept_nothing_says_so(published, monkeypatch):
    space, number = published
    event = space.ledger.event(number)
    fed = {key: event.body.fed[key] for key in ("buy plan", "marketing calendar")}
    old = dataclasses.replace(event, body=dataclasses.replace(event.body, fed=fed))
    monkeypatch.setattr(space.ledger, "event", lambda _: old)
    page = consensus_pack.as_html(space, number)
    assert page.count(consensus_pack.NOT_KEPT) == 3
    assert consensus_pack.as_pdf(space, number).startswith(b"%PDF-")


@given(st.floats(0.01, 1e9))
def test_ticks_are_few_and_round(top):
    found = ticks(top)
    assert 3 <= len(found) <= 6
    assert found[0] == 0
    assert found[-1] <= top * (1 + 1e-9)


def test_the_findings_and_the_table_of_functions_tell_the_same(company_cycles):
    quarter = company_cycles.quarters.usual()
    card = company_cycles.quarters.scorecard("victor", quarter)
    page = board_pack.as_html(company_cycles, "victor", quarter)
    assert f"Value added by each function, {card.functions_period}" in page
    cells = {f["name"]: f["cells"] for f in card.functions}
    for finding in card.findings:
        if finding.level == "function":
            assert f"{cells[finding.member]:,} SKU weeks" in finding.text
    assert board_pack.as_pdf(company_cycles, "victor", quarter).startswith(b"%PDF-")
