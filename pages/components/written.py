"""Tables whose amounts are written as the company writes money: '-$1,234', '-1.234 €'.

A column's own format puts the sign of the currency before the minus ('$-1,234') and the
browser's marks between thousands. So amounts are written here, cell by cell, and stay
numbers: a table sorts and downloads them as before.
"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

from forecasting import conventions

MOST_CELLS = 100_000
"""Cells of a table that is written cell by cell: a larger one shows its amounts without sign."""
MISSING = "–"
MOST_LINES = 15
"""Lines that a table shows at once where its page asks for no other number; the rest scrolls."""
ROW_PX, EDGE_PX = 31, 2
"""Height of a line of a table and its head, at the theme's size of type, and of its edge."""


class Amount(dict[str, Any]):
    """The configuration of a column of amounts."""


class Change(Amount):
    """That of a column of amounts more or less, which say which."""


def money(label: str | None = None, **options: Any) -> Amount:
    """A column of amounts, without decimals; for a table that is drawn here."""
    return Amount(st.column_config.NumberColumn(label, step=1, **options))


def change(label: str | None = None, **options: Any) -> Change:
    """A column of changes in money: above zero with a plus."""
    return Change(st.column_config.NumberColumn(label, step=1, **options))


def dataframe(
    data: pd.DataFrame | Styler,
    *,
    column_config: Mapping[Any, Any] | None = None,
    **options: Any,
) -> Any:
    """`st.dataframe`, with its amounts as the company writes them and no line cut through."""
    options.setdefault("height", height(len(data.index), most=MOST_LINES))
    made, config = data, dict(column_config or {})
    if not isinstance(data, Styler):  # that one is written already
        made, config = shown(data, config)
    return st.dataframe(made, column_config=config, **options)


def data_editor(data: pd.DataFrame, *, column_config: Mapping[Any, Any], **options: Any) -> Any:
    """`st.data_editor` likewise; amounts are read only there."""
    options.setdefault("height", height(len(data.index), most=MOST_LINES))
    made, config = shown(data, column_config)
    return st.data_editor(made, column_config=config, **options)


def height(rows: int, *, most: int) -> int:
    """How tall a table of so many rows stands, in pixels: `most` of them, the rest scrolls."""
    return ROW_PX * (1 + max(min(rows, most), 1)) + EDGE_PX


def shown(
    data: pd.DataFrame, column_config: Mapping[Any, Any]
) -> tuple[pd.DataFrame | Styler, dict[Any, Any]]:
    """A table with its amounts written, and how its columns are drawn."""
    amounts = [name for name, one in column_config.items() if isinstance(one, Amount)]
    mine = [name for name in amounts if name in data.columns]
    if not mine or data.size > MOST_CELLS or not data.columns.is_unique:
        bare = {name: {**column_config[name]} for name in amounts}
        for one in bare.values():
            one["type_config"] = {**one["type_config"], "format": "%,.0f"}
        return data, {**column_config, **bare}
    # What is written cell by cell would show '2.000000' of a number whose form nobody gave.
    plainly = {
        name: st.column_config.NumberColumn(format="localized")
        for name in data.columns
        if name not in column_config and pd.api.types.is_float_dtype(data[name])
    }
    how: dict[Any, Any] = {
        n: changed if isinstance(column_config[n], Change) else in_words for n in mine
    }
    return data.style.format(how), {**plainly, **column_config}


def in_words(value: object) -> str:
    """An amount without decimals, as the company writes it; never '-$0'."""
    if not isinstance(value, Real) or value != value:
        return MISSING
    figures = f"{value:,.0f}"
    return conventions.in_force().money("0" if figures == "-0" else figures)


def changed(value: object) -> str:
    """A change in money, with its sign; nothing moved has none."""
    amount = in_words(value)
    return f"+{amount}" if isinstance(value, Real) and float(value) >= 0.5 else amount
