"""The quarterly scorecard: what leadership steers by, as one value.

A scorecard holds every measure of nine quarters, the same by class, department, region and
type of activation, how early things were known, and what the numbers say in words. The
page, the pack and a closed quarter all show this value, so they cannot differ. What each
measure is stands in SQL (data/schema/0007_scorecard.sql); here it is put beside its target,
last quarter and last year.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import pandas as pd

from data import scores
from data.store import Store
from forecasting.calendar import quarter_label, quarters_back
from forecasting.consensus import value_added
from forecasting.consensus.value_added import Added
from forecasting.errors import UnknownName
from forecasting.governance.policy import Policy
from forecasting.inventory.replay import cells_of
from forecasting.quarterly import findings
from forecasting.quarterly.findings import PATTERN_QUARTERS, Finding
from forecasting.quarterly.measures import LEVELS, MEASURES, OF_LEVEL
from forecasting.quarterly.notice import LeadTime, Notice, Task

TREND = 9
"""Quarters shown: this one, the same of the last two years and all between."""


Values = dict[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """One quarter's scorecard; everything in it is plain data."""

    quarter: str
    as_of: dt.date
    """Last week in it."""
    weeks: int
    """Of the quarter that are known."""
    is_whole: bool
    values: Mapping[str, Values]
    """Quarter to measure to value; None: not defined or not known. TREND quarters."""
    matrix: Mapping[str, list[dict[str, Any]]]
    """Level to its members: member, and the value of each measure in the quarter."""
    targets: Mapping[str, float | None]
    """Measure to target."""
    findings: tuple[Finding, ...]
    steps: tuple[dict[str, Any], ...]
    """Value added, step by step, on what was published six weeks ahead or more."""
    functions: tuple[dict[str, Any], ...]
    """Value added by function, on the quarters from `functions_since` to this one."""
    lead: tuple[dict[str, Any], ...]
    """Activations of the quarter: when complete, first red, decided, late changes."""
    late_by: Mapping[str, int]
    """Function to late additions and changes."""
    tasks: tuple[dict[str, Any], ...]
    """What was due in the quarter."""
    functions_since: str = ""
    """First of the quarters that `functions` count; "": this one alone, as it was once kept."""
    decisions: tuple[dict[str, Any], ...] = ()
    """Of its review, as they stood when it was closed."""
    closed: Mapping[str, Any] = field(default_factory=dict)
    """Who closed it and when; empty while it is open."""

    @property
    def functions_period(self) -> str:
        """The quarters that `functions` count, in words: 'Q2 FY25 to Q3 FY26'."""
        last = quarter_label(self.quarter)
        if self.functions_since in ("", self.quarter):
            return last
        return f"{quarter_label(self.functions_since)} to {last}"

    def value(self, key: str, *, back: int = 0) -> float | None:
        """A measure of the quarter, or of one so many before it."""
        found = self.values.get(quarters_back(self.quarter, back), {})
        return found.get(key)

    def trend(self, key: str) -> list[tuple[str, float | None]]:
        """A measure, quarter by quarter, oldest first."""
        return [(quarter, found.get(key)) for quarter, found in sorted(self.values.items())]

    def target(self, key: str) -> float | None:
        """Target of a measure; None where none is set."""
        return self.targets.get(key)

    def meets(self, key: str, value: float | None) -> bool | None:
        """Whether a value of a measure is at its target or better; None: nothing to say."""
        target = self.target(key)
        if target is None or value is None:
            return None
        return value <= target if MEASURES[key].lower_is_better else value >= target

    def is_met(self, key: str) -> bool | None:
        """Whether the quarter met the target of a measure."""
        return self.meets(key, self.value(key))

    def to_dict(self) -> dict[str, Any]:
        """As kept when the quarter is closed."""
        kept = asdict(replace(self, findings=()))
        kept["as_of"] = self.as_of.isoformat()
        kept["findings"] = [findings.to_dict(f) for f in self.findings]
        return kept

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any], *, closed: Mapping[str, Any]) -> Scorecard:
        """A closed quarter's, as it was."""
        fields = dict(kept)
        fields["as_of"] = dt.date.fromisoformat(fields["as_of"])
        fields["findings"] = tuple(findings.from_dict(f) for f in fields["findings"])
        for name in ("steps", "functions", "lead", "tasks", "decisions"):
            fields[name] = tuple(fields[name])
        return cls(**{**fields, "closed": closed})


