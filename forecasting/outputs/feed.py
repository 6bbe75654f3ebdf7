"""The marketing calendar as a calendar program asks for it, by a link."""

from __future__ import annotations

import threading

from data.leaving import Leaving
from forecasting.governance.feeds import Feed
from forecasting.outputs import marketing_calendar
from forecasting.outputs.part import seen_by
from forecasting.weekly.readiness import Readiness
from forecasting.workspace import Workspace

_ONE = threading.Lock()
"""A calendar is worked out once, whoever asks meanwhile."""
_MADE: dict[tuple[object, ...], Leaving] = {}
MOST_MADE = 32


def calendar_of(space: Workspace, secret: str) -> Leaving | None:
    """What a link shows now; None where it opens nothing.

    Raises
    ------
    ConcordError
        If there is no plan yet, or it is being made anew.
    """
    feed = space.feeds.opened(secret)
    if feed is None:
        return None
    space = seen_by(space, space.person(feed.person))
    # Until something is entered, or another day begins, it is the same for every program.
    seq = space.seq
    key = (id(space), feed.digest, seq, space.desk.today)
    with _ONE:
        if key not in _MADE:
            if len(_MADE) >= MOST_MADE:
                _MADE.clear()
            found = [
                one for one in marketing_calendar.calendar(space, feed.person)
                if _is_in(space, feed, one)
            ]  # fmt: skip
            _MADE[key] = marketing_calendar.as_ics(found, now=space.desk.now, seq=seq)
        return _MADE[key]


def _is_in(space: Workspace, feed: Feed, one: Readiness) -> bool:
    if feed.function is not None and feed.function not in one.by:
        return False
    if not feed.klass:
        return True
    base = space.plan.base.skus
    skus = set(base.loc[base["class"] == feed.klass, "sku"].astype(str))
    return any(item.sku in skus for item in one.activation.items)
