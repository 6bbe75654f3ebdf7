"""What Admin reads of who came in, who was refused, and what left the company."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated

import pandas as pd

from data.audit import REFUSED
from forecasting.arguments import Name, OneOf, verbs
from forecasting.errors import OutOfBounds
from forecasting.governance.desk import Desk

MOST_ROWS = 100_000


class Noted(StrEnum):
    """What is noted."""

    SIGNED_IN = "signed in"
    SIGNED_OUT = "signed out"
    REFUSED = REFUSED
    """A right was missing, or something lies outside of somebody's part."""
    KEPT_OUT = "not let in"
    """Somebody signed in whom nobody knows, or who was taken out."""
    TOOK = "downloaded"
    EXPORTED = "exported"


@verbs
class Audit:
    """The verb on notes.

    Parameters
    ----------
    desk : Desk
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def read(
        self,
        by: str,
        *,
        person: Name | None = None,
        kind: Annotated[Noted | str, OneOf(tuple(Noted))] | None = None,
        since: dt.date | None = None,
        until: dt.date | None = None,
        most: int = 1_000,
    ) -> pd.DataFrame:
        """Notes, the latest first: noted_at (UTC), kind, person, what.

        Parameters
        ----------
        person : str, optional
            Id, or how somebody unknown signs in.
        since, until : date, optional
            First and last day, UTC.

        Raises
        ------
        NotAllowed
            For everybody but Admin.
        OutOfBounds
        """
        self._desk.allowed(by, "audit")
        if not 1 <= most <= MOST_ROWS:
            raise OutOfBounds(f"Between 1 and {MOST_ROWS} notes are read at once.")
        if since and until and until < since:
            raise OutOfBounds("The last day comes before the first.")
        self._desk.audit.flush()
        after = None if until is None or until == dt.date.max else until + dt.timedelta(1)
        return self._desk.store.query(
            "audit_rows", person=person, kind=None if kind is None else str(kind),
            since=since or dt.date(1970, 1, 1), until=after or dt.date(9999, 12, 31),
            most=most,
        )  # fmt: skip
