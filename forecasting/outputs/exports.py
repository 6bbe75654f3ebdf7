"""What `export` can write: every table that goes in, and what the product made of them.

One registry: a name, what one row is, and the function that makes the rows. The command line
offers it and docs/contracts.md lists it; a name that is here keeps its columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data import versions
from data.tables import TABLES
from data.versions import LAYERS
from forecasting.hierarchy import THOUSANDTHS
from forecasting.intake import oddities
from forecasting.outputs import marketing_calendar
from forecasting.plan import views
from forecasting.plan.live import LivePlan
from forecasting.quarterly import promotion_result
from forecasting.quarterly.measures import MEASURES
from forecasting.rights import LOCAL_ADMIN
from forecasting.vocabulary import INPUTS, Measure
from forecasting.workspace import Workspace

PROJECTED_WEEKS = 26
"""Weeks of the projection that is exported: half a year."""
_PARTS = ("baseline", "statistical", *map(str, INPUTS), "proposed")
_EVENT = (
    "seq", "recorded_at", "person", "function", "kind", "cycle", "scope", "said", "operation",
    "value", "measure", "units", "reason", "note", "evidence",
)  # fmt: skip
_DECISION = (
    "seq", "decided_at", "action", "activation", "sku", "said", "person", "owner", "due",
    "state", "cost", "units_saved", "margin_saved", "weeks_ahead", "short", "note",
)  # fmt: skip
_PROPOSAL = (
    "seq", "proposed_at", "person", "function", "to", "right", "activation", "sku", "said",
    "units", "margin", "cost", "first_week", "last_week", "as_of", "base", "due", "note",
    "state", "answered_by", "answered_at", "answer", "decision",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One thing that can be written to a file."""

    name: str
    row: str
    """What one row is."""
    columns: tuple[str, ...]
    rows: Callable[[Workspace], pd.DataFrame]
    """As the local admin may see them: nothing that is collected blind is in it."""

    def made(self, space: Workspace) -> pd.DataFrame:
        """The rows with exactly these columns, in this order, also where there are none."""
        return self.rows(space).reindex(columns=list(self.columns))


def _draft(space: Workspace) -> LivePlan:
    return space.plan_for(LOCAL_ADMIN.id)


def _working(space: Workspace) -> LivePlan:
    return space.working_plan_for(LOCAL_ADMIN.id)


