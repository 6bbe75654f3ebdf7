"""What decisions on supply came to, once their activation is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from forecasting.calendar import week_start
from forecasting.consensus.activations import Activation
from forecasting.weekly.decisions import Decision


def what_they_did(
    moved: Sequence[Decision], over: Mapping[str, Activation], happened: pd.DataFrame
) -> pd.DataFrame:
    """What moves brought, of decisions whose activation is over.

    Parameters
    ----------
    moved : sequence of Decision
        With moves.
    over : mapping
        Their activations, by identity.
    happened : DataFrame, one row per SKU, door and week
        sku, door, week, on_hand (at its end, NaN unknown), stocked_out (None unknown).

    Returns
    -------
    DataFrame, one row per decision
        seq, activation, sku, said, weeks_ahead, units (moved), used (of them gone by the
        end of the activation: its end stock is left; NaN where none was counted), ran_out
        (doors that ran out all the same), doors.
    """
    rows = []
    for decision in moved:
        activation = over[decision.activation]
        first = pd.Timestamp(week_start(activation.start))
        last = pd.Timestamp(week_start(activation.end))
        to = {m.to for m in decision.moves}
        week = pd.to_datetime(happened["week"])
        mine = happened[
            (happened["sku"] == decision.sku)
            & happened["door"].isin(to)
            & (week >= first)
            & (week <= last)
        ]
        stock = mine[pd.to_datetime(mine["week"]) == last].set_index("door")["on_hand"]
        used = [max(m.units - float(stock.get(m.to, np.nan)), 0.0) for m in decision.moves]
        known = all(not pd.isna(stock.get(m.to)) for m in decision.moves)
        ran_out = mine[mine["stocked_out"].fillna(False).astype(bool)]["door"].nunique()
        rows.append(
            {
                "seq": decision.seq, "activation": activation.name, "sku": decision.sku,
                "said": decision.text, "weeks_ahead": decision.weeks_ahead,
                "units": sum(m.units for m in decision.moves),
                "used": sum(used) if known else np.nan, "ran_out": int(ran_out),
                "doors": len(to),
            }
        )  # fmt: skip
    columns = ["seq", "activation", "sku", "said", "weeks_ahead", "units", "used", "ran_out",
               "doors"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)
