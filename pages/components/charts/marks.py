"""What pictures share: an axis of weeks, tooltips, ink."""

from collections.abc import Sequence

import altair as alt
import pandas as pd
from altair.utils import schemapi

from forecasting.calendar import week_label
from pages.components import theme

DAY = pd.Timedelta(1, "D")

# A field is named to altair as its channel, alt.X("week:T"), not as bare text, x="week:T": for
# each bare text it goes through every class that it has.
# A chart is checked as a whole when it is sent; checking each of its parts when it is made
# as well doubles what it costs.
schemapi.disable_debug_mode()


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
    # No list: of each of a chart's layers every list in it is copied many times over.
    days = tuple({"year": w.year, "month": w.month, "date": w.day} for w in weeks)
    return alt.Axis(
        values=days,
        labelExpr=f"{cases} : ''",
        labelAngle=0,
        title=None,
        grid=True,
        labelOverlap="greedy",
        labelSeparation=10,
    )


def utc(values: pd.Series | Sequence[pd.Timestamp]) -> pd.Series:
    return pd.Series(pd.to_datetime(values))


def stroke_legend() -> alt.Legend:
    """A legend of lines, each as it is drawn; the same of colour and dash, it is one."""
    return alt.Legend(
        title=None, orient="top", symbolType="stroke", symbolSize=280, labelLimit=220
    )


def in_week() -> alt.Tooltip:
    """The week of a mark, with its year."""
    return alt.Tooltip("week:T", title="Week of", format=theme.tip_day())


def tip(field: str, title: str) -> alt.Tooltip:
    return alt.Tooltip(f"{field}:Q", title=title, format=",.1f")


ink = theme.ink


def broken(rows: pd.DataFrame, values: Sequence[str], *, by: str | None = None) -> pd.DataFrame:
    """Rows with every week between the first and the last of each line.

    A week of which nothing is known has no value, and the line is broken there: a line drawn
    across it would tell a slope that nobody has seen.
    """
    if not len(rows):
        return rows.assign(week=utc(rows["week"]))
    parts = []
    for name, part in rows.groupby(by, sort=False) if by else [(None, rows)]:
        mine = part.assign(week=utc(part["week"]).to_numpy()).set_index("week")
        weeks = pd.date_range(mine.index.min(), mine.index.max(), freq="7D", name="week")
        whole = mine.reindex(weeks)
        whole.loc[~whole.index.isin(mine.index), list(values)] = float("nan")
        if by:
            whole[by] = name
        parts.append(whole.reset_index())
    return pd.concat(parts, ignore_index=True)


def named(field: str, title: str) -> alt.Tooltip:
    """Words in a tooltip, under a name that people know."""
    return alt.Tooltip(f"{field}:N", title=title)
