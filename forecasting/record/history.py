"""What was entered and done, by whom: the ledger as one person may read it.

While inputs are collected blind, nobody reads what others have entered of theirs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

import pandas as pd

from forecasting.arguments import AsMade, Between, Name, verbs
from forecasting.consensus.events import Event, Kind, Scope
from forecasting.consensus.overrides import is_input_of
from forecasting.governance.desk import Desk
from forecasting.governance.projector import Projector, Recorded
from forecasting.hierarchy import THOUSANDTHS, Tree
from forecasting.monthly.cycle import Cycles
from forecasting.plan.live import LivePlan
from forecasting.weekly import decisions

_LEAFLESS = (Kind.COMMENT, Kind.UNDO)
"""Kinds of events that speak of cells without touching their leaves."""


@verbs
class History(Projector[Mapping[str, int]]):
    """Reading the ledger.

    Parameters
    ----------
    desk : Desk
    cycles : Cycles
        They know what is collected blind.
    plan : callable
        The live plan.
    """

    kinds = tuple(Kind)

    def __init__(self, desk: Desk, cycles: Cycles, *, plan: Callable[[], LivePlan]) -> None:
        self._desk, self._cycles, self._plan = desk, cycles, plan
        self._state = self._begin()

    def _begin(self) -> Mapping[str, int]:
        """SKU to the latest event of its leaves since the start; '' to one of no leaves."""
        return {}

    def _with(self, state: Mapping[str, int], events: Sequence[Event]) -> Mapping[str, int]:
        spoken_of = dict(state)
        for event in events:
            names = set(event.leaves.sku) or ({""} if event.kind in _LEAFLESS else set())
            spoken_of.update(dict.fromkeys(names, event.seq))
        return spoken_of

    def take_up(self, ledger: Recorded) -> None:
        """Forget: anything may have been entered of anything up to now."""
        self._state, self._taken = {"": ledger.seq}, ledger.seq

    def events(
        self,
        by: str,
        *,
        person: Name | None = None,
        function: Name | None = None,
        kind: Name | None = None,
        reason: Name | None = None,
        product: tuple[str, str] | None = None,
        location: tuple[str, str] | None = None,
        activation: Name | None = None,
        most: Annotated[int, Between(1, 100_000)] = 300,
    ) -> list[Event]:
        """Events that match every filter, latest first.

        Parameters
        ----------
        product, location : (level, name)
            A node of the assortment or of the locations: what touches any part of it.

        Raises
        ------
        UnknownName
            If there is no such node.
        NoForecast
            If a part is asked for before the first forecast.
        """
        self._desk.allowed(by, "read")
        anything = (None, None)  # a ledger is read without a plan, its parts are not
        skus, nodes = _part_of(self._plan().products, "sku", product) if product else anything
        doors, places = (
            _part_of(self._plan().locations, "door", location) if location else anything
        )
        found = self._desk.store.query(
            "ledger_of",
            person=person,
            function=function,
            kind=kind,
            reason=reason,
            skus=skus,
            nodes=nodes,
            doors=doors,
            places=places,
            activation=activation,
            most=most,
        )
        return self.seen_by(by, self._desk.ledger.events(found["seq"].tolist())[::-1])

    def since(self, by: str, seq: int) -> list[Event]:
        """What others decided after a moment and this person may see, latest first."""
        self._desk.allowed(by, "read")
        told = (Kind.IMPORT, Kind.RUN, Kind.PERSON, Kind.RESOLVE)
        tail = self._desk.ledger.tail(seq)
        others = [e for e in tail if e.person != by and e.kind not in told]
        return self.seen_by(by, others[::-1])

    def reviewed_since(self, by: str, moment: dt.datetime) -> list[Event]:
        """What a weekly review decided after a moment, oldest first."""
        self._desk.allowed(by, "read")
        kinds = (*decisions.KINDS, Kind.CLOSE, Kind.SENSE, Kind.ACTION, Kind.DECISION)
        events = [e for e in self._desk.ledger.of_kinds(*kinds) if e.recorded_at >= moment]
        return self.seen_by(by, events)

    def last_word(self, scope: Scope) -> int:
        """Sequence number after which nobody has entered anything of a scope (`of_cells`).

        It may be later than the last word was, never earlier; 0: nothing since the start.
        """
        names = self._plan().sku_names
        skus = self._plan().members(scope)[0].tolist()
        spoken_of = self._state
        return max(spoken_of.get(name, 0) for name in ("", *(names[s] for s in skus)))

    def of_cells(self, by: str, scope: Scope) -> list[Event]:
        """Events that touched any cell of a scope, and comments on it, latest first."""
        self._desk.allowed(by, "read")
        node = (scope.product_level, scope.product)
        skus, nodes = _part_of(self._plan().products, "sku", node)
        found = self._desk.store.query(
            "cell_events",
            skus=skus,
            nodes=nodes,
            first_week=scope.first_week,
            last_week=scope.last_week,
        )
        return self.seen_by(by, self._desk.ledger.events(found["seq"].tolist())[::-1])

    def input_at(self, by: str, seq: int) -> pd.DataFrame:
        """What every input added at a past moment: input, activation, sku, door, week,
        units.
        """
        self._desk.allowed(by, "read")
        rows = self._desk.store.query("input_at", seq=seq, first_week=dt.date(1990, 1, 1))
        rows = rows[
            ~rows["input"].isin(self._cycles.hidden_from(self._desk.allowed(by, "read")))
        ]
        return rows.assign(units=rows["delta"] / THOUSANDTHS).drop(columns="delta")

    def seen_by(self, by: str, events: list[AsMade[Event]]) -> list[Event]:
        """Without what others entered while inputs are collected blind."""
        hidden = self._cycles.hidden_from(self._desk.allowed(by, "read"))
        since = self._cycles.current.opened if self._cycles.current else 0
        return [e for e in events if e.seq < since or not is_input_of(e, hidden)]


def _part_of(tree: Tree, leaf: str, node: tuple[str, str]) -> tuple[list[str], list[str]]:
    """Leaves under a node, and every node ('level/name') that has any of them."""
    at = tree.members(*node)
    nodes = [
        f"{level}/{name}"
        for level, names in tree.nodes.items()
        for name in dict.fromkeys(names[at].tolist())
    ]
    return tree.nodes[leaf][at].tolist(), nodes
