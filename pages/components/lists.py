"""Long lists: the first that matter, and the rest in groups that are opened on demand.

What matters most is for the order of the list to say; how many of it are shown is a setting
(`listed`). Whatever is left out of sight is counted and summed up, so that no list hides
anything and none draws a hundred lines at once.
"""

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
import streamlit as st

from forecasting.consensus.activations import Activation
from forecasting.plan.live import LivePlan
from pages.components import frame, picked, theme, written
from pages.components.text import Markdown, ours, plain

NOT_NAMED = "Not named"
"""The group of what has no owner, class or supplier."""
Sums = Literal["money", "cost", "saved", "units"]
"""What the lines of a list add up to."""
_TALLEST = 20
"""Lines that a table stands tall for; more of them scroll in it."""
_SLACK = 1
"""So many more than the setting are shown: a group of one is longer than its only line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Some of a list that are alike."""

    name: str
    at: tuple[int, ...]
    """Their places in the list, in its order."""
    worth: float
    """What they add up to; NaN where that is known of none."""


def most() -> int:
    """How many lines of a list are shown at once, as leadership has set."""
    return int(frame.workspace().policies.now.number("listed"))


def groups(names: Sequence[str], worth: Sequence[float], *, first: int) -> list[Group]:
    """What comes after the first lines of a list, by name; most worth first.

    Parameters
    ----------
    names : sequence of str
        Of every line, the group that it belongs to.
    worth : sequence of float
        Of every line, what it is worth; NaN unknown.
    first : int
        Lines that are shown by themselves and belong to no group.
    """
    found: dict[str, list[int]] = {}
    for at in range(first, len(names)):
        found.setdefault(names[at] or NOT_NAMED, []).append(at)
    every = [
        Group(name=name, at=tuple(at), worth=total([worth[n] for n in at]))
        for name, at in found.items()
    ]
    return sorted(
        every,
        key=lambda g: (-(0.0 if math.isnan(g.worth) else g.worth), -len(g.at), g.name),
    )


def total(worth: Sequence[float]) -> float:
    """What is known of some amounts; NaN where nothing is."""
    known = [w for w in worth if not math.isnan(w)]
    return float(sum(known)) if known else float("nan")


def draw(
    lines: Callable[[Sequence[int], str], None],
    by: Mapping[str, Sequence[str]],
    worth: Sequence[float],
    *,
    key: str,
    what: tuple[Markdown, Markdown],
    sums: Sums = "money",
    in_link: bool = False,
) -> None:
    """Draw a list: its first lines, then a line of groups, and the group that is open.

    Parameters
    ----------
    lines : callable
        Draws the lines at some places; its second argument names where.
    by : mapping
        Ways to group by: what it is called to the group of every line.
    worth : sequence of float
        What every line is worth.
    key : str
        Names the list on its page.
    what : tuple of Markdown
        One of it and several, in words: ('risk', 'risks').
    sums : str
        What a sum is stated in.
    in_link : bool
        The grouping stands in the link: for the list that a page is about.
    """
    first = most()
    if len(worth) <= first + _SLACK:
        lines(range(len(worth)), key)
        return
    lines(range(first), key)
    left = ours(
        f"{theme.number(len(worth) - first)} more {what[1]}{summed(total(worth[first:]), sums)}"
    )
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"rest_{key}"):
        group = _grouped_by(list(by), key, in_link=in_link)
        found = {g.name: g for g in groups(by[group], worth, first=first)}
        opened = _opened(found, left, sums, f"open_{key}")
    if opened is not None:
        lines(found[opened].at, f"{key}_group")


def summed(worth: float, sums: Sums) -> Markdown:
    """A sum in words, after a count; nothing where none is known."""
    if math.isnan(worth):
        return ours("")
    match sums:
        case "units":
            return ours(f", {theme.units(worth)}")
        case "cost":
            return ours(f", {theme.money(worth)} at cost")
        case "saved":
            return ours(f", {theme.money(worth)} saved")
        case _:
            return ours(f", {theme.money(worth)}")


def _label(one: Group, sums: Sums) -> Markdown:
    return ours(f"{plain(one.name)} · {theme.number(len(one.at))}{summed(one.worth, sums)}")


def _grouped_by(ways: Sequence[str], key: str, *, in_link: bool) -> str:
    """The choice of how the rest is grouped."""
    if in_link:
        return str(frame.select("Group the rest by", ways, key="group", width=150))
    return str(
        st.selectbox(
            "Group the rest by", ways, key=f"group_{key}", persist_state="session", width=150
        )
    )


def _opened(found: Mapping[str, Group], left: Markdown, sums: Sums, key: str) -> str | None:
    """The group that is open; None where none is."""
    if st.session_state.get(key) not in found:
        st.session_state.pop(key, None)
    return st.pills(
        left, list(found), key=key, format_func=lambda group: _label(found[group], sums)
    )


def table(
    shown: pd.DataFrame,
    by: Mapping[str, Sequence[str]],
    worth: Sequence[float],
    *,
    ids: Sequence[str],
    key: str,
    what: tuple[Markdown, Markdown],
    alt: str,
    sums: Sums = "money",
    in_link: bool = False,
    picks: bool = True,
    **options: Any,
) -> int | None:
    """A long table; the place of the line that is looked at, None before one is picked.

    Parameters
    ----------
    ids : sequence of str
        Names every line. What is looked at stays the same one where the order changes.
    picks : bool
        A line can be picked.
    options
        For the table, as Streamlit takes them.
    """
    told: dict[str, str] = {}
    before: dict[str, int | None] = st.session_state.get(f"{key} picked", {})
    now: dict[str, int | None] = {}

    def lines(at: Sequence[int], place: str) -> None:
        mine = [ids[n] for n in at]
        # A row that was picked is a place: in another order it would be another line.
        name = f"{place}_{_digest(mine)}"
        part, tall = shown.iloc[list(at)], written.height(len(at), most=_TALLEST)
        if not picks:
            written.dataframe(part, hide_index=True, alt=alt, key=name, height=tall, **options)
            return
        event = written.dataframe(
            part, hide_index=True, alt=alt, key=name, on_select="rerun",
            selection_mode="single-row", height=tall, **options,
        )  # fmt: skip
        row = now[name] = picked.row(event, len(mine))
        if row is not None and row != before.get(name):
            told["id"] = mine[row]

    draw(lines, by, worth, key=key, what=what, sums=sums, in_link=in_link)
    if not picks:
        return None
    looked: str | None = told.get("id", st.session_state.get(f"{key} looked at"))
    st.session_state[f"{key} picked"] = now
    st.session_state[f"{key} looked at"] = looked
    return list(ids).index(looked) if looked is not None and looked in ids else None


SEVERAL = "Several classes"
"""The group of an activation that features SKUs of more than one class."""


def one_class_each(plan: LivePlan, activations: Sequence[Activation]) -> list[str]:
    """Of every activation the class that it features; several are a group of their own."""
    class_of = dict(zip(plan.sku_names, plan.products.nodes["class"], strict=True))
    found = []
    for act in activations:
        classes = {str(class_of[i.sku]) for i in act.items if i.sku in class_of}
        found.append(classes.pop() if len(classes) == 1 else SEVERAL if classes else "")
    return found


def _digest(ids: Sequence[str]) -> str:
    return hashlib.blake2b("\n".join(ids).encode(errors="replace"), digest_size=8).hexdigest()
