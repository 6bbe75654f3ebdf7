"""Pictures of the packs, as SVG of our own: numbers and our own words only."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
from markupsafe import Markup

from forecasting import write
from forecasting.calendar import quarter_label, week_label
from forecasting.outputs.paper import Picture
from forecasting.quarterly.measures import MEASURES
from forecasting.quarterly.scorecard import Scorecard

WIDE, HIGH = 860, 190
"""Of the picture over weeks."""
TREND_WIDE, TREND_HIGH = 250, 74


def ticks(top: float) -> list[float]:
    """Three to six round numbers from zero to the highest below `top`."""
    rough = top / 4
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * by for by in (1, 2, 2.5, 5, 10) if size * by >= rough)
    return [step * i for i in range(int(top / step) + 1)]


def weeks(layers: pd.DataFrame) -> Picture:
    """Consensus and statistical by week, as an SVG of its own."""
    weekly = layers.groupby("week")[["consensus", "statistical"]].sum().head(26)
    top = float(weekly.to_numpy().max()) or 1.0
    left, bottom, n = 56, 24, max(len(weekly) - 1, 1)

    def at(i: int, units: float) -> tuple[float, float]:
        x = left + (WIDE - left - 10) * i / n
        y = 8 + (HIGH - bottom - 8) * (1 - units / (1.05 * top))
        return x, y

    def line(name: str, style: str) -> str:
        points = " ".join(
            "{:.1f},{:.1f}".format(*at(i, u)) for i, u in enumerate(weekly[name].tolist())
        )
        return f'<polyline points="{points}" fill="none" {style}/>'

    marks = []
    for tick in ticks(top):
        _, y = at(0, tick)
        marks.append(
            f'<line x1="{left}" x2="{WIDE - 10}" y1="{y:.1f}" y2="{y:.1f}" stroke="#d5dbe1"/>'
            f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end" font-size="11" '
            f'fill="#5b6b7b">{write.number(tick)}</text>'
        )
    for i in range(0, max(len(weekly) - 2, 1), 4):  # the last label has room to its right
        x, _ = at(i, 0)
        label = week_label(pd.Timestamp(weekly.index[i]).date())
        marks.append(
            f'<text x="{x:.1f}" y="{HIGH - 6}" font-size="11" fill="#5b6b7b">{label}</text>'
        )
    drawn = line("statistical", 'stroke="#5b6b7b" stroke-dasharray="5 4" stroke-width="1.4"')
    drawn += line("consensus", 'stroke="#0f5c8c" stroke-width="2.4"')
    svg = Markup(  # noqa: S704 - numbers and our own words only
        f'<svg viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="Consensus by week">'
        f"{''.join(marks)}{drawn}</svg>"
    )
    return Picture(svg=svg, alt="Consensus by week")


def trend(shown: Scorecard, key: str) -> Picture | None:
    """A measure over its quarters as an SVG of its own, its target dashed."""
    values: Sequence[tuple[str, float | None]] = shown.trend(key)
    known = [v for _, v in values if v is not None]
    target = shown.target(key)
    if not known:
        return None
    every = [*known, *([target] if target is not None else [])]
    low, high = min(every), max(every)
    spread = (high - low) or abs(high) or 1.0

    def at(i: int, value: float) -> tuple[float, float]:
        x = 8 + (TREND_WIDE - 16) * i / max(len(values) - 1, 1)
        return x, 10 + (TREND_HIGH - 30) * (1 - (value - low) / spread)

    points = [at(i, v) for i, (_, v) in enumerate(values) if v is not None]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.4" fill="#0f5c8c"/>' for x, y in points
    )
    dashed = ""
    if target is not None:
        _, y = at(0, target)
        dashed = (
            f'<line x1="4" x2="{TREND_WIDE - 4}" y1="{y:.1f}" y2="{y:.1f}" stroke="#d98324" '
            'stroke-dasharray="4 3"/>'
        )
    first, last = quarter_label(values[0][0]), quarter_label(values[-1][0])
    stated = f"{MEASURES[key].label} over {len(values)} quarters"
    svg = Markup(  # noqa: S704 - numbers and our own words only
        f'<svg viewBox="0 0 {TREND_WIDE} {TREND_HIGH}" role="img" '
        f'aria-label="{stated}">{dashed}'
        f'<polyline points="{line}" fill="none" stroke="#0f5c8c" stroke-width="2"/>{dots}'
        f'<text x="4" y="{TREND_HIGH - 4}" font-size="10" fill="#5b6b7b">{first}</text>'
        f'<text x="{TREND_WIDE - 4}" y="{TREND_HIGH - 4}" font-size="10" fill="#5b6b7b" '
        f'text-anchor="end">{last}</text></svg>'
    )
    return Picture(svg=svg, alt=stated)
