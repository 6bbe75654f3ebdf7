"""Replay: the product itself, set back to past weeks, and what then happened.

For every week in which activations began, the forecast is fitted on what was known some
weeks before, laid over the stock, the open orders and the calendar of that moment, and
judged by the same rules as today's. Nothing later is read: sales, stock and prices up to
the as-of week, orders placed by then at the date promised then, activations known by then.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data import runs
from data.closing import last_closed
from data.facts import facts as known_facts
from data.replays import Kept
from data.store import Store
from forecasting import scratch, write
from forecasting.calendar import week_start
from forecasting.consensus.activations import (
    Activation,
    as_imported,
)
from forecasting.consensus.campaigns import items_frame
from forecasting.consensus.events import Event
from forecasting.consensus.events.record import RunMade
from forecasting.demand.process import Running, run_in_process
from forecasting.errors import Refused
from forecasting.governance.jobs import Tell
from forecasting.inventory.bridge import RED, STATUSES, Limits
from forecasting.inventory.replay import (
    Saved,
    Scores,
    cells_of,
    compared_with_actuals,
    saved_by,
    scored,
)
from forecasting.plan.assembly import assemble
from forecasting.plan.basis import Base
from forecasting.plan.given import Factors, Facts
from forecasting.plan.inbound import ROUTINE
from forecasting.plan.live import LivePlan
from forecasting.vocabulary import Status
from forecasting.weekly import best_mix
from forecasting.weekly.activations import as_changed
from forecasting.weekly.option import item_of
from forecasting.weekly.stated_since import History, files_say, history_of

WEEK = dt.timedelta(7)
HORIZON = 26
"""Weeks that a past plan reaches: half of `runs.HORIZON_WEEKS`. What is judged begins some
weeks ahead of it."""
LEAST_HISTORY_WEEKS = 40
"""Before the first as-of week."""
ROWS = (
    "as_of", "activation", "sku", "door", "week", "flagged", "status", "p_stockout",
    "p_window", "units_short", "stocked_out", "units_lost", "unit_margin",
)  # fmt: skip


MOVES = (
    "as_of", "activation", "sku", "door", "origin", "receipt", "units", "leaves", "arrives",
    "cost", "unit_margin",
)  # fmt: skip
"""Columns of the moves that would have been recommended; `origin` is blank for an order."""

CUTS = ("as_of", "activation", "sku", "door", "week", "kept", "cut", "unit_margin")
"""Columns of the smaller lifts that would have been: `kept` is the share of the lift that is
left, 0 where another SKU is featured; `cut` the share of the week's demand that this takes."""

CONTRACT = (
    "activation", "sku", "door", "week", "flagged", "p_stockout", "stocked_out", "units_short"
)  # fmt: skip
"""Columns of the `replay` verb."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The plan as it would have been at the end of a past week."""

    as_of: dt.date
    base: Base
    activations: tuple[Activation, ...]

    def plan(self, limits: Limits | None = None) -> LivePlan:
        """The live plan of that moment."""
        return LivePlan(self.base, activations=self.activations, limits=limits)


class Replay(Kept):
    """A complete replay: rows of ROWS, moves and smaller lifts with what they would have come
    to, and what the files do not say and was assumed.
    """

    @property
    def scores(self) -> Scores:
        """How well it foresaw."""
        return scored(cells_of(self.rows))

    @property
    def saved(self) -> Saved:
        """What following the recommended mix would have come to."""
        return saved_by(self.moves, self.cuts)

    def prevented_by_activation(self) -> pd.Series:
        """Lost units that would not have been, by activation."""
        net = self.moves["saved"] - self.moves["lacked"]
        moved = net.groupby(self.moves["activation"]).sum()
        cut = self.cuts.groupby("activation")["prevented"].sum()
        return moved.add(cut, fill_value=0.0)


def ever_known(store: Store, events: Sequence[Event]) -> tuple[Activation, ...]:
    """The calendar with everything that was ever entered, late or not (see `known_at`)."""
    return tuple(as_changed(files_say(store), events, history=history_of(store)).values())


def known_at(
    imported: pd.DataFrame,
    items: pd.DataFrame,
    events: Sequence[Event],
    as_of: dt.date,
    *,
    history: History,
) -> list[Activation]:
    """The calendar as it stood at the end of a past week.

    Parameters
    ----------
    imported, items : DataFrame
        Activations and featured SKUs as imported, each with known_from (blank: always
        known).
    events : sequence of Event
        What people changed, with the moment in which they did.
    history : callable (stated_since.history_of)
    """
    end = pd.Timestamp(as_of + WEEK)
    told = imported[~(pd.to_datetime(imported["known_from"]) >= end)]
    featured = items[~(pd.to_datetime(items["known_from"]) >= end)]
    before = [e for e in events if pd.Timestamp(e.recorded_at) < end]
    found = as_changed(as_imported(told, featured), before, history=history)
    return sorted(found.values(), key=lambda a: (a.start, a.activation))


