"""What pictures say is computed from what they draw; what they draw has names and no made-up slopes."""

import ast
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from forecasting.consensus.value_added import Added
from forecasting.vocabulary import Status
from pages.components import charts, conclusions, contrast, text, theme
from pages.components.charts import marks

ROOT = Path(__file__).parents[2]
WEEKS = pd.date_range("2026-11-22", periods=4, freq="7D")


def spoken(markdown) -> str:
    return text.unmarked(markdown)


def verdict(name, status, first=None, short=0.0):
    return SimpleNamespace(
        activation=SimpleNamespace(name=name), status=status, first_short=first, lift_units=100.0,
        red_cells=3, n_cells=12, units_short=short,
    )  # fmt: skip


def fan(after, receipts=(0.0, 0.0, 0.0, 0.0)):
    return pd.DataFrame(
        {
            "week": WEEKS, "before_lift": 50.0, "after_lift": after, "needed": 10.0,
            "low": np.array(after) / 2, "high": np.array(after) * 2, "receipts": receipts,
        }
    )  # fmt: skip


def test_the_bridge_names_the_first_that_runs_out():
    judged = [
        verdict("Later", Status.RED, WEEKS[2], 5.0),
        verdict("Sooner", Status.RED, WEEKS[1], 7.0),
        verdict("Covered anyway", Status.GREEN, WEEKS[0], 1.0),
    ]
    assert spoken(conclusions.calendar(judged)) == (
        "2 of 3 activations are short, Sooner first: W44 Nov 29, 3 of 12 SKU-doors, 7 u short."
    )
    calm = spoken(conclusions.calendar([verdict("A", Status.GREEN)]))
    assert calm == "None of 1 activation is expected to run out; together they add 100 u."


def test_a_projection_says_when_it_runs_out_and_what_is_still_to_come():
    out = conclusions.projection(fan([40, 0, 0, 9], (0, 0, 25, 0)), first_short=WEEKS[1])
    assert spoken(out) == (
        "Likely to run out in W44 Nov 29: 0 u on hand at week end (80% interval 0 u to 0 u); "
        "25 u arrive in W45 Dec 6."
    )
    assert "nothing more arrives until W46 Dec 13" in spoken(
        conclusions.projection(fan([40, 0, 0, 9]), first_short=WEEKS[1])
    )
    assert spoken(conclusions.projection(fan([40, 30, 35, 38]), first_short=None)).startswith(
        "Lowest in W44 Nov 29: 30 u on hand at week end"
    )


def test_a_forecast_says_its_sum_its_peak_its_lift_and_last_year():
    lines = pd.DataFrame({"layer": "Draft", "week": WEEKS, "units": [10.0, 40.0, 20.0, 30.0]})
    parts = pd.DataFrame({"part": ["Baseline", "Lift: A"], "week": [WEEKS[0], WEEKS[1]], "units": [75.0, 25.0]})  # fmt: skip
    ago = pd.DataFrame({"week": WEEKS[:2], "units": [20.0, 20.0]})
    assert spoken(conclusions.forecast(parts, lines, last_year=ago)) == (
        "Draft 100 u in 4 weeks from W43 Nov 22; most in W44 Nov 29 with 40 u; activations are "
        "25.0% of it; +25.0% on the same weeks last year."
    )


def test_the_walk_and_the_staircase_name_what_moved_most():
    rows = pd.DataFrame({"cause": ["Baseline", "Trend"], "change": [30.0, -80.0]})
    assert spoken(conclusions.walk(rows, 1000.0, 950.0)) == (
        "The draft moved by -50 u (-5.0%); the largest cause is Trend with -80 u."
    )
    steps = [
        Added(name="naive", cells=9, weeks=3, wape=0.4, bias=0.0, added=float("nan"), low=0.0, high=0.0),
        Added(name="statistical", cells=9, weeks=3, wape=0.3, bias=0.0, added=0.1, low=0.0, high=0.2),
        Added(name="consensus", cells=9, weeks=3, wape=0.32, bias=0.0, added=-0.02, low=-0.1, high=0.0),
    ]  # fmt: skip
    assert spoken(conclusions.staircase(steps)) == (
        "WAPE is 40.0% in the first step and 32.0% in the last; the step Statistical takes off "
        "most: 10.0 points."
    )


