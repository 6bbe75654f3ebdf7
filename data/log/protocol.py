"""What the ledger's writer asks of wherever events stand for good."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import duckdb

from data.log.lines import Line
from forecasting.consensus.events import Event, Kind

Work = Callable[[duckdb.DuckDBPyConnection, int], None]
"""(cursor, seq): what is written to the database file together with an event."""


class Log(Protocol):
    """Events in order, numbered from 1 without gaps, each once by its client id.

    One thread appends and settles, any thread reads. Reading is of the database file: it has
    every event, also where the log of record is elsewhere.
    """

    def append(self, events: Sequence[Event], works: Sequence[tuple[Work, int]]) -> None:
        """Make some events last, and what comes with them: all of it, or nothing.

        Parameters
        ----------
        events : sequence of Event
            Numbered from the one after the last.
        works : sequence of (Work, int)
            What else is written, each with the number of its first event.

        Raises
        ------
        StorageFailed
            If that could not be done, or it is not known whether it was: `settle` tells.
        Whatever a work raises: nothing is written then.
        """

    def settle(self) -> None:
        """Make the file hold what the log of record holds.

        Raises
        ------
        StorageFailed, DatabaseBusy
            If the log cannot be asked, or is another's meanwhile.
        NotOurs
            If the two hold different histories.
        """

    def known(self) -> Mapping[str, int]:
        """The number of every event, by its client id."""

    def read(self, after: int) -> list[Event]:
        """Events after a number, oldest first."""

    def some(self, seqs: Sequence[int]) -> list[Event]:
        """Some events with their leaves, oldest first."""

    def of_kinds(self, kinds: Sequence[Kind]) -> list[Event]:
        """Every event of some kinds, oldest first."""

    def wait(self, after: int, seconds: float) -> bool:
        """Whether there is an event after a number, waiting for it at most so long."""

    def lines(self) -> Iterator[Line]:
        """All of the log of record, as it is kept."""

    def close(self) -> None:
        """Let go of whatever is held."""
