"""The weekly review on one page, to print or to send: what it goes through, in its order.

It is made from what the Weekly review shows, of the whole company; each list has its first
lines and says how many more there are, and what they come to.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from forecasting import conventions, vocabulary
from forecasting.arguments import AsMade, verb
from forecasting.calendar import as_date, week_label
from forecasting.outputs.part import told
from forecasting.outputs.printed import template
from forecasting.plan import views
from forecasting.plan.live import LivePlan
from forecasting.vocabulary import Status
from forecasting.weekly import best_mix
from forecasting.weekly.best_mix import Watched
from forecasting.workspace import Workspace

ROWS = 8
"""Lines of each list: five lists of them stand on one printed page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One list of the review."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    rest: str
    """What of it is not printed, in words; '' nothing."""
    nothing: str
    """What stands where the list is empty."""


@verb
def as_html(
    space: Workspace, by: str, *, found: Sequence[AsMade[Watched]] | None = None
) -> str:
    """The weekly review as one HTML page that needs nothing else and prints on one page.

    Parameters
    ----------
    found : sequence of Watched, optional
        What is short in the working plan, if somebody has it at hand: it takes seconds.

    Raises
    ------
    UnknownName, NoForecast
    """
    plan = space.working_plan_for(by)
    watched = [
        w for w in (best_mix.watch_list(plan) if found is None else found)
        if not space.decisions.is_settled(w.activation, w.sku, w.units_short)
    ]  # fmt: skip
    last = space.weekly.last_week(by)
    red = sum(v.status is Status.RED for v in views.verdicts(plan))
    here = conventions.in_force()
    off = ""
    if last is not None and last.expected > 0:
        off = (
            f"Last week demand was {here.number(last.actual)} u, forecast "
            f"{here.number(last.expected)} u. "
        )
    return template("weekly").render(
        as_of=week_label(plan.base.as_of),
        finding=f"{off}{red} activations short; {len(watched)} featured SKUs to decide on, "
        f"{_money(w.margin_at_risk for w in watched)} margin at risk.",
        sections=[
            _due(space),
            _misses(last.misses if last is not None else None),
            _risks(plan, watched),
            _late(space.weekly.late_receipts(by)),
            _decided(space, by, plan),
        ],
        printed=here.moment(space.desk.now, year=True),
        plan=f"{_stands_on(space)} {told(space)}".strip(),
    )


def _stands_on(space: Workspace) -> str:
    version = space.last_version()
    if version is None:
        return "Stock is judged against the draft; nothing has been published yet."
    return f"Stock is judged against the consensus published in {version.cycle}."


def _money(amounts: Any) -> str:
    known = [float(a) for a in amounts if not math.isnan(a)]
    return vocabulary.money(sum(known)) if known else "–"


def _day(value: dt.date | None) -> str:
    return "–" if value is None else f"{value:%a} {conventions.in_force().short_day(value)}"


def _section(
    title: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    nothing: str,
    rest: Callable[[int], str] = lambda _shown: "",
) -> Section:
    left = len(rows) - ROWS
    more = f"{left} more{rest(ROWS)}." if left > 0 else ""
    return Section(title=title, heads=heads, rows=rows[:ROWS], rest=more, nothing=nothing)


def _due(space: Workspace) -> Section:
    names = {a.activation: a.name for a in space.calendar.activations}
    rows = [
        (
            f"{d.sku} in {names.get(d.activation, d.activation)}: {d.text}",
            space.person(d.owner).name, _day(d.due),
        )
        for d in space.decisions.open
    ]  # fmt: skip
    rows += [
        (a.text, space.person(a.owner).name, _day(a.due))
        for a in space.minutes.actions
        if not a.is_done
    ]
    return _section(
        "1 · Actions due", ("What", "Who", "By"), rows,
        nothing="Nothing is open from earlier meetings.",
    )  # fmt: skip


def _misses(misses: Any) -> Section:
    number, rows = conventions.in_force().number, []
    for one in () if misses is None else misses.to_dict("records"):
        rows.append(
            (
                f"{one['sku']} {one['description'] or ''}", f"{number(one['expected'])} u",
                f"{number(one['actual'])} u", vocabulary.money(abs(one["money"])),
                str(one["cause"]),
            )
        )  # fmt: skip
    return _section(
        "2 · Last week against the forecast",
        ("SKU", "Forecast", "Actual", "Error at retail", "Most likely cause"), rows,
        nothing="No SKU was far off, or nothing was published before last week.",
    )  # fmt: skip


def _risks(plan: LivePlan, watched: Sequence[Watched]) -> Section:
    number = conventions.in_force().number
    names = {a.activation: a.name for a in plan.activations()}
    rows = [
        (
            f"{w.status.sign} {w.status.label}", w.sku, names[w.activation],
            f"{number(w.units_short)} u", _money([w.margin_at_risk]),
            "; ".join(o.text for o in w.best.options) or "none that pays for itself",
            _day(w.last_date),
        )
        for w in watched
    ]  # fmt: skip
    return _section(
        "3 · What will run out",
        ("", "SKU", "Activation", "Short", "Margin at risk", "Best supply option", "Decide by"),
        rows, nothing="Every risk in the coming weeks is covered, decided or accepted.",
        rest=lambda shown: (
            f", {_money(w.margin_at_risk for w in watched[shown:])} margin at risk"
        ),
    )  # fmt: skip


def _late(late: Any) -> Section:
    number = conventions.in_force().number
    rows = [
        (
            "● Past due" if one["past_due"] else "◆ Slipped", str(one["receipt"]), one["sku"],
            str(one["supplier"] or "–"), f"{number(one['units'])} u",
            week_label(as_date(one["eta"].to_datetime64())),
            str(one["waits"]) or "–",
        )
        for one in late.to_dict("records")
    ]  # fmt: skip
    return _section(
        "4 · Late and past-due receipts",
        ("", "Order", "SKU", "Supplier", "Units", "Now", "Activations that feature it"), rows,
        nothing="No open order is later than the date first promised.",
        rest=lambda shown: f", {number(float(late['units'].iloc[shown:].sum()))} u",
    )  # fmt: skip


def _decided(space: Workspace, by: str, plan: LivePlan) -> Section:
    began = dt.datetime.combine(as_date(plan.base.weeks[0]), dt.time())
    rows = [
        (space.person(e.person).name, e.sentence, f"#{e.seq}")
        for e in space.history.reviewed_since(by, began)
        if not space.reversals.has_taken_back(e.seq)
    ]
    return _section(
        "5 · Decided since last week closed", ("Who", "What", "No."), rows,
        nothing="Nothing yet.",
    )  # fmt: skip