def test_the_others_say_a_number_and_its_unit():
    tenths = pd.DataFrame({"cells": [10, 30, 0], "said": [0.2, 0.6, 0.9], "happened": [0.1, 0.7, 0.0]})  # fmt: skip
    assert spoken(conclusions.calibration(tenths)) == (
        "Over all, 50.0% were expected to run out and 55.0% did (40 SKU-doors); furthest apart "
        "where the risk was 20.0%: 10.0% ran out."
    )
    by_week = pd.DataFrame(
        {"release_week": WEEKS[:3], "kind": ["release", "planned", "planned"], "units": [5.0, 7.0, 9.0]}
    )  # fmt: skip
    assert spoken(conclusions.orders(by_week)) == (
        "5 u to release now, 16 u later; the largest week is W45 Dec 6 with 9 u."
    )
    gantt = pd.DataFrame(
        {"from": WEEKS[:2], "to": [WEEKS[2], WEEKS[2]], "status": ["Short", "Covered"]}
    )
    assert spoken(conclusions.gantt(gantt)) == (
        "Most at once in W44 Nov 29: 2 of 2 activations; 1 of all is short of stock."
    )
    lags = pd.DataFrame({"lag": [1, 8, 1, 8], "forecast": ["Concord"] * 2 + ["Naive"] * 2, "wape": [0.3, 0.4, 0.5, 0.39]})  # fmt: skip
    assert spoken(conclusions.error_by_lag(lags)) == (
        "The error is 30.0% at 1 week ahead and 40.0% at 8 weeks ahead; it is the smallest at 1 "
        "of 2 distances."
    )
    lifts = pd.DataFrame(
        {
            "name": ["A", "B"], "first_week": WEEKS[:2], "expected_lift": [2.0, 2.0],
            "actual_lift": [2.1, 1.0],
        }
    )  # fmt: skip
    assert spoken(conclusions.expected_and_actual(lifts)) == (
        "1 of 2 activations within 20% of the expected lift; furthest off is B "
        "(W44 Nov 29): 2.00x expected, 1.00x actual."
    )
    versions = pd.DataFrame({"cycle": ["a", "b"], "week": [WEEKS[0]] * 2, "consensus": [90.0, 110.0]})  # fmt: skip
    actual = pd.DataFrame({"week": WEEKS[:1], "actual": [100.0]})
    assert spoken(conclusions.versions(versions, actual)) == (
        "For W43 Nov 22 the latest of 2 versions had 110 u; actual demand was 100 u, -9.1%."
    )
    members = pd.DataFrame({"member": ["Coats", "Shirts"], "value": [0.2, 0.1], "before": [0.1, 0.2]})  # fmt: skip
    worst = conclusions.by_member(members, in_words="{:.2f}".format, lower_is_better=True)
    assert spoken(worst) == "Worst is Coats with 0.20; 1 of 2 are worse than before."
    moved = pd.DataFrame({"quarter": ["2026-Q1", "2026-Q2"], "member": "Coats", "value": [0.2, 0.5]})  # fmt: skip
    assert spoken(conclusions.quarters(moved, in_words="{:.2f}".format)) == (
        "Coats moved furthest: 0.20 in Q1 FY26, 0.50 in Q2 FY26."
    )
    money = pd.DataFrame({"name": ["A", "B"], "margin": [900.0, 10.0], "margin_low": [500.0, 0.0], "margin_high": [1200.0, 20.0], "spend": [100.0, 50.0]})  # fmt: skip
    assert spoken(conclusions.results(money)) == (
        "A added most margin, $900 (80% interval $500 to $1.2k); 1 of 2 with a spend earned "
        "less than it."
    )
    weeks = pd.DataFrame({"week": WEEKS, "value": [1.0, 5.0, 1.0, 1.0]})
    shade = pd.DataFrame(
        {"name": ["A"], "type": ["email"], "from": [WEEKS[1]], "to": [WEEKS[2]]}
    )
    assert spoken(conclusions.side_panel(weeks, shade, in_words="{:.0f} u".format)) == (
        "Highest in W44 Nov 29: 5 u; 5 u on average in weeks with an activation, 1 u in the others."
    )
    known = [("2026-Q1", 1.0), ("2026-Q2", None), ("2026-Q3", 3.0), ("2026-Q4", 2.0)]
    assert spoken(conclusions.trend(known, lower_is_better=False)) == "2nd best of 3 quarters."
    assert spoken(conclusions.trend(known, lower_is_better=True)) == "2nd best of 3 quarters."
    responses = pd.DataFrame({"type": ["email", "email"], "class": ["Coats", "Shirts"], "log": [0.0, np.log(2)], "sd": 0.1})  # fmt: skip
    assert spoken(conclusions.responses(responses)) == (
        "email lifts most, 2.00x baseline in Shirts; over its classes the median is 1.41x."
    )
    seasons = pd.DataFrame({"class": "Coats", "week": WEEKS[:2], "index": [0.5, 2.0]})
    assert spoken(conclusions.seasons(seasons)) == (
        "Coats swings most: 2.00x an ordinary week in W44 Nov 29, 0.50x in W43 Nov 22."
    )