def by_sku(plan: LivePlan, *, total: str) -> pd.DataFrame:
    """A plan by SKU and week, all doors, with the layers it was made of, in units.

    Parameters
    ----------
    total : str
        What the plan's number is called: consensus or working.
    """
    parts = [
        _rows(plan, plan.sku_names[s], [""], {
            **{layer: plan.sku(s).layer(layer).sum(axis=0, keepdims=True) for layer in _PARTS},
            total: plan.sku(s).draft.sum(axis=0, keepdims=True),
        }).drop(columns="door")
        for s in _planned(plan)
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def by_door(plan: LivePlan, *, total: str) -> pd.DataFrame:
    """A plan by SKU, door and week, in units."""
    parts = []
    for s in _planned(plan):
        computed = plan.sku(s)
        at = np.flatnonzero(computed.active.any(axis=1))
        names = [plan.door_names[d] for d in at]
        layers = {"statistical": computed.statistical[at], total: computed.draft[at]}
        parts.append(_rows(plan, plan.sku_names[s], names, layers))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _planned(plan: LivePlan) -> Iterator[int]:
    return (s for s in range(len(plan.sku_names)) if plan.sku(s).active.any())


def _rows(
    plan: LivePlan, sku: str, doors: list[str], layers: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """One row per door and week; layers are thousandths, (len(doors), W)."""
    weeks = len(plan.base.weeks)
    return pd.DataFrame(
        {
            "sku": sku,
            "door": np.repeat(np.array(doors, dtype=object), weeks),
            "week": np.tile(plan.base.weeks, len(doors)),
            **{name: values.ravel() / THOUSANDTHS for name, values in layers.items()},
        }
    )


def _versions(space: Workspace) -> pd.DataFrame:
    frames = [
        versions.layers(space.store, one).assign(
            version=one.version, cycle=one.cycle, as_of=one.as_of, made_at=one.made_at,
            person=one.person,
        )
        for one in versions.published(space.store)
    ]  # fmt: skip
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _ledger(space: Workspace) -> pd.DataFrame:
    seen = space.history.seen_by(LOCAL_ADMIN.id, space.ledger.tail(0))
    rows = [
        (
            e.seq, e.recorded_at, e.person, e.function, e.kind.value, e.cycle,
            str(e.scope) if e.scope else "", e.sentence, e.operation, e.value, e.measure.value,
            e.units, e.reason, e.note, e.evidence,
        )
        for e in seen
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(_EVENT))


def _decisions(space: Workspace) -> pd.DataFrame:
    rows = [
        {name: getattr(one, "text" if name == "said" else name) for name in _DECISION}
        | {"action": one.action.value}
        for one in space.decisions.all
    ]
    return pd.DataFrame(rows, columns=list(_DECISION))


def _proposals(space: Workspace) -> pd.DataFrame:
    rows = [
        (
            p.seq, p.proposed_at, p.person, p.function, " or ".join(p.to), p.body.right,
            p.body.activation, p.sku, p.body.text, p.body.worth.units, p.body.worth.margin,
            p.body.worth.cost, p.body.worth.first_week, p.body.worth.last_week,
            p.body.worth.as_of, p.base, p.due, p.note, p.state, p.answered_by, p.answered_at,
            p.answer, p.decision,
        )
        for p in space.proposals.all
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(_PROPOSAL))
    return frame.astype({"margin": float, "decision": "Int64"})


def _marketing_calendar(space: Workspace) -> pd.DataFrame:
    seq = space.seq
    return marketing_calendar.frame_of(
        marketing_calendar.calendar(space, LOCAL_ADMIN.id), seq=seq
    )


def _scorecard(space: Workspace) -> pd.DataFrame:
    """Every measure of every quarter: as it was closed, else as it is now."""
    rows = []
    space.quarters.sum_up()
    for quarter in space.quarters.quarters()["quarter"][::-1]:
        card = space.quarters.scorecard(LOCAL_ADMIN.id, str(quarter))
        rows += [
            (
                quarter, key, measure.label, measure.form.value, card.value(key),
                card.target(key), card.is_met(key), card.is_whole, bool(card.closed),
            )
            for key, measure in MEASURES.items()
        ]  # fmt: skip
    columns = [
        "quarter", "measure", "label", "form", "value", "target", "met", "whole", "closed",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).astype({"value": float, "target": float})


def _results(space: Workspace) -> pd.DataFrame:
    """What every activation that is over added, beside plan and spend."""
    space.quarters.sum_up()
    return space.quarters.results(LOCAL_ADMIN.id).activations


def _budget(space: Workspace) -> pd.DataFrame:
    """Targets week by week, of each class and of each SKU, where there is one."""
    base = space.plan.base
    weeks = np.arange(len(base.weeks))
    classes = base.skus["class"].to_numpy(dtype=object)
    asked = [("class", str(c), np.flatnonzero(classes == c)) for c in dict.fromkeys(classes)]
    asked += [("sku", str(n), np.array([i])) for i, n in enumerate(base.skus["sku"])]
    frames = []
    for level, name, at in asked:
        money, units = (
            space.comparisons.budget(LOCAL_ADMIN.id, at, weeks, measure)
            for measure in (Measure.REVENUE, Measure.UNITS)
        )
        known = ~(np.isnan(units) & np.isnan(money))
        if known.any():
            frame = {"level": level, "name": name, "week": base.weeks[known],
                     "units": units[known], "value": money[known]}  # fmt: skip
            frames.append(pd.DataFrame(frame))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


_MADE = (
    Export(
        name="consensus", row="one SKU and week of the open draft, all doors, units",
        columns=("sku", "week", *_PARTS, "consensus"),
        rows=lambda space: by_sku(_draft(space), total="consensus"),
    ),
    Export(
        name="consensus-by-door", row="one SKU, door and week of the open draft, units",
        columns=("sku", "door", "week", "statistical", "consensus"),
        rows=lambda space: by_door(_draft(space), total="consensus"),
    ),
    Export(
        name="working", row="one SKU, door and week of the working plan, units",
        columns=("sku", "door", "week", "statistical", "working"),
        rows=lambda space: by_door(_working(space), total="working"),
    ),
    Export(
        name="versions", row="one SKU and week of a published version, every layer, units",
        columns=("version", "cycle", "as_of", "made_at", "person", "sku", "week", *LAYERS),
        rows=_versions,
    ),
    Export(
        name="ledger", row="one event: who did what, when and why (nothing collected blind)",
        columns=_EVENT, rows=_ledger,
    ),
    Export(
        name="decisions", row="one decision of the Bridge, as it stands",
        columns=_DECISION, rows=_decisions,
    ),
    Export(
        name="proposals", row="one proposal: to whom, what it is worth, what became of it",
        columns=_PROPOSAL, rows=_proposals,
    ),
    Export(
        name="marketing-calendar",
        row="one activation of the next 26 weeks, and what the stock allows of it",
        columns=marketing_calendar.COLUMNS, rows=_marketing_calendar,
    ),
    Export(
        name="scorecard", row="one measure of one quarter: as it was closed, else as it is now",
        columns=(
            "quarter", "measure", "label", "form", "value", "target", "met", "whole", "closed",
        ),
        rows=_scorecard,
    ),
    Export(
        name="promotion-result",
        row="one activation that is over: what it added, planned beside it, units and money",
        columns=promotion_result.COLUMNS, rows=_results,
    ),
    Export(
        name="budget-by-week", row="one class or SKU with a budget and week",
        columns=("level", "name", "week", "units", "value"), rows=_budget,
    ),
    Export(
        name="odd", row="one thing that looks odd in the data and that nobody accepted",
        columns=(
            "kind", "title", "subject", "count", "example", "assumed", "todo", "weight",
        ),
        rows=lambda space: oddities.frame_of(space.oddities.open(LOCAL_ADMIN.id)),
    ),
    Export(
        name="bridge", row="one activation, featured SKU, door and week with its risk",
        columns=(
            "activation", "sku", "door", "week", "demand", "lift_units", "on_hand_start",
            "on_hand_end", "headroom", "p_stockout", "p_window", "units_short",
            "revenue_at_risk", "margin_at_risk", "status", "first_short_week",
        ),
        rows=lambda space: views.bridge_rows(_working(space)),
    ),
    Export(
        name="projection", row="one SKU, door and week of the next 26 with what will be there",
        columns=(
            "week", "sku", "door", "demand", "receipts", "on_hand", "lost_units",
            "weeks_of_supply", "outlasts",
        ),
        rows=lambda space: views.projection_rows(_working(space), weeks=PROJECTED_WEEKS),
    ),
)  # fmt: skip


def _table(name: str) -> Export:
    return Export(
        name=name, row=TABLES[name].about, columns=TABLES[name].names,
        rows=lambda space: space.store.table(name),
    )  # fmt: skip


EXPORTS: dict[str, Export] = {one.name: one for one in (*map(_table, TABLES), *_MADE)}
"""Everything that can be written, by name."""


def as_markdown() -> str:
    """What can be written, row by row and column by column: part of docs/contracts.md."""
    lines = ["| `export --table` | one row is | columns |", "|---|---|---|"]
    lines += [f"| `{one.name}` | {one.row} | {', '.join(one.columns)} |" for one in _MADE]
    return "\n".join(lines) + "\n"
