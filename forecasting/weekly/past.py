"""What the files say of past weeks: read once, until other files or another run stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from data.store import Store
from forecasting.plan.basis import Base
from forecasting.plan.live import LivePlan

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
        self._of: tuple[Base | None, dict[Key, pd.DataFrame]] = (None, {})

    def query(self, name: str, **parameters: Any) -> pd.DataFrame:
        """Rows of `queries/NAME.sql`; the frame is everybody's and not to be changed."""
        base = self._plan().base
        of, known = self._of
        if of is not base:
            known = {}
            self._of = (base, known)
        key = (name, tuple(sorted(parameters.items())))
        if key not in known:
            known[key] = self._store.query(name, **parameters)
        return known[key]
