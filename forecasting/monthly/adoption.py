"""Another forecast under the open cycle: what adopting it would move, and which names lapse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.calendar import as_date
from forecasting.consensus.cycle import Cycle
from forecasting.consensus.events import Event, Kind, Leaves, Scope
from forecasting.consensus.events.inputs import Resolved
from forecasting.consensus.overrides import undone
from forecasting.governance.desk import Desk
from forecasting.hierarchy import THOUSANDTHS
from forecasting.monthly import targets
from forecasting.plan.live import LivePlan
from forecasting.rights import Person

_NEVER = dt.datetime(1970, 1, 1)
"""The moment of events that are only tried on a cycle: they are not in the ledger."""
MOVED = 0.01
"""Share by which a new run must move a department's draft for its signatures to lapse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """What adopting a candidate run would do."""

    run: int
    as_of: dt.date
    moves: pd.DataFrame
    """One row per department: department, statistical and draft before and after (units, in
    the weeks both have), lapses (names whose signature would lapse)."""
    resolved: int
    """Inputs given as % or as a target that would be worked out again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What adopting a run comes to, and what is to be written for it."""

    adoption: Adoption
    again: list[tuple[str, str, Leaves]]
    """Inputs to work out again: function, what it aims at, and its change leaf by leaf."""
    carried: dict[str, tuple[str, str]]
    """Department to its digests before and after, where its signatures stay."""


def outcome(
    desk: Desk, now: Cycle, made: Event, *, before: LivePlan, after: LivePlan
) -> Outcome:
    """What putting a candidate in force would do to the plan and to who signed it.

    Parameters
    ----------
    made : Event
        The candidate run.
    before, after : LivePlan
        The plan as it is, and as it would be; inputs that are worked out again are folded
        into the second one.
    """
    run = made.seq
    again = targets.again(after, *overrides(desk))
    actor = desk.person(made.person)
    for number, given in enumerate(again, start=1):
        event = resolved(desk, actor, run, *given)
        after.fold([event.written(seq=after.seq + number, recorded_at=_NEVER)])
    old, new = before.digests(), after.digests()
    standing = now.standing(old)
    rows, carried = [], {}
    for department, digest in old.items():
        moved, lapses = _moved(before, after, department)
        if not lapses and department in new:
            carried[department] = (digest, new[department])
        signed = standing.get(department, {})
        names = [desk.person(signature.person).name for signature in signed.values()]
        rows.append({"department": department, **moved, "lapses": ", ".join(names) * lapses})
    adoption = Adoption(
        run=run, as_of=after.base.as_of, moves=pd.DataFrame(rows), resolved=len(again)
    )
    return Outcome(adoption=adoption, again=again, carried=carried)


def _moved(before: LivePlan, after: LivePlan, department: str) -> tuple[dict[str, float], bool]:
    """A department's units before and after, in the weeks both have; whether names lapse."""
    weeks = {as_date(w) for w in after.base.weeks}
    shared = [w for w in map(as_date, before.base.weeks) if w in weeks]
    moved = {
        f"{layer} {when}": _total(plan, layer, department, shared)
        for layer in ("statistical", "draft")
        for when, plan in (("before", before), ("after", after))
    }
    change = moved["draft after"] - moved["draft before"]
    return moved, abs(change) > MOVED * max(moved["draft before"], 1.0)


def resolved(
    desk: Desk, actor: Person, run: int, function: str, aim: str, leaves: Leaves
) -> Event:
    """An input given as % or as a target, worked out again on another run."""
    weeks = [as_date(w) for w in leaves.week]
    return desk.event(
        actor, Resolved(input=function, run=run), leaves=leaves,
        scope=Scope(first_week=min(weeks), last_week=max(weeks), activation=aim),
    )  # fmt: skip


def overrides(desk: Desk) -> tuple[list[Event], set[int]]:
    """Every override, and what is taken back."""
    events = desk.ledger.of_kinds(Kind.OVERRIDE, Kind.SENSE, Kind.UNDO)
    return [e for e in events if e.kind is not Kind.UNDO], undone(
        [e for e in events if e.kind is Kind.UNDO]
    )


def _total(plan: LivePlan, layer: str, department: str, weeks: Sequence[dt.date]) -> float:
    """Units of a department in some weeks."""
    at = np.isin(plan.base.weeks, np.array(weeks, dtype="datetime64[D]"))
    members = plan.products.members("department", department)
    return int(plan.totals[layer][members][:, at].sum()) / THOUSANDTHS
