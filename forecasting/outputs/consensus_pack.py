"""The pack: one published version as one file to send, and its numbers as a workbook.

Both are made from the version's number alone, so that they can be made again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from data import leaving
from data.leaving import Leaving
from data.versions import LAYERS, Version
from forecasting import conventions, write
from forecasting.calendar import month_label, week_label
from forecasting.consensus import walk
from forecasting.hierarchy import Floats
from forecasting.monthly import agenda
from forecasting.vocabulary import INPUTS
from forecasting.workspace import Workspace

MOST_ROWS = 12
"""Rows of a table of the pack, the largest first."""
_WIDTH, _HEIGHT = 860, 190


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signed:
    """A signature that covered what was published."""

    department: str
    function: str
    name: str
    at: dt.datetime


def template(name: str) -> Template:
    """A page of its own that people fill: whatever they wrote is text in it, never markup."""
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    ).get_template(f"{name}.html")


def as_html(space: Workspace, number: int) -> str:
    """One version as one HTML page that needs nothing else and prints well.

    Raises
    ------
    UnknownName
        If there is no such version.
    """
    version = space.cycles.version(number)
    layers = space.cycles.layers(version)
    skus = space.store.query("all_skus").set_index("sku")
    layers["department"] = layers["sku"].map(skus["department"]).fillna("")
    ahead = layers[layers["week"] < _later(version, agenda.WEEKS)]
    previous = _before(space, version)
    steps = pd.DataFrame(columns=["before", "after", "change", "kind", "name", "reason"])
    parts = space.cycles.parts(version)
    if previous is not None:
        steps = walk.walk(space.cycles.parts(previous), parts)
    scored = space.cycles.scored(least_lag=agenda.LEAST_LAG, last_week=version.as_of)
    if len(scored):
        scored = scored[scored["version"] < number]
    found = agenda.performance(scored)
    names = {a.activation: a.name for a in space.calendar.activations}
    reasons = space.reasons.labels(at=number)
    lifts = parts[parts["kind"] == walk.LIFT].groupby("name")["units"].sum()
    months, by_month = _by_month(layers)
    return template("pack").render(
        version=version,
        previous=previous,
        publisher=space.person(version.person).name,
        total=ahead["consensus"].sum(),
        statistical=ahead["statistical"].sum(),
        change=steps["change"].sum(),
        before=steps["before"].sum(),
        after=steps["after"].sum(),
        causes=list(agenda.causes(steps, names, reasons).itertuples(index=False)),
        months=months,
        by_month=by_month,
        chart=_chart(layers),
        steps=found.steps if found else [],
        functions=found.functions if found else [],
        cycles=found.cycles if found else 0,
        least_lag=agenda.LEAST_LAG,
        apart=_apart(ahead, skus["description"].fillna("")),
        lifts=[
            (names.get(str(name), str(name)), units)
            for name, units in lifts.sort_values(ascending=False).head(MOST_ROWS).items()
        ],
        signatures=_signatures(space, version),
        **_minutes(space, version),
        n=conventions.in_force().number,
        signed=lambda v: conventions.in_force().number(v, sign=True),
        share=lambda v, sign=False: "–" if np.isnan(v) else f"{v:{'+' if sign else ''}.1%}",
        points=lambda v: (
            "–" if np.isnan(v) else f"{write.number(100 * v, 1, sign=True)} points"
        ),
        week=week_label,
        day=conventions.in_force().day,
        moment=lambda at: conventions.in_force().moment(at, year=True),
    )


def as_workbook(space: Workspace, number: int) -> Leaving:
    """The numbers of one version: every layer by SKU and week, and the parts of each SKU."""
    version = space.cycles.version(number)
    about = pd.DataFrame(
        [
            ("Cycle", version.cycle),
            ("Version", str(version.version)),
            ("As of (last week known)", version.as_of.isoformat()),
            ("Published", conventions.in_force().moment(version.made_at, year=True)),
            ("Published by", space.person(version.person).name),
            ("Unit", "units of demand a week; lag = weeks from the as-of week"),
            ("Digest", version.digest),
        ],
        columns=["What", "Value"],
    )
    layers = space.cycles.layers(version)
    week = layers["week"].to_numpy().astype("datetime64[D]")
    layers.insert(2, "lag", (week - np.datetime64(version.as_of)).astype(int) // 7)
    parts = space.cycles.parts(version)
    sums = parts.groupby(["sku", "kind", "name", "reason"])["units"].sum().reset_index()
    rows = layers[["sku", "week", "lag", *LAYERS]]
    return leaving.as_workbook(
        {"About": about, "By SKU and week": rows, "Parts": sums}, fit=True
    )


def _later(version: Version, weeks: int) -> pd.Timestamp:
    return pd.Timestamp(version.first_week) + pd.Timedelta(7 * weeks, "D")


def _before(space: Workspace, version: Version) -> Version | None:
    """The version before, if any."""
    earlier = [v for v in space.cycles.published() if v.version < version.version]
    return earlier[-1] if earlier else None


def _by_month(layers: pd.DataFrame) -> tuple[list[str], list[tuple[str, Floats]]]:
    """Consensus by department and fiscal month, the sum last; at most seven months."""
    labels = [month_label(pd.Timestamp(w).date()) for w in sorted(layers["week"].unique())]
    months = list(dict.fromkeys(labels))[:7]
    month = layers["week"].map(lambda w: month_label(pd.Timestamp(w).date()))
    wide = layers.assign(month=month).pivot_table(
        index="department", columns="month", values="consensus", aggfunc="sum"
    )
    wide = wide.reindex(columns=months).fillna(0.0)
    rows = [(str(name), values.to_numpy()) for name, values in wide.iterrows()]
    return months, [*rows, ("All", wide.sum().to_numpy())]


def _apart(ahead: pd.DataFrame, described: pd.Series) -> Sequence[object]:
    """SKUs on which functions were furthest apart."""
    sums = ahead.groupby("sku")[["statistical", *map(str, INPUTS), "consensus"]].sum()
    numbers = sums[["statistical", *map(str, INPUTS)]]
    apart = numbers.max(axis=1) - numbers.min(axis=1)
    chosen = sums[apart > 1].reindex(apart[apart > 1].sort_values(ascending=False).index)
    chosen = chosen.head(MOST_ROWS).reset_index()
    chosen["description"] = described.reindex(chosen["sku"]).to_numpy()
    return list(chosen.itertuples(index=False))


def _signatures(space: Workspace, version: Version) -> list[_Signed]:
    """Signatures over what was published, the latest of each function and department."""
    return [
        _Signed(
            department=department,
            function=function.capitalize(),
            name=space.person(signature.person).name,
            at=signature.at,
        )
        for department, function, signature in space.cycles.signatures(version)
    ]


def _minutes(space: Workspace, version: Version) -> dict[str, list[object]]:
    """What the cycle's meeting wrote down before it published."""
    owner = {p.id: p.name for p in space.people}

    def mine(seq: int, cycle: str) -> bool:
        return cycle == version.cycle and seq < version.version

    return {
        "decisions": [
            e.note for e in space.minutes.decisions(version.cycle) if e.seq < version.version
        ],
        "actions": [
            {"text": a.text, "due": a.due, "owner": owner.get(a.owner, a.owner)}
            for a in space.minutes.actions
            if mine(a.seq, a.cycle)
        ],
        "assumptions": [
            {
                "statement": a.statement, "watch": a.watch, "review": a.review,
                "owner": owner.get(a.owner, a.owner),
            }
            for a in space.minutes.assumptions
            if mine(a.seq, a.cycle)
        ],
    }  # fmt: skip


