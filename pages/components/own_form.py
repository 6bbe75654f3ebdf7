"""Files in a company's own form, on the Data page: read like this, asked, kept as a source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import streamlit as st

from data.looking import Look, Question
from data.shapes import NAME, REPLACES, VALUE, Field, Reading
from data.tables import TABLES
from forecasting import scratch
from forecasting.errors import BadFiles, ConcordError, Problem
from forecasting.intake import dialogue, matching
from forecasting.intake.dialogue import FileOptions
from forecasting.intake.proposals import Proposal
from forecasting.intake.sources import CALENDAR, Mapped, Source
from forecasting.rights import Person
from forecasting.workspace import Workspace
from pages.components import frame, written
from pages.components.text import plain

ANEW = "As a new source"
JOINS = "It is looked up by another file"
NONE = "(nothing)"
FEW = 8
"""Values of a column that are named, for who looks for rows to leave out."""


_REQUIRED = {c.name for table in TABLES.values() for c in table.columns if c.required}


def parted(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Files that are named after our tables, and all others."""
    own = st.session_state.get("own form", set())
    ours = [
        p for p in paths
        if (p.stem in TABLES or p.name.lower().startswith("concord")) and p.name not in own
    ]  # fmt: skip
    return ours, [p for p in paths if p not in ours]


def offer(problems: Sequence[Problem], paths: Sequence[Path]) -> None:
    """Offer to read files by a source that are named like a table of ours, and are none."""
    unlike = {p.file for p in problems if p.column in _REQUIRED and p.line == 1}
    for path in (p for p in paths if p.name in unlike):
        if st.button(f"Read {plain(path.name)} as a file of your own form"):
            st.session_state["own form"] = {*st.session_state.get("own form", set()), path.name}
            st.rerun()


def mapped(
    space: Workspace, person: Person, paths: Sequence[Path], ids: Sequence[str]
) -> tuple[list[Mapped], bool]:
    """Each file with the shape it is read by; and whether something is open still."""
    found: list[Mapped] = []
    is_open = False
    seconds = [p for p in paths if st.session_state.get(f"source {p.name}") == JOINS]
    for path in paths:
        with st.container(border=True):
            chosen = _chosen(space, person, path, is_alone=len(paths) == 1)
            if chosen == JOINS:
                continue
            if chosen == ANEW:
                one = _anew(space, person, path, seconds, tuple(ids))
            else:
                one = _known(space, person, path, seconds, chosen)
        is_open |= one is None
        if one is not None:
            found.append(one)
    return found, is_open


def _chosen(space: Workspace, person: Person, path: Path, *, is_alone: bool) -> str:
    """The source by which a file is to be read, or what else is done with it."""
    st.markdown(f"**{plain(path.name)}**")
    known = [s for s in space.sources.all if person.may("import") or s.shape.table in CALENDAR]
    names = [ANEW, *(s.name for s in known), *([] if is_alone else [JOINS])]
    key, kept = f"source {path.name}", st.session_state.pop(f"kept {path.name}", None)
    if kept in names:
        st.session_state[key] = kept
    elif st.session_state.get(key, ANEW) not in names:
        del st.session_state[key]
    usual = _usual(known, path)
    first = names.index(usual) if usual in names and key not in st.session_state else 0
    chosen = st.selectbox(
        "Read it", names, index=first, key=key,
        help="A source is how a file of your own form is read, confirmed once and kept.",
    )  # fmt: skip
    return str(chosen)


def _known(
    space: Workspace, person: Person, path: Path, seconds: Sequence[Path], name: str
) -> Mapped | None:
    """A file that is read by a source, as it was confirmed."""
    source = space.sources.one(name)
    st.caption(plain(source.sentence))
    if st.button("Forget this source", key=f"forget {path.name}"):
        frame.do(space.sources.remove, person.id, name)
    if source.shape.join is None:
        return Mapped(path=path, shape=source.shape)
    if not seconds:
        st.warning(
            f"This source looks up '{plain(source.shape.join.name)}' too: add that file, and "
            f"choose for it '{JOINS}'."
        )
        return None
    return Mapped(path=path, shape=source.shape, second=_second(path, seconds))


def _second(path: Path, seconds: Sequence[Path]) -> Path:
    if len(seconds) == 1:
        return seconds[0]
    named = st.selectbox("Look up in", [p.name for p in seconds], key=f"second {path.name}")
    return next(p for p in seconds if p.name == named)


def _usual(known: Sequence[Source], path: Path) -> str:
    """The source whose name the file begins with."""
    mine = [s.name for s in known if path.stem.lower().startswith(s.name.lower())]
    return max(mine, key=len, default=ANEW)


def _look(
    space: Workspace, person: Person, path: Path, ids: tuple[str, ...], reading: Reading
) -> Look:
    """What stands in a file: read once for each upload and way of reading."""
    kept: dict[tuple[object, ...], Look] = st.session_state.setdefault("looks", {})
    key = (person.id, path.name, ids, reading)
    if key not in kept:
        with st.spinner("Reading the file ..."):
            folder = scratch.lasting("look")
            kept.clear() if len(kept) > 20 else None
            kept[key] = space.sources.look(person.id, path, folder, reading=reading)
    return kept[key]


