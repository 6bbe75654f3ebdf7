"""Before the first forecast: what a page is going to show, and what has to be done first, by whom.

A new company sees this on every page that needs a plan, so that none of them is blank and
nobody has to guess whose turn it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from forecasting.vocabulary import INPUTS
from forecasting.workspace import Workspace
from pages.components import frame
from pages.components.text import Markdown, ours, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do before there is a plan."""

    text: str
    is_done: bool
    right: str
    """Whoever has it can do this."""
    page: str
    go: str


def to_begin(space: Workspace) -> list[Step]:
    """What a new company does before its first plan, in order."""
    batches = space.store.query("batches")
    functions = {f for p in space.people for f in p.functions}
    return [
        Step(
            text="Import SKUs, sales, stock and activations. A template of every file is there.",
            is_done=bool(len(batches)) and not bool(batches["rolled_back"].all()),
            right="import", page="setup/data.py", go="Go to Data",
        ),
        Step(
            text="Refresh the forecast: it is learned from what was imported.",
            is_done=space.has_forecast, right="refresh", page="setup/data.py", go="Go to Data",
        ),
        Step(
            text="Say who speaks for Marketing, Merchandising and Planning.",
            is_done=functions.issuperset(INPUTS), right="people", page="setup/people.py",
            go="Go to People",
        ),
    ]  # fmt: skip


def reached(title: str, shows: str) -> bool:
    """Whether there is a plan; else the page says what it will show and how to get there.

    Parameters
    ----------
    shows : str
        What stands on the page once there is one: 'which activations run out of stock'.
    """
    space = frame.workspace()
    if space.has_forecast:
        return True
    frame.title(
        plain(title),
        ours(
            f"**There is no forecast yet.** Once there is one, this page shows {plain(shows)}."
        ),
    )
    listed(space, to_begin(space))
    return False


def listed(space: Workspace, found: Sequence[Step]) -> None:
    """The steps, with what is done and the way to the first that is not."""
    person = frame.me()
    then = next(step for step in found if not step.is_done)
    with st.container(border=True, width=760, key="beginning"):
        st.markdown("**To begin**")
        for number, step in enumerate(found, 1):
            mark = ":green[✓]" if step.is_done else f"{number:d}"
            text = f"**{plain(step.text)}**" if step is then else plain(step.text)
            st.markdown(f"{mark} · {text}" + (" :gray[Done.]" if step.is_done else ""))
        if person.may(then.right):
            st.page_link(
                f"pages/{then.page}", label=plain(then.go), icon=":material/arrow_forward:"
            )
        else:
            st.caption(whose(space, then))


def whose(space: Workspace, step: Step) -> Markdown:
    """Who can do the next step, by name."""
    able = [p for p in space.people if p.may(step.right)]
    names = " or ".join(f"{plain(p.name)} ({plain(p.function.label)})" for p in able)
    return ours(f"{names} does that; nothing is left for you to do until then.")