def _chart(layers: pd.DataFrame) -> Markup:
    """Consensus and statistical by week, as an SVG of its own."""
    weekly = layers.groupby("week")[["consensus", "statistical"]].sum().head(26)
    top = float(weekly.to_numpy().max()) or 1.0
    left, bottom, n = 56, 24, max(len(weekly) - 1, 1)

    def at(i: int, units: float) -> tuple[float, float]:
        x = left + (_WIDTH - left - 10) * i / n
        y = 8 + (_HEIGHT - bottom - 8) * (1 - units / (1.05 * top))
        return x, y

    def line(name: str, style: str) -> str:
        points = " ".join(
            "{:.1f},{:.1f}".format(*at(i, u)) for i, u in enumerate(weekly[name].tolist())
        )
        return f'<polyline points="{points}" fill="none" {style}/>'

    marks = []
    for share in (0.0, 0.5, 1.0):
        _, y = at(0, share * top)
        marks.append(
            f'<line x1="{left}" x2="{_WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}" stroke="#d5dbe1"/>'
            f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end" font-size="11" '
            f'fill="#5b6b7b">{write.number(share * top)}</text>'
        )
    for i in range(0, len(weekly), 4):
        x, _ = at(i, 0)
        label = week_label(pd.Timestamp(weekly.index[i]).date())
        marks.append(
            f'<text x="{x:.1f}" y="{_HEIGHT - 6}" font-size="11" fill="#5b6b7b">{label}</text>'
        )
    drawn = line("statistical", 'stroke="#5b6b7b" stroke-dasharray="5 4" stroke-width="1.4"')
    drawn += line("consensus", 'stroke="#0f5c8c" stroke-width="2.4"')
    return Markup(  # noqa: S704 - numbers and our own words only
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="Consensus by week">'
        f"{''.join(marks)}{drawn}</svg>"
    )
