"""Every picture. Only this package and the theme know altair."""

from pages.components.charts.demand import (
    error_by_lag,
    expected_and_actual,
    forecast,
    responses,
    seasons,
    staircase,
    versions,
    walk,
)
from pages.components.charts.drawing import Drawing
from pages.components.charts.quarter import by_member, quarters, results, side_panel, trend
from pages.components.charts.stock import calendar, calibration, gantt, orders, projection

__all__ = [
    "Drawing",
    "by_member",
    "calendar",
    "calibration",
    "error_by_lag",
    "expected_and_actual",
    "forecast",
    "gantt",
    "orders",
    "projection",
    "quarters",
    "responses",
    "results",
    "seasons",
    "side_panel",
    "staircase",
    "trend",
    "versions",
    "walk",
]
