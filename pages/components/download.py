"""The one button that gives a file away.

The browser asks for the file when it is clicked: that is later, on another thread, which
belongs to nobody. So whoever saw the button is kept with it, and what the button makes is made
for that person. It takes only what data/leaving.py has made safe.
"""

from collections.abc import Callable
from pathlib import PurePath
from typing import Literal

import pandas as pd
import streamlit as st

from data import leaving
from data.leaving import Leaving
from forecasting.governance.audit import Noted
from pages.components import frame


def button(
    label: str,
    make: Callable[[], Leaving],
    file_name: str,
    *,
    key: str | None = None,
    help: str | None = None,
    icon: str | None = ":material/download:",
    primary: bool = False,
    disabled: bool = False,
    quiet: bool = False,
    width: int | Literal["stretch", "content"] = "content",
) -> None:
    """A button whose file is made when somebody clicks it."""
    asked_by, audit = frame.me().id, frame.workspace().desk.audit

    def made() -> bytes:
        with frame.speaking_for(asked_by):
            found = make()
        audit.note(Noted.TOOK, asked_by, named(file_name))
        return found

    st.download_button(
        label, data=made, file_name=named(file_name), on_click="ignore", key=key, help=help,
        icon=icon, type="tertiary" if quiet else "primary" if primary else "secondary",
        disabled=disabled, width=width,
    )  # fmt: skip


def spreadsheet(
    label: str,
    rows: Callable[[], pd.DataFrame],
    file_name: str,
    *,
    key: str | None = None,
    icon: str | None = ":material/download:",
    disabled: bool = False,
    quiet: bool = False,
    sheet: str = "",
) -> None:
    """A button for rows: a workbook if its name ends so, else CSV."""

    def make() -> Leaving:
        if PurePath(file_name).suffix == ".xlsx":
            return leaving.as_workbook({sheet or PurePath(file_name).stem: rows()})
        return leaving.as_csv(rows())

    button(label, make, file_name, key=key, icon=icon, disabled=disabled, quiet=quiet)


def named(file_name: str) -> str:
    """A file's name without what a system or a shell would read into it, its ending kept."""
    stem, dot, ending = file_name.rpartition(".")
    kept = "".join(c if c.isalnum() or c in "-_. " else "-" for c in stem)
    return f"{kept.strip(' .-')[:100] or 'concord'}{dot}{ending}"
