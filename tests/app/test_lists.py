"""Long lists show the first that matter; the rest is counted, summed up and opened on demand."""

import math
import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from pages.components import frame, lists
from tests.app.test_pages import opened, served, text_of  # noqa: F401

LINES = st.lists(
    st.tuples(
        st.sampled_from(["Coats", "Shirts", ""]),
        st.one_of(st.just(math.nan), st.floats(-1e6, 1e6)),
    ),
    max_size=30,
)


@given(lines=LINES, first=st.integers(0, 10))
def test_every_line_is_shown_once_by_itself_or_in_a_group_and_sums_add_up(lines, first):
    names, worth = [n for n, _ in lines], [w for _, w in lines]
    found = lists.groups(names, worth, first=first)
    assert sorted(at for g in found for at in g.at) == list(range(first, len(lines)))
    for group in found:
        assert {names[at] or lists.NOT_NAMED for at in group.at} == {group.name}
    known = [w for w in worth[first:] if not math.isnan(w)]
    told = [g.worth for g in found if not math.isnan(g.worth)]
    assert sum(told) == pytest.approx(sum(known), abs=1e-3)


def test_the_group_worth_most_comes_first_and_the_unknown_last():
    names = ["a", "Shirts", "Coats", "Bags", "Coats"]
    found = lists.groups(names, [9.0, 5.0, 4.0, math.nan, 3.0], first=1)
    assert [(g.name, g.at, len(g.at)) for g in found] == [
        ("Coats", (2, 4), 2), ("Shirts", (1,), 1), ("Bags", (3,), 1),
    ]  # fmt: skip


@pytest.fixture
def short_lists(served):  # noqa: F811
    """Leadership lists three lines at once."""
    app = opened("home", "dana")
    assert not app.exception
    space = frame.workspace()
    was = space.policies.now.number("listed")
    space.policies.change("victor", "listed", 3, why="A short meeting")
    yield space
    space.policies.change("victor", "listed", was, why="As before")


def bars(app: AppTest) -> list[int]:
    """How many activations each calendar of a page draws."""
    found = []
    for chart in app.get("vega_lite_chart"):
        for part in chart.proto.datasets:
            rows = pa.ipc.open_stream(part.data.data).read_all()
            if {"from", "to", "status"} <= set(rows.column_names):
                found.append(rows.num_rows)
                break
    return found


@pytest.mark.parametrize("page", ["bridge", "activations"])
def test_a_long_calendar_draws_what_is_listed_and_one_group_when_it_is_asked(short_lists, page):
    app = opened(page, "dana", weeks="26")
    assert not app.exception
    assert bars(app) == [3]
    pills = next(g for g in app.get("button_group") if g.key == "open_calendar")
    more = int(pills.label.split()[0].replace(",", ""))
    named = [label.split(" · ") for label in (o.content for o in pills.proto.options)]
    assert sum(int(parts[1].split(",")[0]) for parts in named) == more > 1
    app.session_state["open_calendar"] = named[0][0].replace("\\", "")
    app.run()
    assert not app.exception
    assert bars(app) == [3, int(named[0][1].split(",")[0])]


def test_the_line_above_the_bars_counts_all_activations_as_the_page_does(short_lists):
    app = opened("bridge", "dana", weeks="26")
    told = text_of(app)
    short, of = re.search(r"\*\*(\d+) of (\d+) activations will run out", told).groups()
    assert int(of) > 3
    assert re.search(rf"\b{short} of {of} activations (is|are) short", told)


def test_the_way_of_grouping_stands_in_the_link(short_lists):
    app = opened("bridge", "dana", weeks="26", group="Owner")
    assert not app.exception
    owners = {a.owner for a in short_lists.calendar.activations}
    pills = next(g for g in app.get("button_group") if g.key == "open_calendar")
    assert {o.content.split(" · ")[0] for o in pills.proto.options} <= owners | {
        lists.NOT_NAMED
    }


@pytest.mark.parametrize("page", ["signals", "history", "buyplan"])
def test_long_tables_show_what_is_listed_and_no_sum_depends_on_it(short_lists, page):
    params = {"view": "late"} if page == "buyplan" else {}
    app = opened(page, "dana", **params)
    assert not app.exception
    shown = [d.value for d in app.dataframe]
    assert shown
    assert max(len(table) for table in shown) <= 4


def test_what_is_looked_at_stays_where_the_order_changes(short_lists):
    app = opened("history", "dana")
    app.session_state["ledger looked at"] = str(short_lists.seq)
    app.run()
    assert not app.exception
    assert f"**#{short_lists.seq}**" in text_of(app)
    short_lists.policies.change("victor", "listed", 4, why="One more")
    app.run()
    assert f"**#{short_lists.seq - 1}**" in text_of(app)