def moments(
    store: Store,
    events: Sequence[Event],
    weeks: Sequence[dt.date],
    *,
    workers: int = 1,
    tell: Tell = lambda _text, _share: None,
    started: Callable[[Running], None] = lambda _running: None,
) -> Iterator[Moment]:
    """The plan at the end of each of some past weeks, fitted anew for each.

    Parameters
    ----------
    store : Store
    events : sequence of Event
        Changes of the calendar by people.
    weeks : sequence of date
        First day of each as-of week.
    workers : int
        Fits that run side by side.
    """
    imported, items = store.query("activation_rows"), store.query("item_rows")
    history = history_of(store)

    def made(as_of: dt.date) -> Moment:
        calendar = known_at(imported, items, events, as_of, history=history)
        return _moment(store, calendar, as_of, started)

    with ThreadPoolExecutor(workers) as pool:
        for number, moment in enumerate(pool.map(made, weeks), start=1):
            tell(f"{number} of {len(weeks)} past weeks", 0.98 * number / len(weeks))
            yield moment


def _moment(
    store: Store,
    calendar: list[Activation],
    as_of: dt.date,
    started: Callable[[Running], None],
) -> Moment:
    with scratch.folder("inputs") as inputs, scratch.folder("replay") as made:
        runs.write_inputs(store, items_frame(calendar), inputs, as_of=as_of, horizon=HORIZON)
        run_in_process("fit", inputs, made, tell=lambda _text, _share: None, started=started)
        series, factors, spans = runs.read_factors(inputs=inputs, made=made)
        body = runs.read_facts(made)
    base = assemble(
        Factors(run=0, body=body, series=series, sku_factors=factors, spans=spans),
        Facts(**known_facts(store, as_of, then=True)),
        horizon=HORIZON,
    )
    return Moment(as_of=as_of, base=base, activations=tuple(calendar))


def foreseen(plan: LivePlan, *, weeks_ahead: int, supply: str = ROUTINE) -> pd.DataFrame:
    """What a past plan showed of the activations that began so many weeks after it.

    Returns
    -------
    DataFrame, one row per activation, featured SKU, door and week
        as_of, activation, sku, door, week, flagged (red), status, p_stockout, p_window,
        units_short (expected), unit_margin. Cells without stock or forecast are left out.
    """
    frames = []
    skus, doors = np.array(plan.sku_names), np.array(plan.door_names)
    for sku in [s for s, items in plan.items.items() if items]:
        for item in plan.sku_with(sku, supply=supply).items:
            if item.first != weeks_ahead - 1:
                continue
            inside = item.p_stockout
            n_weeks = inside.shape[1]
            at = np.repeat(np.arange(len(item.doors)), n_weeks)
            week = np.tile(np.arange(item.first, item.first + n_weeks), len(item.doors))
            frames.append(
                pd.DataFrame(
                    {
                        "as_of": pd.Timestamp(plan.base.as_of),
                        "activation": item.activation,
                        "sku": skus[item.sku],
                        "door": doors[item.doors][at],
                        "week": pd.to_datetime(plan.base.weeks[week]),
                        "flagged": (item.status == RED)[at],
                        "status": np.array([s.value for s in STATUSES])[item.status][at],
                        "p_stockout": inside.ravel(),
                        "p_window": item.p_window[at],
                        "units_short": item.units_short.ravel(),
                        "unit_margin": item.unit_margin.ravel(),
                    }
                )
            )
    if not frames:
        return pd.DataFrame(columns=[n for n in ROWS if n not in ("stocked_out", "units_lost")])
    rows = pd.concat(frames, ignore_index=True)
    return rows[rows["status"] != Status.GREY.value].reset_index(drop=True)


def told_late(
    moment: Moment, told: pd.DataFrame, calendar: Sequence[Activation], *, weeks_ahead: int
) -> pd.DataFrame:
    """What a past plan could not foresee: it was entered, or moved here, after its as-of week.

    Parameters
    ----------
    told : DataFrame
        What it did foresee (`foreseen`).
    calendar : sequence of Activation
        Everything that was ever entered.

    Returns
    -------
    DataFrame, one row per activation, featured SKU, door and week
        As of `foreseen`, not flagged, with no risk: NaN.
    """
    starts = moment.as_of + weeks_ahead * WEEK
    now = {a.activation: a for a in calendar if week_start(a.start) == starts and a.is_live}
    then = {a.activation: a for a in moment.activations}
    if all(one == then.get(name) for name, one in now.items()):
        return told.iloc[:0]
    plan = LivePlan(moment.base, activations=tuple((then | now).values()))
    rows = foreseen(plan, weeks_ahead=weeks_ahead)
    cell = ["activation", "sku", "door"]
    is_late = ~pd.MultiIndex.from_frame(rows[cell]).isin(pd.MultiIndex.from_frame(told[cell]))
    is_late &= rows["activation"].isin(list(now)).to_numpy(dtype=bool)
    return rows[is_late].assign(
        flagged=False, status=Status.GREY.value, p_stockout=np.nan, p_window=np.nan,
        units_short=np.nan,
    )  # fmt: skip