def drawn_up(
    store: Store,
    quarter: str,
    *,
    policy: Policy,
    lead: Mapping[str, LeadTime],
    notices: Sequence[Notice],
    tasks: Sequence[Task],
    spend: Mapping[str, float],
    returned: Mapping[str, float],
    replayed: pd.DataFrame | None,
    quarter_of_task: Mapping[int, str],
) -> Scorecard:
    """The scorecard of one quarter from the kept sums and the ledger.

    Parameters
    ----------
    store : Store
        With the sums of data/scores.py up to date.
    policy : whose targets and thresholds count.
    lead, notices : lead times by quarter, and activation by activation.
    tasks : what was to be done, `quarter_of_task` when it was due, by sequence number.
    spend, returned : quarter to money spent on expediting, and return on promotion spend.
    replayed : rows of the last replay; None without one.
    """
    limits = {
        "least_in_stock": policy.number("event_in_stock"),
        "cover_weeks": policy.number("target_cover_weeks"),
    }
    shown = [quarters_back(quarter, back) for back in range(TREND)]
    known = scores.quarters(store)
    values = _values(store, limits)
    for name in shown:
        values.setdefault(name, {}).update(_lead_values(lead.get(name)))
        values[name] |= {
            "actions_on_time": _on_time([t for t in tasks if quarter_of_task[t.seq] == name]),
            "expedite_spend": spend.get(name),
            "promotion_return": returned.get(name),
            "calibration": _calibration(replayed, known, name),
        }
    this = known[known["quarter"] == quarter].iloc[0]
    cells = scores.forecast_rows(
        store, "bridge", since=quarters_back(quarter, PATTERN_QUARTERS - 1), until=quarter
    )
    return Scorecard(
        quarter=quarter,
        as_of=pd.Timestamp(this["last_week"]).date(),
        weeks=int(this["weeks"]),
        is_whole=bool(this["is_whole"]),
        values={name: _plain(values[name]) for name in shown},
        matrix={level: _matrix(store, level, quarter, limits) for level in LEVELS},
        targets={key: policy[m.target] if m.target else None for key, m in MEASURES.items()},
        findings=tuple(_findings(store, quarter, cells, limits, lead.get(quarter))),
        **_added_by(cells, quarter),
        lead=tuple(_noticed(n) for n in notices if n.quarter == quarter),
        late_by=dict(lead[quarter].late_by) if quarter in lead else {},
        tasks=tuple(_task(t) for t in tasks if quarter_of_task[t.seq] == quarter),
    )


def _added_by(cells: pd.DataFrame, quarter: str) -> dict[str, Any]:
    """Value added: of each step in the quarter, of each function in those of the findings.

    A finding and the table of functions tell of the same quarters, so they tell the same.
    """
    own = cells[cells["quarter"] == quarter] if len(cells) else cells
    return {
        "steps": tuple(map(_added, value_added.staircase(own))) if len(own) else (),
        "functions": tuple(map(_added, value_added.of_functions(cells))) if len(cells) else (),
        "functions_since": quarters_back(quarter, PATTERN_QUARTERS - 1),
    }


