"""The pack for the board: one quarter's scorecard as one file that prints well.

It is made from the scorecard alone, the same value that the page shows; of a closed
quarter it can be made again, to the last digit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from markupsafe import Markup

from forecasting import conventions, write
from forecasting.arguments import Name, verb
from forecasting.calendar import quarter_label, week_label
from forecasting.governance.policy import SETTINGS
from forecasting.outputs.consensus_pack import template
from forecasting.quarterly import measures as measured
from forecasting.quarterly.measures import BELOW, HEADLINES, LEAD, MEASURES, STOCKOUTS, TURNS
from forecasting.quarterly.scorecard import Scorecard
from forecasting.vocabulary import GLOSSARY, INPUTS, Function
from forecasting.workspace import Workspace

IN_MATRIX = (
    "exposure", "item", "bridge_accuracy", "turn_cost", "sell_through", "gmroi", "excess"
)  # fmt: skip
_WIDTH, _HEIGHT = 250, 74


@verb
def as_html(space: Workspace, by: str, quarter: Name) -> str:
    """One quarter as one HTML page that needs nothing else and prints well.

    Raises
    ------
    UnknownName
        If nothing is known of the quarter.
    """
    shown = space.quarters.scorecard(by, quarter)
    decisions = shown.decisions if shown.closed else space.quarters.decisions(quarter)
    return template("board").render(
        card=shown,
        label=quarter_label(quarter),
        as_of=week_label(shown.as_of),
        headlines=HEADLINES,
        below=BELOW,
        lead=LEAD,
        stockouts=STOCKOUTS,
        turns=TURNS,
        measures=MEASURES,
        in_words=measured.in_words,
        definition=lambda key: GLOSSARY[MEASURES[key].term],
        trend=_trend,
        change=_change,
        met=shown.is_met,
        in_matrix=[
            k for k in IN_MATRIX if any(r.get(k) is not None for r in shown.matrix["class"])
        ],
        quality=lambda key, value: {None: "", True: "good", False: "bad"}[
            shown.meets(key, value)
        ],
        sign={"": "", "good": "✓ ", "bad": "● "},
        decisions=decisions,
        owners=_names(space),
        late_by=[(Function(f).label, n) for f, n in sorted(shown.late_by.items())],
        targets=[
            (SETTINGS[m.target].label, SETTINGS[m.target].in_words(shown.target(key)))
            for key, m in MEASURES.items()
            if m.target and shown.target(key) is not None
        ],
        points=lambda v: "–" if v is None else f"{write.number(100 * v, 1, sign=True)} points",
        day=lambda text: conventions.in_force().day(dt.date.fromisoformat(text)),
        moment=lambda text: conventions.in_force().moment(
            dt.datetime.fromisoformat(text), year=True
        ),
        calendar=conventions.in_force().fiscal.label,
        currency=conventions.in_force().currency,
    )


def _change(shown: Scorecard, key: str, back: int) -> str:
    value, then = shown.value(key), shown.value(key, back=back)
    if value is None or then is None:
        return ""
    return f"({measured.in_words(key, value - then, change=True)})"


def _names(space: Workspace) -> str:
    """Who answers for the headline measures."""
    shared = (INPUTS[0], Function.PLANNING)
    found = [f"{p.name} ({p.function.label})" for p in space.people if p.function in shared]
    return " and ".join(found) or "Marketing and Planning"


def _trend(shown: Scorecard, key: str) -> Markup:
    """A measure over its quarters as an SVG of its own, its target dashed."""
    values: Sequence[tuple[str, float | None]] = shown.trend(key)
    known = [v for _, v in values if v is not None]
    target = shown.target(key)
    if not known:
        return Markup("")
    every = [*known, *([target] if target is not None else [])]
    low, high = min(every), max(every)
    spread = (high - low) or abs(high) or 1.0

    def at(i: int, value: float) -> tuple[float, float]:
        x = 8 + (_WIDTH - 16) * i / max(len(values) - 1, 1)
        return x, 10 + (_HEIGHT - 30) * (1 - (value - low) / spread)

    points = [at(i, v) for i, (_, v) in enumerate(values) if v is not None]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.4" fill="#0f5c8c"/>' for x, y in points
    )
    dashed = ""
    if target is not None:
        _, y = at(0, target)
        dashed = (
            f'<line x1="4" x2="{_WIDTH - 4}" y1="{y:.1f}" y2="{y:.1f}" stroke="#d98324" '
            'stroke-dasharray="4 3"/>'
        )
    first, last = quarter_label(values[0][0]), quarter_label(values[-1][0])
    return Markup(  # noqa: S704 - numbers and our own words only
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{MEASURES[key].label} over {len(values)} quarters">{dashed}'
        f'<polyline points="{line}" fill="none" stroke="#0f5c8c" stroke-width="2"/>{dots}'
        f'<text x="4" y="{_HEIGHT - 4}" font-size="10" fill="#5b6b7b">{first}</text>'
        f'<text x="{_WIDTH - 4}" y="{_HEIGHT - 4}" font-size="10" fill="#5b6b7b" '
        f'text-anchor="end">{last}</text></svg>'
    )
