"""The pack: one published version as one file to send, and its numbers as a workbook.

Both are made from the version's number alone, so that they can be made again: what it meant
in money, stock and orders was kept when it was published (monthly/meaning.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from data import leaving
from data.leaving import Leaving
from data.versions import LAYERS, Version
from forecasting import conventions, vocabulary, write
from forecasting.calendar import month_label, week_label
from forecasting.consensus import walk
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.cycle import Agreed, ConsensusPublished
from forecasting.consensus.overrides import undone
from forecasting.consensus.value_added import Added
from forecasting.hierarchy import Floats
from forecasting.monthly import agenda
from forecasting.outputs import drawings, printed
from forecasting.outputs.paper import (
    Cell,
    Items,
    Paper,
    Part,
    Section,
    Text,
    Tile,
    Tone,
    row,
    table_or,
)
from forecasting.outputs.part import told
from forecasting.vocabulary import INPUTS, Status
from forecasting.workspace import Workspace

MOST_ROWS = 12
"""Rows of a table of the pack, the largest first."""
NOT_KEPT = "This version was published before Concord kept this with it."


def as_html(space: Workspace, number: int) -> str:
    """One version as one HTML page that needs nothing else and prints well.

    Raises
    ------
    UnknownName
        If there is no such version.
    """
    return printed.as_html(_paper(space, number))


def as_pdf(space: Workspace, number: int) -> bytes:
    """The same as a PDF.

    Raises
    ------
    UnknownName
        If there is no such version.
    """
    return printed.as_pdf(_paper(space, number))


def _paper(space: Workspace, number: int) -> Paper:
    version = space.cycles.version(number)
    layers = space.cycles.layers(version)
    skus = space.store.query("all_skus").set_index("sku")
    layers["department"] = layers["sku"].map(skus["department"]).fillna("")
    ahead = layers[layers["week"] < _later(version, agenda.WEEKS)]
    parts = space.cycles.parts(version)
    previous = _before(space, version)
    steps = walk.walk(space.cycles.parts(previous), parts) if previous else None
    event = space.ledger.event(number)
    fed = event.told(ConsensusPublished).fed if event else {}
    signed = space.cycles.signatures(version)
    here = conventions.in_force()
    return Paper(
        title=f"Consensus {version.cycle}",
        subject=f"Consensus {version.cycle}, version {version.version}",
        basis=f"Version #{version.version}, published {here.moment(version.made_at, year=True)} "
        f"by {space.person(version.person).name}. As of the week of {week_label(version.as_of)}: "
        f"its sales are known, the first week forecast is {week_label(version.first_week)}. All "
        "quantities are units of demand (u), not sales; money, stock and orders are as they "
        f"stood when it was published. {told(space)}".strip(),
        tiles=_tiles(ahead, steps, previous, fed, len(signed)),
        below="",
        sections=(
            _worth(fed),
            _months(layers),
            _weeks(layers),
            *_walked(space, number, steps, previous),
            _risk(space, fed, parts),
            _orders(fed),
            _decided(space, version),
            _disagreed(ahead, skus["description"].fillna("")),
            _value_added(space, version),
            Section(
                title="Signed by",
                parts=(
                    table_or(
                        "Nobody: it was published without signatures.",
                        [
                            row(of, function.capitalize(), space.person(one.person).name,
                                here.moment(one.at, year=True))
                            for of, function, one in signed
                        ],
                        heads=("Department", "Function", "Person", "When"), words=4,
                    ),
                ),
            ),
        ),
        footer=f"Concord. Version #{version.version} never changes; this can be made again from "
        f"its number. Digest of what was signed: {version.digest}.",
    )  # fmt: skip


def _units(value: float, *, sign: bool = False) -> str:
    return f"{write.number(value, sign=sign)} u"


def _money(value: float | None) -> str:
    return "–" if value is None or value != value else vocabulary.money(value)


def _tiles(
    ahead: pd.DataFrame,
    steps: pd.DataFrame | None,
    previous: Version | None,
    fed: Mapping[str, Any],
    signatures: int,
) -> tuple[Tile, ...]:
    total, statistical = ahead["consensus"].sum(), ahead["statistical"].sum()
    against = f"Compared with {previous.cycle}, same weeks" if previous else "Last cycle"
    found = [
        Tile(label=f"Next {agenda.WEEKS} weeks", figure=_units(total)),
        Tile(
            label=against,
            figure="first one" if steps is None else _units(steps["change"].sum(), sign=True),
        ),
        Tile(label="Compared with statistical", figure=_units(total - statistical, sign=True)),
    ]
    if "money" in fed:
        money = fed["money"]
        revenue = sum(one["revenue"] for one in money["departments"])
        found.append(
            Tile(label=f"Revenue, {money['weeks']} weeks", figure=vocabulary.money(revenue))
        )
        at_risk = sum(one["margin"] or 0.0 for one in fed["risk"]["activations"])
        found.append(Tile(label="Margin at risk", figure=vocabulary.money(at_risk)))
    else:
        found.append(Tile(label="Signatures", figure=str(signatures)))
    return tuple(found)


def _worth(fed: Mapping[str, Any]) -> Section:
    title = "What it is worth"
    if "money" not in fed:
        return Section(title=title, parts=(Text(words=NOT_KEPT),))
    money = fed["money"]
    every = money["departments"]
    total = {
        key: sum(one[key] for one in every)
        for key in ("units", "revenue", "margin", "unpriced")
    }
    rows = [
        row(
            one["name"] or "(no department)", write.number(one["units"]),
            _money(one["revenue"]), _money(one["margin"]),
        )
        for one in [*every, {"name": "All", **total}]
    ]  # fmt: skip
    without = (
        f" {_units(total['unpriced'])} have no price or no unit cost and count for nothing."
        if total["unpriced"] >= 0.5
        else ""
    )
    return Section(
        title=title,
        basis=f"The consensus of the next {money['weeks']} weeks at the price of each week, "
        f"discounts of activations taken off; margin is what is left after the unit cost.{without}",
        parts=(
            table_or("Nothing is forecast.", rows, is_summed=True,
                     heads=("Department", "Units", "Revenue", "Margin")),
        ),
    )  # fmt: skip


def _months(layers: pd.DataFrame) -> Section:
    months, by_month = _by_month(layers)
    rows = [
        row(name or "(no department)", *map(write.number, values)) for name, values in by_month
    ]
    return Section(
        title="By department and fiscal month",
        basis=f"Consensus, units. {conventions.in_force().fiscal.label}; the first and the last "
        "month may be partly outside the plan.",
        parts=(table_or("Nothing is forecast.", rows, heads=("Department", *months), is_summed=True),),
    )  # fmt: skip


def _weeks(layers: pd.DataFrame) -> Section:
    return Section(
        title="Week by week",
        basis="Line: consensus. Dashed: statistical forecast before anybody changed it. Units per "
        "week.",
        parts=(drawings.weeks(layers),),
    )


def _walked(
    space: Workspace, number: int, steps: pd.DataFrame | None, previous: Version | None
) -> tuple[Section, ...]:
    if steps is None or previous is None:
        return ()
    names = {a.activation: a.name for a in space.calendar.activations}
    causes = agenda.causes(steps, names, space.reasons.labels(at=number))
    rows = [_step(r["cause"], r["before"], r["after"]) for r in causes.to_dict("records")]
    rows.append(_step("All", steps["before"].sum(), steps["after"].sum()))
    return (
        Section(
            title=f"Why the number moved since {previous.cycle}",
            basis=f"Weeks that both versions have, units; version #{previous.version} as of "
            f"{week_label(previous.as_of)}. The changes add up exactly.",
            parts=(
                table_or("Nothing moved.", rows, heads=("Cause", "Before", "Now", "Change"), is_summed=True),
            ),
        ),
    )  # fmt: skip


def _step(cause: str, before: float, after: float) -> tuple[Cell, ...]:
    return row(
        str(cause), write.number(before), write.number(after),
        write.number(after - before, sign=True),
    )  # fmt: skip


def _risk(space: Workspace, fed: Mapping[str, Any], parts: pd.DataFrame) -> Section:
    title = "Marketing calendar and what may run out"
    if "risk" not in fed:
        names = {a.activation: a.name for a in space.calendar.activations}
        lifts = parts[parts["kind"] == walk.LIFT].groupby("name")["units"].sum()
        rows = [
            row(names.get(str(name), str(name)), write.number(units, sign=True))
            for name, units in lifts.sort_values(ascending=False).head(MOST_ROWS).items()
        ]
        return Section(
            title=title, basis=f"{NOT_KEPT} Lift of each activation in the published weeks, units.",
            parts=(table_or("None.", rows, heads=("Activation", "Lift, u")),),
        )  # fmt: skip
    here = conventions.in_force()
    tones: dict[str, Tone] = {"red": "bad", "green": "good"}
    rows = [
        row(
            Cell(text=one["name"], beside=one["type"]),
            f"{here.short_day(dt.date.fromisoformat(one['start']))} to "
            f"{here.short_day(dt.date.fromisoformat(one['end']))}",
            Cell(text=Status(one["status"]).label, tone=tones.get(one["status"], "")),
            write.number(one["lift"], sign=True),
            f"{one['red_skus']} of {one['skus']}",
            write.number(one["short"]),
            _money(one["margin"]),
            "–" if one["first"] is None else week_label(dt.date.fromisoformat(one["first"])),
        )
        for one in fed["risk"]["activations"]
    ]
    return Section(
        title=title,
        basis=f"Activations that start or run in the {fed['risk']['weeks']} weeks ahead, most margin "
        "at risk first; routine replenishment counted.",
        parts=(
            table_or(
                "No activation is planned.", rows, words=3,
                heads=("Activation", "Dates", "Status", "Lift, u", "SKUs short", "Short, u",
                       "Margin at risk", "Runs out"),
            ),
        ),
    )  # fmt: skip


def _orders(fed: Mapping[str, Any]) -> Section:
    title = "Buy plan"
    if "orders" not in fed:
        return Section(title=title, parts=(Text(words=NOT_KEPT),))
    found = fed["orders"]
    keys = ("release", "release_cost", "planned", "planned_cost", "expedite")
    total = {key: sum(one[key] or 0.0 for one in found["classes"]) for key in keys}
    rows = [
        row(
            one["name"] or "(no class)", write.number(one["release"]), _money(one["release_cost"]),
            write.number(one["planned"]), _money(one["planned_cost"]), write.number(one["expedite"]),
        )
        for one in [*found["classes"], {"name": "All", **total}]
    ]  # fmt: skip
    return Section(
        title=title,
        basis=f"Orders to suppliers that this consensus asks for in {found['weeks']} weeks: to release "
        "in its first week, planned for later, and receipts to expedite.",
        parts=(
            table_or(
                "Nothing is to be ordered.", rows if found["classes"] else [], is_summed=True,
                heads=("Class", "Release now, u", "Cost", "Planned, u", "Cost", "Expedite, u"),
            ),
        ),
    )  # fmt: skip


def _decided(space: Workspace, version: Version) -> Section:
    """What the cycle's meeting wrote down before it published."""
    owner = {p.id: p.name for p in space.people}
    day = conventions.in_force().day

    def mine(seq: int, cycle: str) -> bool:
        return cycle == version.cycle and seq < version.version

    lines = [_agreement(e, owner) for e in _agreements(space, version)]
    lines += [
        ("Decided:", e.note)
        for e in space.minutes.decisions(version.cycle)
        if e.seq < version.version
    ]
    lines += [
        (f"{owner.get(a.owner, a.owner)} by {day(a.due)}:", a.text)
        for a in space.minutes.actions
        if mine(a.seq, a.cycle)
    ]
    lines += [
        (
            "Assumed:",
            f"{a.statement} (watch: {a.watch}; {owner.get(a.owner, a.owner)}, {day(a.review)})",
        )
        for a in space.minutes.assumptions
        if mine(a.seq, a.cycle)
    ]
    part: Part = Items(lines=tuple(lines)) if lines else Text(words="None were recorded.")
    return Section(title="Agreements, decisions, actions, assumptions", parts=(part,))