def _values(store: Store, limits: Mapping[str, float]) -> dict[str, Values]:
    """Quarter to measure to value, of what is summed in SQL."""
    frames = {
        "shelf": scores.shelf(store, "all"),
        "promotions": scores.promotions(store, "all", **limits),
        "bridge": _accurate(scores.forecasts(store, "bridge", "all")),
        "buy": _accurate(scores.forecasts(store, "buy", "all")),
    }
    found: dict[str, Values] = {}
    for measure in MEASURES.values():
        rows = frames.get(measure.source)
        if rows is None:
            continue
        for quarter, value in zip(rows["quarter"], rows[measure.column], strict=True):
            found.setdefault(str(quarter), {})[measure.key] = value
    return found


def _accurate(rows: pd.DataFrame) -> pd.DataFrame:
    """With accuracy, 1 - WAPE, not below zero: the floor is for the eye, WAPE stays."""
    return rows.assign(
        accuracy=(1 - rows["wape"].astype(float)).clip(lower=0),
        promoted_accuracy=(1 - rows["promoted_wape"].astype(float)).clip(lower=0),
    )


def at_level(
    store: Store, key: str, level: str, *, limits: Mapping[str, float], **within: str | None
) -> pd.DataFrame:
    """One measure by quarter and the members of a level, with the sums it is a ratio of.

    Raises
    ------
    UnknownName
        If there is no such measure, or it cannot be looked at like that (OF_LEVEL).
    """
    if key not in MEASURES:
        raise UnknownName(f"There is no measure '{key[:40]}'.")
    measure = MEASURES[key]
    levels = OF_LEVEL.get(measure.source, ())
    if level not in levels:
        raise UnknownName(
            f"{measure.label} is summed by {', '.join(levels) or 'no level'}; not by "
            f"'{level[:40]}'."
        )
    asked = {name: value for name, value in within.items() if value is not None}
    match measure.source:
        case "shelf":
            rows = scores.shelf(store, level, **asked)
        case "promotions":
            rows = scores.promotions(store, level, **asked, **limits)
        case _:
            rows = _accurate(scores.forecasts(store, measure.source, level, **asked))
    return rows.assign(value=rows[measure.column].astype(float))


