"""Colours and formats: one meaning each, in light and dark."""

import datetime as dt
import math
from collections.abc import Iterable
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from forecasting import conventions, vocabulary, write
from forecasting.calendar import Days, week_label
from forecasting.vocabulary import Measure, Status
from pages.components import contrast
from pages.components.text import Markdown

_STATUS = {
    "light": {"red": "#c0352b", "amber": "#b87503", "green": "#2f7d4f", "blue": "#2b6cb0", "grey": "#7b8794"},
    "dark": {"red": "#f0776c", "amber": "#f2b14a", "green": "#6fc58f", "blue": "#7ab4ea", "grey": "#9aa5b1"},
}  # fmt: skip
_LAYERS = {
    "light": {
        "History": "#8a94a0", "Last year": "#b3bac2", "Baseline": "#5b6b7b", "Lift": "#d98324", "Spillover": "#b9a06a",
        "Statistical": "#5b6b7b", "Marketing": "#a23b5b", "Merchandising": "#4b8f5a",
        "Planning": "#0f5c8c", "Draft": "#16202a", "People": "#6d4aa0", "Receipts": "#4a9a94", "Earlier": "#9db7c9",
    },
    "dark": {
        "History": "#8f9aa6", "Last year": "#66707b", "Baseline": "#9fb0c1", "Lift": "#f0a04b", "Spillover": "#cdb884",
        "Statistical": "#9fb0c1", "Marketing": "#e08aa6", "Merchandising": "#7cc48f",
        "Planning": "#5fb0e0", "Draft": "#f2f5f8", "People": "#b79ae0", "Receipts": "#5cb8b0", "Earlier": "#4d6678",
    },
}  # fmt: skip


_MEMBERS = {
    "light": (
        "#0f5c8c", "#b4571a", "#2f7d4f", "#a23b5b", "#6d4aa0",
        "#7a6a10", "#0b7f86", "#b0307f", "#5b6b7b", "#8a4b1f",
    ),
    "dark": (
        "#5fb0e0", "#f0a04b", "#7cc48f", "#e08aa6", "#b79ae0",
        "#d8c65a", "#5cc6cc", "#e78fd0", "#aab6c2", "#d3a077",
    ),
}  # fmt: skip
"""Classes, types, doors: names that have no colour of their own."""
_INK = {"light": "#26323d", "dark": "#e8edf2"}
_STRONG = {"light": "#000000", "dark": "#ffffff"}
_GROUND = {"light": "#ffffff", "dark": "#171614"}


def mode() -> str:
    """'light' or 'dark', as the browser shows the page."""
    return "dark" if st.context.theme.type == "dark" else "light"


def look() -> str:
    """All that decides how a picture is coloured, as one word."""
    return f"{mode()} in high contrast" if contrast.is_on() else mode()


def _seen(colour: str) -> str:
    """A colour as this window shows it."""
    if not contrast.is_on():
        return colour
    return contrast.strong(colour, ink=_STRONG[mode()], ground=_GROUND[mode()])


def status_colours() -> dict[str, str]:
    return {name: _seen(colour) for name, colour in _STATUS[mode()].items()}


def layer_colours() -> dict[str, str]:
    return {name: _seen(colour) for name, colour in _LAYERS[mode()].items()}


def status_scale() -> alt.Scale:
    colours = status_colours()
    labels = [status.label for status in Status]
    return alt.Scale(domain=labels, range=[colours[status.value] for status in Status])


def member_colours(every: Iterable[str]) -> dict[str, str]:
    """A colour for each of all names of a kind: the same whichever of them are drawn."""
    palette = _MEMBERS[mode()]
    return {
        name: _seen(palette[at % len(palette)])
        for at, name in enumerate(sorted(set(map(str, every))))
    }


def shades(count: int) -> list[str]:
    """One colour from pale to strong: of versions, the latest is the strongest."""
    strong, pale = layer_colours()["Planning"], layer_colours()["Earlier"]
    steps = np.linspace(0.0, 1.0, count) if count > 1 else np.ones(count)
    ends = [np.array([int(one[i : i + 2], 16) for i in (1, 3, 5)]) for one in (pale, strong)]
    return [
        "#" + "".join(f"{round(v):02x}" for v in ends[0] + at * (ends[1] - ends[0]))
        for at in steps
    ]


def ink() -> str:
    """What is written into a picture."""
    return (_STRONG if contrast.is_on() else _INK)[mode()]


