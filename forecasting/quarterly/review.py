"""The verbs of the quarter: draw up the scorecard, look behind it, decide, close.

A closed quarter's scorecard is in the event that closed it, so nothing that comes later
can change it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from data import scores
from forecasting.arguments import Name, verbs
from forecasting.calendar import fiscal_quarter
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.governance import QuarterClosed
from forecasting.consensus.events.minutes import Assigned
from forecasting.errors import NoForecast, OutOfBounds, Refused, UnknownName
from forecasting.governance.desk import Desk, checked_note
from forecasting.governance.policy import Policies
from forecasting.governance.projector import Projector
from forecasting.plan.live import LivePlan
from forecasting.quarterly import notice, policy_effects, promotion_result, scorecard
from forecasting.quarterly.notice import LeadTime, Notice
from forecasting.quarterly.policy_effects import Effect
from forecasting.quarterly.promotion_result import Results
from forecasting.quarterly.scorecard import Scorecard
from forecasting.quarterly.sums import Sums
from forecasting.weekly.activations import MarketingCalendar
from forecasting.weekly.decisions import KINDS, Decisions
from forecasting.weekly.option import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What the quarter reads of the rest of the product."""

    plan: Callable[[], LivePlan]
    """The working plan, as everybody may see it."""
    draft: Callable[[], LivePlan]
    """The open cycle's plan; only its weights are looked at."""
    calendar: MarketingCalendar
    decisions: Decisions
    replayed: Callable[[], pd.DataFrame | None]
    """Rows of the last replay."""
    run: Callable[[], tuple[int, dt.date | None]]
    """Number of the run in force and the last week it knows; 0 and None before the first."""