def _anew(
    space: Workspace, person: Person, path: Path, seconds: Sequence[Path], ids: tuple[str, ...]
) -> Mapped | None:
    """A file that no source is known for: shown as it is read, and asked about."""
    answers: dict[str, str] = st.session_state.setdefault(f"answers {path.name} {ids}", {})
    second = _second(path, seconds) if seconds else None
    try:
        reading = dialogue.reading_of(answers)
        look = _look(space, person, path, ids, reading)
        other = _look(space, person, second, ids, Reading()) if second else None
    except BadFiles as error:
        st.error("\n\n".join(plain(p) for p in error.problems))
        return None
    except ConcordError as error:
        frame.refused(error)
        return None
    st.caption(f"Read like this: {plain(look.sentence)}.")
    written.dataframe(
        pd.DataFrame(look.sample, columns=list(look.header)), hide_index=True,
        alt=f"The first rows of {path.name}",
    )  # fmt: skip
    options = _options(person, look, path, answers, _on(look, other, path))
    try:
        proposal = dialogue.proposed(look, options, other=other)
        columns, constants, factors = _columns(look, other, proposal, path)
        out, keep, added_up = _rows(look, proposal, path)
        options = replace(
            options, columns=columns, constants=constants, factors=factors, leave_out=out,
            keep=keep, added_up=added_up,
        )  # fmt: skip
        proposal = dialogue.proposed(look, options, other=other)
    except ConcordError as error:
        frame.refused(error)
        return None
    for line in proposal.settled:
        st.caption(plain(line))
    made = _settled(space, person, path, proposal, answers)
    return replace(made, second=second, read=look) if made is not None else None


def _on(look: Look, other: Look | None, path: Path) -> str:
    """The columns by which a second file joins, as the command line would say it."""
    if other is None:
        return ""
    same = next((name for name in look.header if name in other.header), None)
    left, right = st.columns(2)
    theirs = left.selectbox(
        "Look up its", list(look.header), index=look.header.index(same) if same else 0,
        key=f"left {path.name}",
    )  # fmt: skip
    its = right.selectbox(
        f"in {plain(other.label)} as", list(other.header),
        index=other.header.index(same) if same else 0, key=f"right {path.name}",
    )  # fmt: skip
    return f"{theirs}={its}"


def _options(
    person: Person, look: Look, path: Path, answers: Mapping[str, str], on: str
) -> FileOptions:
    """What the person says of a file beside its columns, as the command line would say it."""
    tables = [t for t in TABLES if person.may("import") or t in CALENDAR]
    likely = next((t for t in matching.ranked(look) if t in tables), tables[0])
    left, right = st.columns(2)
    table = left.selectbox(
        "It holds", tables, index=tables.index(likely),
        key=f"table {path.name} {look.reading.sheet} {look.reading.header}",
        help="Proposed by the names of its columns and by what stands in them.",
    )  # fmt: skip
    ways = [way for way in REPLACES if way != "dates" or TABLES[table].is_dated]
    replaces = right.selectbox(
        "It replaces", ways, format_func=lambda way: REPLACES[way].capitalize(),
        key=f"replaces {path.name} {table}",
        help="Which rows of earlier imports give way to the rows of this file.",
    )  # fmt: skip
    return FileOptions(
        table=table,
        read=tuple(f"{key}={choice}" for key, choice in answers.items()),
        replaces=replaces if replaces != "key" else "",
        on=on,
    )


