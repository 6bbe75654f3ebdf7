"""What the files say of past weeks: read once, until other files or another run stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import pandas as pd

from data.store import Store
from forecasting.plan.basis import Base
from forecasting.plan.live import LivePlan

T = TypeVar("T")
Key = tuple[str, tuple[tuple[str, Any], ...]]


class Past:
    """Answers about weeks that are over, which nobody's decision changes.

    Everybody who opens the weekly review asks the same, each time it is drawn, and each
    answer goes through all rows of sales and stock.

    Parameters
    ----------
    store : Store
    plan : callable
        The live plan: with other files, or another run, it stands on another basis.
    """

    def __init__(self, store: Store, plan: Callable[[], LivePlan]) -> None:
        self._store, self._plan = store, plan
        self._of: tuple[Base | None, _Known] = (None, _Known())

    def query(self, name: str, **parameters: Any) -> pd.DataFrame:
        """Rows of `queries/NAME.sql`; the frame is everybody's and not to be changed."""
        rows, key = self._known().rows, (name, tuple(sorted(parameters.items())))
        if key not in rows:
            rows[key] = self._store.query(name, **parameters)
        return rows[key]

    def told(self, what: str, work_out: Callable[[], T], *of: object) -> T:
        """What follows from these answers, worked out once of the same; everybody's likewise.

        Parameters
        ----------
        what : str
            Names it: the last of each name is kept.
        work_out : callable
        *of
            All that decides it beside the files, the run and `work_out` itself.
        """
        told = self._known().told
        known = told.get(what)
        if known is None or known[0] != of:
            known = told[what] = (of, work_out())
        return cast(T, known[1])

    def _known(self) -> _Known:
        """What is known of the basis that the plan stands on now."""
        base = self._plan().base
        if self._of[0] is not base:
            self._of = (base, _Known())
        return self._of[1]


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read of one basis, and what followed from it."""

    rows: dict[Key, pd.DataFrame] = field(default_factory=dict)
    told: dict[str, tuple[tuple[object, ...], object]] = field(default_factory=dict)
