"""History: the ledger. Who decided what, when and why; and any one of it taken back."""

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
import pandas as pd
import streamlit as st

from forecasting.consensus.events import Event, Kind
from forecasting.errors import ConcordError, UnknownName
from forecasting.record.reversals import UNDOABLE
from forecasting.rights import Person
from forecasting.vocabulary import Function
from forecasting.workspace import Workspace
from pages.components import download, frame, lists, text, theme, trail, written
from pages.components.text import ours, plain


class Asked(TypedDict, total=False):
    """What the filters ask of the ledger."""

    person: str | None
    function: str | None
    kind: str | None
    reason: str | None
    activation: str | None
    product: tuple[str, str] | None
    location: tuple[str, str] | None


def take_back(space: Workspace, person: Person, event: Event) -> None:
    """Preview, then decide."""
    again = event.kind is Kind.UNDO
    try:
        preview = space.reversals.preview(person.id, event.seq)
    except ConcordError as error:
        st.caption(f"Cannot be taken back: {plain(error)}")
        return
    units = preview.leaves.delta.sum() / 1000
    left = (
        f" {theme.plural(preview.n_superseded, 'cell')} changed later stay as they are."
        if preview.n_superseded
        else ""
    )
    st.markdown(
        f"{'Bringing it back' if again else 'Taking it back'} changes the input by "
        f"**{theme.units(units, sign=True)}** in {theme.plural(len(preview.leaves), 'cell')}.{left}"
    )
    if st.button("Bring it back" if again else "Take it back", type="primary"):
        frame.do(space.reversals.undo, person.id, event.seq)


def compare(space: Workspace, person: Person, events: Sequence[Event]) -> None:
    """What every input held at two moments, and the difference."""
    panel = st.expander("Compare two points in time", key="compared", on_change="rerun")
    if not panel.open:  # every input at two moments is summed up for who looks at it
        return
    with panel:
        first, last = min(e.seq for e in events), space.seq
        if first == last:
            st.caption("There is only one point in time so far.")
            return
        ends = st.columns(2)
        before = ends[0].number_input("After decision #", 0, last, first, key="moment_before")
        after = ends[1].number_input("and after decision #", 0, last, last, key="moment_after")
        classes = space.plan.base.skus.set_index("sku")["class"]
        sums = [
            rows.assign(klass=rows["sku"].map(classes))
            .groupby(["input", "klass"])["units"]
            .sum()
            for rows in (space.history.input_at(person.id, int(seq)) for seq in (before, after))
        ]
        both = pd.concat(sums, axis=1, keys=["before", "after"]).fillna(0.0).reset_index()
        both["change"] = both["after"] - both["before"]
        both = both[both["change"].abs() > 0.0005].sort_values(
            "change", key=abs, ascending=False
        )
        if both.empty:
            st.caption("Every input adds the same at both points in time.")
            return
        both["input"] = both["input"].str.capitalize()
        both.columns = [
            "Input",
            "Class",
            f"After #{before}, u",
            f"After #{after}, u",
            "Change, u",
        ]
        written.dataframe(
            both, hide_index=True, alt="What inputs add at two points in time",
            column_config={
                name: st.column_config.NumberColumn(format="%+,.0f") for name in both.columns[2:]
            },
        )  # fmt: skip
        st.caption(
            "Units that each input adds to the statistical forecast, all weeks and doors."
        )


def nodes(space: Workspace) -> tuple[tuple[str, str] | None, tuple[str, str] | None]:
    """A part of the assortment and of the doors, as the links of other pages name them."""
    if not space.has_forecast:
        return None, None
    plan = space.plan
    departments = ["All departments", *plan.products.names("department")]
    department = frame.select("Department", departments, key="department", width=160)
    at = np.arange(len(plan.sku_names))
    if department != departments[0]:
        at = plan.products.members("department", department)
    classes = ["All classes", *dict.fromkeys(plan.products.nodes["class"][at])]
    klass = frame.select("Class", classes, key="class", width=150)
    sku = st.text_input("SKU", key="sku", bind="query-params", width=120).strip()
    places = {"all": "All doors"} | {f"region:{r}": r for r in plan.locations.names("region")}
    doors = zip(plan.door_names, plan.base.doors["name"], strict=True)
    places |= {f"door:{d}": n for d, n in doors}
    place = frame.select(
        "Doors", list(places), key="place", in_words=places.__getitem__, width=160
    )
    level, _, name = place.partition(":")
    location = (level, name) if name else None
    if sku:
        return ("sku", sku), location
    if klass != classes[0]:
        return ("class", klass), location
    return (("department", department) if department != departments[0] else None), location


