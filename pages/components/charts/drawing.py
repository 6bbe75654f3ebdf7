"""A picture as a value: what is drawn and of what. It becomes a specification once, however
often the page around it runs.

Putting a chart of many layers together takes longer than all else on most pages, and nearly
every run of a page shows the same charts as the run before.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec

import altair as alt
import pandas as pd
import streamlit as st

from forecasting import conventions
from forecasting.conventions import Conventions
from pages.components import contrast, theme

Chart = alt.Chart | alt.LayerChart | alt.FacetChart
P = ParamSpec("P")
CHECKED = False
"""Whether charts are checked by the schema of Vega-Lite, which takes as long as all the rest.
The tests of pages do it, so that a served page need not."""
_ALONE = threading.Lock()
"""altair's settings are one for all threads."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart that was asked for."""

    draw: Callable[..., Chart]
    given: tuple[Any, ...]
    named: Mapping[str, Any]

    def chart(self) -> Chart:
        """The chart itself."""
        return self.draw(*self.given, **self.named)

    def spec(self) -> dict[str, Any]:
        """What the browser draws it by, with its data as `datasets`; a copy that may be changed."""
        name = f"{self.draw.__module__}.{self.draw.__qualname__}"
        return _spec(self, name, theme.look(), conventions.in_force(), self.given, self.named)


def drawing(draw: Callable[P, Chart]) -> Callable[P, Drawing]:
    """Make of a function that draws one that says what is to be drawn."""

    @wraps(draw)
    def asked(*given: P.args, **named: P.kwargs) -> Drawing:
        return Drawing(draw, given, named)

    return asked


@st.cache_data(show_spinner=False, max_entries=256)
def _spec(
    _drawing: Drawing,
    name: str,
    look: str,
    written: Conventions,
    given: tuple[Any, ...],
    named: Mapping[str, Any],
) -> dict[str, Any]:
    """All but the first say when it has to be drawn again: colours and numbers are in it, too."""
    del name, look, written, given, named
    return specified(_drawing.chart())


def specified(chart: Chart) -> dict[str, Any]:
    """A chart as a specification, with its data beside it."""
    datasets: dict[str, pd.DataFrame] = {}

    def taken(data: Any, **_: Any) -> dict[str, str]:
        """Data goes beside the specification, under a name that is the same in the next run."""
        for name, known in datasets.items():
            if known is data:
                return {"name": name}
        datasets[name := f"data-{len(datasets)}"] = data
        return {"name": name}

    # Streamlit's theme moves the first and last label of an axis inwards; of a row of names the
    # first would then stand below its bar.
    level: Any = chart.configure_axisY(labelFlush=False)
    if contrast.is_on():  # the theme writes axes and legends in grey
        level = level.configure_axis(labelColor=theme.ink(), titleColor=theme.ink())
        level = level.configure_legend(labelColor=theme.ink(), titleColor=theme.ink())
    with _ALONE:
        alt.data_transformers.register("beside", taken)
        with alt.theme.enable("none"), alt.data_transformers.enable("beside"):
            spec: dict[str, Any] = level.to_dict(validate=CHECKED)
    return spec | {"datasets": datasets}