def _agreements(space: Workspace, version: Version) -> list[Event]:
    """Numbers that the meeting agreed on and did not take back before it published."""
    known = [
        e for e in space.ledger.of_kinds(Kind.AGREE, Kind.UNDO)
        if e.seq < version.version
    ]  # fmt: skip
    taken_back = undone([e for e in known if e.kind is Kind.UNDO])
    return [
        e
        for e in known
        if e.kind is Kind.AGREE and e.cycle == version.cycle and e.seq not in taken_back
    ]


def _agreement(event: Event, names: Mapping[str, str]) -> tuple[str, str]:
    body = event.told(Agreed)
    whose = f", the number of {body.column.capitalize()}" if body.column else ""
    before = f" (the draft held {_units(body.before)})" if body.before == body.before else ""
    why = f" Why: {event.note}" if event.note else ""
    who = names.get(event.person, event.person)
    figure = "a number" if event.value is None else _units(event.value)
    return "Agreed:", f"{figure}{whose} for {event.scope}{before}; recorded by {who}.{why}"


def _disagreed(ahead: pd.DataFrame, described: pd.Series) -> Section:
    columns = ("statistical", *map(str, INPUTS), "consensus")
    rows = [
        row(Cell(text=str(r["sku"]), beside=str(r["description"])), *(write.number(r[c]) for c in columns))
        for r in _apart(ahead, described)
    ]  # fmt: skip
    return Section(
        title="Largest disagreements",
        basis=f"SKUs whose inputs differed most, in units, next {agenda.WEEKS} weeks, and what was "
        "published.",
        parts=(
            table_or(
                "The functions agreed on every SKU.", rows,
                heads=("SKU", *(c.capitalize() for c in columns)),
            ),
        ),
    )  # fmt: skip


