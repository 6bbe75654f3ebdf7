"""The one way a chart comes onto a page: its title, what it says, the chart, its data.

A chart can be taken away as a picture (its own menu, made in the browser) and as numbers.
"""

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from pages.components import download
from pages.components.charts import Drawing
from pages.components.text import Markdown, unmarked


def of(
    drawn: Drawing,
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
        Goes to `st.vega_lite_chart`: a selection.
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
    spec = drawn.spec()
    # Its place is kept before it is drawn, so that nothing below it jumps when it comes.
    height = spec.get("height")
    room: Any = height if isinstance(height, int) else "content"
    return st.vega_lite_chart(spec=spec, width="stretch", height=room, alt=spoken, **how)