def _columns(
    look: Look, other: Look | None, proposal: Proposal, path: Path
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Our columns beside theirs, to be confirmed, what is the same in every row, and units
    in one of theirs; as the command line would say them.
    """
    table = TABLES[proposal.shape.table]
    fields = {f.target: f for f in proposal.shape.fields}
    rows = pd.DataFrame(
        {
            "Ours": [c.name + ("*" if c.required else "") for c in table.columns],
            "In the file": [
                fields[c.name].column if c.name in fields else NONE for c in table.columns
            ],
            "Or the same in every row": ["" for _ in table.columns],
            "Times": [_times(fields.get(c.name)) for c in table.columns],
            "What it is": [c.about for c in table.columns],
        }
    )
    theirs_all = list(look.header)
    if other is not None and proposal.shape.join is not None:
        theirs_all += [f"{proposal.shape.join.name}.{name}" for name in other.header]
    if proposal.shape.across:
        theirs_all += [NAME, VALUE]
    edited = st.data_editor(
        rows, hide_index=True, key=f"columns {path.name} {table.name}",
        disabled=["Ours", "What it is"],
        column_config={
            "Ours": st.column_config.TextColumn(width="small", help="* is required."),
            "In the file": st.column_config.SelectboxColumn(
                options=[NONE, *theirs_all], required=True
            ),
            "Times": st.column_config.TextColumn(
                width="small",
                help="Of numbers: our units in one of theirs, or the name of the column that "
                "says it. 12 where the file counts cases of 12.",
            ),
        },
    )  # fmt: skip
    st.caption(
        "Choose for each of our columns (* is required) the one of the file that holds it."
    )
    changed, constants, factors = [], [], []
    for column, theirs, before, same, times, had in zip(
        table.columns, edited["In the file"], rows["In the file"],
        edited["Or the same in every row"], edited["Times"], rows["Times"],
        strict=True,
    ):  # fmt: skip
        if times != had:
            factors.append(f"{column.name}={times or 1}")
        if same:
            constants.append(f"{column.name}={same}")
        elif theirs != before:
            changed.append(f"{column.name}={'' if theirs in (NONE, None) else theirs}")
    return tuple(changed), tuple(constants), tuple(factors)


def _times(field: Field | None) -> str:
    """Units in one of theirs, as it is proposed."""
    if field is None:
        return ""
    return field.factor_column or ("" if field.factor == 1 else f"{field.factor:g}")


def _rows(
    look: Look, proposal: Proposal, path: Path
) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """Rows that are left out, rows that are kept though it was proposed, and whether rows of
    one key are added up.
    """
    before = proposal.shape.leave_out
    words = f"Rows that do not count ({len(before)})" if before else "Rows that do not count"
    with st.expander(words, expanded=bool(before)):
        edited = st.data_editor(
            pd.DataFrame(before, columns=["In the column", "Holds"], dtype=str),
            num_rows="dynamic", hide_index=True, key=f"left out {path.name} {look.reading}",
            column_config={
                "In the column": st.column_config.SelectboxColumn(
                    options=list(look.header), required=True
                ),
            },
        )  # fmt: skip
        st.caption(
            "Totals within the rows, what was called off, tests. A value that ends with * is "
            "how it begins (Total*); a blank one leaves out rows in which the column is blank."
        )
        few = [c for c in look.columns if 1 < len(c.values) <= FEW]
        if few:
            options = "; ".join(f"{c.name}: {', '.join(c.values)}" for c in few[:6])
            st.caption(f"Columns with few values: {plain(options)}.")
    added_up = st.checkbox(
        "Add up rows of the same key", value=proposal.shape.added_up, key=f"adds {path.name}",
        help="One row of ours is then the sum of theirs: of bins of a warehouse, of receipts "
        "of a till. Without it such rows are refused, or the last one counts.",
    )  # fmt: skip
    now = [
        (str(column), str(value or "").strip())
        for column, value in edited.itertuples(index=False)
        if column
    ]
    return (
        tuple(f"{c}={v}" for c, v in now if (c, v) not in before),
        tuple(f"{c}={v}" for c, v in before if (c, v) not in now),
        added_up,
    )


def _settled(
    space: Workspace, person: Person, path: Path, proposal: Proposal, answers: dict[str, str]
) -> Mapped | None:
    """Questions answered and the source kept; None while something is open."""
    asked: dict[str, Question] = st.session_state.setdefault(f"asked {path.name}", {})
    asked |= {question.key: question for question in proposal.questions}
    if proposal.questions:
        st.info(
            "The file can be read in more than one way, so none is taken. Say how it is meant:"
        )
    for key in [key for key in asked if key in answers or asked[key] in proposal.questions]:
        choice = _answer(asked[key], answers.get(key), path)
        if choice is not None and choice != answers.get(key):
            answers[key] = choice
            st.rerun()
    if proposal.missing:
        st.warning(
            f"Still to be stated: {plain(', '.join(proposal.missing))}. Choose the column that "
            "holds it, or write what is the same in every row."
        )
    if proposal.questions or proposal.missing:
        return None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(
            "Keep it as", value=path.stem[:60], key=f"name {path.name}",
            help="The next file whose name begins with this is read the same way.",
        )  # fmt: skip
        if st.button("Keep this source", key=f"keep {path.name}"):
            frame.do(
                space.sources.save, person.id, name, proposal.shape,
                then=lambda: st.session_state.update({f"kept {path.name}": name.strip()}),
            )  # fmt: skip
    return Mapped(path=path, shape=proposal.shape)


def _answer(question: Question, had: str | None, path: Path) -> str | None:
    """What is chosen for a question; None: nothing yet."""
    key = f"ask {path.name} {question.key}"
    if question.key.startswith("factor:"):
        count = st.number_input(
            plain(question.about), min_value=1, step=1, value=int(had) if had else None, key=key,
            help="1 if it counts single units already.", width=340,
        )  # fmt: skip
        return None if count is None else str(count)
    means = dict(question.choices)
    return st.radio(
        plain(question.about), list(means), index=list(means).index(had) if had in means else None,
        format_func=lambda choice: plain(means[choice]), key=key,
    )  # fmt: skip
