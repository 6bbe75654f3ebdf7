"""A chart becomes a specification once, and is the same chart as altair would draw."""

from dataclasses import replace
from unittest.mock import patch

import altair as alt
import pandas as pd
import pyarrow as pa
import pytest

from forecasting import conventions
from forecasting.conventions import Days
from pages.components import theme
from pages.components.charts import drawing
from pages.components.charts.drawing import specified

WEEKS = pd.date_range("2026-11-02", periods=4, freq="7D")


@pytest.fixture(autouse=True)
def nothing_is_drawn():
    drawing._SPECS.clear()


def counted():
    """A drawing, and a list that grows by one whenever it is drawn."""
    times = []

    @drawing.drawing
    def rising(rows: pd.DataFrame, *, high: float = 1.0) -> alt.Chart:
        times.append(1)
        return (
            alt.Chart(rows)
            .mark_line(color=theme.layer_colours()["Planning"])
            .encode(x="week:T", y="units:Q")
            .properties(height=120, title=f"{high} {theme.tip_day()}")
        )

    return rising, times


def rows(*units: float) -> pd.DataFrame:
    return pd.DataFrame({"week": WEEKS[: len(units)], "units": units})


def read(data: bytes) -> pd.DataFrame:
    return pa.ipc.open_stream(data).read_pandas()


def test_the_same_chart_is_drawn_once_and_another_anew():
    rising, times = counted()
    first, again = rising(rows(1, 2)).spec(), rising(rows(1, 2)).spec()
    assert len(times) == 1
    assert first["height"] == again["height"] == 120
    rising(rows(1, 3)).spec()
    rising(rows(1, 2), high=2.0).spec()
    assert len(times) == 3


def test_what_one_does_to_a_specification_is_not_in_the_next():
    rising, _ = counted()
    first = rising(rows(1, 2)).spec()
    first["height"] = 7
    first["datasets"].clear()
    again = rising(rows(1, 2)).spec()
    assert again["height"] == 120
    assert read(again["datasets"]["data-0"])["units"].tolist() == [1, 2]


def test_a_chart_follows_the_theme_and_how_the_company_writes():
    rising, times = counted()
    light = rising(rows(1, 2)).spec()
    with patch.object(theme, "mode", return_value="dark"):
        dark = rising(rows(1, 2)).spec()
    assert light["mark"] != dark["mark"]
    usual = conventions.in_force()
    try:
        conventions.keep(replace(usual, days=Days.ISO))
        assert rising(rows(1, 2)).spec()["title"] != light["title"]
    finally:
        conventions.keep(usual)
    assert len(times) == 3


def test_data_of_two_layers_stands_beside_them_once():
    shared = rows(1, 2, 3)
    layers = alt.layer(
        alt.Chart(shared).mark_line().encode(x="week:T", y="units:Q"),
        alt.Chart(shared).mark_point().encode(x="week:T", y="units:Q"),
        alt.Chart(rows(9)).mark_rule().encode(y="units:Q"),
    )
    spec = specified(layers)
    assert sorted(spec["datasets"]) == ["data-0", "data-1"]
    assert [one["data"]["name"] for one in spec["layer"]] == ["data-0", "data-0", "data-1"]


def test_a_chart_that_vega_lite_does_not_know_fails_here_before_it_is_served():
    wrong = alt.Chart(rows(1)).mark_line().encode(x=alt.X("week:T", axis={"nonsense": 1}))
    with pytest.raises(alt.utils.schemapi.SchemaValidationError):
        specified(wrong)