EMPTY = {
    "calendar": ([],), "gantt": (pd.DataFrame({"from": [], "to": [], "status": []}),),
    "calibration": (pd.DataFrame({"cells": [0], "said": [0.5], "happened": [0.0]}),),
    "walk": (pd.DataFrame({"cause": [], "change": []}), 0.0, 0.0), "staircase": ([],),
    "orders": (pd.DataFrame({"release_week": [], "kind": [], "units": []}),),
    "seasons": (pd.DataFrame({"class": [], "week": [], "index": []}),),
    "responses": (pd.DataFrame({"type": [], "class": [], "log": [], "sd": []}),),
    "error_by_lag": (pd.DataFrame({"lag": [1], "forecast": ["A"], "wape": [np.nan]}),),
    "expected_and_actual": (pd.DataFrame({"expected_lift": [np.nan], "actual_lift": [1.0]}),),
    "results": (pd.DataFrame({"name": ["A"], "margin": [np.nan], "margin_low": [np.nan], "spend": [1.0]}),),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(EMPTY))
def test_a_picture_of_nothing_says_what_is_missing(name):
    told = spoken(getattr(conclusions, name)(*EMPTY[name]))
    assert re.search(r"\w", told)
    assert "nan" not in told.lower()


def test_every_picture_stands_below_a_title_and_says_something():
    drawn = {n for n in charts.__all__ if n[0].islower()}
    assert drawn <= {f for f in dir(conclusions) if not f.startswith("_")} | {"side_panel"}
    for path in (ROOT / "pages").rglob("*.py"):
        if path.name == "picture.py":
            continue
        calls = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
        assert not [c for c in calls if str(getattr(c.func, "attr", "")).endswith("_chart")], (
            path
        )
        for call in calls:
            if ast.unparse(call.func) == "picture.of":
                names = {k.arg: k.value for k in call.keywords}
                assert ast.unparse(names["says"]).startswith("conclusions."), path


def test_no_line_is_drawn_across_a_week_of_which_nothing_is_known():
    rows = pd.DataFrame({"layer": ["A", "A", "B"], "week": [WEEKS[0], WEEKS[3], WEEKS[1]], "units": [1.0, 2.0, 3.0]})  # fmt: skip
    whole = marks.broken(rows, ["units"], by="layer")
    mine = whole[whole["layer"] == "A"]
    assert mine["week"].tolist() == list(WEEKS)
    assert mine["units"].isna().tolist() == [False, True, True, False]
    assert len(whole) == 5


def test_a_name_has_one_colour_whichever_others_are_drawn():
    every = [f"class {i}" for i in range(14)]
    assert theme.member_colours(every) == theme.member_colours(reversed(every))
    assert len(set(list(theme.member_colours(every).values())[:10])) == 10
    shades = theme.shades(9)
    assert len(set(shades)) == 9
    assert shades[-1] == theme.layer_colours()["Planning"]


def test_colours_of_pictures_can_be_told_from_their_ground():
    for mode, ground in theme._GROUND.items():
        for colour in (*theme._MEMBERS[mode], *theme._STATUS[mode].values()):
            assert contrast.ratio(colour, ground) >= 3, (mode, colour)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_in_high_contrast_every_colour_of_a_picture_is_told_from_its_ground_as_text_is(
    mode, monkeypatch
):
    monkeypatch.setattr(theme, "mode", lambda: mode)
    usual = theme.look()
    plain_ones = {**theme.layer_colours(), **theme.status_colours()}
    monkeypatch.setattr(contrast, "is_on", lambda: True)
    assert theme.look() != usual  # what is kept drawn is not kept for the other
    strong = {**theme.layer_colours(), **theme.status_colours()}
    ground = theme._GROUND[mode]
    for colour in (*strong.values(), *theme.member_colours("abcdefghij").values(), theme.ink()):
        assert contrast.ratio(colour, ground) >= contrast.LEAST, colour
    assert any(strong[name] != plain_ones[name] for name in strong)


def titles(node, found):
    if isinstance(node, dict):
        for tip in node.get("tooltip", []) if isinstance(node.get("tooltip"), list) else []:
            found.append(tip.get("title"))
        for one in node.values():
            titles(one, found)
    elif isinstance(node, list):
        for one in node:
            titles(one, found)
    return found


def test_every_tooltip_is_in_words():
    drawn = [
        charts.projection(fan([4, 3, 2, 1]), window=(WEEKS[0], WEEKS[1]), first_short=WEEKS[2]),
        charts.versions(
            pd.DataFrame({"cycle": ["a"], "week": [WEEKS[0]], "consensus": [1.0]}),
            pd.DataFrame({"week": WEEKS[:1], "actual": [1.0]}),
        ),
        charts.orders(pd.DataFrame({"release_week": WEEKS[:1], "kind": ["release"], "units": [1.0]})),
        charts.trend([("2026-Q1", 0.1)], target=0.2, kind="share"),
    ]  # fmt: skip
    for chart in drawn:
        for title in titles(chart.spec(), []):
            assert title
            assert title[0].isupper() or title[0] == "8", title


def test_markup_is_not_spoken():
    assert text.unmarked("**Runs out** in W44") == "Runs out in W44"
    assert text.unmarked(text.plain("SC_01 [x]")) == "SC_01 [x]"
