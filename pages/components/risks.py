"""Going through what is short: the next risk by one key, and what was just decided in view.

The order is the one in which risks are listed, by the money that can still be saved; those
that are settled are passed over. What somebody decides here goes on being shown, with what it
changed, until they decide something else.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

import streamlit as st

from forecasting.plan.live import LivePlan
from forecasting.weekly.best_mix import Watched
from forecasting.weekly.decisions import Decision
from pages.components import frame, theme
from pages.components.text import Markdown, ours, plain

T = TypeVar("T")
NEXT_KEY, BACK_KEY = "N", "P"
"""They do nothing while somebody types (Streamlit) or a dialog is open (hands.js)."""


@dataclass(frozen=True, slots=True)
class Risk:
    """One featured SKU that is short."""

    activation: str
    sku: str


def open_ones(
    watched: Sequence[Watched], within: Collection[str] | None = None
) -> list[Watched]:
    """Those that nobody has settled; only of some activations, if these are named."""
    decisions = frame.workspace().decisions
    return [
        w for w in watched
        if (within is None or w.activation in within)
        and not decisions.is_settled(w.activation, w.sku, w.units_short)
    ]  # fmt: skip


def beside(every: Sequence[T], todo: Collection[T], at: T, *, step: int) -> T | None:
    """The open one before or after one, in the order of the list, and round its ends.

    Parameters
    ----------
    every : sequence
        Settled ones, too: whoever has just settled one goes on from where it stood.
    step : int
        1 for the next one, -1 for the one before.
    """
    if not todo:
        return None
    where = every.index(at) if at in every else (-1 if step > 0 else len(every))
    for way in range(1, len(every) + 1):
        one = every[(where + step * way) % len(every)]
        if one in todo and one != at:
            return one
    return None


def bar(
    watched: Sequence[Watched],
    at: Risk,
    go: Callable[[Risk], None],
    *,
    within: Collection[str] | None = None,
) -> None:
    """Where one is among the risks, the keys to the next, and what was just decided.

    Parameters
    ----------
    watched : sequence of Watched
        All that is short, in the order of the list.
    at : Risk
        What is looked at.
    go : callable
        Makes the page look at another one; called before the page is drawn anew.
    within : collection of str, optional
        Activations that the page shows.
    """
    left = open_ones(watched, within)
    every = [
        Risk(w.activation, w.sku) for w in watched if within is None or w.activation in within
    ]
    todo = {Risk(w.activation, w.sku) for w in left}
    with st.container(horizontal=True, vertical_alignment="center", key="risks_bar"):
        for label, key, step in (
            ("Previous", BACK_KEY, -1), ("Next risk", NEXT_KEY, 1),
        ):  # fmt: skip
            other = beside(every, todo, at, step=step)
            st.button(
                label, key=f"risk_{step}", shortcut=key, disabled=other is None,
                on_click=go, args=(other,),
            )  # fmt: skip
        st.markdown(_where(every, left, at), width="content")
    just_decided()


def _where(every: Sequence[Risk], left: Sequence[Watched], at: Risk) -> Markdown:
    if not left:
        return ours("**✓ Every risk listed here is decided or accepted.**")
    rank = next((n for n, w in enumerate(left, 1) if Risk(w.activation, w.sku) == at), None)
    if rank is not None:
        return ours(
            f":gray[Risk {theme.number(rank)} of {theme.number(len(left))} to decide on]"
        )
    word = "Decided or accepted" if at in every else "No open risk"
    return ours(f":gray[{plain(word)} · {theme.number(len(left))} left to decide on]")


def just_decided() -> None:
    """The last decision made in this window, with what it changed and taking it back."""
    space, person = frame.workspace(), frame.me()
    since = st.session_state.setdefault("deciding since", space.seq)
    made = [d for d in space.decisions.all if d.seq > since and d.person == person.id]
    if not made or not made[0].stands:
        return
    last = made[0]
    with st.container(horizontal=True, vertical_alignment="center", key="just_decided"):
        st.markdown(
            f":green[✓] **Decided: {plain(last.text)}** for {plain(last.sku)} · "
            f"{before_and_after(frame.working_plan(), last)}"
        )
        if last.state == "decided" and st.button("Take back", key="just_decided_undo"):
            frame.do(space.reversals.undo, person.id, last.seq)


def before_and_after(plan: LivePlan, decision: Decision) -> Markdown:
    """Units short of the SKU in the activation: when it was decided, and now."""
    sku = plan.sku_index.get(decision.sku)
    items = plan.items.get(sku, ()) if sku is not None else ()
    mine = [i for i in items if i.activation == decision.activation]
    if not mine:
        return ours(f"{theme.units(decision.short)} short → not featured any more")
    now = float(sum(i.short.sum() for i in mine))
    return ours(f"{theme.units(decision.short)} short → **{theme.units(now)}**")
