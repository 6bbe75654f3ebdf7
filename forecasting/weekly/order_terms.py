"""Whether an order can be placed as somebody wants it, and how it is divided over doors."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting import write
from forecasting.arguments import Name
from forecasting.calendar import as_date, week_start
from forecasting.consensus.moves import Move, order_of
from forecasting.errors import OutOfBounds
from forecasting.hierarchy import Floats
from forecasting.inventory.buy_plan import in_cases
from forecasting.plan.live import LivePlan
from forecasting.weekly.orders import terms_of

MOST_UNITS = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """What is to be ordered of one SKU for one place and week."""

    sku: Name
    place: Name
    """The door, or the distribution centre that serves it."""
    units: float
    arrives: dt.date
    """First day of the week in which it is to be there."""


def moves_of(plan: LivePlan, lines: Sequence[OrderLine]) -> tuple[Move, ...]:
    """Lines as what every plan counts; each knows the open orders that are not it."""
    base = plan.base
    found = []
    named = {name: plan.sku_index[name] for name in dict.fromkeys(o.sku for o in lines)}
    known = {name: plan.inbound.names_of(sku) for name, sku in named.items()}
    for line in lines:
        sku = named[line.sku]
        arrives = week_start(line.arrives)
        week = max((arrives - as_date(base.weeks[0])).days // 7, 0)
        terms = terms_of(base, sku, frozen=plan.limits.frozen_buy_weeks)
        lead = dt.timedelta(7 * terms.wait_for(week))
        found.append(
            Move(
                sku=line.sku, to=line.place, units=line.units, leaves=arrives - lead,
                arrives=arrives, cost=0.0, known=known[line.sku].get(line.place, ()),
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda m: (m.sku, m.arrives, m.to)))


def in_words(moves: Sequence[Move]) -> str:
    """Orders in few words: how many, of what, how much."""
    orders = order_of(moves)
    units = sum(m.units for m in moves)
    if len(orders) == 1:
        (sku, arrives), _ = orders[0]
        return f"an order of {write.number(units)} u of {sku} for {arrives}"
    return f"{len(orders)} orders of {write.number(units)} u"


def spend(plan: LivePlan, moves: Sequence[Move]) -> float | None:
    """What orders cost at unit cost; None where one is not known."""
    base = plan.base
    begin = as_date(base.weeks[0])
    total = 0.0
    for move in moves:
        week = min(max((move.arrives - begin).days // 7, 0), len(base.weeks) - 1)
        total += move.units * float(base.cost_of(plan.sku_index[move.sku])[week])
    return None if np.isnan(total) else round(total, 2)


def refusals(plan: LivePlan, lines: Sequence[OrderLine]) -> dict[str, str]:
    """What cannot be ordered, by SKU, in words; empty where all can.

    Parameters
    ----------
    lines : sequence of OrderLine
        As they are to be approved together.
    """
    found: dict[str, str] = {}
    by_order: dict[tuple[str, dt.date], list[OrderLine]] = {}
    for line in lines:
        by_order.setdefault((line.sku, line.arrives), []).append(line)
    for (sku, _), mine in by_order.items():
        why = _why_not(plan, mine)
        if why:
            found.setdefault(sku, why)
    return found


def _why_not(plan: LivePlan, lines: Sequence[OrderLine]) -> str:
    """Why one order cannot be placed, '' where it can."""
    name, arrives = lines[0].sku, lines[0].arrives
    sku = plan.sku_index.get(name)
    if sku is None:
        return f"There is no SKU '{name[:80]}'."
    places = [line.place for line in lines]
    wrong = _wrong_place(plan, sku, places)
    if wrong:
        return wrong
    if len(set(places)) < len(places):
        return f"{name} for {arrives} names a place twice."
    if any(not 0 < line.units < MOST_UNITS for line in lines):
        return f"An order of {name} needs units above zero."
    terms = terms_of(plan.base, sku, frozen=plan.limits.frozen_buy_weeks)
    week = (week_start(arrives) - as_date(plan.base.weeks[0])).days // 7
    if week < terms.first:
        first = as_date(plan.base.weeks[0]) + dt.timedelta(7 * terms.first)
        frozen = f" and {terms.frozen} weeks are frozen" if terms.frozen else ""
        return (
            f"{name} cannot come by {arrives}: an order takes {terms.lead_time} weeks{frozen}; "
            f"the earliest is {first}."
        )
    if week >= len(plan.base.weeks):
        return f"{name} for {arrives} is beyond the {len(plan.base.weeks)} weeks of the plan."
    if terms.last is not None and week > terms.last:
        return f"{name} is past its exit date by {arrives}."
    broken = [line for line in lines if line.units % terms.case > 1e-6]
    if broken:
        return _in_cases(name, broken[0].units, terms.case)
    units = sum(line.units for line in lines)
    least = np.ceil(terms.least / terms.case) * terms.case
    if units < least - 1e-6:
        return (
            f"{name} is ordered from {write.number(least)} u on; "
            f"{write.number(units)} u are less."
        )
    return ""


def _in_cases(name: str, units: float, case: float) -> str:
    below = np.floor(units / case) * case
    either = (
        f"{write.number(below)} or {write.number(below + case)}"
        if below > 0
        else write.number(case)
    )
    return (
        f"{name} is ordered in cases of {write.figure(case)}: {write.figure(units, 6)} u "
        f"is none, {either} would be."
    )


def _wrong_place(plan: LivePlan, sku: int, places: Sequence[str]) -> str:
    """Why orders of a SKU do not go there, '' where they do."""
    base, name = plan.base, plan.sku_names[sku]
    if base.way(sku) is not None:
        centre = base.network.names[base.network.n_doors + int(base.centre[sku])]
        wrong = next((p for p in places if p != centre), None)
        if wrong is not None:
            return f"{name} is ordered for {centre}, which serves {wrong[:80]}."
        return ""
    wrong = next((p for p in places if p not in plan.door_index), None)
    return "" if wrong is None else f"No order of {name} goes to '{wrong[:80]}'."


def divided(
    plan: LivePlan, bought: pd.DataFrame, amounts: Mapping[tuple[str, dt.date], float]
) -> list[OrderLine]:
    """Orders of the buy plan as lines, with the units that people want of each.

    Parameters
    ----------
    bought : DataFrame
        Lines of the buy plan (`buying.rows`).
    amounts : mapping of (SKU, first day of the week of arrival) to float
        Units over all places; they are divided as the buy plan divides its own.

    Raises
    ------
    OutOfBounds
        Where a SKU and week is no order of the buy plan, or units are no whole cases.
    """
    mine = bought[(bought["source"] == "supplier") & (bought["kind"] != "expedite")]
    days = mine["receipt_week"].dt.date
    lines: list[OrderLine] = []
    groups = {key: rows for key, rows in mine.groupby([mine["sku"], days], sort=False)}
    for (name, arrives), units in amounts.items():
        rows = groups.get((name, arrives))
        if rows is None:
            raise OutOfBounds(
                f"The buy plan has no order of {name[:80]} for {arrives}. Look at it again."
            )
        parts = _parts(plan, name, rows["units"].to_numpy(dtype=float), units)
        lines += [
            OrderLine(sku=name, place=str(door), units=float(part), arrives=arrives)
            for door, part in zip(rows["door"], parts, strict=True)
            if part > 0
        ]
    return lines


def lines_of(moves: Sequence[Move]) -> list[OrderLine]:
    """Orders as somebody asks for them."""
    return [OrderLine(sku=m.sku, place=m.to, units=m.units, arrives=m.arrives) for m in moves]


def divided_again(
    plan: LivePlan, moves: Sequence[Move], amounts: Mapping[tuple[str, dt.date], float]
) -> list[OrderLine]:
    """Orders that somebody proposed, with the units that each is to have.

    Parameters
    ----------
    moves : sequence of Move
    amounts : mapping of (SKU, first day of the week of arrival) to float
        Units over all places, divided as they were proposed; 0 leaves an order out, and one
        that is not named stays as it is.

    Raises
    ------
    OutOfBounds
        Where units are no whole cases, or what is named was not proposed.
    """
    orders = dict(order_of(moves))
    for name, arrives in amounts.keys() - orders.keys():
        raise OutOfBounds(f"No order of {name[:80]} for {arrives} was proposed.")
    lines: list[OrderLine] = []
    for (name, arrives), mine in orders.items():
        planned = np.array([m.units for m in mine])
        units = amounts.get((name, arrives), float(planned.sum()))
        parts = _parts(plan, name, planned, units) if units else np.zeros(len(mine))
        lines += [
            OrderLine(sku=name, place=m.to, units=float(part), arrives=arrives)
            for m, part in zip(mine, parts, strict=True)
            if part > 0
        ]
    return lines


def _parts(plan: LivePlan, name: str, planned: Floats, units: float) -> Floats:
    """Units of an order over its places, in whole cases, as it was planned to be divided."""
    if abs(units - planned.sum()) < 1e-6:
        return planned
    case = plan.base.stated(plan.sku_index[name], "case_pack", 1.0)
    if not 0 < units < MOST_UNITS or abs(units / case - round(units / case)) > 1e-6:
        raise OutOfBounds(_in_cases(name, units, case))
    return in_cases(planned, round(units / case)) * case
