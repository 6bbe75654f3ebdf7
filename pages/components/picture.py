"""The one way a chart comes onto a page: its title, what it says, the chart, its data.

A chart can be taken away as a picture (its own menu, made in the browser) and as numbers.
"""

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from pages.components import contrast, download, theme
from pages.components.charts import Drawn
from pages.components.text import Markdown, unmarked


def of(
    chart: Drawn,
    *,
    title: Markdown,
    says: Markdown,
    name: str,
    data: Callable[[], pd.DataFrame] | None = None,
    help: Markdown | None = None,
    **how: Any,
) -> Any:
    """A chart below its title and its conclusion; returns what is chosen in it.

    Parameters
    ----------
    title : Markdown
        What it shows, with the unit where the axis does not say it.
    says : Markdown
        What follows from it (pages/components/conclusions.py).
    name : str
        Of the files that it is saved as, without an ending.
    data : callable, optional
        The numbers drawn, made when somebody asks for them.
    help : Markdown, optional
        Terms of the title.
    **how
        Goes to `st.altair_chart`: a selection.
    """
    heading = f"**{title}**  \n{says}" if title else says
    if data is None:
        st.markdown(heading, help=help)
    else:
        with st.container(horizontal=True, vertical_alignment="top"):
            st.markdown(heading, help=help, width="stretch")
            download.spreadsheet(
                "Data (CSV)", data, f"{name}.csv", key=f"data_{name}", quiet=True
            )
    spoken = unmarked(f"{title}. {says}" if title else says)
    # Its place is kept before it is drawn, so that nothing below it jumps when it comes.
    room: Any = chart.height if isinstance(chart.height, int) else "content"
    # Streamlit's theme moves the first and last label of an axis inwards; of a row of names the
    # first would then stand below its bar.
    level: Any = chart.configure_axisY(labelFlush=False)
    if contrast.is_on():  # the theme writes axes and legends in grey
        level = level.configure_axis(labelColor=theme.ink(), titleColor=theme.ink())
        level = level.configure_legend(labelColor=theme.ink(), titleColor=theme.ink())
    return st.altair_chart(level, width="stretch", height=room, alt=spoken, **how)
