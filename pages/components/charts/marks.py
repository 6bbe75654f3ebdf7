"""What pictures share: an axis of weeks, tooltips, ink."""

from collections.abc import Sequence

import altair as alt
import pandas as pd
from altair.utils import schemapi

from forecasting.calendar import week_label
from pages.components import theme

DAY = pd.Timedelta(1, "D")

# A chart is checked as a whole when it is sent; checking each of its parts when it is made
# as well doubles what it costs.
schemapi.disable_debug_mode()

Drawn = alt.Chart | alt.LayerChart | alt.FacetChart


def told_apart(names: list[str]) -> list[str]:
    """Names, numbered where the same one comes again: a row of a chart is one name."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found


def week_axis(weeks: list[pd.Timestamp]) -> alt.Axis:
    labels = {int(w.timestamp() * 1000): week_label(w.date()) for w in weeks}
    cases = " : ".join(f"+datum.value == {ms} ? '{text}'" for ms, text in labels.items())
    return alt.Axis(
        values=[{"year": w.year, "month": w.month, "date": w.day} for w in weeks],
        labelExpr=f"{cases} : ''",
        labelAngle=0,
        title=None,
        grid=True,
        labelOverlap="greedy",
        labelSeparation=10,
    )


def utc(values: pd.Series | Sequence[pd.Timestamp]) -> pd.Series:
    return pd.Series(pd.to_datetime(values))


def tip(field: str, title: str) -> alt.Tooltip:
    return alt.Tooltip(f"{field}:Q", title=title, format=",.1f")


def ink() -> str:
    return "#e8edf2" if theme.mode() == "dark" else "#26323d"


def named(field: str, title: str) -> alt.Tooltip:
    """Words in a tooltip, under a name that people know."""
    return alt.Tooltip(f"{field}:N", title=title)
