"""Files of the calendar by who may not change what is signed: what of them is proposed.

Rows that change an activation which stands in a signed consensus are set aside and become
proposals to the function that may decide it; all other rows are imported at once. Both are
written together or not at all, and the preview says how many of each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from data import files
from data.files import Judged
from data.store import Store
from forecasting.consensus.activations import Activation
from forecasting.consensus.events import Event, Kind
from forecasting.consensus.events.proposals import (
    Answered,
    ChangeProposed,
    Worth,
    holders,
)
from forecasting.errors import Refused
from forecasting.governance.desk import Desk, Request
from forecasting.intake.signed_work import CALENDAR, Touched, listed
from forecasting.plan.live import LivePlan
from forecasting.rights import Person
from forecasting.weekly import ground
from forecasting.weekly.activations import MarketingCalendar
from forecasting.weekly.proposed import Proposal, ProposalList

RIGHT = "signed calendar"
Change = tuple[Activation | None, Activation | None]
"""An activation before and after."""
MOST_WORTHS = 50
"""Activations of one import whose worth is worked out; of the rest it is not stated."""


def set_aside(store: Store, judged: Judged, touched: Sequence[Touched]) -> Judged:
    """Take what is to be proposed out of what is staged, and say so.

    Raises
    ------
    Refused
        If the files take the place of the whole calendar: rows that are set aside would be
        gone from it.
    """
    if not touched:
        return judged
    names = [one.activation for one in touched]
    whole = [t for t in CALENDAR if judged.replaces.get(t) == "whole"]
    if whole:
        some = listed(sorted(one.name for one in touched))
        raise Refused(
            f"These files take the place of all {' and '.join(whole)}, and {some} of signed "
            f"departments would change or go. {holders(RIGHT)} may import them so; or let them "
            "replace rows of the same key only, and each change is proposed."
        )
    staged = {v.table for v in judged.verdicts if v.accepted} & set(CALENDAR)
    held = {table: files.set_aside(store, table, names) for table in sorted(staged)}
    changes = tuple(ground.stated_of(t.before, t.after) for t in touched if t.after is not None)
    return replace(judged, held={t: n for t, n in held.items() if n}, proposed=changes)


def requests(
    desk: Desk,
    actor: Person,
    changes: Sequence[Change],
    *,
    calendar: MarketingCalendar,
    proposals: ProposalList,
    plan: Callable[[str], LivePlan],
    summary: str,
    right: str = RIGHT,
    note: str = "",
) -> list[tuple[Request, Callable[[], Event]]]:
    """What is to be proposed, as it is handed to the ledger; not again what waits already.

    Parameters
    ----------
    summary : str
        The files that it came with.
    right : str
        What it takes to decide it.
    """
    waiting = {
        p.body.activation: (p, p.body.change.after)
        for p in reversed(proposals.open)
        if isinstance(p.body, ChangeProposed) and p.body.file and p.person == actor.id
    }
    shown = plan(actor.id)
    found: list[tuple[Request, Callable[[], Event]]] = []
    for before, after in changes:
        if after is None:
            continue
        had, asked = waiting.get(after.activation, (None, None))
        if after == asked:
            continue
        if had is not None:  # of an earlier file: what it stated is not meant any more
            found.append(_replaced(desk, actor, had))
        worth = (
            ground.worth_of(shown, before, after)
            if len(found) < MOST_WORTHS
            else ground.no_worth(shown)
        )
        prepare = _prepared(
            desk, actor, after, worth, calendar=calendar, summary=summary, right=right,
            note=note,
        )  # fmt: skip
        found.append((Request.of(None, actor, Kind.PROPOSE), prepare))
    return found


def _replaced(desk: Desk, actor: Person, had: Proposal) -> tuple[Request, Callable[[], Event]]:
    """Withdraw what an earlier file proposed for the same activation."""
    body = Answered(target=had.seq, text=had.body.text, by=actor.name, withdrawn=True)
    return Request.of(None, actor, Kind.ANSWER), lambda: desk.event(
        actor, body, note="A later file says otherwise", base=desk.ledger.seq
    )


def _prepared(
    desk: Desk,
    actor: Person,
    after: Activation,
    worth: Worth,
    *,
    calendar: MarketingCalendar,
    summary: str,
    right: str,
    note: str,
) -> Callable[[], Event]:
    def prepare() -> Event:
        before = calendar.at(after.activation)
        body = ground.proposed_change(before, after, right=right, worth=worth, file=summary)
        return desk.event(actor, body, note=note, base=desk.ledger.seq)

    return prepare