def choose(space: Workspace) -> Asked:
    """The filters, in the link."""
    people = {"": "Anybody"} | {p.id: p.name for p in space.people}
    functions = {"": "Any function"} | {f.value: f.label for f in Function}
    kinds = {"": "Anything"} | {k.value: k.value.capitalize() for k in Kind}
    reasons = {"": "Any reason"} | dict(space.reasons.labels())
    acts = {"": "Any activation"} | {
        a.activation: a.name for a in reversed(space.calendar.activations)
    }

    with st.container(horizontal=True, vertical_alignment="bottom"):
        who = frame.select(
            "Person", list(people), key="who", in_words=people.__getitem__, width=180
        )
        function = frame.select(
            "Function",
            list(functions),
            key="function",
            in_words=functions.__getitem__,
            width=170,
        )
        kind = frame.select(
            "What", list(kinds), key="kind", in_words=kinds.__getitem__, width=150
        )
        reason = frame.select(
            "Reason", list(reasons), key="why", in_words=reasons.__getitem__, width=200
        )
        act = frame.select(
            "Activation", list(acts), key="act", in_words=acts.__getitem__, width=190
        )
        product, location = nodes(space)
    return {
        "person": who or None, "function": function or None, "kind": kind or None,
        "reason": reason or None, "activation": act or None,
        "product": product, "location": location,
    }  # fmt: skip


def listed(space: Workspace, events: Sequence[Event], people: dict[str, str]) -> pd.DataFrame:
    """Decisions as a table."""
    return pd.DataFrame(
        {
            "#": [e.seq for e in events],
            f"When ({theme.zone()})": theme.local(e.recorded_at for e in events),
            "Who": [people.get(e.person, e.person) for e in events],
            "Function": [Function(e.function).label for e in events],
            "What": [e.sentence for e in events],
            "Units": [e.units if len(e.leaves) else None for e in events],
            "Why": [
                space.reasons.label(e.reason, at=e.seq) if e.reason else "" for e in events
            ],
            "Note": [e.note for e in events],
            "Evidence": [e.evidence if text.is_address(e.evidence) else None for e in events],
            "": ["taken back" if space.reversals.has_taken_back(e.seq) else "" for e in events],
        }
    )


def one_of(space: Workspace, person: Person, events: Sequence[Event], at: int | None) -> None:
    """The decision that is selected, with taking it back."""
    if at is None:
        st.caption("Select a row to see the effect of taking it back.")
        return
    event = events[at]
    st.markdown(
        f"**#{event.seq:d}** {plain(space.person(event.person).name)} {plain(event.sentence)}"
        + trail.why(event)
    )
    if event.kind in UNDOABLE and person.may("undo"):
        take_back(space, person, event)
    elif event.kind is Kind.IMPORT:
        st.caption("Imports are rolled back on the Data page.")


def page() -> None:
    space, person = frame.workspace(), frame.me()
    frame.watch_rows(None)
    head = st.container()
    asked = choose(space)
    try:
        events = space.history.events(person.id, **asked)
    except UnknownName as error:
        frame.title("History", f"**{plain(error)}** Choose another part of the assortment.")
        return
    with head:
        frame.title(
            "History",
            f"**{theme.plural(space.seq, 'decision')} on record**, {len(events)} shown. Nothing "
            "is ever deleted: a change that is taken back stays in the list.",
        )  # fmt: skip
    if not events:
        st.info(
            "No decision matches these filters." if space.seq else
            "Nothing is on record yet. Every import, change and decision will stand here: who, when and why."
        )  # fmt: skip
        return
    table = listed(space, events, {p.id: p.name for p in space.people})
    at = lists.table(
        table,
        {
            "What": [e.kind.value.capitalize() for e in events],
            "Function": [Function(e.function).label for e in events],
            "Person": table["Who"].tolist(),
        },
        [abs(e.units) if len(e.leaves) else float("nan") for e in events],
        ids=[str(e.seq) for e in events], key="ledger", sums="units",
        what=(ours("decision"), ours("decisions")), placeholder="–",
        alt="Every decision, latest first",
        column_config={
            f"When ({theme.zone()})": st.column_config.DatetimeColumn(format=theme.moment_format()),
            "Units": st.column_config.NumberColumn(format="%+,.0f"),
            "What": st.column_config.TextColumn(width="large"),
            "Evidence": text.evidence_column(width=90),
        },
    )  # fmt: skip
    one_of(space, person, events, at)
    if space.has_forecast:  # what an input held is told beside the class of its SKU
        compare(space, person, events)
    download.spreadsheet("Download (CSV)", lambda: table, "history.csv")


page()