def _matrix(
    store: Store, level: str, quarter: str, limits: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Members of a level with every measure that is summed at it, in one quarter."""
    rows: dict[str, dict[str, Any]] = {}
    for source, levels in OF_LEVEL.items():
        if level not in levels:
            continue
        keys = [m.key for m in MEASURES.values() if m.source == source]
        found = at_level(store, keys[0], level, limits=limits)
        for row in found[found["quarter"] == quarter].to_dict("records"):
            mine = rows.setdefault(str(row["member"]), {"member": str(row["member"])})
            mine |= {key: _number(row[MEASURES[key].column]) for key in keys}
    return [rows[name] for name in sorted(rows)]


def _findings(
    store: Store,
    quarter: str,
    cells: pd.DataFrame,
    limits: Mapping[str, float],
    lead: LeadTime | None,
) -> list[Finding]:
    promotions = scores.promotion_rows(store, cover_weeks=limits["cover_weeks"])
    since = quarters_back(quarter, PATTERN_QUARTERS - 1)
    window = promotions[promotions["quarter"].between(since, quarter)]
    found = findings.patterns(window, quarter=quarter)
    if len(cells):
        found += findings.of_functions(value_added.of_functions(cells), quarter=quarter)
    found += _movements(store, quarter, limits)
    if lead is not None and lead.reds >= 5 and lead.decided_share < 0.5:
        found.append(
            Finding(
                kind="late", level="", member="",
                text=f"{lead.decided} of {lead.reds} featured SKUs that were red before their "
                "start were decided while something could still be done.",
                link={"page": "scorecard", "view": "lead", "quarter": quarter},
            )
        )  # fmt: skip
    order = ("sells out", "hurts", "builds up", "late", "moved", "helps")
    return sorted(found, key=lambda f: (order.index(f.kind), -f.weight))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Headline:
    """A headline as a ratio of two sums, so that who moved it can be told."""

    label: str
    part: str
    whole: str
    least: float
    """Change from which it is large."""
    percent: bool = True


_HEADLINES = {
    "exposure": _Headline(
        label="Stockout rate on promoted items", part="promoted_out", whole="promoted_days",
        least=0.015,
    ),
    "bridge_accuracy": _Headline(
        label="Forecast error (WAPE) six weeks ahead", part="missed", whole="actual", least=0.03
    ),
    "turn_cost": _Headline(
        label="Inventory turn at cost", part="sold_in_a_year", whole="mean_stock_cost",
        least=0.5, percent=False,
    ),
}  # fmt: skip


def _movements(store: Store, quarter: str, limits: Mapping[str, float]) -> list[Finding]:
    """Headline ratios that left last year; or last quarter, where last year is not known."""
    found = []
    for key, headline in _HEADLINES.items():
        rows = at_level(store, key, "class", limits=limits)
        if key == "turn_cost":
            rows = rows.assign(sold_in_a_year=rows["turn_cost"] * rows["mean_stock_cost"])
        parts = rows.rename(columns={headline.part: "part", headline.whole: "whole"})
        parts = parts.dropna(subset=["part", "whole"])
        known = set(parts["quarter"])
        for back, period in ((4, "last year"), (1, "last quarter")):
            then = quarters_back(quarter, back)
            if then in known:
                moved = findings.movement(
                    headline.label, parts, now=quarter, then=then, period=period,
                    least=headline.least, percent=headline.percent,
                    link={"page": "why", "measure": key, "level": "class", "quarter": quarter},
                )  # fmt: skip
                found += [moved] if moved else []
                break
    return found


def _lead_values(lead: LeadTime | None) -> Values:
    names = [m for m in MEASURES.values() if m.source == "lead"]
    return {m.key: getattr(lead, m.column) if lead else None for m in names}


def _on_time(tasks: Sequence[Task]) -> float | None:
    return sum(t.is_on_time for t in tasks) / len(tasks) if tasks else None


def _calibration(
    replayed: pd.DataFrame | None, known: pd.DataFrame, quarter: str
) -> float | None:
    """Mean risk expected less share that ran out, over the replay's cells of a quarter."""
    span = known[known["quarter"] == quarter]
    if replayed is None or span.empty:
        return None
    weeks = pd.to_datetime(replayed["week"])
    inside = replayed[
        (weeks >= pd.Timestamp(span["first_week"].iloc[0]))
        & (weeks <= pd.Timestamp(span["last_week"].iloc[0]))
    ]
    cells = cells_of(inside)
    if cells.empty:
        return None
    return float(cells["p"].mean() - cells["out"].mean())


def _noticed(notice: Notice) -> dict[str, Any]:
    return {
        "activation": notice.activation, "name": notice.name, "type": notice.type,
        "start": notice.start.isoformat(), "complete_weeks": _number(notice.complete_weeks),
        "notice_weeks": _number(notice.notice_weeks), "reds": len(notice.red),
        "decided": len(notice.decided), "late": sum(notice.late_by.values()),
        "decisions": sorted(set(notice.decided.values())),
    }  # fmt: skip


def _task(task: Task) -> dict[str, Any]:
    return {
        "seq": task.seq, "said": task.text, "owner": task.owner, "due": task.due.isoformat(),
        "done": task.done.isoformat() if task.done else None, "on_time": task.is_on_time,
    }  # fmt: skip


def _added(added: Added) -> dict[str, Any]:
    named = {n: _number(getattr(added, n)) for n in ("wape", "bias", "added", "low", "high")}
    return {"name": added.name, "cells": added.cells, "is_sure": added.is_sure, **named}


def _number(value: Any) -> float | None:
    """A plain number; None where there is none."""
    return None if value is None or pd.isna(value) or math.isinf(value) else float(value)


def _plain(values: Values) -> Values:
    return {key: _number(value) for key, value in values.items()}