def _value_added(space: Workspace, version: Version) -> Section:
    scored = space.cycles.scored(least_lag=agenda.LEAST_LAG, last_week=version.as_of)
    if len(scored):
        scored = scored[scored["version"] < version.version]
    found = agenda.performance(scored)
    rows = [_added(a) for a in (*found.steps, *found.functions)] if found else []
    basis = (
        f"SKU by week, published at least {agenda.LEAST_LAG} weeks ahead, compared with actual "
        f"demand up to {week_label(version.as_of)}; {found.cycles} cycles. WAPE: all errors over "
        "actual demand. Bias: forecast less actual. Value added: WAPE of the step before (for "
        "functions, of the statistical forecast) less its own, in points; above zero is better."
        if found
        else ""
    )
    heads = ("Step", "SKU weeks", "WAPE", "Bias", "Value added, points", "80% interval")
    return Section(
        title="Value added by each step and function",
        basis=basis,
        parts=(table_or("Nothing could be scored when this was published.", rows, heads=heads),),
    )  # fmt: skip


def _added(one: Added) -> tuple[Cell, ...]:
    def points(value: float) -> str:
        return "–" if np.isnan(value) else write.number(100 * value, 1, sign=True)

    def share(value: float, *, sign: bool = False) -> str:
        return "–" if np.isnan(value) else write.percent(value, 1, sign=sign)

    between = "–" if np.isnan(one.added) else f"{points(one.low)} to {points(one.high)}"
    return row(
        one.name.capitalize(), write.number(one.cells), share(one.wape),
        share(one.bias, sign=True), points(one.added), between,
    )  # fmt: skip


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


def _apart(ahead: pd.DataFrame, described: pd.Series) -> Sequence[Mapping[Any, Any]]:
    """SKUs on which functions were furthest apart."""
    sums = ahead.groupby("sku")[["statistical", *map(str, INPUTS), "consensus"]].sum()
    numbers = sums[["statistical", *map(str, INPUTS)]]
    apart = numbers.max(axis=1) - numbers.min(axis=1)
    chosen = sums[apart > 1].reindex(apart[apart > 1].sort_values(ascending=False).index)
    chosen = chosen.head(MOST_ROWS).reset_index()
    chosen["description"] = described.reindex(chosen["sku"]).to_numpy()
    return chosen.to_dict("records")
