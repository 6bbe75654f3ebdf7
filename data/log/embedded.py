"""The log in the database file itself: an event, its leaves and what comes with it, at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from data.log.lines import Line, event_of
from data.log.protocol import Work
from data.store import Store, sql
from forecasting.consensus.events import Event, Kind, Leaves

FEW_LEAVES = 2_000
"""Up to so many are bound as parameters: for few, to register a table costs more than it
saves."""
AT_ONCE = 1_000
"""Events that are read together where all of them are."""


class Embedded:
    """The events of a database file.

    Parameters
    ----------
    store : Store
        The open file, which one process owns: nobody else appends.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._more = threading.Condition()
        self._last = 0
        """The last event that was appended here; whoever waits is told of it."""

    def append(self, events: Sequence[Event], works: Sequence[tuple[Work, int]]) -> None:
        """As of the protocol: one transaction."""
        with self.store.transaction() as cursor:
            insert(cursor, [Line.of(event) for event in events])
            for work, seq in works:
                work(cursor, seq)
        self.tell(events[-1].seq)

    def settle(self) -> None:
        """Nothing to be done: what the file holds is what there is."""

    def known(self) -> Mapping[str, int]:
        """The number of every event, by its client id."""
        with self.store.cursor() as cursor:
            return dict(cursor.execute("select client_id, seq from event").fetchall())

    def head(self) -> int:
        """The number of the last event, 0 where there is none."""
        with self.store.cursor() as cursor:
            (last,) = cursor.execute("select coalesce(max(seq), 0) from event").fetchall()[0]
            return int(last)

    def read(self, after: int) -> list[Event]:
        """Events after a number, oldest first."""
        return self._events("event_tail", {"after": after})

    def some(self, seqs: Sequence[int]) -> list[Event]:
        """Some events with their leaves, oldest first."""
        return self._events("event_some", {"seqs": list(seqs)})

    def of_kinds(self, kinds: Sequence[Kind]) -> list[Event]:
        """Every event of some kinds, oldest first."""
        return self._events("event_of_kinds", {"kinds": [kind.value for kind in kinds]})

    def wait(self, after: int, seconds: float) -> bool:
        """Whether there is an event after a number, waiting for it at most so long."""
        if self.head() > after:
            return True
        with self._more:
            return self._more.wait_for(lambda: self._last > after, timeout=seconds)

    def tell(self, last: int) -> None:
        """Tell whoever waits that there are events up to a number."""
        with self._more:
            self._last = max(self._last, last)
            self._more.notify_all()

    def lines(self, after: int = 0) -> Iterator[Line]:
        """Events after a number as they are kept, oldest first."""
        while block := self._block(after):
            yield from block
            after = block[-1].seq

    def add(self, lines: Sequence[Line]) -> None:
        """Take events that another log has: all of them, or none."""
        with self.store.transaction() as cursor:
            insert(cursor, lines)
        self.tell(lines[-1].seq)

    def close(self) -> None:
        """Nothing is held."""

    def _block(self, after: int) -> list[Line]:
        span = {"after": after, "last": after + AT_ONCE}
        with self.store.cursor() as cursor:
            of = cursor.execute(sql("leaf_span"), span).df()
            rows = cursor.execute(sql("event_span"), span).fetchall()
        leaves = leaves_of(of)
        about = of.drop_duplicates("seq").set_index("seq")[["input", "activation"]]
        whose = {int(str(seq)): (row.input, row.activation) for seq, row in about.iterrows()}
        return [
            Line(row, leaves.get(row[0], Leaves()), *whose.get(row[0], ("", "")))
            for row in rows
        ]

    def _events(self, name: str, parameters: dict[str, Any]) -> list[Event]:
        with self.store.cursor() as cursor:
            rows = cursor.execute(sql(name.replace("event", "leaf")), parameters).df()
            leaves = leaves_of(rows)
            return [
                event_of(row, leaves.get(row[0], Leaves()))
                for row in cursor.execute(sql(name), parameters).fetchall()
            ]


def insert(cursor: duckdb.DuckDBPyConnection, lines: Sequence[Line]) -> None:
    """Put events into the file's tables, within the cursor's transaction."""
    values = zip(*[line.values for line in lines], strict=True)
    cursor.execute(sql("event_insert"), [list(column) for column in values])
    with_leaves = [line for line in lines if len(line.leaves)]
    if not with_leaves:
        return
    columns = _leaf_columns(with_leaves)
    if len(columns[0]) <= FEW_LEAVES:  # cheaper than registering a table
        cursor.execute(sql("leaf_insert"), [column.to_pylist() for column in columns])
        return
    names = ["seq", "input", "activation", "sku", "door", "week", "delta"]
    cursor.register("new_leaves", pa.table(columns, names=names))
    cursor.execute("insert into leaf select * from new_leaves")
    cursor.unregister("new_leaves")


def _leaf_columns(lines: Sequence[Line]) -> list[pa.Array]:
    """The leaves of some events, one array per column of the table."""
    rows = np.repeat(np.arange(len(lines)), [len(line.leaves) for line in lines])

    def of_line(values: list[Any]) -> pa.Array:
        return pa.array(values).take(pa.array(rows))

    return [
        of_line([line.seq for line in lines]),
        of_line([line.input for line in lines]),
        of_line([line.activation for line in lines]),
        pa.array([sku for line in lines for sku in line.leaves.sku]),
        pa.array([door for line in lines for door in line.leaves.door]),
        pa.array(np.concatenate([line.leaves.week for line in lines])),
        pa.array(np.concatenate([line.leaves.delta for line in lines])),
    ]


def leaves_of(rows: pd.DataFrame) -> dict[int, Leaves]:
    """The leaves of each event, by its number.

    Every column is turned into values once, for all events together: event by event it took
    twice as long.
    """
    seqs = rows["seq"].to_numpy()
    order = np.argsort(seqs, kind="stable")
    every, seqs = Leaves.of(rows.take(order)), seqs[order]
    found: dict[int, Leaves] = {}
    if not len(seqs):
        return found
    begins = np.flatnonzero(np.diff(seqs, prepend=seqs[0] - 1))
    for first, end in zip(begins, [*begins[1:], len(seqs)], strict=True):
        found[int(seqs[first])] = Leaves(
            sku=every.sku[first:end], door=every.door[first:end],
            week=every.week[first:end], delta=every.delta[first:end],
        )  # fmt: skip
    return found
