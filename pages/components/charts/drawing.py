"""A picture as a value: what is drawn and of what. It becomes a specification once, however
often the page around it runs.

Putting a chart of many layers together takes longer than all else on most pages, and nearly
every run of a page shows the same charts as the run before.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec

import altair as alt
import pandas as pd
from streamlit import dataframe_util

from forecasting import conventions
from pages.components import contrast, theme
from pages.components.kept import Kept

Chart = alt.Chart | alt.LayerChart | alt.FacetChart
P = ParamSpec("P")
CHECKED = False
"""Whether charts are checked by the schema of Vega-Lite, which takes as long as all the rest.
The tests of pages do it, so that a served page need not."""
_ALONE = threading.Lock()
"""altair's settings are one for all threads."""
_SPECS: Kept[tuple[str, Mapping[str, bytes]]] = Kept(256)


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
        # Colours and numbers are in it, too.
        look, written = theme.look(), conventions.in_force()
        text, data = _SPECS.made(self._sent, name, look, written, self.given, self.named)
        return {**json.loads(text), "datasets": dict(data)}

    def _sent(self) -> tuple[str, Mapping[str, bytes]]:
        """The same, as it is sent: both parts are quick to read, and nobody can change them."""
        spec = specified(self.chart())
        data = {
            name: dataframe_util.convert_anything_to_arrow_bytes(frame)
            for name, frame in spec.pop("datasets").items()
        }
        return json.dumps(spec), data


def drawing(draw: Callable[P, Chart]) -> Callable[P, Drawing]:
    """Make of a function that draws one that says what is to be drawn."""

    @wraps(draw)
    def asked(*given: P.args, **named: P.kwargs) -> Drawing:
        return Drawing(draw, given, named)

    return asked


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

    with _ALONE:
        alt.data_transformers.register("beside", taken)
        with alt.theme.enable("none"), alt.data_transformers.enable("beside"):
            spec: dict[str, Any] = chart.to_dict(validate=CHECKED)
    return spec | {"config": _configured(spec.get("config", {})), "datasets": datasets}


def _configured(config: Mapping[str, Any]) -> dict[str, Any]:
    """How a chart is drawn, beside what it says of it itself.

    Put into the specification, as each of altair's own `configure_...` copies the whole chart.
    """
    # Streamlit's theme moves the first and last label of an axis inwards; of a row of names the
    # first would then stand below its bar.
    level = {**config, "axisY": {"labelFlush": False}}
    if contrast.is_on():  # the theme writes axes and legends in grey
        inked = {"labelColor": theme.ink(), "titleColor": theme.ink()}
        level |= {"axis": inked, "legend": inked}
    return level
