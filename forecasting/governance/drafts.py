"""What a person has typed and not entered yet: it outlives the tab it was typed in.

A draft is nobody's decision, so it is not in the ledger: it belongs to one person and one
page, only that person ever sees it, and it is gone once it is entered or dropped.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from data import drafts
from forecasting import write
from forecasting.arguments import Name, Plain, verbs
from forecasting.errors import OutOfBounds
from forecasting.governance.desk import Desk

LONGEST = 20_000
"""Characters of a draft: what somebody types on a page, not a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What was begun on a page."""

    saved_at: dt.datetime
    """UTC, without a zone."""
    fields: Mapping[str, Any]
    """By name: text, numbers, yes or no, lists of them."""


@verbs
class Drafts:
    """Verbs of drafts.

    Parameters
    ----------
    desk : Desk
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._writing = threading.Lock()

    def keep(self, by: str, page: Name, fields: Mapping[str, Plain]) -> None:
        """Keep what a person has begun on a page, in the place of what was there.

        Raises
        ------
        NotAllowed, UnknownName
        OutOfBounds
            If it is longer than anybody types.
        """
        actor = self._desk.allowed(by, "draft")
        body = json.dumps(dict(fields), default=str) if fields else ""
        if len(body) > LONGEST:
            raise OutOfBounds(f"A draft has at most {write.number(LONGEST)} characters.")
        with self._writing:  # two tabs of one person: the later one counts
            drafts.keep(self._desk.store, actor.id, page, body, saved_at=self._desk.now)

    def drop(self, by: str, page: Name) -> None:
        """Forget what a person has begun on a page."""
        self.keep(by, page, {})

    def of(self, by: str, page: Name) -> Draft | None:
        """What a person has begun on a page; None where there is nothing."""
        found = drafts.of(self._desk.store, self._desk.allowed(by, "draft").id, page)
        if found is None:
            return None
        return Draft(saved_at=found[0], fields=json.loads(found[1]))
