"""What a meeting agrees on: one of the numbers on the table as it is, or a total typed in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forecasting.consensus.events import AGREED, Leaves
from forecasting.consensus.overrides import new_total
from forecasting.errors import OutOfBounds, Refused
from forecasting.hierarchy import spread
from forecasting.plan.selection import Selection
from forecasting.vocabulary import INPUTS, Operation

COLUMNS = ("statistical", "proposed", *map(str, INPUTS))
"""Numbers that can be agreed on as they are."""


def check_choice(column: str | None, units: float | None) -> None:
    """Refuse anything but one known number, or a total.

    Raises
    ------
    OutOfBounds
    """
    if (column is None) == (units is None):
        raise OutOfBounds("Choose one of the numbers, or type one.")
    if column is not None and column not in COLUMNS:
        raise OutOfBounds(f"'{column}' is not a number that can be agreed on.")


def agreed(
    chosen: Selection, column: str | None, units: float | None
) -> tuple[NDArray[np.int64], Leaves]:
    """The agreed numbers of a selection, and the change that brings its draft to them.

    Parameters
    ----------
    column : str or None
        The number that is agreed on, leaf by leaf as it is.
    units : float or None
        A total instead, spread like the draft.

    Returns
    -------
    target : array
        Thousandths of a unit, leaf by leaf; frozen weeks stay at the draft.
    leaves : Leaves

    Raises
    ------
    Refused
        If every week is frozen.
    ImpossibleSpread
    """
    active, frozen = chosen.active(), chosen.frozen()
    if not (active & ~frozen).any():
        raise Refused(f"Nothing is left to agree on for {chosen.scope}: its weeks are frozen.")
    draft, statistical = chosen.layer("draft"), chosen.layer("statistical")
    if column is not None:
        target = np.where(frozen, draft, chosen.layer(column))
    else:
        assert units is not None
        total = new_total(int(draft.sum()), Operation.SET, float(units))
        target = spread(
            draft,
            total,
            held=frozen,
            active=active,
            reference=statistical.astype(float),
        )
    deltas = (target - statistical) - chosen.own(AGREED)
    return target, chosen.leaves(deltas, active & ~frozen)