@verbs
class Quarters(Projector[Mapping[str, Event]]):
    """Verbs of the quarterly review.

    Parameters
    ----------
    desk : Desk
    policies : Policies
    sources : Sources
    """

    kinds = (Kind.QUARTER,)

    def __init__(self, desk: Desk, policies: Policies, sources: Sources) -> None:
        self._desk, self._policies, self._of = desk, policies, sources
        self._sums = Sums(desk, plan=sources.plan, calendar=sources.calendar, run=sources.run)
        # Offered by the quarter's own name: nobody else has to know that they are kept apart.
        self.summing, self.has_sales = self._sums.summing, self._sums.has_sales
        self.is_fresh, self.keep_up = self._sums.is_fresh, self._sums.keep_up
        self.sum_up, self.keep_flags = self._sums.sum_up, self._sums.keep_flags
        self.take_up(desk.ledger)

    def _begin(self) -> Mapping[str, Event]:
        return {}

    def _with(self, state: Mapping[str, Event], events: Sequence[Event]) -> Mapping[str, Event]:
        return {**state, **{e.told(QuarterClosed).quarter: e for e in events}}

    # The sums ---------------------------------------------------------------------------

    def start_summing(self, by: str) -> None:
        """Take the sums anew in the background, where they have to be."""
        self._desk.allowed(by, "read")
        self.summing.in_background(self.sum_up)

    # Reading ----------------------------------------------------------------------------

    def stamp(self) -> tuple[int, ...]:
        """What a drawn up scorecard stands on: another one where it has to be drawn again."""
        ledger = self._desk.ledger
        told = (*KINDS, *notice.CHANGES, Kind.ACTION, Kind.CLOSE, Kind.UNDO, Kind.SETTING)
        had = scores.basis(self._desk.store)
        kept = 0 if had is None else int(had.made_at.timestamp())
        last = max(
            (e.seq for e in ledger.tail(max(ledger.seq - 5_000, 0)) if e.kind in told),
            default=0,
        )
        replays = self._desk.store.query("last_replay")["id"]
        return (
            kept,
            last,
            int(replays.max()) if len(replays) else 0,
            self._desk.today.toordinal(),
        )

    def quarters(self) -> pd.DataFrame:
        """Quarters that can be looked at, latest first (data.scores.quarters)."""
        return scores.quarters(self._desk.store)[::-1].reset_index(drop=True)

    def usual(self) -> str | None:
        """The quarter that a review looks at: the last whole one; None without sales."""
        known = self.quarters()
        if known.empty:
            return None
        whole = known[known["is_whole"]]
        return str((whole if len(whole) else known)["quarter"].iloc[0])

    def is_closed(self, quarter: str) -> bool:
        """Whether leadership closed a quarter."""
        return quarter in self._state

    def scorecard(self, by: str, quarter: Name, *, live: bool = False) -> Scorecard:
        """The scorecard of a quarter: as it was closed, or as it is now.

        Parameters
        ----------
        live : bool
            As it is now, though it was closed.

        Raises
        ------
        UnknownName
            If nothing is known of the quarter.
        """
        self._desk.allowed(by, "read")
        closed = self._state.get(quarter)
        if closed is not None and not live:
            return Scorecard.from_dict(
                closed.told(QuarterClosed).scorecard,
                closed={
                    "seq": closed.seq,
                    "by": self._desk.person(closed.person).name,
                    "at": closed.recorded_at.isoformat(sep=" ", timespec="minutes"),
                    "note": closed.note,
                },
            )
        if quarter not in set(self.quarters()["quarter"]):
            raise UnknownName(f"Nothing is known of the quarter '{quarter}'.")
        notices = self.notices()
        policy = self._policies.now
        ledger = self._desk.ledger
        tasks = notice.tasks(ledger.of_kinds(*KINDS, Kind.ACTION, Kind.CLOSE, Kind.UNDO))
        return scorecard.drawn_up(
            self._desk.store,
            quarter,
            policy=policy,
            lead=self.lead_times(notices),
            notices=notices,
            tasks=tasks,
            spend=self._spend(),
            returned=promotion_result.by_quarter(self._results().activations),
            replayed=self._of.replayed(),
            quarter_of_task={t.seq: fiscal_quarter(t.due) for t in tasks},
        )

    def results(self, by: str) -> Results:
        """What every activation that is over added, SKU by SKU and in all."""
        self._desk.allowed(by, "read")
        return self._results()

    def _results(self) -> Results:
        run, as_of = self._of.run()
        return promotion_result.drawn_up(
            self._desk.store, self._of.calendar.activations, run=run, as_of=as_of
        )

    def notices(self) -> list[Notice]:
        """How early every activation was known, and its risks seen and decided."""
        store, ledger = self._desk.store, self._desk.ledger
        return notice.notices(
            self._of.calendar.activations,
            _entered(store.query("activation_rows"), store.query("item_rows")),
            ledger.of_kinds(*notice.CHANGES, Kind.UNDO),
            scores.flags(store),
            self._of.decisions.all,
            late_weeks=int(self._policies.now.number("late_weeks")),
        )

    def lead_times(self, notices: Sequence[Notice]) -> dict[str, LeadTime]:
        """The same by quarter."""
        rule = int(self._policies.now.number("complete_weeks"))
        return notice.by_quarter(notices, complete_weeks=rule)

    def why(self, by: str, key: Name, level: Name, **within: str | None) -> pd.DataFrame:
        """One measure by quarter and the members of a level (scorecard.at_level)."""
        self._desk.allowed(by, "read")
        return scorecard.at_level(self._desk.store, key, level, limits=self._limits(), **within)

    def cells(self, by: str, quarter: Name, **within: str | None) -> pd.DataFrame:
        """The SKU weeks at doors that made a number (view cell_week), at most 5,000."""
        self._desk.allowed(by, "read")
        return scores.cells(self._desk.store, quarter, **within)

    def weeks(self, by: str, **within: str | None) -> pd.DataFrame:
        """Week by week (macro week_scores)."""
        self._desk.allowed(by, "read")
        return scores.weeks(self._desk.store, **within)

    def weeks_by_class(self, by: str) -> pd.DataFrame:
        """Units sold by class and week: class, week, units."""
        self._desk.allowed(by, "read")
        return self._desk.store.query("sold_by_class")

    def promoted(self, by: str) -> pd.DataFrame:
        """Which SKUs were promoted when: one row per SKU, week and type of activation."""
        self._desk.allowed(by, "read")
        return self._desk.store.query("promoted_types")

    def kpis(self, by: str) -> pd.DataFrame:
        """What Marketing watches, by week: week, metric, channel, value."""
        self._desk.allowed(by, "read")
        return self._desk.store.query("kpis_by_week")

    def _limits(self) -> dict[str, float]:
        policy = self._policies.now
        return {
            "least_in_stock": policy.number("event_in_stock"),
            "cover_weeks": policy.number("target_cover_weeks"),
        }

    def _spend(self) -> dict[str, float]:
        """Quarter to what decisions to expedite cost that stand; 0 where others were made."""
        found = {fiscal_quarter(d.decided_at.date()): 0.0 for d in self._of.decisions.all}
        for decision in self._of.decisions.all:
            quarter = fiscal_quarter(decision.decided_at.date())
            if decision.stands and decision.action is Action.EXPEDITE:
                found[quarter] += decision.cost
        return found

    # The review -------------------------------------------------------------------------

    def decisions(self, quarter: str | None = None) -> list[dict[str, Any]]:
        """Decisions of quarterly reviews, next due first; of one quarter, or all.

        Returns
        -------
        list of dict
            seq, quarter, text, owner (name), due, done (date or None).
        """
        events = self._desk.ledger.of_kinds(Kind.ACTION)
        bodies = {e.seq: e.told(Assigned) for e in events}
        asked = {seq: a for seq, a in bodies.items() if a.quarter and not a.of}
        done = {bodies[e.seq].of: e.recorded_at.date() for e in events if bodies[e.seq].of}
        rows = [
            {
                "seq": seq,
                "quarter": task.quarter,
                "text": task.text,
                "owner": self._desk.person(task.owner).name,
                "due": task.due.isoformat(),
                "done": done[seq].isoformat() if seq in done else None,
            }
            for seq, task in asked.items()
            if quarter is None or task.quarter == quarter
        ]
        return sorted(rows, key=lambda r: (r["due"], r["seq"]))

    def decide(self, by: str, quarter: Name, text: str, *, owner: Name, due: dt.date) -> Event:
        """Record what the review decided, who sees to it and by when."""
        actor = self._desk.allowed(by, "review")
        if not text.strip():
            raise OutOfBounds("A decision needs words.")
        if self.is_closed(quarter):
            raise Refused(f"{quarter} is closed; decide in the review of the next quarter.")
        body = Assigned(
            text=checked_note(text), owner=self._desk.person(owner).id, due=due,
            quarter=quarter,
        )  # fmt: skip
        return self._desk.append(actor, body)

    def settle(self, by: str, seq: int) -> Event:
        """Say that a decision of a review was carried out."""
        actor = self._desk.allowed(by, "read")
        found = next((d for d in self.decisions() if d["seq"] == seq), None)
        if found is None:
            raise UnknownName(f"No review made a decision #{seq}.")
        if found["done"]:
            raise Refused(f"Decision #{seq} is done already.")
        event = self._desk.ledger.event(seq)
        assert event is not None
        asked = event.told(Assigned)
        if actor.id != asked.owner:
            actor = self._desk.allowed(by, "review")
        return self._desk.append(actor, replace(asked, of=seq, is_done=True))

    def close(self, by: str, quarter: Name, *, note: str = "") -> Event:
        """Close a quarter: its scorecard stays as it is from now on.

        Raises
        ------
        NotAllowed
            Leadership closes.
        Refused
            If weeks of it are still to come, or it is closed.
        """
        actor = self._desk.allowed(by, "review")
        self.keep_up()

        def prepare() -> Event:
            if self.is_closed(quarter):
                raise Refused(f"{quarter} is closed already.")
            now = self.scorecard(by, quarter)
            if not now.is_whole:
                raise Refused(
                    f"{quarter} is not over: {now.weeks} of its weeks are known. It can be "
                    "closed once its last week is imported."
                )
            kept = {**now.to_dict(), "decisions": self.decisions(quarter)}
            digest = hashlib.blake2b(
                json.dumps(kept, sort_keys=True, default=str).encode(), digest_size=16
            ).hexdigest()
            body = QuarterClosed(quarter=quarter, scorecard=kept, digest=digest)
            return self._desk.event(actor, body, note=checked_note(note))

        return self._desk.submit(prepare)

    def effect(self, by: str, name: Name, value: float | None) -> list[Effect]:
        """What a setting would change (policy_effects.of); nothing is changed.

        Raises
        ------
        UnknownName, OutOfBounds
        """
        self._desk.allowed(by, "read")
        tried = self._policies.tried(name, value)
        try:
            plan, draft = self._of.plan(), self._of.draft()
        except NoForecast:
            return []
        return policy_effects.of(
            name,
            now=self._policies.now,
            tried=tried,
            plan=plan,
            draft=draft,
            store=self._desk.store,
            notices=self.notices,
            quarter=self.usual(),
        )


def _entered(rows: pd.DataFrame, items: pd.DataFrame) -> dict[str, dt.date | None]:
    """Imported activation to the day on which the last part of it entered the calendar."""
    each = pd.concat([rows[["activation", "known_from"]], items[["activation", "known_from"]]])
    days = pd.to_datetime(each["known_from"])
    found: dict[str, dt.date | None] = {}
    for name, mine in days.groupby(each["activation"]):
        found[str(name)] = None if mine.isna().any() else mine.max().date()
    return found