def status_label(status: str) -> Markdown:
    """'● Short': sign and word, so that colour is never alone."""
    of = Status(status)
    return Markdown(f"{of.sign} {of.label}")


def units(value: float | None, *, sign: bool = False) -> Markdown:
    if value is None or math.isnan(value):
        return Markdown("–")
    return Markdown(f"{conventions.in_force().number(value, sign=sign)} u")


def money(value: float | None, *, sign: bool = False) -> Markdown:
    """$48k, $1.25M; a dash where it is not known."""
    if value is None or math.isnan(value):
        return Markdown("–")
    return Markdown(vocabulary.money(value, sign=sign))


def amount(value: float | None, measure: Measure, *, sign: bool = False) -> Markdown:
    """Units, or money."""
    if measure is Measure.UNITS:
        return units(value, sign=sign)
    return money(value, sign=sign)


def percent(value: float | None, *, digits: int = 1, sign: bool = False) -> Markdown:
    if value is None or math.isnan(value):
        return Markdown("–")
    return Markdown(write.percent(value, digits, sign=sign))


def points(value: float | None, *, sign: bool = True) -> Markdown:
    """A difference of two shares, in points: '+1.2'."""
    if value is None or math.isnan(value):
        return Markdown("–")
    return Markdown(write.number(100 * value, 1, sign=sign))


def times(value: float) -> Markdown:
    """A factor: '1.62x'."""
    return Markdown(f"{conventions.in_force().number(value, 2)}x")


def ordinal(place: int) -> Markdown:
    """'2nd', '11th'."""
    last = place % 10 if place % 100 not in (11, 12, 13) else 0
    return Markdown(f"{place:d}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }")


def week(value: Any) -> Markdown:
    """The label of the week of a day; a dash where none is known."""
    if value is None or pd.isna(value):
        return Markdown("–")
    return Markdown(week_label(pd.Timestamp(value).date()))


def plural(count: int, one: str, many: str = "") -> Markdown:
    return Markdown(f"{number(count)} {one if count == 1 else many or one + 's'}")


def number(value: float, *, digits: int = 0, sign: bool = False) -> Markdown:
    """A number as the company writes it."""
    return Markdown(conventions.in_force().number(value, digits, sign=sign))


def price(value: float) -> Markdown:
    """An amount with its decimals."""
    return Markdown(conventions.in_force().price(value))


def day(value: dt.date | None, *, year: bool = False) -> Markdown:
    """'Nov 2', or with its year; a dash where it is not known."""
    if value is None:
        return Markdown("–")
    here = conventions.in_force()
    return Markdown(here.day(value) if year else here.short_day(value))


def weekday(value: dt.date | None, *, unknown: str = "–") -> Markdown:
    """'Mon Nov 2'."""
    return Markdown(unknown if value is None else f"{value:%a} {day(value)}")


def moment(value: dt.datetime, *, year: bool = False) -> Markdown:
    """A moment kept in UTC, where the company is: 'Nov 2 14:05 UTC'."""
    return Markdown(conventions.in_force().moment(value, year=year))


def local(values: Iterable[dt.datetime]) -> list[dt.datetime]:
    """Moments kept in UTC as the company's clocks show them, for a column of a table."""
    here = conventions.in_force()
    return [here.local(value).replace(tzinfo=None) for value in values]


def zone() -> Markdown:
    """What the company's zone is called: 'UTC', 'Europe/Vienna'."""
    return Markdown(conventions.in_force().zone)


def currency() -> Markdown:
    """Its sign or letters."""
    return Markdown(conventions.in_force().currency)


def day_format(*, year: bool = False) -> str:
    """How a table writes a day, in its short or its long form."""
    match conventions.in_force().days:
        case Days.MONTH_FIRST:
            return "MMM D, YYYY" if year else "MMM D"
        case Days.DAY_FIRST:
            return "D MMM YYYY" if year else "D MMM"
        case Days.ISO:
            return "YYYY-MM-DD" if year else "MM-DD"


def moment_format(*, year: bool = False) -> str:
    """How a table writes a moment."""
    return f"{day_format(year=year)} HH:mm"


def axis_day() -> str:
    """Days of an axis (d3-time-format)."""
    return conventions.in_force().days.axis


def tip_day() -> str:
    """Days with their year of a tooltip."""
    return conventions.in_force().days.tip