def recommended(plan: LivePlan, *, weeks_ahead: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The best mix for activations so many weeks ahead, as the Bridge would have had it.

    Returns
    -------
    moves : DataFrame, one row per move
        Columns of MOVES.
    cuts : DataFrame, one row per activation, featured SKU, door and week
        Columns of CUTS.
    """
    watched = best_mix.watch_list(plan, since=weeks_ahead - 1, weeks=weeks_ahead)
    mix = best_mix.best_mix(watched, calendar=True)
    moves, cuts = [], []
    as_of = pd.Timestamp(plan.base.as_of)
    for option in mix.chosen:
        item = item_of(plan, option.activation, option.sku)
        assert item is not None
        doors = [plan.door_names[d] for d in item.doors]
        margin = dict(zip(doors, item.usual_margin, strict=True))
        moves += [
            (
                as_of, option.activation, move.sku, move.to, move.origin, move.receipt,
                move.units, pd.Timestamp(move.leaves), pd.Timestamp(move.arrives), move.cost,
                margin.get(move.to, np.nan),
            )
            for move in option.moves
        ]  # fmt: skip
        if option.after is not None:
            kept = 0.0 if option.substitute else option.lift_kept
            lifted = np.clip(item.lift_units / np.maximum(item.demand, 1e-9), 0.0, 1.0)
            weeks = [pd.Timestamp(week) for week in plan.base.weeks[item.window]]
            cuts += [
                (as_of, option.activation, option.sku, door, week, kept, share, margin[door])
                for door, shares in zip(doors, (1 - kept) * lifted, strict=True)
                for week, share in zip(weeks, shares, strict=True)
            ]
    return pd.DataFrame(moves, columns=list(MOVES)), pd.DataFrame(cuts, columns=list(CUTS))


def with_outcomes(rows: pd.DataFrame, happened: pd.DataFrame) -> pd.DataFrame:
    """Rows of `foreseen` beside what happened (`happened_since`): stocked_out, units_lost."""
    if rows.empty:
        return rows.assign(stocked_out=None, units_lost=np.nan)[list(ROWS)]
    joined = rows.merge(
        happened[["sku", "door", "week", "stocked_out", "units_lost"]],
        on=["sku", "door", "week"],
        how="left",
    )
    return joined[list(ROWS)]


def happened_since(
    store: Store, weeks: pd.Series, until: dt.date, *, run: Event | None = None
) -> pd.DataFrame:
    """What the files say of every week since the first of some (query outcomes).

    What an empty shelf would have sold is what a run took it to be; without one, what the
    share of the week on the shelf lets expect, which is little where that share is small.
    """
    since = weeks.min().date() if len(weeks) else until
    happened = store.query(
        "outcomes", since=since, until=until + WEEK, run=run.seq if run else 0,
        known=run.told(RunMade).as_of if run else dt.date.min,
    )  # fmt: skip
    happened["week"] = pd.to_datetime(happened["week"])
    return happened


def as_of_weeks(
    store: Store, events: Sequence[Event], *, weeks_ahead: int, last: int
) -> list[dt.date]:
    """As-of weeks from which activations that are over could have been foreseen.

    Raises
    ------
    Refused
        If there are none.
    """
    end = _last_week(store)
    began = store.query("first_week", as_of=end, since=dt.date(1990, 1, 1))
    first = pd.Timestamp(began["week"].iloc[0]).date()
    calendar = ever_known(store, events)
    starts = {week_start(a.start) for a in calendar if a.is_live and a.end < end + WEEK}
    earliest = max(first + (LEAST_HISTORY_WEEKS - 1) * WEEK, _orders_since(store))
    weeks = sorted(s - weeks_ahead * WEEK for s in starts)
    possible = [w for w in weeks if w >= earliest][-last:]
    if not possible:
        raise Refused(
            f"No activation is over that began {LEAST_HISTORY_WEEKS + weeks_ahead} weeks "
            "or more after the first sales, with its orders on record: there is nothing to "
            "replay."
        )
    return possible


def _last_week(store: Store) -> dt.date:
    """The last week of which it is known what happened."""
    week = last_closed(store)
    if week is None:
        raise Refused("There are no sales to replay. Import data first.")
    return week


def _orders_since(store: Store) -> dt.date:
    """The first week at whose end every open order is on record.

    Files often hold the orders of the last year only; before that a past Bridge would
    look in vain for what was on its way.
    """
    ordered = pd.to_datetime(store.table("receipts")["ordered"]).dropna()
    if ordered.empty:
        return dt.date.min
    told = (store.query("all_skus"), store.table("terms"))
    longest = pd.concat([each["lead_time_weeks"].astype(float) for each in told]).max()
    weeks = 0 if pd.isna(longest) else int(longest)
    return week_start(ordered.min().date()) + weeks * WEEK


def assumptions(store: Store) -> tuple[str, ...]:
    """What the files leave open, and what a replay assumes instead, in words."""
    activations, items = store.query("activation_rows"), store.query("item_rows")
    receipts = store.table("receipts")
    lines = []
    # A featured SKU is known as early as its activation where nothing else is stated of it.
    dated = activations.loc[activations["known_from"].notna(), "activation"]
    alone = items["known_from"].isna() & ~items["activation"].isin(dated)
    for frame, what, unknown in (
        (activations, "activations", activations["known_from"].isna()),
        (items, "featured SKUs", alone),
    ):
        missing = int(unknown.sum())
        if missing:
            lines.append(
                f"{write.number(missing)} of {write.number(len(frame))} {what} have no "
                "known_from: taken as known "
                "at every past week."
            )
    if len(receipts) == 0:
        lines.append("There are no receipts: only stock and routine replenishment count.")
    for column, instead in (
        ("ordered", "placed one lead time before their date"),
        ("original_eta", "promised for the date they have now"),
    ):
        missing = int(receipts[column].isna().sum())
        if missing:
            lines.append(
                f"{write.number(missing)} of {write.number(len(receipts))} receipts have no "
                f"{column}: "
                f"taken as {instead}."
            )
    return tuple(lines)


def walk(
    store: Store,
    events: Sequence[Event],
    *,
    by: str,
    weeks_ahead: int,
    last: int,
    workers: int,
    tell: Tell,
    started: Callable[[Running], None],
    run: Event | None,
) -> Replay:
    """Walk through the last past weeks from which activations could have been foreseen.

    What was lost then is what `run`, the one in force, takes empty shelves to have missed.
    """
    weeks = as_of_weeks(store, events, weeks_ahead=weeks_ahead, last=last)
    calendar = ever_known(store, events)
    told, late, moved, cut = [], [], [], []
    for moment in moments(store, events, weeks, workers=workers, tell=tell, started=started):
        plan = moment.plan()
        told.append(foreseen(plan, weeks_ahead=weeks_ahead))
        late.append(told_late(moment, told[-1], calendar, weeks_ahead=weeks_ahead))
        moves, cuts = recommended(plan, weeks_ahead=weeks_ahead)
        moved.append(moves)
        cut.append(cuts)
    end = _last_week(store)
    rows, moves, cuts = _together(told), _together(moved), _together(cut)
    missed = _together(late)
    began = pd.concat([rows["week"], missed["week"], moves["leaves"]])
    happened = happened_since(store, began, end, run=run)
    moves, cuts = compared_with_actuals(moves, cuts, happened, rows)
    missed = with_outcomes(missed, happened)
    return Replay(
        made_at=dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0),
        person=by,
        weeks_ahead=weeks_ahead,
        rows=_together([with_outcomes(rows, happened), missed]),
        moves=moves,
        cuts=cuts,
        assumed=(*_entered_late(missed, weeks_ahead), *assumptions(store)),
    )


def _entered_late(missed: pd.DataFrame, weeks_ahead: int) -> tuple[str, ...]:
    """Which activations could not be foreseen, and what became of them, in words."""
    cells = missed.assign(out=missed["stocked_out"].eq(True)).groupby(
        ["activation", "sku", "door"]
    )
    if missed.empty:
        return ()
    names = list(dict.fromkeys(missed["activation"]))
    shown = ", ".join(names[:3]) + (
        f" and {write.number(len(names) - 3)} more" if len(names) > 3 else ""
    )
    return (
        f"{write.number(cells.ngroups)} SKU-doors of {write.number(len(names))} activations "
        f"({shown}) were entered, or "
        f"moved to their week, too late to be seen {weeks_ahead} weeks ahead: they stand in "
        "the rows as not flagged and are not scored. "
        f"{write.number(int(cells['out'].max().sum()))} of them ran out.",
    )


def _together(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """One below the other; those without rows say nothing of the columns' types."""
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else frames[0]
